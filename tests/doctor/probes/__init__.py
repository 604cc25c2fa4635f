"""Tests of the probes, one file per layer."""
