"""Tests of context: what the model is told."""
