"""Sheets: upload, list, open, read rows."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, Json

from chatsheet.api import conditional, roles
from chatsheet.api.deps import Asking, Imports, Lists, Reads, ReadsWhole, Removes, Served
from chatsheet.api.roles import RoleName
from chatsheet.auth import policy
from chatsheet.auth.policy import Action
from chatsheet.core.errors import BadInput, NotFound
from chatsheet.core.identity import Actor
from chatsheet.sheets.follower import ShownCell
from chatsheet.sheets.ingest.grid import FileTooLarge
from chatsheet.sheets.library import OpenSheet, Sheet
from chatsheet.sheets.model import FoundValue, Places, Result, Workbook
from chatsheet.sheets.uploads import MAX_BYTES
from chatsheet.sheets.windows import Filter, Sort, Window
from chatsheet.wiring import Services

router = APIRouter(prefix="/api/sheets", tags=["sheets"])

MOST_PLACES = 10_000


class SheetEntry(BaseModel):
    """A sheet in a list."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    version: str
    created_at: datetime
    workspace_id: str
    """Another one than was listed: the sheet was shared with whoever asks, who is no member there."""
    role: RoleName
    """What whoever asks is on it."""
    is_partial: bool
    """Whether rules hide some of it from them; then they do not change it, whatever their role."""


class SheetDetail(BaseModel):
    """A sheet at its head, with every table and what was decided about it."""

    model_config = ConfigDict(frozen=True)

    sheet: SheetEntry
    workbook: Workbook


