"""Corrections: a person says where a table stands or what a column is."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api.deps import Edits, ReadsWhole, Served
from chatsheet.api.reasons import Reason
from chatsheet.api.routes.sheets import SheetDetail, detail_of
from chatsheet.sheets.ingest.corrections import Correction
from chatsheet.sheets.ingest.raw import RawCells
from chatsheet.sheets.ingest.said import TabSaid, TypeSaid

router = APIRouter(prefix="/api/sheets/{sheet_id}", tags=["sheets"])


class NewCorrection(BaseModel):
    """What is said of a tab, of the version that was looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    tab: str
    tables: Annotated[tuple[Correction, ...], Field(max_length=50)] = ()
    types: Annotated[tuple[TypeSaid, ...], Field(max_length=1_000)] = ()
    reason: Reason = ""


@router.get("/cells")
async def cells(
    sheet_id: str,
    services: Served,
    actor: ReadsWhole,
    *,
    tab: Annotated[str, Query(max_length=255)],
    top: Annotated[int, Query(ge=1, le=2**20)] = 1,
    left: Annotated[int, Query(ge=1, le=2**14)] = 1,
) -> RawCells:
    """Return the first cells of a tab from a cell on, at most 60 rows of 40, as the imported file has them."""
    return await services.library.cells(await services.library.open(actor, sheet_id), tab, top=top, left=left)


@router.put("/corrections")
async def correct(sheet_id: str, body: NewCorrection, services: Served, actor: Edits) -> SheetDetail:
    """Read a tab again as a person says, as a new version; it is remembered for files whose tab has the same form."""
    said = TabSaid(tables=body.tables, types=body.types)
    opened = await services.library.correct(actor, sheet_id, body.tab, said, expected_version=body.version, reason=body.reason)
    return detail_of(opened, actor)
