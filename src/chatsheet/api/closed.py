"""The door is closed by construction: every request passes here before any route is looked up.

Here is also the door of local mode: to this machine only, by the page's cookie and one token; of login modes: logins.py.
Host allow-list (DNS rebinding), credentials for everything but the page itself and health, Fetch metadata and Origin on
unsafe methods, declared content types only. Follows OWASP ASVS 5.0 sections 3.4, 3.5 and 7.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Told

from chatsheet.api import errors
from chatsheet.api.deps import PRINCIPAL
from chatsheet.auth.policy import Principal, Scope
from chatsheet.core import ids
from chatsheet.core.errors import BadInput, ChatSheetError, Refused, StorageUnavailable
from chatsheet.core.identity import LOCAL

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_PATHS = frozenset({"/", "/index.html", "/livez", "/readyz"})
BACKCHANNEL = "/login/oidc/backchannel"
"""Where an identity provider, which sends a form, ends sessions."""
_UPLOAD = "application/octet-stream"
_FORM = "application/x-www-form-urlencoded"
log = logging.getLogger(__name__)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types svelte-trusted-html dompurify"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PeerRefused(Refused):
    """Another machine calls, where only this one may."""

    code = "request.peer_refused"


class HostRefused(Refused):
    """The Host header names another host: a rebound DNS name, or a wrong address."""

    code = "request.host_refused"


class OriginRefused(Refused):
    """A page of another origin sent this."""

    code = "request.origin_refused"


class TokenMissing(Refused):
    """Neither the page's cookie nor the token."""

    code = "request.token_missing"
    status = 401


class ContentTypeRefused(BadInput):
    """A body that is not declared as JSON, where a form of another page could have sent it."""

    code = "request.content_type"
    status = 415


@dataclass(frozen=True, slots=True)
class Asked:
    """What the door looks at; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    peer: str = ""
    """The address that the request came from."""

    @property
    def is_safe(self) -> bool:
        return self.method in _SAFE

    @property
    def is_open(self) -> bool:
        """Whether anybody may have this: the page without its data, and whether the server lives."""
        return self.is_safe and (self.path in _OPEN_PATHS or self.path.startswith("/assets/"))

    @property
    def bearer(self) -> str | None:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    def cookie(self, name: str) -> str:
        """Return a cookie, empty where there is none."""
        # browsers send the cookies of every port of this host, also some that the standard parser rejects whole
        return cookie_parser(self.headers.get("cookie", "")).get(name, "")


class Door(Protocol):
    """Lets in whom it knows."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What every answer carries."""
        ...

    async def admit(self, asked: Asked) -> Principal | None:
        """Return whom the door lets in, None on a path that is open to everybody; raises why not."""
        ...


@dataclass(frozen=True, slots=True)
class Keys:
    """The door of local mode, and what opens it during one run: the page's cookie, and the token for scripts and /v1."""

    token: str
    cookie: str = field(default_factory=ids.new_key)
    token_decides: bool = False
    """Whether the token may decide on what a chat proposes."""

    @property
    def cookie_name(self) -> str:
        """A name of its own for each run: cookies of a host are shared by all its ports."""
        return f"chatsheet_{hashlib.sha256(self.cookie.encode()).hexdigest()[:12]}"

    @property
    def headers(self) -> Mapping[str, str]:
        return HEADERS

    async def admit(self, asked: Asked) -> Principal | None:
        return check(asked, self)


def check(asked: Asked, keys: Keys) -> Principal | None:
    """Return whom the door of local mode lets in, None on a path that is open to everybody; raises why not. Pure."""
    if not _is_loopback(asked.peer):
        raise PeerRefused("this server is for its own machine.", fix="set auth.mode, so that people log in.")
    check_host(asked, is_ours=_LOOPBACK.fullmatch(asked.headers.get("host", "")) is not None)
    site, origin = asked.headers.get("sec-fetch-site"), asked.headers.get("origin")
    if not asked.is_safe or asked.path.startswith("/v1"):
        is_foreign = site not in {None, "same-origin", "none"} or (origin is not None and not is_own(origin, asked))
        if is_foreign:
            raise foreign()
    check_body(asked)
    return None if asked.is_open else _known(asked, keys)


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def check_host(asked: Asked, *, is_ours: bool) -> None:
    """Raise HostRefused for another host than ours."""
    if not is_ours:
        host = asked.headers.get("host", "")
        raise HostRefused(f"this server is not called {host or 'that'}.", fix="open the address that it printed.")


def is_own(origin: str, asked: Asked) -> bool:
    """Tell whether a page of this very host sent a request."""
    try:
        netloc = urlsplit(origin).netloc
    except ValueError:
        return False
    return netloc.lower() == asked.headers.get("host", "").lower()


def foreign() -> OriginRefused:
    """Return why a page of another origin is refused."""
    return OriginRefused("a page of another origin sent this.", fix="use the page that this server serves.")


def check_body(asked: Asked) -> None:
    """Raise ContentTypeRefused for what a form of another page could have sent."""
    if not asked.is_safe:
        kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_declared = kind in {"application/json", _UPLOAD} or (asked.path == BACKCHANNEL and kind == _FORM)
        if not is_declared:
            raise ContentTypeRefused(f"the body is declared as {kind or 'nothing'}.", fix="send application/json.")


def _known(asked: Asked, keys: Keys) -> Principal:
    token = asked.headers.get("authorization", "").removeprefix("Bearer ")
    if hmac.compare_digest(token.encode(errors="replace"), keys.token.encode()):
        scopes = frozenset(Scope) if keys.token_decides else frozenset(Scope) - {Scope.DECIDE}
        return Principal(LOCAL.user_id, is_admin=True, scopes=scopes)
    cookie = asked.cookie(keys.cookie_name).encode(errors="replace")
    if not asked.path.startswith("/v1") and hmac.compare_digest(cookie, keys.cookie.encode()):
        return Principal(LOCAL.user_id, is_admin=True)
    raise TokenMissing("the token is missing or wrong.", fix="send Authorization: Bearer with the token printed at start.")


class Closed:
    """The middleware around the whole application."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Told, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no websockets, no lifespan: services are opened by the command
        path = str(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = MutableHeaders(scope=message)
                for name, value in self._door.headers.items():
                    said.setdefault(name, value)
                if path.startswith(("/api", "/v1", "/login")):
                    said.setdefault("Cache-Control", "no-store")
            await send(message)

        client = scope.get("client")
        asked = Asked(str(scope["method"]), path, Headers(scope=scope), str(client[0]) if client else "")
        try:
            known = await self._door.admit(asked)
        except ChatSheetError as error:
            await errors.response(error)(scope, receive, send_with_headers)
            return
        except SQLAlchemyError as error:
            log.error("who asks could not be looked up", exc_info=error)  # noqa: TRY400  its name tells more than its text
            closed = StorageUnavailable("accounts cannot be read.", fix="look at the database and the log.")
            await errors.response(closed)(scope, receive, send_with_headers)
            return
        await self._app({**scope, PRINCIPAL: known}, receive, send_with_headers)
