"""What a person asks of a sheet without a model: SQL of their own, read only; and questions to begin with."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api.deps import Reads, Served
from chatsheet.chat.events import Basis
from chatsheet.chat.tools import querying
from chatsheet.context import suggestions as from_profile
from chatsheet.sheets.model import Result
from chatsheet.sheets.query import Limits

router = APIRouter(prefix="/api/sheets/{sheet_id}", tags=["sheets"])
_MOST_BYTES = 8_000_000


class NewQuery(BaseModel):
    """One SELECT over the sheet's tables, of a version or of the sheet as it is now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sql: str
    version: str = ""
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    """How many rows to return at most; all are counted."""


class Queried(BaseModel):
    """A query that ran: as it was run, on which version, what it gave and what that stands on."""

    model_config = ConfigDict(frozen=True)

    sql: str
    version: str
    result: Result
    basis: Basis


@router.post("/query")
async def query(sheet_id: str, body: NewQuery, services: Served, actor: Reads) -> Queried:
    """Run one read-only SELECT, guarded as a model's is."""
    library = services.library
    opened = await (library.at(actor, sheet_id, body.version) if body.version else library.open(actor, sheet_id))
    limits = Limits(max_rows=body.limit, max_bytes=_MOST_BYTES)
    ran, basis = await querying.asked(body.sql, library.questions(opened), limits)
    await library.note(actor, opened, "sheet.query", {"sql": ran.guarded.sql, "rows": ran.result.row_count})
    return Queried(sql=ran.guarded.sql, version=opened.sheet.version, result=ran.result, basis=basis)


@router.get("/suggestions")
async def suggestions(sheet_id: str, services: Served, actor: Reads) -> list[str]:
    """Return a few questions that the sheet can answer, from the profile of its columns."""
    opened = await services.library.open(actor, sheet_id)
    return list(from_profile.suggest(opened.workbook))
