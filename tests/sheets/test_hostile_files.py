"""Hostile files cost little: a typed error or a right answer, at most 10 s of CPU and 512 MB, and nothing left behind."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from chatsheet.core import loose
from chatsheet.sheets import worker
from chatsheet.sheets.ingest import leftovers
from tests.sheets import hostile

_MOST_S = 10
_MOST_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an import ended: its answer, empty where the process died, and what it cost."""

    answer: Mapping[str, object]
    cpu_s: float
    peak_bytes: int

    @property
    def code(self) -> str:
        """The error's code; a worker that died counts as the error that the engine makes of it."""
        return loose.text(self.answer.get("code")) or ("" if "ok" in self.answer else "file.not_a_workbook")

    @property
    def rows(self) -> int:
        return sum(
            loose.number(loose.obj(one).get("rows")) for one in loose.array(loose.obj(self.answer.get("ok")).get("tables"))
        )


def run(source: Path, target: Path) -> Outcome:
    """Import in a worker as the engine does, and ask the kernel what it took."""
    command = [sys.executable, "-m", worker.__name__, "import"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603  our own
        assert process.stdin is not None
        assert process.stdout is not None
        request: dict[str, object] = {"op": "import", "source": str(source), "target": str(target), "said": {}}
        process.stdin.write(worker.frame(loose.dumps(request).encode()))
        process.stdin.flush()
        answer: Mapping[str, object] = {}
        peak = 0
        while (message := worker.read_message(cast("BinaryIO", process.stdout))) is not None:  # Popen's own type is wider
            answer = loose.obj(loose.parse(message))
            if "progress" not in answer:
                peak = _peak(process.pid)
                process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if "ok" not in answer:
        leftovers.discard(target)
    return Outcome(answer if "progress" not in answer else {}, usage.ru_utime + usage.ru_stime, peak)


def _peak(pid: int) -> int:
    """Return the most memory that a process held, in bytes; what wait4 says counts the memory of whoever started it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def is_cheap(outcome: Outcome) -> bool:
    return outcome.cpu_s <= _MOST_S and outcome.peak_bytes <= _MOST_BYTES


@pytest.mark.parametrize("kind", hostile.REFUSED)
def test_it_is_refused_by_its_code_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    name, _, code = hostile.REFUSED[kind]
    outcome = run(hostile.write(tmp_path, kind), tmp_path / "base.duckdb")
    assert (outcome.code, [path.name for path in tmp_path.iterdir()]) == (code, [name])
    assert is_cheap(outcome), outcome


@pytest.mark.parametrize("kind", hostile.TAKEN)
def test_it_only_looks_hostile_and_is_read(tmp_path: Path, kind: str) -> None:
    name, _, rows = hostile.TAKEN[kind]
    outcome = run(hostile.write(tmp_path, kind), tmp_path / "base.duckdb")
    assert (outcome.code, outcome.rows) == ("", rows)
    assert {path.name for path in tmp_path.iterdir()} == {name, "base.duckdb"}
    assert is_cheap(outcome), outcome


@pytest.mark.parametrize("kind", hostile.EITHER)
def test_it_costs_little_whatever_becomes_of_it(tmp_path: Path, kind: str) -> None:
    name, _ = hostile.EITHER[kind]
    outcome = run(hostile.write(tmp_path, kind), tmp_path / "base.duckdb")
    assert outcome.code in {"", "file.not_a_workbook", "file.too_large", "file.no_rows", "worker.memory"}
    assert {path.name for path in tmp_path.iterdir()} <= {name, "base.duckdb"}
    assert is_cheap(outcome), outcome
