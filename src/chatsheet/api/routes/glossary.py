"""The glossary of a sheet: what words mean, and questions with the SQL that answers them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api.deps import Defines, Reads, Served
from chatsheet.api.routes.chats import Nothing
from chatsheet.context.glossary.imports import Format
from chatsheet.context.glossary.model import Entry, Kept

router = APIRouter(prefix="/api/sheets/{sheet_id}/glossary", tags=["glossary"])


class NewEntry(BaseModel):
    """What is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry: Entry


class GlossaryText(BaseModel):
    """Entries written elsewhere: CSV with a header line, or a JSON list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format
    text: Annotated[str, Field(max_length=4_000_000)]
    is_preview: bool = False
    """Whether to say only what would be kept: what replaces an entry under its id, what is new without one."""


@router.get("")
async def listing(sheet_id: str, services: Served, actor: Reads) -> list[Kept]:
    """Return a sheet's glossary, oldest first."""
    return await services.glossary.listing(actor, sheet_id)


@router.post("", status_code=201)
async def add(sheet_id: str, body: NewEntry, services: Served, actor: Defines) -> Kept:
    """Add an entry; the SQL of a pinned question must run on this sheet."""
    return await services.glossary.add(actor, sheet_id, body.entry)


@router.post("/import")
async def bring_in(sheet_id: str, body: GlossaryText, services: Served, actor: Defines) -> list[Kept]:
    """Add entries from CSV or JSON, all or none; what is said of a known term or question replaces it."""
    return await services.glossary.bring_in(actor, sheet_id, body.text, body.format, is_preview=body.is_preview)


@router.put("/{entry_id}")
async def change(sheet_id: str, entry_id: str, body: NewEntry, services: Served, actor: Defines) -> Kept:
    """Let an entry say something else."""
    return await services.glossary.change(actor, sheet_id, Kept(id=entry_id, entry=body.entry))


@router.delete("/{entry_id}")
async def remove(sheet_id: str, entry_id: str, services: Served, actor: Defines) -> Nothing:
    """Remove an entry."""
    await services.glossary.remove(actor, sheet_id, entry_id)
    return Nothing()
