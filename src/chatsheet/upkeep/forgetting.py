"""Forgets a person or a workspace: what was theirs goes; the audit log stays as it was written, with ids that name nobody.

It goes in steps of one transaction each; who was interrupted does it again. Files are left to the retention: another sheet may
stand on the same.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import SHARED, LastOwner, Members, Membership, WorkspaceGone
from chatsheet.auth.users import Users
from chatsheet.chat import removal
from chatsheet.core.acts import Act
from chatsheet.core.identity import LOCAL, Actor, Role
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import audit_entry, budget, metadata, sheet, user, workspace
from chatsheet.sheets.library import Library

_KEPT = {audit_entry.name}
_BY_LOCAL = LOCAL.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A workspace and what is in it."""

    id: str
    name: str
    sheets: int
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was removed."""

    workspaces: tuple[str, ...] = ()
    sheets: int = 0
    chats: int = 0
    """Those in workspaces that stay; those of sheets went with them."""


class Forgetting:
    """Removes people and workspaces for whoever runs the installation."""

    def __init__(self, *, database: Database, library: Library, accounts: Accounts, users: Users, members: Members) -> None:
        self._database = database
        self._library = library
        self._accounts = accounts
        self._users = users
        self._members = members

    async def workspaces(self) -> tuple[Kept, ...]:
        """Return all workspaces, the oldest first."""
        async with self._database.unit() as connection:
            rows = (await connection.execute(select(workspace.c.id, workspace.c.name).order_by(workspace.c.id))).all()
            sheets = {row.id: len(await _sheets(connection, row.id)) for row in rows}
        members = {row.id: len(await self._members.list(row.id)) for row in rows}
        return tuple(Kept(id=row.id, name=row.name, sheets=sheets[row.id], members=members[row.id]) for row in rows)

    async def user(self, who: str) -> Forgotten:
        """Forget somebody, by id or e-mail address: account, sessions, tokens, chats, and workspaces that they alone are in.

        What they brought into a workspace of others, or into everyone's, stays there. Raises UserNotFound, UserAmbiguous,
        LastAdministrator, LastOwner.
        """
        user_id = await self._users.find(who)
        alone = [one for one in await self._accounts.memberships(user_id) if await self._is_alone(user_id, one)]
        await self._users.change(user_id, by=_BY_LOCAL, is_active=False)  # nobody logs in while it goes on
        chats = await removal.of_user(self._database, user_id)
        sheets = [(await self.workspace(one.workspace_id)).sheets for one in alone]
        async with self._database.unit() as connection:
            await connection.execute(delete(budget).where(budget.c.kind.in_(("user", "person")), budget.c.subject == user_id))
            await connection.execute(delete(user).where(user.c.id == user_id))
            tell(connection, Act(action="user.forget", actor_id=_BY_LOCAL, subject=user_id))
        return Forgotten(workspaces=tuple(one.workspace_id for one in alone), sheets=sum(sheets), chats=chats)

    async def _is_alone(self, user_id: str, of: Membership) -> bool:
        others = [one for one in await self._members.list(of.workspace_id) if one.user_id != user_id]
        if others and of.role is Role.OWNER and not any(one.role is Role.OWNER and one.is_active for one in others):
            what = f"they are the last owner of {of.name} ({of.workspace_id}), where others are members."
            raise LastOwner(what, fix="name another owner with `chatsheet user role`, or remove the workspace.")
        return not others and of.workspace_id != SHARED

    async def workspace(self, workspace_id: str) -> Forgotten:
        """Remove a workspace with everything in it; its members stay users. Raises WorkspaceGone."""
        actor = Actor(workspace_id, _BY_LOCAL)
        async with self._database.unit() as connection:
            sheets = await _sheets(connection, workspace_id)
            known = (await connection.execute(select(workspace.c.id).where(workspace.c.id == workspace_id))).first()
        if known is None and not sheets:
            raise WorkspaceGone(f"there is no workspace {workspace_id}.", fix="look at `chatsheet workspace list`.")
        for sheet_id in sheets:
            await removal.stop(self._database, actor, sheet_id)
            async with self._database.unit() as connection:
                gone = await removal.with_sheet(connection, actor, sheet_id)
            await self._library.forget(gone)
        async with self._database.unit() as connection:
            for table in reversed(metadata.sorted_tables):
                if "workspace_id" in table.columns and table.name not in _KEPT:
                    await connection.execute(delete(table).where(table.c.workspace_id == workspace_id))
            await connection.execute(delete(workspace).where(workspace.c.id == workspace_id))
            tell(
                connection, Act(action="workspace.remove", workspace_id=workspace_id, actor_id=_BY_LOCAL, subject=workspace_id)
            )
        return Forgotten(workspaces=(workspace_id,), sheets=len(sheets))


async def _sheets(connection: AsyncConnection, workspace_id: str) -> list[str]:
    found = select(sheet.c.id).where(sheet.c.workspace_id == workspace_id).order_by(sheet.c.id)
    return list((await connection.execute(found)).scalars())
