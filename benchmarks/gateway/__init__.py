"""Measures the hybrid gateway beside bare aiohttp and its peers: its cost when all is well, its hold in trouble."""