class Shown(BaseModel):
    """Which rows of a table to show; `version` holds still while others edit.

    `sort` is `column` or `column:desc`, `filter` JSON such as `{"column": "region", "test": "equals", "values": ["North"]}`;
    both may come several times.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=200, ge=1, le=500)
    sort: list[str] = Field(default=[], max_length=20)
    filter: list[Json[Filter]] = Field(default=[], max_length=50)
    search: str = Field(default="", max_length=500)
    version: str = ""

    def window(self, table_id: str) -> Window:
        """Return what is asked of a table."""
        return Window(
            table=table_id,
            offset=self.offset,
            limit=self.limit,
            sort=tuple(map(Sort.parse, self.sort)),
            filters=tuple(self.filter),
            search=self.search,
        )


class Wanted(Shown):
    """Rows to find among those shown: by their ids, or by a text that they hold."""

    row: list[int] = Field(default=[], max_length=1_000)
    find: str = Field(default="", max_length=500)


class TableNotFound(NotFound):
    """No such table in this sheet."""

    code = "table.not_found"


@router.post("", status_code=201)
async def upload(
    request: Request, services: Served, actor: Imports, name: Annotated[str, Query(min_length=1, max_length=255)]
) -> SheetDetail:
    """Bring in a workbook: its bytes as application/octet-stream, its file name in `name`."""
    path = services.library.incoming()
    try:
        size = 0
        with path.open("wb") as file:
            async for block in request.stream():
                size += len(block)
                if size > MAX_BYTES:
                    raise FileTooLarge(f"{name} is larger than 300 MiB.", fix="split the file.")
                await asyncio.to_thread(file.write, block)
        opened = await services.library.bring_in(actor, path, name=name)
        now = await services.access.fresh(actor, opened.sheet.id, Action.READ)
        if now.rules.tables:  # somebody brought it in before, and others edited it since
            opened = await services.library.open(now, opened.sheet.id)
        return detail_of(opened, now)
    finally:
        path.unlink(missing_ok=True)


@router.get("")
async def listing(services: Served, actor: Lists, asking: Asking) -> list[SheetEntry]:
    """Return a workspace's sheets, by default of one's first one, and those that were shared with one, newest first."""
    apart = await services.access.apart(asking, actor.workspace_id)
    seen_as = {sheet_id: policy.actor(asking, standing) for sheet_id, standing in apart.items()}
    return [_entry(one, seen_as.get(one.id, actor)) for one in await services.library.listing(actor, seen_as.keys())]


@router.get("/{sheet_id}", responses=conditional.UNCHANGED)
async def detail(sheet_id: str, request: Request, response: Response, services: Served, actor: Reads) -> SheetDetail:
    """Return one sheet at its head."""
    opened = await services.library.open(actor, sheet_id)
    found = detail_of(opened, actor)
    conditional.tag(request, response, opened, content=found.sheet.model_dump_json())
    return found


@router.get("/{sheet_id}/tables/{table_id}/rows", responses=conditional.UNCHANGED)
async def rows(
    sheet_id: str,
    table_id: str,
    request: Request,
    response: Response,
    services: Served,
    actor: Reads,
    shown: Annotated[Shown, Query()],
) -> Result:
    """Return a window of a table, row ids first, in its own order or sorted; `row_count` counts what the filters leave."""
    opened = await _opened(services, actor, sheet_id, table_id, shown.version)
    conditional.tag(request, response, opened, named=shown.version)
    return await services.library.questions(opened).window(shown.window(table_id))


@router.get("/{sheet_id}/tables/{table_id}/places", responses=conditional.UNCHANGED)
async def places(
    sheet_id: str,
    table_id: str,
    request: Request,
    response: Response,
    services: Served,
    actor: Reads,
    wanted: Annotated[Wanted, Query()],
) -> Places:
    """Return where rows stand among those shown, counted from 0: rows with these ids, or rows that hold the text `find`."""
    opened = await _opened(services, actor, sheet_id, table_id, wanted.version)
    if bool(wanted.row) == bool(wanted.find):
        raise BadInput("rows are asked for by ids or by a text.", fix="give row or find, one of the two.")
    conditional.tag(request, response, opened, named=wanted.version)
    window = wanted.window(table_id)
    found = services.library.questions(opened).places
    return await found(window, rows=wanted.row or None, text=wanted.find, limit=MOST_PLACES)


async def _opened(services: Services, actor: Actor, sheet_id: str, table_id: str, version: str) -> OpenSheet:
    library = services.library
    opened = await (library.at(actor, sheet_id, version) if version else library.open(actor, sheet_id))
    if opened.workbook.table(table_id) is None:
        raise TableNotFound(f"there is no table {table_id} in this sheet.", fix="use an id of the sheet's tables.")
    return opened


@router.get("/{sheet_id}/values")
async def values(
    sheet_id: str,
    services: Served,
    actor: Reads,
    *,
    text: Annotated[str, Query(min_length=1, max_length=200)],
    table: str | None = None,
    column: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[FoundValue]:
    """Return the values most like a text, whatever its case, accents and typos, with how many rows have each."""
    questions = services.library.questions(await services.library.open(actor, sheet_id))
    return list(await questions.find_values(text, table=table, column=column, limit=limit))


@router.get("/{sheet_id}/formulas")
async def formulas(
    sheet_id: str,
    services: Served,
    actor: ReadsWhole,
    *,
    tab: Annotated[str, Query(max_length=255)],
    area: Annotated[str, Query(max_length=40)],
    version: str = "",
) -> list[ShownCell]:
    """Return the cells of an area such as `B2:D9` that hold formulas: each with its value and why it is stale, if it is."""
    library = services.library
    opened = await (library.at(actor, sheet_id, version) if version else library.open(actor, sheet_id))
    return list(await library.formula_cells(opened, tab, area))


@router.delete("/{sheet_id}", status_code=204)
async def remove(sheet_id: str, services: Served, actor: Removes) -> None:
    """Delete a sheet with its chats, glossary, shares, rules and history; who looks at it is told."""
    await services.chats.remove_sheet(actor, sheet_id)


def _entry(sheet: Sheet, actor: Actor) -> SheetEntry:
    return SheetEntry(
        id=sheet.id,
        name=sheet.name,
        version=sheet.version,
        created_at=sheet.created_at,
        workspace_id=actor.workspace_id,
        role=roles.name(actor.role),
        is_partial=bool(actor.rules.tables),
    )


def detail_of(opened: OpenSheet, actor: Actor) -> SheetDetail:
    """Return a sheet as an actor sees it, with everything that was decided about it."""
    return SheetDetail(sheet=_entry(opened.sheet, actor), workbook=opened.workbook)
