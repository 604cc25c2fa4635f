"""Measures the hybrid gateway beside bare aiohttp and its peers: what it adds when all is well, and what it holds in trouble."""
