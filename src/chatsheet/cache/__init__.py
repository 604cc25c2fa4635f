"""What is computed once and kept: keys that name everything a value depends on, one flight for all who want it, two levels."""
