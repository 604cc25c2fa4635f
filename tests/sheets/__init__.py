"""Tests of sheets: a file becomes typed tables, tables answer guarded SQL."""
