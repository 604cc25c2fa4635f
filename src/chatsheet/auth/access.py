"""What the database says of a principal where a call goes: read for each request, never kept."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth import policy, rules
from chatsheet.auth.policy import Action, Denied, Principal, Standing
from chatsheet.core.identity import LOCAL, Actor, Role, Rules
from chatsheet.db.engine import Database
from chatsheet.db.tables import chat, job, member, share, sheet, sheet_rule, user

_OWNER = Standing(workspace_id=LOCAL.workspace_id, member=Role.OWNER)


Again = Callable[[str], Awaitable[Principal | None]]


class Access:
    """Looks up standings; in local mode everything belongs to the one user."""

    def __init__(self, database: Database, *, is_local: bool, again: "Again | None" = None) -> None:
        """`again` tells whom a credential lets in now."""
        self._database = database
        self.is_local = is_local
        self._again = again

    async def standing(
        self, principal: Principal, *, workspace_id: str = "", sheet_id: str = "", chat_id: str = "", job_id: str = ""
    ) -> Standing:
        """Return a principal's standing on a chat, else on a job's sheet, else on a sheet, else in a workspace, or the first.

        What does not exist gives the same standing as what belongs to strangers.
        """
        if self.is_local:
            return _OWNER
        async with self._database.unit() as connection:
            if job_id:
                found = await connection.execute(select(job.c.sheet_id).where(job.c.id == job_id))
                if (of := found.scalar_one_or_none()) is None:
                    return Standing()
                sheet_id = of
            return await _standing(connection, principal, workspace_id, sheet_id, chat_id)

    async def apart(self, principal: Principal, workspace_id: str) -> dict[str, Standing]:
        """Return, by sheet, a principal's standing where it is not simply that of the workspace.

        Those are the sheets in it that have rules, or that were shared with them, and the sheets shared with them of
        workspaces in which they are no member.
        """
        if self.is_local:
            return {}
        async with self._database.unit() as connection:
            return {
                sheet_id: standing
                for sheet_id, standing in (await _apart(connection, principal, workspace_id)).items()
                if policy.sees(principal, standing)
            }

    async def watching(self, asking: Actor, sheet_id: str, action: Action) -> Actor:
        """Return an actor as they are on a sheet now, for a stream: it ends with what opened the door too; raises Denied."""
        if not self.is_local and self._again is not None and asking.credential:
            principal = await self._again(asking.credential)
            if principal is None or principal.user_id != asking.user_id:
                raise Denied("the login, or the API token, ended.", fix="log in again.")
        return await self.fresh(asking, sheet_id, action)

    async def fresh(self, asking: Actor, sheet_id: str, action: Action) -> Actor:
        """Return an actor as they are on a sheet now, for work that outlives its request; raises Denied."""
        return asking if self.is_local else await self._known(asking, sheet_id, action)

    async def behind(self, asking: Actor, sheet_id: str, action: Action) -> Actor:
        """Return whom a job works for, as they are on a sheet now, whichever process works on it; raises Denied.

        The user of local mode is let in by every process, others by what the database says of them: a command, which asks
        nobody to log in, works on their jobs too.
        """
        is_of_local_mode = (asking.workspace_id, asking.user_id) == (LOCAL.workspace_id, LOCAL.user_id)
        return asking if is_of_local_mode else await self._known(asking, sheet_id, action)

    async def _known(self, asking: Actor, sheet_id: str, action: Action) -> Actor:
        async with self._database.unit() as connection:
            found = await connection.execute(select(user.c.is_admin, user.c.is_active).where(user.c.id == asking.user_id))
            known = found.one_or_none()
            principal = Principal(asking.user_id, is_admin=known is not None and known.is_admin)
            standing = await _standing(connection, principal, "", sheet_id, "")
        if known is None or not known.is_active or not policy.allows(principal, action, standing):
            raise Denied("access to the workbook ended.", fix="ask one of its owners.")
        return replace(policy.actor(principal, standing), credential=asking.credential)


async def _standing(connection: AsyncConnection, principal: Principal, workspace: str, sheet_id: str, chat_id: str) -> Standing:
    creator, chat_rules = "", None
    if chat_id:
        found = await connection.execute(
            select(chat.c.sheet_id, chat.c.created_by, chat.c.rules_key).where(chat.c.id == chat_id)
        )
        if (row := found.one_or_none()) is None:
            return Standing()
        sheet_id, creator, chat_rules = row.sheet_id, row.created_by, row.rules_key
    shared = None
    if sheet_id:
        owner = (await connection.execute(select(sheet.c.workspace_id).where(sheet.c.id == sheet_id))).scalar_one_or_none()
        if owner is None:
            return Standing()
        workspace = owner
        mine = (share.c.sheet_id == sheet_id) & (share.c.user_id == principal.user_id)
        shared = (await connection.execute(select(share.c.role).where(mine))).scalar_one_or_none()
    is_mine = member.c.user_id == principal.user_id
    if not workspace:
        first = select(member.c.workspace_id).where(is_mine).order_by(member.c.created_at, member.c.workspace_id).limit(1)
        workspace = principal.workspace_id or (await connection.execute(first)).scalar_one_or_none() or ""
    role = (
        await connection.execute(select(member.c.role).where(is_mine, member.c.workspace_id == workspace))
    ).scalar_one_or_none()
    ruled = (await _ruled(connection, sheet_rule.c.sheet_id == sheet_id)).get(sheet_id)
    return Standing(
        workspace_id=workspace,
        member=None if role is None else Role(role),
        shared=None if shared is None else Role(shared),
        rules=ruled,
        chat_creator=creator,
        chat_rules=chat_rules,
    )


async def _apart(connection: AsyncConnection, principal: Principal, workspace_id: str) -> dict[str, Standing]:
    mine = (member.c.workspace_id == sheet.c.workspace_id) & (member.c.user_id == principal.user_id)
    theirs = (share.c.sheet_id == sheet.c.id) & (share.c.user_id == principal.user_id)
    has_rules = exists().where(sheet_rule.c.sheet_id == sheet.c.id)
    is_here, is_shared = sheet.c.workspace_id == workspace_id, share.c.role.is_not(None)
    found = (
        select(sheet.c.id, sheet.c.workspace_id, member.c.role.label("member"), share.c.role.label("shared"))
        .outerjoin(member, mine)
        .outerjoin(share, theirs)
        .where((is_here & (is_shared | has_rules)) | (is_shared & member.c.role.is_(None)))
    )
    rows = (await connection.execute(found)).all()
    ruled = await _ruled(connection, sheet_rule.c.sheet_id.in_([row.id for row in rows]))
    return {
        row.id: Standing(
            workspace_id=row.workspace_id,
            member=None if row.member is None else Role(row.member),
            shared=None if row.shared is None else Role(row.shared),
            rules=ruled.get(row.id),
        )
        for row in rows
    }


async def _ruled(connection: AsyncConnection, which: ColumnElement[bool]) -> dict[str, dict[Role, Rules]]:
    """Return rules by sheet and role."""
    found: dict[str, dict[Role, Rules]] = {}
    for sheet_id, role, body in await connection.execute(
        select(sheet_rule.c.sheet_id, sheet_rule.c.role, sheet_rule.c.body).where(which)
    ):
        found.setdefault(sheet_id, {})[Role(role)] = rules.parse(body)
    return found
