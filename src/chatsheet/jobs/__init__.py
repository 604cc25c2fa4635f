"""Jobs: the same question for many rows of a sheet, asked once for each different input, whoever dies meanwhile."""
