"""API tokens: what a program of a user opens the door with. Shown once, kept as a hash, ended by their date or their user."""

import secrets
import string
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import ColumnElement, delete, insert, select, update

from chatsheet.auth import digests
from chatsheet.auth.policy import Principal, Scope
from chatsheet.core import ids
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, NotFound
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import api_token, user

PREFIX = "chatsheet_pat_"
CREDENTIAL = "token "
"""How a token is named as what opened the door."""
MAX_DAYS = 365
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 32  # 190 bits
_CHECK = 6
_USED = timedelta(minutes=1)
_SCOPES: TypeAdapter[frozenset[Scope]] = TypeAdapter(frozenset[Scope])


class TokenNotFound(NotFound):
    """No such token of this user."""

    code = "token.not_found"


class TokenScopeless(BadInput):
    """A token that is good for nothing."""

    code = "token.scopeless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as its user sees it."""

    id: str
    name: str
    scopes: frozenset[Scope]
    workspace_id: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def make() -> str:
    """Return a new token: the prefix that scanners for leaked secrets look for, what is random, and a checksum of it."""
    random = "".join(secrets.choice(_BASE62) for _ in range(_RANDOM))
    return f"{PREFIX}{random}{_checksum(random)}"


def is_whole(text: str) -> bool:
    """Tell whether a text can be a token at all; a mistyped one is not. Pure."""
    body = text.removeprefix(PREFIX)
    if body == text or len(body) != _RANDOM + _CHECK or not set(body) <= set(_BASE62):
        return False
    return _checksum(body[:_RANDOM]) == body[_RANDOM:]


def _checksum(random: str) -> str:
    number, digits = zlib.crc32(random.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits


class Tokens:
    """The API tokens of all users."""

    def __init__(self, database: Database, clock: Clock, *, without_login: timedelta | None = None) -> None:
        """`without_login`: how long they work without a login of their user, whom an identity provider may have let go."""
        self._database = database
        self._clock = clock
        self._without_login = without_login

    async def create(
        self, user_id: str, name: str, scopes: Iterable[Scope], *, workspace_id: str = "", days: int = 90
    ) -> tuple[Token, str]:
        """Make a token for the workspace, or all of the user's; returns it and its secret, which nobody sees again."""
        granted = frozenset(scopes)
        if not granted or not 1 <= days <= MAX_DAYS:
            raise TokenScopeless(
                f"a token needs something that it is for, and 1 to {MAX_DAYS} days.", fix="name scopes and days."
            )
        secret, now = make(), self._clock.now()
        made = Token(
            id=ids.new_id("tok"),
            name=name,
            scopes=granted,
            workspace_id=workspace_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        row = {
            "id": made.id,
            "secret_hash": digests.of(secret),
            "user_id": user_id,
            "workspace_id": workspace_id,
            "name": name,
            "scopes": sorted(granted),
            "created_at": now,
            "expires_at": made.expires_at,
        }
        async with self._database.unit() as connection:
            await connection.execute(insert(api_token).values(row))
            said: dict[str, JsonValue] = {"scopes": [*sorted(granted)], "expires_at": made.expires_at.isoformat()}
            tell(connection, Act(action="token.make", workspace_id=workspace_id, actor_id=user_id, subject=made.id, body=said))
        return made, secret

    async def find(self, secret: str) -> tuple[str, Principal] | None:
        """Return a token's id and whom it lets in; None for one that is mistyped, unknown, over, or of a user who left."""
        if not is_whole(secret):
            return None
        if (found := await self._found(api_token.c.secret_hash == digests.of(secret))) is None:
            return None
        return found.credential.removeprefix(CREDENTIAL), found

    async def again(self, token_id: str) -> Principal | None:
        """Return whom a token lets in now, as `find` does."""
        return await self._found(api_token.c.id == token_id)

    async def _found(self, which: ColumnElement[bool]) -> Principal | None:
        query = select(api_token, user.c.is_admin, user.c.seen_at).join(user, user.c.id == api_token.c.user_id)
        query = query.where(which, user.c.is_active)
        now = self._clock.now()
        async with self._database.unit() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None or row.expires_at <= now:
                return None
            if self._without_login is not None and now - (row.seen_at or row.created_at) >= self._without_login:
                return None
            if row.used_at is None or now - row.used_at >= _USED:
                await connection.execute(update(api_token).where(api_token.c.id == row.id).values(used_at=now))
        return Principal(
            row.user_id,
            is_admin=row.is_admin,
            scopes=_SCOPES.validate_python(row.scopes),
            workspace_id=row.workspace_id,
            credential=f"{CREDENTIAL}{row.id}",
        )

    async def list(self, user_id: str) -> tuple[Token, ...]:
        """Return a user's tokens, the newest first."""
        query = select(api_token).where(api_token.c.user_id == user_id).order_by(api_token.c.id.desc())
        async with self._database.unit() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Token(
                id=row.id,
                name=row.name,
                scopes=_SCOPES.validate_python(row.scopes),
                workspace_id=row.workspace_id,
                created_at=row.created_at,
                expires_at=row.expires_at,
                used_at=row.used_at,
            )
            for row in rows
        )

    async def revoke(self, user_id: str, token_id: str) -> None:
        """End one of a user's tokens; raises TokenNotFound."""
        mine = (api_token.c.user_id == user_id) & (api_token.c.id == token_id)
        async with self._database.unit() as connection:
            ended = await connection.execute(delete(api_token).where(mine))
            if ended.rowcount:
                tell(connection, Act(action="token.revoke", actor_id=user_id, subject=token_id))
        if not ended.rowcount:
            raise TokenNotFound(f"you have no token {token_id}.", fix="look at the list of your tokens.")
