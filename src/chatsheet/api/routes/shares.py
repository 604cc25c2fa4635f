"""With whom a sheet is shared, and the row and column rules by role: what each role sees of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import roles
from chatsheet.api.deps import Served, Shares
from chatsheet.api.roles import LesserName
from chatsheet.api.routes.login import LoggedInto
from chatsheet.api.routes.workspaces import Who
from chatsheet.auth.shares import Share
from chatsheet.core.identity import Actor, Condition, Rules, TableRule
from chatsheet.sheets import rules as ruling
from chatsheet.sheets.windows import Filter
from chatsheet.wiring import Services

router = APIRouter(prefix="/api/sheets/{sheet_id}", tags=["shares"])
_Named = Annotated[str, Field(min_length=1, max_length=255)]


class NewShare(BaseModel):
    """With whom to share a sheet, by id or e-mail address, and as what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: Who
    role: LesserName


class ShareEntry(BaseModel):
    """With whom a sheet is shared, and as what."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    name: str
    email: str
    role: LesserName
    created_at: datetime


class TableRuleWanted(BaseModel):
    """What of a table is seen: the rows that fulfil every condition, without the hidden columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: _Named
    hidden: Annotated[tuple[_Named, ...], Field(max_length=1_000)] = ()
    rows: Annotated[tuple[Filter, ...], Field(max_length=50)] = ()


class RulesWanted(BaseModel):
    """What a role sees of a sheet; tables without a rule are seen whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: Annotated[tuple[TableRuleWanted, ...], Field(min_length=1, max_length=200)]

    def rules(self) -> Rules:
        """Return them as the engine applies them."""
        return Rules(tuple(map(_rule, self.tables)))


class RulesEntry(BaseModel):
    """The rules that hold for a role."""

    model_config = ConfigDict(frozen=True)

    role: LesserName
    tables: tuple[TableRuleWanted, ...]


class TableSeen(BaseModel):
    """How many rows and columns of a table are seen, of how many."""

    model_config = ConfigDict(frozen=True)

    table: str
    rows: int
    of_rows: int
    columns: int
    of_columns: int


@router.get("/shares")
async def shares(sheet_id: str, services: LoggedInto, actor: Shares) -> list[ShareEntry]:
    """Return with whom a sheet is shared, the first one first."""
    del actor
    return list(map(_entry, await services.shares.list(sheet_id)))


@router.put("/shares")
async def share(sheet_id: str, services: LoggedInto, actor: Shares, body: NewShare) -> ShareEntry:
    """Share a sheet with a user, or change as what; members of its workspace keep what they are there, if that is more."""
    return _entry(await services.shares.set(actor, sheet_id, body.user, roles.of(body.role)))


@router.delete("/shares/{user_id}", status_code=204)
async def revoke(sheet_id: str, services: LoggedInto, actor: Shares, user_id: str) -> None:
    """Take a share back: who looks at the sheet is told within two seconds, and answers in the making end."""
    await services.shares.revoke(actor, sheet_id, user_id)


@router.get("/rules")
async def rules(sheet_id: str, services: LoggedInto, actor: Shares) -> list[RulesEntry]:
    """Return the rules of a sheet by role."""
    del actor
    found = await services.ruling.of(sheet_id)
    return [RulesEntry(role=roles.lesser(role), tables=tuple(map(_shown, one.tables))) for role, one in found.items()]


@router.post("/rules/preview")
async def preview(sheet_id: str, services: Served, actor: Shares, body: RulesWanted) -> list[TableSeen]:
    """Return what would be seen under rules, without setting them; what does not fit the sheet is an error."""
    return await _seen(services, actor, sheet_id, body.rules())


@router.put("/rules/{role}")
async def set_rules(sheet_id: str, role: LesserName, services: LoggedInto, actor: Shares, body: RulesWanted) -> list[TableSeen]:
    """Let rules hold for a role at once, and return what it sees now; what does not fit the sheet is an error."""
    seen = await _seen(services, actor, sheet_id, body.rules())
    await services.ruling.set(actor, sheet_id, roles.of(role), body.rules())
    return seen


@router.delete("/rules/{role}", status_code=204)
async def remove_rules(sheet_id: str, role: LesserName, services: LoggedInto, actor: Shares) -> None:
    """Let a role see all of a sheet again."""
    await services.ruling.remove(actor, sheet_id, roles.of(role))


async def _seen(services: Services, actor: Actor, sheet_id: str, wanted: Rules) -> list[TableSeen]:
    """Try rules, and count what is seen under them; raises RulesInvalid."""
    opened = await services.library.open(actor, sheet_id)
    whole = opened.workbook
    ruling.check(whole, wanted)
    shown = await services.library.tried(opened, wanted)
    ruling.check_applied(whole, wanted, shown)
    counted = {table.id: (table.rows, len(table.columns)) for table in shown.tables}
    return [
        TableSeen(table=one.id, rows=rows, of_rows=one.rows, columns=columns, of_columns=len(one.columns))
        for one in whole.tables
        for rows, columns in (counted.get(one.id, (0, 0)),)
    ]


def _rule(one: TableRuleWanted) -> TableRule:
    return TableRule(one.table, one.hidden, tuple(Condition(row.column, row.test, row.values) for row in one.rows))


def _shown(one: TableRule) -> TableRuleWanted:
    rows = [{"column": row.column, "test": row.test, "values": row.values} for row in one.rows]
    return TableRuleWanted(table=one.table, hidden=one.hidden, rows=tuple(map(Filter.model_validate, rows)))


def _entry(one: Share) -> ShareEntry:
    return ShareEntry(
        user_id=one.user_id, name=one.name, email=one.email, role=roles.lesser(one.role), created_at=one.created_at
    )
