"""What others do to a sheet, and what becomes of its jobs, as server-sent events."""

from collections.abc import AsyncGenerator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from chatsheet.api import stream
from chatsheet.api.deps import Reads, Served
from chatsheet.chat.live import Cursor, SheetEvent, Told
from chatsheet.core.identity import Actor
from chatsheet.jobs.model import Job
from chatsheet.jobs.service import Jobs
from chatsheet.sheets.model import Value

router = APIRouter(prefix="/api/sheets", tags=["sheets"])


class JobChanged(Value):
    """A job of the sheet as it stands; who sees a part of the sheet hears of none."""

    kind: Literal["job"] = "job"
    sheet_id: str
    job: Job


LiveEvent = SheetEvent | JobChanged


@router.get("/{sheet_id}/events", response_class=stream.EventStream)
async def events(
    sheet_id: str,
    services: Served,
    actor: Reads,
    after: Annotated[str, Query(max_length=200)] = "",
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> StreamingResponse:
    """Follow a sheet as server-sent events: where it and its jobs stand, then each move of its head, each job that changes.

    And new chats and sheets. `id` is what a listener knows; one that was cut off sends its last as `Last-Event-ID`, or in
    `after`, and hears the rest.
    """
    known = Cursor.parse(last_event_id or after)
    await services.live.state(actor, sheet_id)
    told = stream.merged(services.live.watch(actor, sheet_id, known), _jobs(services.jobs, actor, sheet_id))
    return stream.EventStream(stream.events(told, _form), headers=stream.HEADERS)


async def _jobs(jobs: Jobs, actor: Actor, sheet_id: str) -> AsyncGenerator[Told | JobChanged, None]:
    async for job in jobs.watch(actor, sheet_id):
        yield JobChanged(sheet_id=sheet_id, job=job)


def _form(told: Told | JobChanged) -> bytes:
    """Return an event as SSE. A job is told as it stands after each cut, so that it needs no id."""
    return stream.event(told) if isinstance(told, JobChanged) else f"id: {told.cursor}\n".encode() + stream.event(told.event)
