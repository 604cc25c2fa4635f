"""Formulas of a workbook: read per cell, told by pattern and trait, followed through their references, and recalculated."""
