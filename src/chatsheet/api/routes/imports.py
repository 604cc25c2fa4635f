"""Imports as tasks: begin one from an upload, follow it, cancel it."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import stream
from chatsheet.api.deps import Imports, Served
from chatsheet.api.routes.chats import Nothing

router = APIRouter(prefix="/api/imports", tags=["sheets"])


class NewImport(BaseModel):
    """Which upload to import."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    upload: Annotated[str, Field(max_length=64)]


class ImportStarted(BaseModel):
    """The import that now runs."""

    model_config = ConfigDict(frozen=True)

    id: str


@router.post("", status_code=202)
async def begin(body: NewImport, services: Served, actor: Imports) -> ImportStarted:
    """Import an upload that is all here; asked again, it is the same import."""
    return ImportStarted(id=await services.imports.begin(actor, body.upload))


@router.get("/{import_id}")
async def events(import_id: str, services: Served, actor: Imports) -> StreamingResponse:
    """Follow an import as server-sent events from its beginning: progress, the first rows, and the outcome last."""
    watched = await services.imports.watch(actor, import_id)
    return StreamingResponse(stream.events(watched, stream.event), media_type="text/event-stream", headers=stream.HEADERS)


@router.delete("/{import_id}")
async def cancel(import_id: str, services: Served, actor: Imports) -> Nothing:
    """Cancel an import that still runs; its file and whatever was made of it are gone when this answers."""
    await services.imports.cancel(actor, import_id)
    return Nothing()
