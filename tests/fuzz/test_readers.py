"""Half a minute of damaged files against the readers, in a process of its own; `make fuzz` takes ten minutes."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatsheet.core import processes
from tests.harness import ROOT

pytestmark = pytest.mark.slow


def test_no_damaged_file_brings_anything_but_a_typed_error(tmp_path: Path) -> None:
    env = {**processes.base_environment(), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [sys.executable, "-m", "tests.fuzz.readers", "30", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=180)  # noqa: S603  our own command
    assert ran.returncode == 0, f"{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
