"""Rows about sheets: the SQL and nothing else. Every statement is bound to the actor's workspace."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import ColumnElement, RowMapping, String, cast, delete, func, insert, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.acts import Act, Action
from chatsheet.core.errors import NotFound
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db import writing
from chatsheet.db.engine import tell
from chatsheet.db.tables import chat, chat_event, share, sheet, sheet_correction, sheet_move, sheet_version
from chatsheet.sheets.edits import Change
from chatsheet.sheets.model import Value


class SheetNotFound(NotFound):
    """No such sheet in this workspace."""

    code = "sheet.not_found"


class VersionNotFound(NotFound):
    """No such version of this sheet."""

    code = "sheet.version_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A workbook that somebody brought in, at its head version."""

    id: str
    name: str
    version: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An immutable state of a sheet, and what made it of its parent; an import has no parent."""

    id: str
    parent_id: str | None
    content_sha256: str
    created_by: str
    created_at: datetime
    changes: tuple[Change, ...]


MoveKind = Literal["edit", "undo", "redo", "correction"]
_TOLD: dict[MoveKind, Action] = {
    "edit": "sheet.edit",
    "undo": "sheet.undo",
    "redo": "sheet.redo",
    "correction": "sheet.correction",
}


class Move(Value):
    """One move of a sheet's head: who, when, why; `changes` are those of the version that was made, undone or redone."""

    seq: int
    kind: MoveKind
    from_version: str
    to_version: str
    reason: str
    created_by: str
    created_at: datetime
    changes: tuple[Change, ...]

    @property
    def version(self) -> str:
        """The version whose changes this move made, or took back."""
        return self.from_version if self.kind == "undo" else self.to_version


class HeadMove(Value):
    """A move of a sheet's head, by its number."""

    seq: int
    kind: MoveKind
    to_version: str


_CHANGES = TypeAdapter(tuple[Change, ...])


def _sheet(row: RowMapping) -> Sheet:
    return Sheet(id=row["id"], name=row["name"], version=row["head_version"], created_at=row["created_at"])


async def get(connection: AsyncConnection, actor: Actor, sheet_id: str) -> Sheet:
    """Return one sheet; raises SheetNotFound also for another workspace's."""
    mine = (sheet.c.id == sheet_id) & (sheet.c.workspace_id == actor.workspace_id)
    row = (await connection.execute(select(sheet).where(mine))).mappings().one_or_none()
    if row is None:
        raise _not_found(sheet_id)
    return _sheet(row)


async def listing(connection: AsyncConnection, actor: Actor, shared: Collection[str] = ()) -> list[Sheet]:
    """Return the workspace's sheets, and those of others that were shared with the actor, newest first."""
    seen = (sheet.c.workspace_id == actor.workspace_id) | sheet.c.id.in_(shared)
    found = select(sheet).where(seen).order_by(sheet.c.id.desc())
    return [_sheet(row) for row in (await connection.execute(found)).mappings()]


async def hold(connection: AsyncConnection, actor: Actor, sheet_id: str) -> None:
    """Let nobody remove a sheet, or move its head, until this transaction ends, which it begins; raises SheetNotFound."""
    await writing.hold(connection, "sheet's life", sheet_id)
    mine = (sheet.c.id == sheet_id) & (sheet.c.workspace_id == actor.workspace_id)
    if (await connection.execute(select(sheet.c.id).where(mine).with_for_update())).one_or_none() is None:
        raise _not_found(sheet_id)


async def remove(connection: AsyncConnection, actor: Actor, sheet_id: str) -> set[str]:
    """Remove a sheet with its history; what else names it goes before. Returns the versions it had."""
    had = set((await connection.execute(select(sheet_version.c.id).where(_of(actor, sheet_id)))).scalars())
    moved = (sheet_move.c.workspace_id == actor.workspace_id) & (sheet_move.c.sheet_id == sheet_id)
    await connection.execute(delete(sheet_move).where(moved))
    await connection.execute(delete(sheet_version).where(_of(actor, sheet_id)))
    await connection.execute(delete(sheet).where(sheet.c.id == sheet_id, sheet.c.workspace_id == actor.workspace_id))
    tell(connection, Act.of(actor, "sheet.remove", sheet_id, {"versions": len(had)}))
    return had


