"""What an edit would recalculate, asked of a process that is killed when it is late; what it cannot tell is told as stale."""

import asyncio
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from chatsheet.core import processes
from chatsheet.core.errors import ChatSheetError, Unavailable
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.formulas import worker
from chatsheet.sheets.formulas.model import Impact, InArea
from chatsheet.sheets.formulas.package import SUFFIXES
from chatsheet.sheets.query import Worker, WorkerDied, WorkerMemory

Changes = Mapping[tuple[str, str], JsonValue]
"""New values by tab and cell name; dates are ISO texts, None empties a cell, `{"formula": "=…"}` gives a formula."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is done to a workbook, as recalculate.Asked says it, by tab and cell name."""

    changes: Changes
    earlier: Changes = field(default_factory=dict[tuple[str, str], JsonValue])
    holds: Changes = field(default_factory=dict[tuple[str, str], JsonValue])
    was_stale: Collection[tuple[str, str]] = ()
    moved: Collection[tuple[str, str]] = ()
    moved_earlier: Collection[tuple[str, str]] = ()

    def request(self) -> JsonObject:
        """Return it as the worker takes it."""
        return {
            "changes": _rows(self.changes),
            "earlier": _rows(self.earlier),
            "holds": _rows(self.holds),
            "was_stale": _rows(dict.fromkeys(self.was_stale)),
            "moved": _rows(dict.fromkeys(self.moved)),
            "moved_earlier": _rows(dict.fromkeys(self.moved_earlier)),
        }


class FormulasTimedOut(Unavailable):
    """Even following the references took longer than allowed; the process was killed."""

    code = "formulas.deadline"


class Recalculator:
    """One warm process that knows the workbook it was asked about last."""

    def __init__(self, *, deadline_s: float = 30.0) -> None:
        self._deadline_s = deadline_s
        self._worker: Worker | None = None
        self._turn = asyncio.Lock()

    async def impact(self, source: Path, asked: Asked, tabs: Sequence[str] | None = None) -> Impact:
        """Return what changing cells of the file `source`, whose formulas stand in `tabs`, would do to its formulas.

        Where recalculation is late or dies, everything reached is stale. Raises FormulasUnreadable, FormulasTimedOut.
        """
        if source.suffix.lower() not in SUFFIXES or not (asked.changes or asked.moved):
            return Impact()
        request: JsonObject = {"source": str(source), "tabs": None if tabs is None else list(tabs), **asked.request()}
        async with self._turn:
            try:
                return Impact.model_validate(await self._ask(request))
            except TimeoutError:
                reason = f"recalculation was stopped after {self._deadline_s:g} s"
            except (WorkerDied, WorkerMemory):
                reason = "recalculation needed more memory than allowed, or met what our engine cannot survive"
            return Impact.model_validate(await self._within({**request, "reason": reason}))

    async def missing(self, source: Path, tabs: Sequence[str]) -> Impact:
        """Return what formulas of a file give that it stores no value for; raises FormulasUnreadable, FormulasTimedOut."""
        async with self._turn:
            request: JsonObject = {"source": str(source), "tabs": list(tabs), "is_missing": True}
            return Impact.model_validate(await self._within(request))

    async def formulas(
        self, source: Path, tab: str, area: tuple[int, int, int, int], tabs: Sequence[str] | None = None
    ) -> InArea:
        """Return the formulas in an area (first row and column, last row and column); raises as `impact` does."""
        if source.suffix.lower() not in SUFFIXES:
            return InArea()
        request: JsonObject = {"source": str(source), "tabs": None if tabs is None else list(tabs), "area": [tab, *area]}
        async with self._turn:
            return InArea.model_validate(await self._within(request))

    async def _within(self, request: JsonObject) -> object:
        try:
            return await self._ask(request)
        except (TimeoutError, WorkerDied, WorkerMemory):
            raise FormulasTimedOut(
                f"the formulas of {Path(str(request['source'])).name} could not be followed within {self._deadline_s:g} s.",
                fix="split the workbook.",
            ) from None

    async def _ask(self, request: JsonObject) -> object:
        if self._worker is None or not self._worker.is_alive:
            self._worker = await _start()
        is_sound = False
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._worker.call(request)
            is_sound = True
        except ChatSheetError as error:
            is_sound = self._worker.is_alive and not isinstance(error, WorkerDied | WorkerMemory)
            raise
        finally:
            if not is_sound:
                await self._end()
        return answer

    async def _end(self) -> None:
        lost, self._worker = self._worker, None
        if lost is not None:
            await lost.kill()

    async def close(self) -> None:
        """End the process."""
        await self._end()


async def _start() -> Worker:
    pipe = asyncio.subprocess.PIPE
    env = {**processes.base_environment(), "PYTHONPATH": str(Path(worker.__file__).parents[3])}
    return Worker(await processes.start([sys.executable, "-m", worker.__name__], env=env, stdin=pipe, stdout=pipe))


def _rows(changes: Changes) -> JsonValue:
    return [[tab, cell, value] for (tab, cell), value in changes.items()]
