"""What others do to a sheet, as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from chatsheet.api import stream
from chatsheet.api.deps import Reads, Served
from chatsheet.chat.live import Cursor, Told

router = APIRouter(prefix="/api/sheets", tags=["sheets"])


@router.get("/{sheet_id}/events")
async def events(
    sheet_id: str,
    services: Served,
    actor: Reads,
    after: Annotated[str, Query(max_length=200)] = "",
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> StreamingResponse:
    """Follow a sheet as server-sent events: where it stands, then each move of its head, new chats and new sheets.

    `id` is what a listener knows; one that was cut off sends its last as `Last-Event-ID`, or in `after`, and hears the rest.
    """
    known = Cursor.parse(last_event_id or after)
    await services.live.state(actor, sheet_id)
    watched = services.live.watch(actor, sheet_id, known)
    return StreamingResponse(stream.events(watched, _form), media_type="text/event-stream", headers=stream.HEADERS)


def _form(told: Told) -> bytes:
    return f"id: {told.cursor}\n".encode() + stream.event(told.event)
