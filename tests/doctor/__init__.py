"""Tests of the doctor: probes, the ladder, comparing, deciding, records and the rehearsal."""
