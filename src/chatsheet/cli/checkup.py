"""What the doctor says of each route when the server starts: it looks who answers, and makes no model call."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator

from chatsheet.doctor.model import Report

log = logging.getLogger(__name__)

_LITELLM_STARTS_S = 120.0
_LOOK_S = 0.5


async def look(examine: Callable[[], Awaitable[Report]], *, is_up: Callable[[], bool]) -> None:
    """Log a line for each route in use that is ill; our LiteLLM is given the time to get up first."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LITELLM_STARTS_S):
            while not is_up():  # noqa: ASYNC110  a file of another process says it
                await asyncio.sleep(_LOOK_S)
    for line in lines(await examine()):
        log.warning("%s", line)


def lines(report: Report) -> Iterator[str]:
    """Yield what is ill of the paths in use: the cause, what was seen, and what mends it."""
    for path in report.paths:
        found = next((one for one in path.findings if one.cause == path.cause), None)
        if path.is_in_use and path.state == "ill" and found is not None:
            yield f"route {path.name} is ill [{path.cause}]: {found.what.rstrip('.')}. Fix: {found.fix.rstrip('.')}."
