"""Reading a tab's layout: kinds of cells, blocks, headers, totals, notes. Pure; regions.py puts them together."""
