"""Without any way out, everything that answers a question still does, and nothing tries to leave."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatsheet.core import loose
from chatsheet.simulator import weights
from tests.harness import run_program
from tests.netbed import namespaces

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def sealed(what: str, folder: Path) -> Mapping[str, object]:
    """Run `tests.netbed.air` in namespaces of its own; they end with it."""
    if reason := namespaces.why_not(is_root=os.geteuid() == 0):
        pytest.skip(reason)
    unshare = shutil.which("unshare") or pytest.skip("`unshare` is missing")
    env = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "PYTHONUNBUFFERED": "1"}
    argv = (unshare, "--net", "--mount", sys.executable, "-m", "tests.netbed.air", what, str(folder))
    code, out, err = await run_program(argv=argv, env=env)
    if code and "unshare" in err:
        pytest.skip(f"namespaces are not allowed here: {err}")
    assert code == 0, err
    return loose.obj(loose.parse(out))


async def test_the_whole_chain_answers_and_no_packet_tries_to_leave(tmp_path: Path) -> None:
    seen = await sealed("chain", tmp_path)
    answer = loose.obj(seen["answer"])
    assert seen["code"] == 0, seen["error"]
    assert answer["text"] == "That is all."
    assert "litellm" in str(answer["steps"])
    assert loose.obj(seen["pages"]) == {"/": 200, "/livez": 200, "/readyz": 200, "/metrics": 200, "/api/sheets": 200}
    assert loose.number(seen["knocked"]) > 0, "the trap counts nothing"
    assert seen["left"] == 0


@pytest.mark.skipif(not weights.place().is_file(), reason="the offline model is not pulled: `chatsheet model pull`")
async def test_the_demo_answers_with_the_offline_model_and_no_packet_tries_to_leave(tmp_path: Path) -> None:
    seen = await sealed("demo", tmp_path)
    assert seen["code"] == 0, seen["error"]
    assert "SELECT" in str(seen["answer"]).upper()
    assert seen["left"] == 0
