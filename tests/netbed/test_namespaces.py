"""The bed leaves nothing behind, and says why where it cannot stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.netbed import namespaces

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("netbed")]

KILLED = """
import os
from tests.netbed import namespaces
with namespaces.standing(os.getpid()) as made:
    print(made.pid, flush=True)
    os.kill(made.pid, 9)
"""


def test_it_is_skipped_with_the_reason_where_it_cannot_stand(tmp_path: Path) -> None:
    assert namespaces.why_not(is_root=False) == "network namespaces need root"
    assert "sh tools/get_netbed.sh" in namespaces.why_not(is_root=True, path=str(tmp_path))


@pytest.fixture
def _can_stand() -> None:
    if reason := namespaces.why_not(is_root=os.geteuid() == 0):
        pytest.skip(reason)


@pytest.mark.usefixtures("_can_stand")
def test_what_a_killed_run_left_is_swept_by_the_next() -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)  # noqa: S603
    if not killed.stdout:
        pytest.skip(killed.stderr.strip().splitlines()[-1])
    left = namespaces.Namespaces(int(killed.stdout))
    inside = subprocess.Popen(left.inside(left.app, "sleep", "600"))  # noqa: S603
    assert {left.app, left.azure} <= namespaces.names()
    namespaces.sweep()
    assert not {left.app, left.azure} & namespaces.names()
    assert not (namespaces.ETC / left.app).exists()
    assert inside.wait() == -9
