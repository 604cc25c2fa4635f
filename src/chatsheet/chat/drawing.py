"""Charts as images, offline: a process of its own draws each one and is killed at its deadline.

What draws embeds a JavaScript engine, so it gets little memory, no environment, and only documents of our own closed subset.
"""

import asyncio
import importlib.util
from typing import Literal

from chatsheet.chat import charts, drawing_worker
from chatsheet.chat.events import Chart
from chatsheet.core import loose, processes
from chatsheet.core.errors import ChatSheetError, Unavailable
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import Result

Format = Literal["svg", "png", "json"]
MEDIA: dict[Format, str] = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
_DEADLINE_S = 60.0
_AT_ONCE = 2
_LARGEST = 2**24


class ChartsMissing(Unavailable):
    """What draws charts is not installed."""

    code = "chart.extra_missing"


class DrawingFailed(ChatSheetError):
    """The chart was not drawn within its limits."""

    code = "chart.not_drawn"
    status = 422


class Drawings:
    """Draws charts, a few at once."""

    def __init__(self, *, deadline_s: float = _DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def draw(self, chart: Chart, result: Result, form: Format) -> bytes:
        """Return a chart as a file; raises ChartsMissing, DrawingFailed."""
        document = charts.document(chart, result)
        if form == "json":
            return loose.dumps(document).encode()
        if importlib.util.find_spec("vl_convert") is None:
            raise ChartsMissing("charts are not drawn here.", fix="install chatsheet[charts], or take the chart as json.")
        async with self._turns:
            return await self._drawn(document, form)

    async def _drawn(self, document: JsonObject, form: Format) -> bytes:
        argv = [processes.python(), "-m", drawing_worker.__name__, form]
        pipe = asyncio.subprocess.PIPE
        env = {**processes.base_environment(), "PYTHONPATH": drawing_worker.HERE, "TZ": "UTC"}
        process = await processes.start(argv, env=env, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(self._deadline_s):
                drawn, _ = await process.communicate(loose.dumps(document).encode())
        except TimeoutError:
            raise DrawingFailed(f"the chart was not drawn in {self._deadline_s:g} s.", fix="show fewer rows.") from None
        finally:
            await processes.stop(process, grace_s=0)
        if process.returncode != 0 or not 0 < len(drawn) <= _LARGEST:
            raise DrawingFailed("what draws charts ended without one.", fix="show fewer rows, or take the chart as json.")
        return drawn
