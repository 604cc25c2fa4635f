"""The worker processes of this test process, as the kernel sees them."""

import asyncio
import os
import select
from pathlib import Path


def running() -> set[int]:
    """Return the ids of our children that have not ended."""
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_live_child(entry)}


def _is_live_child(entry: Path) -> bool:
    try:
        state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
        command = (entry / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(parent) == os.getpid() and state != "Z" and b"chatsheet.sheets.worker" in command


async def ended(pids: set[int]) -> None:
    """Wait until each of these processes has ended, however long the kernel takes."""
    for pid in pids:
        await asyncio.to_thread(_wait, pid)


def _wait(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 20)[0], f"process {pid} still runs"
    finally:
        os.close(descriptor)
