"""The tools that read deployment files, as programs of this environment."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness import ROOT

Tool = Callable[..., str]
DEPLOY = ROOT / "deploy"


@pytest.fixture
def tool() -> Tool:
    """Run a tool that is expected to find nothing; returns what it says."""

    def run(name: str, *arguments: str | Path) -> str:
        command = [Path(sys.executable).parent / name, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  tools of ours
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
