"""Child processes that cannot outlive us: own process group, scrubbed environment, killed when the parent dies."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_BLOCK = 2**16
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# loaded before any fork: dlopen between fork and exec could deadlock on the loader's lock
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere the parent's own stop must do)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int | None = asyncio.subprocess.DEVNULL,
    stdout: int | None = asyncio.subprocess.DEVNULL,
    stderr: int | None = None,
    limit: int = 2**16,
) -> asyncio.subprocess.Process:
    """Start `argv` in a process group of its own, so that Ctrl-C reaches us alone and we stop the whole group.

    Must be called from the main thread's loop: the kernel watches the *thread* that forked.
    """
    return await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=limit,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


async def stop(process: asyncio.subprocess.Process, *, grace_s: float) -> None:
    """Terminate the process group, kill what is left of it after `grace_s`, and reap."""
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await _ended(process)
    _signal_group(process.pid, signal.SIGKILL)
    await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process, reading what it still has to say: asyncio waits for the end of its pipes too."""
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    # one that somebody else reads is read to its end there
    await asyncio.gather(process.wait(), *(_drain(pipe) for pipe in pipes), return_exceptions=True)


async def _drain(pipe: asyncio.StreamReader) -> None:
    while await pipe.read(_BLOCK):
        pass


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def python() -> str:
    """Return the interpreter that runs us."""
    return sys.executable


def run(argv: Sequence[str]) -> tuple[int, str]:
    """Run a command to its end, blocking, and return its exit code and what it printed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603  commands are our own
    return done.returncode, done.stdout + done.stderr


def base_environment() -> dict[str, str]:
    """Return the little that a child needs of ours: where programs are, and how text is written. No secrets."""
    names = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}


def whole_environment() -> dict[str, str]:
    """Return all of our environment, for another process of this program that reads the same settings."""
    return dict(os.environ)
