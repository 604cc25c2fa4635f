"""The door of login modes: a session of the page, or an API token, at the one address that people open."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatsheet.api.closed import BACKCHANNEL, HEADERS, Asked, check_body, check_host, foreign, is_own
from chatsheet.auth.limits import Rates
from chatsheet.auth.place import Place
from chatsheet.auth.policy import Principal
from chatsheet.auth.sessions import Sessions
from chatsheet.auth.tokens import Tokens
from chatsheet.core.errors import Refused

SESSION = "__Host-chatsheet_session"
"""The cookie of login modes; browsers take this name only over HTTPS, from the host itself and for all of its paths."""
_LOGIN = frozenset(
    {
        ("GET", "/api/login"),
        ("POST", "/api/login/password"),
        ("POST", "/api/login/code"),
        ("GET", "/login/oidc"),
        ("GET", "/login/oidc/callback"),
        ("GET", "/login/oidc/end"),
        ("POST", BACKCHANNEL),
    }
)
"""What a login mode opens to whoever is not yet known."""
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}


class LoginNeeded(Refused):
    """Nobody is logged in: no session, or one that ended."""

    code = "login.needed"
    status = 401


class TokenRefused(Refused):
    """An API token that is mistyped, unknown, revoked or over."""

    code = "token.refused"
    status = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The door of login modes."""

    place: Place
    sessions: Sessions
    tokens: Tokens
    rates: Rates

    @property
    def headers(self) -> Mapping[str, str]:
        return {**HEADERS, **_HSTS} if self.place.keeps_https else HEADERS

    async def admit(self, asked: Asked) -> Principal | None:
        screen(asked, self.place)
        if asked.is_open:
            return None
        secret = asked.cookie(SESSION)
        if (asked.method, asked.path) in _LOGIN:
            return await self.sessions.find(secret)
        if asked.bearer is not None:
            return await self._by_token(asked.bearer)
        known = None if asked.path.startswith("/v1") else await self.sessions.find(secret)
        if known is None:
            raise LoginNeeded(
                "nobody is logged in.", fix="log in on the page, or send Authorization: Bearer with an API token."
            )
        return known

    async def _by_token(self, token: str) -> Principal:
        found = await self.tokens.find(token)
        if found is None:
            raise TokenRefused("the API token is not known, or over.", fix="make another one on the page.")
        token_id, known = found
        await self.rates.request(token_id)
        return known


def screen(asked: Asked, place: Place) -> None:
    """Raise why a login mode lets nobody in like this, whoever it may be. Pure."""
    check_host(asked, is_ours=asked.headers.get("host", "").lower() in place.hosts)
    if not (asked.is_safe or asked.bearer is not None or asked.path == BACKCHANNEL):
        site, origin = asked.headers.get("sec-fetch-site"), asked.headers.get("origin")
        is_ours = site in {"same-origin", "none"} if site is not None else origin is not None and is_own(origin, asked)
        if not is_ours:
            raise foreign()
    check_body(asked)
