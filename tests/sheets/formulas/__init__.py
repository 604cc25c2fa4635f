"""Tests of sheets/formulas."""
