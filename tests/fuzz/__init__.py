"""Fuzz targets: what reads strangers' bytes, fed with what no one would write."""
