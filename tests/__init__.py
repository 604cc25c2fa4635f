"""Tests say what a user would notice; `harness` starts the other side of the wire."""
