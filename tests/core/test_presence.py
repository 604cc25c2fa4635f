"""A process knows whether it is alone in its data folder; a killed one is not there any more."""

import asyncio
import sys
from pathlib import Path

import pytest

from chatsheet.core.presence import present

pytestmark = pytest.mark.anyio

_OTHER = """
import sys
from pathlib import Path
from chatsheet.core.presence import present
with present(Path(sys.argv[1])):
    print("present", flush=True)
    sys.stdin.read()
"""


async def test_another_process_is_seen_until_it_ends_even_by_a_kill(tmp_path: Path) -> None:
    with present(tmp_path / "data") as presence:
        assert presence.is_alone()
        pipe = asyncio.subprocess.PIPE
        argv = (sys.executable, "-c", _OTHER, str(tmp_path / "data"))
        other = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
        assert other.stdout is not None
        await other.stdout.readline()
        assert not presence.is_alone()
        other.kill()
        await other.wait()
        assert presence.is_alone()
