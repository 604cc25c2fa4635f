"""Sheets: upload, list, open, read rows."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from chatsheet.api.deps import By, Served
from chatsheet.core.errors import NotFound
from chatsheet.sheets.ingest.grid import FileTooLarge
from chatsheet.sheets.library import OpenSheet, Sheet
from chatsheet.sheets.model import Result, Workbook

router = APIRouter(prefix="/api/sheets", tags=["sheets"])

_MAX_UPLOAD_BYTES = 300 * 2**20


class SheetEntry(BaseModel):
    """A sheet in a list."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    version: str
    created_at: datetime


class SheetDetail(BaseModel):
    """A sheet at its head, with every table and what was decided about it."""

    model_config = ConfigDict(frozen=True)

    sheet: SheetEntry
    workbook: Workbook


class TableNotFound(NotFound):
    """No such table in this sheet."""

    code = "table.not_found"


@router.post("", status_code=201)
async def upload(request: Request, services: Served, actor: By, name: Annotated[str, Query(max_length=255)]) -> SheetDetail:
    """Bring in a workbook: its bytes as application/octet-stream, its file name in `name`."""
    path = services.library.incoming()
    try:
        size = 0
        with path.open("wb") as file:
            async for block in request.stream():
                size += len(block)
                if size > _MAX_UPLOAD_BYTES:
                    raise FileTooLarge(f"{name} is larger than 300 MiB.", fix="split the file.")
                await asyncio.to_thread(file.write, block)
        return _detail(await services.library.bring_in(actor, path, name=name))
    finally:
        path.unlink(missing_ok=True)


@router.get("")
async def listing(services: Served, actor: By) -> list[SheetEntry]:
    """Return the workspace's sheets, newest first."""
    return [_entry(sheet) for sheet in await services.library.listing(actor)]


@router.get("/{sheet_id}")
async def detail(sheet_id: str, services: Served, actor: By) -> SheetDetail:
    """Return one sheet at its head."""
    return _detail(await services.library.open(actor, sheet_id))


@router.get("/{sheet_id}/tables/{table_id}/rows")
async def rows(
    sheet_id: str,
    table_id: str,
    services: Served,
    actor: By,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Result:
    """Return a window of a table in its own order; the first column is the row's number in its tab."""
    found = await services.library.rows(await services.library.open(actor, sheet_id), table_id, offset=offset, limit=limit)
    if found is None:
        raise TableNotFound(f"there is no table {table_id} in this sheet.", fix="use an id of the sheet's tables.")
    return found


def _entry(sheet: Sheet) -> SheetEntry:
    return SheetEntry(id=sheet.id, name=sheet.name, version=sheet.version, created_at=sheet.created_at)


def _detail(opened: OpenSheet) -> SheetDetail:
    return SheetDetail(sheet=_entry(opened.sheet), workbook=opened.workbook)
