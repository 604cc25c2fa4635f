"""Tests of chatsheet.upkeep."""