async def find(connection: AsyncConnection, actor: Actor, *, name: str, content_sha256: str) -> Sheet | None:
    """Return the latest sheet of that name that was imported from that content, wherever its head is now, or None."""
    mine = (sheet.c.workspace_id == actor.workspace_id) & (sheet.c.name == name)
    imported = (sheet_version.c.sheet_id == sheet.c.id) & sheet_version.c.parent_id.is_(None)
    found = (
        select(sheet)
        .join(sheet_version, imported & (sheet_version.c.content_sha256 == content_sha256))
        .where(mine)
        .order_by(sheet.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(found)).mappings().one_or_none()
    return None if row is None else _sheet(row)


async def remembered(connection: AsyncConnection, actor: Actor) -> dict[str, JsonValue]:
    """Return what was said of tabs in this workspace, by their shape."""
    kept = select(sheet_correction.c.shape, sheet_correction.c.body).where(
        sheet_correction.c.workspace_id == actor.workspace_id
    )
    rows = (await connection.execute(kept.order_by(sheet_correction.c.shape))).mappings()
    return {row["shape"]: row["body"] for row in rows}


async def remember(connection: AsyncConnection, actor: Actor, shape: str, body: JsonValue, *, at: datetime) -> None:
    """Keep what was said of tabs of a shape, in place of what was said before; None forgets it."""
    if body is None:
        this = (sheet_correction.c.workspace_id == actor.workspace_id) & (sheet_correction.c.shape == shape)
        await connection.execute(delete(sheet_correction).where(this))
        return
    said = {"body": body, "created_by": actor.user_id, "created_at": at}
    adding = writing.insert(connection, sheet_correction).values(workspace_id=actor.workspace_id, shape=shape, **said)
    await connection.execute(adding.on_conflict_do_update(index_elements=sheet_correction.primary_key.columns, set_=said))


async def add(
    connection: AsyncConnection, actor: Actor, *, name: str, version: str, content_sha256: str, at: datetime
) -> Sheet:
    """Record a new sheet and its first version, or return the one that another process made of them meanwhile.

    Begins its transaction.
    """
    await writing.hold(connection, "sheet", actor.workspace_id, name)
    first = (sheet_version.c.sheet_id == sheet.c.id) & (sheet_version.c.id == version) & sheet_version.c.parent_id.is_(None)
    mine = (sheet.c.workspace_id == actor.workspace_id) & (sheet.c.name == name)
    known = select(sheet).join(sheet_version, first).where(mine).order_by(sheet.c.id.desc()).limit(1)
    if (row := (await connection.execute(known)).mappings().one_or_none()) is not None:
        return _sheet(row)
    sheet_id = new_id("sheet")
    owned = {"workspace_id": actor.workspace_id, "created_by": actor.user_id, "created_at": at}
    await connection.execute(insert(sheet).values(id=sheet_id, name=name, head_version=version, **owned))
    await connection.execute(
        insert(sheet_version).values(sheet_id=sheet_id, id=version, parent_id=None, content_sha256=content_sha256, **owned)
    )
    tell(connection, Act.of(actor, "sheet.import", sheet_id, {"version": version, "content_sha256": content_sha256}))
    return Sheet(id=sheet_id, name=name, version=version, created_at=at)


async def version(connection: AsyncConnection, actor: Actor, sheet_id: str, version_id: str) -> Version:
    """Return one version of a sheet; raises VersionNotFound."""
    found = (
        await connection.execute(select(sheet_version).where(_of(actor, sheet_id), sheet_version.c.id == version_id))
    ).mappings()
    if (row := found.one_or_none()) is None:
        raise VersionNotFound(f"sheet {sheet_id} has no version {version_id}.", fix="take one of its history.")
    return _version(row)


async def parents(connection: AsyncConnection, actor: Actor, sheet_id: str, version_id: str) -> list[str]:
    """Return a version and its ancestors, nearest first."""
    mine = sheet_version.c.workspace_id == actor.workspace_id, sheet_version.c.sheet_id == sheet_id
    line = (
        select(sheet_version.c.id, sheet_version.c.parent_id).where(*mine, sheet_version.c.id == version_id).cte(recursive=True)
    )
    line = line.union_all(
        select(sheet_version.c.id, sheet_version.c.parent_id).where(*mine).join(line, sheet_version.c.id == line.c.parent_id)
    )
    return list((await connection.execute(select(line.c.id))).scalars())


async def next_row(connection: AsyncConnection, actor: Actor, sheet_id: str) -> int:
    """Return a row id from which on none was used in any version."""
    found = select(func.max(sheet_version.c.next_row)).where(_of(actor, sheet_id))
    return (await connection.execute(found)).scalar_one() or 1


async def child(connection: AsyncConnection, actor: Actor, sheet_id: str, version_id: str) -> str | None:
    """Return the child of a version where the head was last, or None."""
    visited = or_(sheet_move.c.to_version == sheet_version.c.id, sheet_move.c.from_version == sheet_version.c.id)
    found = (
        select(sheet_version.c.id)
        .join(sheet_move, (sheet_move.c.sheet_id == sheet_version.c.sheet_id) & visited)
        .where(_of(actor, sheet_id), sheet_version.c.parent_id == version_id)
        .order_by(sheet_move.c.seq.desc())
        .limit(1)
    )
    return (await connection.execute(found)).scalar_one_or_none()


async def move(
    connection: AsyncConnection,
    actor: Actor,
    sheet_id: str,
    *,
    kind: MoveKind,
    old: str,
    new: str,
    reason: str,
    at: datetime,
    changes: Sequence[Change] = (),
) -> bool:
    """Set the head from `old` to `new` and record it; False, and nothing done, where the head is another by now.

    `changes` are those of an edit; what is undone or redone is known here.
    """
    mine = (sheet.c.id == sheet_id) & (sheet.c.workspace_id == actor.workspace_id)
    swapped = await connection.execute(update(sheet).where(mine, sheet.c.head_version == old).values(head_version=new))
    if swapped.rowcount != 1:
        return False
    last = (await connection.execute(select(func.max(sheet_move.c.seq)).where(sheet_move.c.sheet_id == sheet_id))).scalar_one()
    await connection.execute(
        insert(sheet_move).values(
            sheet_id=sheet_id, seq=(last or 0) + 1, workspace_id=actor.workspace_id, kind=kind, from_version=old,
            to_version=new, reason=reason, created_by=actor.user_id, created_at=at,
        )
    )  # fmt: skip
    if kind in {"undo", "redo"}:
        changes = (await version(connection, actor, sheet_id, old if kind == "undo" else new)).changes
    rows, cells = sum(one.rows for one in changes), sum(one.cells for one in changes)
    tell(connection, Act.of(actor, _TOLD[kind], sheet_id, {"version": new, "before": old, "rows": rows, "cells": cells}))
    return True


async def add_version(
    connection: AsyncConnection,
    actor: Actor,
    sheet_id: str,
    *,
    version_id: str,
    parent: Version,
    edits: JsonValue,
    changes: Sequence[Change],
    next_row: int,
    at: datetime,
) -> None:
    """Record a version that edits made; the same edits of the same parent are the same version."""
    known = select(sheet_version.c.id).where(_of(actor, sheet_id), sheet_version.c.id == version_id)
    if (await connection.execute(known)).first() is not None:
        return
    await connection.execute(
        insert(sheet_version).values(
            sheet_id=sheet_id, id=version_id, workspace_id=actor.workspace_id, parent_id=parent.id,
            content_sha256=parent.content_sha256, created_by=actor.user_id, created_at=at, next_row=next_row, edits=edits,
            changes=[change.model_dump(mode="json") for change in changes],
        )
    )  # fmt: skip


async def moves(connection: AsyncConnection, actor: Actor, sheet_id: str) -> list[Move]:
    """Return the history of a sheet's head, newest first."""
    made = sheet_version.alias()
    which = ((sheet_move.c.kind == "undo") & (made.c.id == sheet_move.c.from_version)) | (
        (sheet_move.c.kind != "undo") & (made.c.id == sheet_move.c.to_version)
    )
    found = (
        select(sheet_move, made.c.changes)
        .join(made, (made.c.sheet_id == sheet_move.c.sheet_id) & which)
        .where(sheet_move.c.sheet_id == sheet_id, sheet_move.c.workspace_id == actor.workspace_id)
        .order_by(sheet_move.c.seq.desc())
    )
    fields = Move.model_fields.keys()
    return [Move.model_validate({k: v for k, v in row.items() if k in fields}, strict=False)
            for row in (await connection.execute(found)).mappings()]  # fmt: skip


async def last_move(connection: AsyncConnection, actor: Actor, sheet_id: str) -> int:
    """Return the number of the head's last move; 0 for none."""
    mine = (sheet_move.c.sheet_id == sheet_id) & (sheet_move.c.workspace_id == actor.workspace_id)
    return (await connection.execute(select(func.max(sheet_move.c.seq)).where(mine))).scalar_one() or 0


async def moves_after(connection: AsyncConnection, actor: Actor, sheet_id: str, seq: int, *, most: int) -> list[HeadMove]:
    """Return the first moves of a sheet's head after a number, in order."""
    found = (
        select(sheet_move.c.seq, sheet_move.c.kind, sheet_move.c.to_version)
        .where(sheet_move.c.sheet_id == sheet_id, sheet_move.c.workspace_id == actor.workspace_id, sheet_move.c.seq > seq)
        .order_by(sheet_move.c.seq)
        .limit(most)
    )
    return [HeadMove.model_validate(dict(row), strict=False) for row in (await connection.execute(found)).mappings()]


async def mark(connection: AsyncConnection, actor: Actor) -> str:
    """Return a text that is another one after a sheet came or went that the actor sees."""
    seen = sheet.c.workspace_id == actor.workspace_id
    if not actor.is_member:
        seen &= sheet.c.id.in_(select(share.c.sheet_id).where(share.c.user_id == actor.user_id))
    number, newest = (await connection.execute(select(func.count(), func.max(sheet.c.id)).where(seen))).one()
    return f"{number}.{newest or ''}"


async def known_versions(connection: AsyncConnection) -> set[str]:
    """Return every version of every sheet, for what sweeps the folder they share."""
    return set((await connection.execute(select(sheet_version.c.id))).scalars())


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Versions that must stay: `all` that heads and histories name, and the heads among them."""

    all: frozenset[str]
    heads: frozenset[str]


async def named_versions(connection: AsyncConnection) -> Named:
    """Return the versions that sheets of any workspace name."""
    heads = frozenset((await connection.execute(select(sheet.c.head_version))).scalars())
    named = union(
        select(sheet_version.c.id),
        select(sheet_version.c.parent_id).where(sheet_version.c.parent_id.is_not(None)),
        select(sheet_move.c.from_version),
        select(sheet_move.c.to_version),
    )
    return Named(all=heads | frozenset((await connection.execute(named)).scalars()), heads=heads)


async def is_told(connection: AsyncConnection, version_id: str) -> bool:
    """Tell whether any chat's log names a version."""
    found = select(chat_event.c.seq).where(cast(chat_event.c.body, String).contains(version_id, autoescape=True)).limit(1)
    return (await connection.execute(found)).first() is not None


async def was_asked(connection: AsyncConnection, actor: Actor, sheet_id: str, version_id: str) -> bool:
    """Tell whether a version answered a question of the actor's, under the rules that hold for them."""
    said = chat_event.c.body
    theirs = (chat.c.sheet_id == sheet_id) & (chat.c.workspace_id == actor.workspace_id) & (chat.c.rules_key == actor.rules.key)
    # what a branch begins with is of its first moment, and may be somebody else's
    asked = theirs & (chat_event.c.actor_id == actor.user_id) & (chat_event.c.at > chat.c.created_at)
    answered = (said["kind"].as_string() == "tool_answered") & (said["version"].as_string() == version_id)
    found = select(chat_event.c.seq).join(chat, chat.c.id == chat_event.c.chat_id).where(asked & answered).limit(1)
    return (await connection.execute(found)).first() is not None


def _not_found(sheet_id: str) -> SheetNotFound:
    return SheetNotFound(f"there is no sheet {sheet_id}.", fix="list the sheets and use one of their ids.")


def _of(actor: Actor, sheet_id: str) -> ColumnElement[bool]:
    return (sheet_version.c.workspace_id == actor.workspace_id) & (sheet_version.c.sheet_id == sheet_id)


def _version(row: RowMapping) -> Version:
    return Version(
        id=row["id"], parent_id=row["parent_id"], content_sha256=row["content_sha256"], created_by=row["created_by"],
        created_at=row["created_at"], changes=_CHANGES.validate_python(row["changes"]),
    )  # fmt: skip
