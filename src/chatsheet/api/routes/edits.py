"""Edits of a sheet: look at what they would do, make them, take them back, see who did what."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import errors
from chatsheet.api.deps import Edits, ReadsWhole, Served
from chatsheet.api.errors import ErrorBody
from chatsheet.api.reasons import Reason
from chatsheet.sheets.conflicts import ConflictCell
from chatsheet.sheets.edits import MOST_EDITS, Change, Edit, EditPreview
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.library import EditConflict, Move, OpenSheet

router = APIRouter(prefix="/api/sheets/{sheet_id}", tags=["sheets"])


class NewEdits(BaseModel):
    """Edits to make together, of the version that their author looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    edits: Annotated[tuple[Edit, ...], Field(min_length=1, max_length=MOST_EDITS)]
    reason: Reason = ""


class HeadMove(BaseModel):
    """The version to move away from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    reason: Reason = ""


class SheetHead(BaseModel):
    """A sheet's head after edits, and what they changed."""

    model_config = ConfigDict(frozen=True)

    sheet_id: str
    version: str
    changes: tuple[Change, ...] = ()
    formulas: Impact = Impact()
    """What the edits did to formulas: the first cells, and counts of all."""


class EditConflictBody(ErrorBody):
    """An error that names each cell with the value it had, that of the others, and yours."""

    cells: tuple[ConflictCell, ...]


class EditConflictAnswer(BaseModel):
    """The JSON of a conflict."""

    model_config = ConfigDict(frozen=True)

    error: EditConflictBody


@router.post("/edits/preview")
async def preview(sheet_id: str, body: NewEdits, services: Served, actor: Edits) -> EditPreview:
    """Return what edits would change; nothing is written."""
    return await services.library.preview(actor, sheet_id, body.edits, expected_version=body.version)


@router.post("/edits", status_code=201, responses={409: {"model": EditConflictAnswer}}, response_model=SheetHead)
async def apply(sheet_id: str, body: NewEdits, services: Served, actor: Edits) -> SheetHead | JSONResponse:
    """Make edits a new version; 409 with both values where somebody changed the same cells since `version`."""
    try:
        edited = await services.library.edit(actor, sheet_id, body.edits, expected_version=body.version, reason=body.reason)
    except EditConflict as error:
        told = EditConflictBody(**errors.body(error).model_dump(), cells=error.cells)
        return JSONResponse({"error": told.model_dump(mode="json")}, status_code=error.status)
    return _head(edited.opened, edited.changes, edited.formulas)


@router.post("/undo")
async def undo(sheet_id: str, body: HeadMove, services: Served, actor: Edits) -> SheetHead:
    """Go back to the version before `version`, which must be the head."""
    return _head(await services.library.undo(actor, sheet_id, expected_version=body.version, reason=body.reason))


@router.post("/redo")
async def redo(sheet_id: str, body: HeadMove, services: Served, actor: Edits) -> SheetHead:
    """Go forward to the version that was last undone from `version`, which must be the head."""
    return _head(await services.library.redo(actor, sheet_id, expected_version=body.version, reason=body.reason))


@router.get("/history")
async def history(
    sheet_id: str,
    services: Served,
    actor: ReadsWhole,
    table: str | None = None,
    row: Annotated[int | None, Query(ge=1)] = None,
    column: str | None = None,
) -> list[Move]:
    """Return who changed what, when and why, newest first; of one table or cell where it is named."""
    return await services.library.history(actor, sheet_id, table=table, row=row, column=column)


def _head(opened: OpenSheet, changes: tuple[Change, ...] = (), formulas: Impact | None = None) -> SheetHead:
    head = SheetHead(sheet_id=opened.sheet.id, version=opened.sheet.version, changes=changes)
    return head if formulas is None else head.model_copy(update={"formulas": formulas})
