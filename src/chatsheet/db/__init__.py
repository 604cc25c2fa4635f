"""State in SQL: the engine, one transaction per request or job, the tables and their migrations."""
