"""Tests of `chatsheet.audit`."""
