"""Sessions: a browser that is logged in. It holds a secret; here is kept the secret's hash, until idle or old, or ended."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from chatsheet.auth import digests
from chatsheet.auth.policy import Principal
from chatsheet.core import ids
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import NotFound
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import session, user

_SEEN = timedelta(minutes=1)
_AGENT = 255
log = logging.getLogger(__name__)


class SessionNotFound(NotFound):
    """No such session of this user."""

    code = "session.not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How an identity provider names a login, so that it can end it."""

    issuer: str = ""
    subject: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as its user sees it."""

    id: str
    agent: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


NOBODY = Provider()


class Sessions:
    """The sessions of all users."""

    def __init__(self, database: Database, clock: Clock, *, idle: timedelta, absolute: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self.absolute = absolute

    async def begin(self, user_id: str, *, agent: str = "", replacing: str = "", provider: Provider = NOBODY) -> str:
        """Begin a session and return its secret, always a new one; the one that the browser had before ends."""
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        ended = or_(
            session.c.id_hash == digests.of(replacing),
            session.c.seen_at <= now - self._idle,
            session.c.created_at <= now - self.absolute,
        )
        session_id = ids.new_id("ses")
        row = {
            "id_hash": digests.of(secret),
            "id": session_id,
            "user_id": user_id,
            "created_at": now,
            "seen_at": now,
            "agent": agent[:_AGENT],
            "issuer": provider.issuer,
            "subject": provider.subject,
            "provider_session": provider.session,
        }
        async with self._database.unit() as connection:
            await connection.execute(delete(session).where(ended))
            await connection.execute(insert(session).values(row))
            await connection.execute(update(user).where(user.c.id == user_id).values(seen_at=now))
            way: dict[str, JsonValue] = {"issuer": provider.issuer} if provider.issuer else {}
            tell(connection, Act(action="login", actor_id=user_id, subject=session_id, body=way))
        return secret

    async def find(self, secret: str) -> Principal | None:
        """Return whose session this is; None for one that never was, has ended, or is of a user who left."""
        if not secret:
            return None
        query = select(session, user.c.is_admin).join(user, user.c.id == session.c.user_id)
        query = query.where(session.c.id_hash == digests.of(secret), user.c.is_active)
        async with self._database.unit() as connection:
            row = (await connection.execute(query)).one_or_none()
        now = self._clock.now()
        if row is None or now - row.seen_at >= self._idle or now - row.created_at >= self.absolute:
            return None
        if now - row.seen_at >= _SEEN:
            await self._see(row.id_hash, row.user_id, now)
        return Principal(row.user_id, is_admin=row.is_admin)

    async def _see(self, id_hash: str, user_id: str, now: datetime) -> None:
        try:
            async with self._database.unit() as connection:
                await connection.execute(update(session).where(session.c.id_hash == id_hash).values(seen_at=now))
                await connection.execute(update(user).where(user.c.id == user_id).values(seen_at=now))
        except SQLAlchemyError as error:  # a full disk, say, ends nobody's reading; the session only grows idle meanwhile
            log.warning("when a session was seen was not recorded: %s", type(error).__name__)

    async def end(self, secret: str) -> None:
        """End the session with this secret, if there is one."""
        async with self._database.unit() as connection:
            ended = delete(session).where(session.c.id_hash == digests.of(secret)).returning(session.c.id, session.c.user_id)
            for row in (await connection.execute(ended)).all():
                tell(connection, Act(action="logout", actor_id=row.user_id, subject=row.id))

    async def end_at_provider(self, of: Provider, *, begun_by: datetime) -> None:
        """End what a provider says is over and began by then: one login of its, or without `session` all of a subject's.

        A login that it never named counts as each of its subject's.
        """
        over = (session.c.issuer == of.issuer) & (session.c.created_at <= begun_by)
        if of.subject:
            over &= session.c.subject == of.subject
        if of.session:
            over &= session.c.provider_session.in_([of.session, ""] if of.subject else [of.session])
        async with self._database.unit() as connection:
            ended = delete(session).where(over).returning(session.c.id, session.c.user_id)
            for row in (await connection.execute(ended)).all():
                tell(connection, Act(action="session.end", actor_id=row.user_id, subject=row.id, body={"issuer": of.issuer}))

    async def list(self, user_id: str, *, this: str) -> tuple[Session, ...]:
        """Return a user's sessions that last, the latest seen first; `this` is the secret of the one that asks."""
        now = self._clock.now()
        lasting = (session.c.seen_at > now - self._idle) & (session.c.created_at > now - self.absolute)
        query = select(session).where(session.c.user_id == user_id, lasting).order_by(session.c.seen_at.desc(), session.c.id)
        async with self._database.unit() as connection:
            rows = (await connection.execute(query)).all()
        mine = digests.of(this)
        return tuple(
            Session(
                id=row.id,
                agent=row.agent,
                created_at=row.created_at,
                seen_at=row.seen_at,
                is_this=row.id_hash == mine,
            )
            for row in rows
        )

    async def revoke(self, user_id: str, session_id: str) -> None:
        """End one of a user's sessions; raises SessionNotFound."""
        mine = (session.c.user_id == user_id) & (session.c.id == session_id)
        async with self._database.unit() as connection:
            ended = await connection.execute(delete(session).where(mine))
            if ended.rowcount:
                tell(connection, Act(action="session.end", actor_id=user_id, subject=session_id))
        if not ended.rowcount:
            raise SessionNotFound(f"you have no session {session_id}.", fix="look at the list of your sessions.")

    async def revoke_others(self, user_id: str, *, this: str) -> None:
        """End all of a user's sessions but the one with this secret."""
        others = (session.c.user_id == user_id) & (session.c.id_hash != digests.of(this))
        async with self._database.unit() as connection:
            ended = await connection.execute(delete(session).where(others).returning(session.c.id))
            for session_id in ended.scalars().all():
                tell(connection, Act(action="session.end", actor_id=user_id, subject=session_id))
