"""Charts of a chat as files, with their data."""

import re
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import JsonValue

from chatsheet.api.deps import ReadsChat, Served
from chatsheet.chat import charts
from chatsheet.chat.drawing import MEDIA, Format

router = APIRouter(prefix="/api/chats/{chat_id}/charts", tags=["chats"])
_NAME = r"^(c[0-9]{1,6})\.(svg|png|json)$"
_FORMATS: dict[str, Format] = {"svg": "svg", "png": "png", "json": "json"}
_CLOSED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_FILES: dict[int | str, dict[str, JsonValue]] = {
    200: {"content": {media: {} for media in MEDIA.values()}, "description": "The chart, as its ending says."}
}


@router.get("/{name}", response_class=Response, responses=_FILES)
async def download(chat_id: str, name: Annotated[str, Path(pattern=_NAME)], services: Served, actor: ReadsChat) -> Response:
    """Return a chart as SVG, PNG or, with its data, as a Vega-Lite document: `c1.svg`, `c1.png`, `c1.json`."""
    found = re.fullmatch(_NAME, name)
    if found is None:
        raise AssertionError("checked above")
    chart, result = charts.find(await services.chats.log(actor, chat_id), found[1])
    form = _FORMATS[found[2]]
    drawn = await services.drawings.draw(chart, result, form)
    headers = {**_CLOSED, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(drawn, media_type=MEDIA[form], headers=headers)
