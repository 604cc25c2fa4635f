"""Imports as rows of the database, and which server works on each: the SQL and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.loose import JsonObject
from chatsheet.db.tables import import_job
from chatsheet.jobs import states
from chatsheet.jobs.states import State

LEASE = timedelta(seconds=5)
"""How long a server may say nothing of an import before another goes on with it."""
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An import as it stands."""

    id: str
    workspace_id: str
    created_by: str
    upload_id: str
    state: State
    until: datetime
    """When the lease of the server that works on it lapses."""
    progress: JsonObject
    first: JsonObject | None
    """The first rows as they were read."""
    outcome: JsonObject | None

    def is_left(self, now: datetime) -> bool:
        """Tell whether no server works on it though it has not ended."""
        return self.outcome is None and self.until < now


async def add(connection: AsyncConnection, actor: Actor, upload_id: str, *, progress: JsonObject, now: datetime) -> Arrival:
    """Queue an import, which is anybody's."""
    made: dict[str, object] = {
        "id": new_id("import"),
        "workspace_id": actor.workspace_id,
        "created_by": actor.user_id,
        "upload_id": upload_id,
        "state": "queued",
        "until": now - LEASE,
        "progress": progress,
    }
    await connection.execute(insert(import_job).values(**made, owner="", created_at=now))
    return Arrival(**made, first=None, outcome=None)  # pyright: ignore[reportArgumentType]  as its row will say


async def of_upload(connection: AsyncConnection, actor: Actor, upload_id: str) -> Arrival | None:
    """Return the import of an upload."""
    found = await connection.execute(select(import_job).where(_mine(actor), import_job.c.upload_id == upload_id))
    return None if (row := found.mappings().one_or_none()) is None else _arrival(row)


async def get(connection: AsyncConnection, actor: Actor, import_id: str) -> Arrival | None:
    """Return an import of the actor's workspace."""
    found = await connection.execute(select(import_job).where(_mine(actor), import_job.c.id == import_id))
    return None if (row := found.mappings().one_or_none()) is None else _arrival(row)


async def take(connection: AsyncConnection, import_id: str, owner: str, *, now: datetime) -> Arrival | None:
    """Take an import that no other server works on; None where one does, or it has ended."""
    held = {"owner": owner, "until": now + LEASE}
    free = (import_job.c.id == import_id) & import_job.c.ended_at.is_(None) & (import_job.c.until < now)
    if not (await connection.execute(update(import_job).where(free).values(held))).rowcount:
        return None
    begin = (import_job.c.id == import_id) & import_job.c.state.in_(states.sources("begin"))
    await connection.execute(update(import_job).where(begin).values(state=states.target("begin"), started_at=now))
    found = await connection.execute(select(import_job).where(import_job.c.id == import_id))
    return _arrival(found.mappings().one())


async def tell(
    connection: AsyncConnection, import_id: str, owner: str, *, progress: JsonObject, first: JsonObject | None, now: datetime
) -> State | None:
    """Write down how far an import is, and hold it for another while; returns its state, None where it is another's."""
    said = {"progress": progress, "until": now + LEASE} | ({} if first is None else {"first": first})
    ours = (import_job.c.id == import_id) & (import_job.c.owner == owner)
    if not (await connection.execute(update(import_job).where(ours).values(said))).rowcount:
        return None
    return (await connection.execute(select(import_job.c.state).where(ours))).scalar_one()


async def end(
    connection: AsyncConnection, import_id: str, owner: str, *, state: State, outcome: JsonObject, now: datetime
) -> None:
    """Write down how an import ended, unless it is another's by now."""
    ours = (import_job.c.id == import_id) & (import_job.c.owner == owner)
    await connection.execute(update(import_job).where(ours).values(state=state, outcome=outcome, ended_at=now, owner=""))


async def cancel(connection: AsyncConnection, actor: Actor, import_id: str) -> None:
    """Want an import cancelled, if it has not ended."""
    active = _mine(actor) & (import_job.c.id == import_id) & import_job.c.state.in_(states.sources("cancel"))
    await connection.execute(update(import_job).where(active).values(state=states.target("cancel")))


async def let_go(connection: AsyncConnection, import_id: str, owner: str) -> None:
    """Leave an import to whoever looks for it."""
    ours = (import_job.c.id == import_id) & (import_job.c.owner == owner)
    await connection.execute(update(import_job).where(ours).values(owner="", until=import_job.c.created_at))


async def left(connection: AsyncConnection, *, now: datetime) -> list[Arrival]:
    """Return the imports of all workspaces that no server works on though they have not ended."""
    found = select(import_job).where(import_job.c.ended_at.is_(None), import_job.c.until < now).order_by(import_job.c.id)
    return [_arrival(row) for row in (await connection.execute(found)).mappings()]


async def forget(connection: AsyncConnection, *, now: datetime) -> None:
    """Drop what ended more than a day ago."""
    await connection.execute(delete(import_job).where(import_job.c.ended_at < now - _KEPT))


def _mine(actor: Actor) -> ColumnElement[bool]:
    return import_job.c.workspace_id == actor.workspace_id


def _arrival(row: RowMapping) -> Arrival:
    return Arrival(
        id=row["id"],
        workspace_id=row["workspace_id"],
        created_by=row["created_by"],
        upload_id=row["upload_id"],
        state=row["state"],
        until=row["until"],
        progress=row["progress"],
        first=row["first"],
        outcome=row["outcome"],
    )
