"""Reading a tab's layout: kinds of cells, blocks between blank rows and columns, headers, totals, notes. Pure; see regions.py."""
