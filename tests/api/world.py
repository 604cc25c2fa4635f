"""A workspace with somebody in every role, strangers beside it, and sheets and chats that cost one insert each."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import insert, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatsheet.api.logins import SESSION
from chatsheet.auth import policy
from chatsheet.auth.members import NewUser
from chatsheet.core import ids
from chatsheet.core.identity import Actor, Condition, Role, Rules, TableRule
from chatsheet.db import tables
from chatsheet.wiring import Services
from tests.api.test_login import PAGE, URL, Guarded, guarding

RULES = Rules((TableRule("orders", hidden=("revenue",), rows=(Condition("region", "equals", ("North",)),)),))
CALLERS = (
    "no one",
    "stranger",
    "viewer",
    "ruled viewer",
    "editor",
    "owner",
    "administrator",
    "reading token",
    "token of elsewhere",
)
_ROLES = {"viewer": Role.VIEWER, "editor": Role.EDITOR, "owner": Role.OWNER}


class Hasty:
    """An application whose callers leave a stream as soon as it begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = asyncio.Event()

        async def hear() -> Message:
            coming, leaving = asyncio.ensure_future(receive()), asyncio.ensure_future(left.wait())
            try:
                await asyncio.wait({coming, leaving}, return_when=asyncio.FIRST_COMPLETED)
                return coming.result() if coming.done() else {"type": "http.disconnect"}
            finally:
                coming.cancel()
                leaving.cancel()

        async def say(message: Message) -> None:
            headers = dict(message.get("headers", ()))
            if headers.get(b"content-type", b"").startswith(b"text/event-stream"):
                left.set()
            await send(message)

        await self._app(scope, hear, say)
        if left.is_set():  # nobody reads on, and the transport waits for an end
            await send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass(frozen=True, slots=True)
class Place:
    """A sheet with a chat and the draft of a job of its caller's."""

    sheet_id: str
    chat_id: str
    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The application in a login mode, and who there is."""

    app: ASGIApp
    services: Services
    client: httpx.AsyncClient
    workspace_id: str
    users: Mapping[str, str]
    tokens: Mapping[str, str]
    version: str
    content: str

    async def credentials(self, caller: str) -> dict[str, str]:
        """Return the headers of somebody: of a session that has just begun, or of a token."""
        if caller in self.tokens:
            return {"Authorization": f"Bearer {self.tokens[caller]}"}
        if caller == "no one":
            return PAGE
        return {**PAGE, "Cookie": f"{SESSION}={await self.services.sessions.begin(self.user(caller))}"}

    def user(self, caller: str) -> str:
        """Return who a caller is: the tokens are the owner's."""
        return self.users.get(caller.removeprefix("ruled "), self.users["owner"])

    def principal(self, caller: str) -> policy.Principal:
        """Return whom the door lets in."""
        return policy.Principal(self.user(caller))

    async def place(self, caller: str = "owner", *, rules: Rules = RULES) -> Place:
        """Insert a sheet like the imported one, with a chat of its own; for a ruled viewer with rules."""
        at, by, is_ruled = self.services.clock.now(), self.user(caller), caller.startswith("ruled")
        made = Place(ids.new_id("sheet"), ids.new_id("chat"), ids.new_id("job"))
        owned = {"workspace_id": self.workspace_id, "created_by": by, "created_at": at}
        kept = {"id": self.version, "parent_id": None, "content_sha256": self.content}
        async with self.services.database.unit() as connection:
            named = {"id": made.sheet_id, "name": "sales.xlsx", "head_version": self.version}
            await connection.execute(insert(tables.sheet).values(**named, **owned))
            await connection.execute(insert(tables.sheet_version).values(sheet_id=made.sheet_id, **kept, **owned))
            key = rules.key if is_ruled else ""
            chat = {"id": made.chat_id, "sheet_id": made.sheet_id, "rules_key": key}
            await connection.execute(insert(tables.chat).values(**chat, **owned))
            draft = {"kind": "ai_column", "state": "draft", "priority": 0, "run": 1, "is_counted": True, "is_settled": True}
            order = {"table": "orders", "label": "Mood", "template": "{region}"}
            asked = {"id": made.job_id, "sheet_id": made.sheet_id, "body": order, "version": self.version, "run_by": by}
            await connection.execute(insert(tables.job).values(**asked, **draft, **owned))
        if is_ruled:
            owner = Actor(self.workspace_id, self.users["owner"])
            await self.services.ruling.set(owner, made.sheet_id, Role.VIEWER, rules)
        return made


@asynccontextmanager
async def inhabited(folder: Path, workbook: Path) -> AsyncGenerator[World, None]:
    """Serve a workspace with an owner, an editor and a viewer; a stranger and an administrator are no members."""
    async with guarding(folder) as guarded:
        yield await _settle(guarded, workbook)


async def _settle(guarded: Guarded, workbook: Path) -> World:
    services = guarded.services
    names = ("stranger", "viewer", "editor", "owner", "administrator")
    users = {
        name: (await services.accounts.create(NewUser(name=name, email=f"{name}@x.org", is_admin=name == "administrator"))).id
        for name in names
    }
    workspace_id = (await services.members.open(users["owner"], "Sales")).workspace_id
    for name in ("viewer", "editor"):
        await services.members.add(workspace_id, users[name], _ROLES[name], by=users["owner"])
    (own,) = (one for one in await services.accounts.memberships(users["owner"]) if one.workspace_id != workspace_id)
    every = frozenset(policy.Scope)
    _, reading = await services.tokens.create(users["owner"], "r", {policy.Scope.READ})
    _, elsewhere = await services.tokens.create(users["owner"], "e", every, workspace_id=own.workspace_id)
    opened = await services.library.bring_in(Actor(workspace_id, users["owner"]), workbook)
    async with services.database.unit() as connection:
        content = (await connection.execute(select(tables.sheet_version.c.content_sha256))).scalar_one()
    transport = httpx.ASGITransport(Hasty(guarded.app), client=("192.0.2.1", 50_000))
    return World(
        app=guarded.app,
        services=services,
        client=httpx.AsyncClient(transport=transport, base_url=URL),
        workspace_id=workspace_id,
        users=users,
        tokens={"reading token": reading, "token of elsewhere": elsewhere},
        version=opened.sheet.version,
        content=content,
    )
