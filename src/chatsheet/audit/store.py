"""Rows of audit entries, budgets and what was spent: the SQL and nothing else."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Float, delete, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.audit.budgets import Budget, Kind, Limits
from chatsheet.audit.chain import GENESIS, Entry
from chatsheet.audit.model import ALL, SpendDay, Wanted
from chatsheet.core.acts import Act, Spent
from chatsheet.db import writing
from chatsheet.db.tables import audit_entry, budget, spend_day

_COST = type_coerce(spend_day.c.cost, Float)  # of two databases only one knows decimals
_COUNTED = ("input_tokens", "output_tokens", "cost", "unpriced_calls")


async def head(connection: AsyncConnection) -> tuple[int, str]:
    """Return the number and the hash of the last entry. Holds the chain: nobody else appends until the transaction ends."""
    await writing.hold(connection, "audit")
    last = select(audit_entry.c.seq, audit_entry.c.hash).order_by(audit_entry.c.seq.desc()).limit(1)
    row = (await connection.execute(last)).one_or_none()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


async def append(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Append entries that are linked."""
    fields = ("seq", "at", "workspace_id", "actor_id", "action", "subject", "body", "hash")
    await connection.execute(insert(audit_entry), [{name: getattr(one, name) for name in fields} for one in entries])


async def after(connection: AsyncConnection, seq: int, *, most: int, wanted: Wanted = ALL) -> list[Entry]:
    """Return the first entries behind a number, in order."""
    query = select(audit_entry).where(audit_entry.c.seq > seq, *_conditions(wanted)).order_by(audit_entry.c.seq).limit(most)
    return [Entry(**row) for row in (await connection.execute(query)).mappings()]


async def before(connection: AsyncConnection, seq: int | None, *, most: int, wanted: Wanted) -> list[Entry]:
    """Return the last entries before a number, or the last of all, the newest first."""
    query = select(audit_entry).where(*_conditions(wanted)).order_by(audit_entry.c.seq.desc()).limit(most)
    if seq is not None:
        query = query.where(audit_entry.c.seq < seq)
    return [Entry(**row) for row in (await connection.execute(query)).mappings()]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    named = (
        (audit_entry.c.workspace_id, wanted.workspace_id),
        (audit_entry.c.action, wanted.action or None),
        (audit_entry.c.actor_id, wanted.actor_id or None),
        (audit_entry.c.subject, wanted.subject or None),
    )
    conditions = [column == value for column, value in named if value is not None]
    conditions += [audit_entry.c.at >= wanted.since] if wanted.since is not None else []
    return conditions + ([audit_entry.c.at < wanted.until] if wanted.until is not None else [])


async def spend(connection: AsyncConnection, act: Act, *, day: date) -> None:
    """Add what an act spent to what its user, or its job, spent that day."""
    key = {"workspace_id": act.workspace_id, "day": day, "user_id": act.actor_id, "job_id": act.job_id}
    adding = writing.insert(connection, spend_day).values(**key, **{name: getattr(act.spent, name) for name in _COUNTED})
    more = {name: spend_day.c[name] + adding.excluded[name] for name in _COUNTED}
    await connection.execute(adding.on_conflict_do_update(index_elements=spend_day.primary_key.columns, set_=more))


async def spent(connection: AsyncConnection, workspace_id: str, since: date, kind: Kind, subject: str) -> Spent:
    """Return what a workspace, a user in it or a job spent since a day, or a person in all workspaces."""
    sums = [func.coalesce(func.sum(_COST if name == "cost" else spend_day.c[name]), 0) for name in _COUNTED]
    whose = {"workspace": True, "user": spend_day.c.user_id == subject, "job": spend_day.c.job_id == subject}
    here = spend_day.c.workspace_id == workspace_id
    which = spend_day.c.user_id == subject if kind == "person" else here & whose[kind]
    query = select(*sums).where(spend_day.c.day >= since, which)
    inputs, outputs, cost, unpriced = [float(one) for one in (await connection.execute(query)).one()]
    return Spent(input_tokens=int(inputs), output_tokens=int(outputs), cost=cost, unpriced_calls=int(unpriced))


async def days(connection: AsyncConnection, workspace_id: str, since: date, until: date) -> list[SpendDay]:
    """Return what was spent in a workspace from day to day, both among them, the newest first."""
    within = (spend_day.c.workspace_id == workspace_id) & spend_day.c.day.between(since, until)
    columns = [spend_day.c[name] for name in ("day", "user_id", "job_id", *_COUNTED) if name != "cost"]
    query = select(*columns, _COST.label("cost")).where(within)
    rows = await connection.execute(query.order_by(spend_day.c.day.desc(), spend_day.c.user_id, spend_day.c.job_id))
    return [
        SpendDay(
            day=row["day"],
            user_id=row["user_id"],
            job_id=row["job_id"],
            spent=Spent(**{name: row[name] for name in _COUNTED}),
        )
        for row in rows.mappings()
    ]


async def budgets(connection: AsyncConnection, workspace_id: str) -> list[Budget]:
    """Return the budgets of a workspace: its own, its users', its jobs'."""
    query = select(budget).where(budget.c.workspace_id == workspace_id).order_by(budget.c.kind.desc(), budget.c.subject)
    return [
        Budget(kind=row.kind, subject=row.subject, limits=Limits.model_validate(row.body))
        for row in await connection.execute(query)
    ]


async def set_budget(connection: AsyncConnection, workspace_id: str, new: Budget, *, by: str, at: datetime) -> None:
    """Set a budget, in place of the one that there was."""
    said = {"body": new.limits.model_dump(mode="json"), "created_by": by, "created_at": at}
    key = {"workspace_id": workspace_id, "kind": new.kind, "subject": new.subject}
    adding = writing.insert(connection, budget).values(**key, **said)
    await connection.execute(adding.on_conflict_do_update(index_elements=budget.primary_key.columns, set_=said))


async def remove_budget(connection: AsyncConnection, workspace_id: str, kind: Kind, subject: str) -> bool:
    """Remove a budget; False where there was none."""
    mine = (budget.c.workspace_id == workspace_id) & (budget.c.kind == kind) & (budget.c.subject == subject)
    return bool((await connection.execute(delete(budget).where(mine))).rowcount)
