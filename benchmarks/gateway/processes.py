"""Child processes of the benchmark: pinned to a core, spoken to by lines of JSON, ended with us."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
MEASURED, BESIDE = (0, 1) if {0, 1} <= os.sched_getaffinity(0) else (None, None)
"""The core of what is measured, and the core of what it talks to; none where there is only one."""


class ChildFailed(Exception):
    """A child ended or went silent; the text is the end of what it said."""


def clean_env(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a child may know: paths, no proxies, our modules, and `more`."""
    kept = {name: value for name in ("PATH", "HOME", "TMPDIR", "LANG") if (value := os.environ.get(name))}
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", "NO_PROXY": "*", **(more or {})}


def cpu_ns(pid: int) -> int:
    """Return the CPU time of another process: its clock's id is its pid, as clock_getcpuclockid(3) encodes it on Linux."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Child:
    """A process that answers each line on stdin with a line on stdout."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cpu: int | None = MEASURED, cwd: Path | None = None
    ) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        self.process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=dict(env) if env is not None else clean_env(),
            cwd=cwd or ROOT,
        )
        if cpu is not None:
            os.sched_setaffinity(self.process.pid, {cpu})

    @property
    def pid(self) -> int:
        return self.process.pid

    def line(self, limit_s: float) -> str:
        """Return the next line it says; raises ChildFailed when it ends or `limit_s` passes."""
        assert self.process.stdout is not None  # noqa: S101  opened above
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            self.process.kill()

        killer = threading.Timer(limit_s, end)
        killer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            killer.cancel()
        if not line:
            raise ChildFailed(f"no answer within {limit_s:g} s" if is_late.is_set() else self.last_words())
        return line.decode().strip()

    def ask(self, scenario: Mapping[str, object], limit_s: float = 120) -> dict[str, float]:
        """Have one scenario run and return its figures."""
        assert self.process.stdin is not None  # noqa: S101  opened above
        try:
            self.process.stdin.write(json.dumps(scenario).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ChildFailed(self.last_words()) from None
        answer = json.loads(self.line(limit_s))
        if "error" in answer:
            raise ChildFailed(str(answer["error"]))
        return answer

    def last_words(self) -> str:
        """Return the last line that it wrote to stderr."""
        self._said.seek(0)
        lines = [line for line in self._said.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "ended without a word"

    def stop(self) -> None:
        """End it and wait for that."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._said):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def module(name: str, *arguments: str, python: str = sys.executable, cpu: int | None = MEASURED, **env: str) -> Child:
    """Run one of our modules as a child."""
    return Child([python, "-m", f"benchmarks.gateway.{name}", *arguments], env=clean_env(env), cpu=cpu)
