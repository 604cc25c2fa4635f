"""Children never outlive us, and know nothing that they need not."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from chatsheet.core import processes

pytestmark = pytest.mark.anyio

_PARENT = """
import asyncio, os, sys
from chatsheet.core import processes
async def main():
    child = await processes.start([sys.executable, "-c", "import time; time.sleep(600)"], env=dict(os.environ))
    print(child.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def gone(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    async with asyncio.timeout(10):
        while Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            await asyncio.sleep(0)


async def test_a_child_dies_with_a_killed_parent() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await gone(child)


async def test_stopping_ends_a_process_that_ignores_the_first_signal() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    child = await processes.start(
        [sys.executable, "-c", code], env=processes.base_environment(), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    await child.stdout.readline()
    await processes.stop(child, grace_s=0.1)
    assert child.returncode == -9


def test_the_base_environment_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "canary")
    assert "canary" not in processes.base_environment().values()
    assert processes.base_environment()["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("grace_s", [0.0, 5.0])
async def test_a_child_whose_output_nobody_read_is_stopped(grace_s: float) -> None:
    """A pipe that is not read to its end keeps asyncio waiting for ever, though the process is long gone."""
    argv = [sys.executable, "-c", "import os\nwhile True: os.write(1, bytes(65536))"]
    child = await processes.start(argv, env=dict(os.environ), stdout=asyncio.subprocess.PIPE, limit=1024)
    assert child.stdout is not None
    await child.stdout.readexactly(1)
    async with asyncio.timeout(20):
        await processes.stop(child, grace_s=grace_s)
    assert child.returncode is not None
