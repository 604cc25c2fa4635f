"""The doctor: what it sees, what it concludes, what it decides and what it writes down."""
