"""Tests of who somebody is and how they prove it."""
