"""The workbook file as it was brought in: a zip of parts, of which an edit rewrites the fewest bytes and copies all others."""
