"""Logins at an identity provider: begun in a tab of a browser, finished there once, ended when the provider says so.

Authorization code with PKCE, state and nonce, as OpenID Connect Core 3.1, RFC 9207 and RFC 9700 have it. No token is kept.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cachetools import TTLCache
from sqlalchemy import delete, insert

from chatsheet.auth import claims, digests, id_tokens
from chatsheet.auth.arrivals import arrive
from chatsheet.auth.id_tokens import LEEWAY_S, LOGOUT_LASTS_S, IdTokenRefused
from chatsheet.auth.provider import Attempt, IdentityProvider, refused
from chatsheet.auth.sessions import Provider, Sessions
from chatsheet.core.clock import Clock
from chatsheet.core.errors import Refused
from chatsheet.core.settings import OidcSettings
from chatsheet.db.engine import Database
from chatsheet.db.tables import login_attempt

_LASTS = timedelta(minutes=10)
_REMEMBERED = 100_000
_AGAIN = "log in again."


class LoginExpired(Refused):
    """The login was begun in another browser, or too long ago, or came back before."""

    code = "login.expired"
    status = 401


class LoginMixedUp(Refused):
    """Another provider sent the browser back than the one where it logged in."""

    code = "login.mixed_up"
    status = 401


class LoginDenied(Refused):
    """Somebody said no at the provider, or the provider did."""

    code = "login.denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A login that was begun: where the browser goes, and what it keeps to come back with."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A login that was finished: whose, how the provider names it, and where they wanted to go."""

    user_id: str
    provider: Provider
    next_path: str


class Oidc:
    """Logins at one provider."""

    lasts = _LASTS

    def __init__(
        self, database: Database, clock: Clock, *, provider: IdentityProvider, sessions: Sessions, settings: OidcSettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self._sessions = sessions
        self._settings = settings
        keeps_s = LOGOUT_LASTS_S + LEEWAY_S
        self._ended: TTLCache[str, bool] = TTLCache(_REMEMBERED, keeps_s, timer=clock.monotonic)

    async def begin(self, *, browser: str, next_path: str, back: str) -> Begun:
        """Begin a login in a tab; all tabs of a browser share what it keeps. `back` is the redirect URI."""
        attempt = Attempt(
            state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), back=back
        )
        url = await self._provider.login_url(attempt)
        browser, now = browser or secrets.token_urlsafe(32), self._clock.now()
        row = {
            "state_hash": digests.of(attempt.state),
            "browser_hash": digests.of(browser),
            "nonce": attempt.nonce,
            "verifier": attempt.verifier,
            "next_path": safe_path(next_path),
            "until": now + _LASTS,
        }
        async with self._database.unit() as connection:
            await connection.execute(delete(login_attempt).where(login_attempt.c.until <= now))
            await connection.execute(insert(login_attempt).values(row))
        return Begun(url=url, browser=browser)

    async def finish(self, *, state: str, code: str, error: str, issuer: str, browser: str, back: str) -> Arrived:
        """Finish a login with what the provider sent the browser back with, once; raises why not."""
        attempt, next_path = await self._take(state, browser=browser, back=back)
        is_named = (await self._provider.metadata()).authorization_response_iss_parameter_supported
        if issuer != self._settings.issuer and (issuer or is_named):
            raise LoginMixedUp("another identity provider answered than the one that was asked.", fix=_AGAIN)
        if error == "access_denied":
            raise LoginDenied("the identity provider did not let you in.", fix="log in again, or ask its administrator.")
        if error or not code:
            raise refused(error or "no code")
        found = await self._provider.claims(await self._provider.redeem(code, attempt))
        of, now = self._settings, self._clock.now()
        id_tokens.check(found, issuer=of.issuer, client_id=of.client_id, nonce=attempt.nonce, now=now)
        person = claims.person(found, of)
        async with self._database.unit() as connection:
            user_id = await arrive(connection, person, may_join=of.may_join, now=now)
        provider = Provider(issuer=person.issuer, subject=person.subject, session=person.session)
        return Arrived(user_id=user_id, provider=provider, next_path=next_path)

    async def _take(self, state: str, *, browser: str, back: str) -> tuple[Attempt, str]:
        """Return what this browser began, and where it wanted to go; of two who come with it the second gets nothing."""
        ours = (login_attempt.c.state_hash == digests.of(state)) & (login_attempt.c.browser_hash == digests.of(browser))
        taking = delete(login_attempt).where(ours).returning(login_attempt)
        async with self._database.unit() as connection:
            row = (await connection.execute(taking)).one_or_none()
        if row is None or row.until <= self._clock.now():
            raise LoginExpired("this login was not begun in this browser, is over, or took too long.", fix=_AGAIN)
        return Attempt(state=state, nonce=row.nonce, verifier=row.verifier, back=back), row.next_path

    async def end(self, token: str) -> None:
        """End what the provider's logout token says; raises LogoutRefused."""
        now, of = self._clock.now(), self._settings
        try:
            found = await self._provider.claims(token)
        except IdTokenRefused as error:
            raise id_tokens.logout_refused(error.what) from None
        ended = id_tokens.ended(found, issuer=of.issuer, client_id=of.client_id, now=now)
        if ended.id in self._ended:
            raise id_tokens.logout_refused("jti was there before")
        over = Provider(issuer=of.issuer, subject=ended.subject, session=ended.session)
        # what began later did not end then: so a replay that another replica gets ends nothing new either
        await self._sessions.end_at_provider(over, begun_by=ended.at + timedelta(seconds=LEEWAY_S))
        self._ended[ended.id] = True

    async def logout_url(self, back: str) -> str:
        """Return where a browser ends the provider's own session; empty where it cannot."""
        return await self._provider.logout_url(back)


def safe_path(wanted: str) -> str:
    """Return a place within the page, whatever was wanted. Pure."""
    return wanted if re.fullmatch(r"/(#/[^\s\x00-\x1f\x7f\\]{0,490})?", wanted) else "/"
