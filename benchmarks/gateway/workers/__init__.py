"""One process per contender: each asks the same upstream in its own way and reports what that took."""
