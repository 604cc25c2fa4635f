"""What an edit would recalculate, asked of a process that is killed when it is late; what it cannot tell is told as stale."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from chatsheet.core import processes
from chatsheet.core.errors import ChatSheetError, Unavailable
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.formulas import worker
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.formulas.package import SUFFIXES
from chatsheet.sheets.query import Worker, WorkerDied, WorkerMemory

Changes = Mapping[tuple[str, str], JsonValue]
"""New values by tab and cell name; dates are ISO texts, None empties a cell."""


class FormulasTimedOut(Unavailable):
    """Even following the references took longer than allowed; the process was killed."""

    code = "formulas.deadline"


class Recalculator:
    """One warm process that knows the workbook it was asked about last."""

    def __init__(self, *, deadline_s: float = 15.0) -> None:
        self._deadline_s = deadline_s
        self._worker: Worker | None = None
        self._turn = asyncio.Lock()

    async def impact(self, source: Path, changes: Changes, earlier: Changes | None = None) -> Impact:
        """Return what changing cells of the file `source` would do to its formulas, `earlier` changes made before.

        Where recalculation is late or dies, everything reached is stale. Raises FormulasUnreadable, FormulasTimedOut.
        """
        if source.suffix.lower() not in SUFFIXES or not changes:
            return Impact()
        request: JsonObject = {"source": str(source), "changes": _rows(changes), "earlier": _rows(earlier or {})}
        async with self._turn:
            try:
                return await self._ask(request)
            except TimeoutError:
                reason = f"recalculation was stopped after {self._deadline_s:g} s"
            except (WorkerDied, WorkerMemory):
                reason = "recalculation needed more memory than allowed, or met what our engine cannot survive"
            try:
                return await self._ask({**request, "reason": reason})
            except (TimeoutError, WorkerDied, WorkerMemory):
                raise FormulasTimedOut(
                    f"the formulas of {source.name} could not be followed within {self._deadline_s:g} s.",
                    fix="apply the edit without a preview, or split the workbook.",
                ) from None

    async def _ask(self, request: JsonObject) -> Impact:
        if self._worker is None or not self._worker.is_alive:
            self._worker = await _start()
        is_sound = False
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = Impact.model_validate(await self._worker.call(request))
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
