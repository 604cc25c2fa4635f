"""Tests of the workbook package: what an edit leaves alone."""
