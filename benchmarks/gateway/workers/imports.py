"""A process that imports what argv names and tells how much memory that took."""

import importlib
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    importlib.import_module(sys.argv[1])
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    sys.stdout.write(f"{pages * os.sysconf('SC_PAGE_SIZE') / 2**20}\n")
