"""What everything stands on: errors, settings, identity, clock, ids, tasks, processes. Stdlib and pydantic only."""
