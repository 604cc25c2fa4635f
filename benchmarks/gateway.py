"""Measures the hybrid gateway beside bare aiohttp and its peers, and prints one table; README.md says how to read it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.gateway import command

if __name__ == "__main__":
    command.main()
