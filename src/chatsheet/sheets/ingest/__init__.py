"""From bytes to typed tables: one reader per format, then modules of decisions that each say what they saw."""
