"""Runs npm in ui/ with the Node that built the page: the machine's own, else one from the package index."""

import os
import subprocess
import sys
from pathlib import Path

import hatch_ui

UI = Path(__file__).parents[1] / "ui"


def main() -> int:
    """Install the locked packages where they are not, then run npm with the arguments given."""
    node, npm = hatch_ui.find_node()
    hatch_ui.install(UI, node, npm)
    path = str(Path(node[0]).parent) + os.pathsep + os.environ.get("PATH", "")
    return subprocess.run([*npm, *sys.argv[1:]], cwd=UI, env={**os.environ, "PATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
