"""The door is closed by construction: every request passes here before any route is looked up.

Host allow-list (DNS rebinding), credentials for everything but the page itself and health, Fetch metadata and Origin on
unsafe methods, declared content types only. Follows OWASP ASVS 5.0 sections 3.4 and 3.5.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asked

from chatsheet.api import errors
from chatsheet.api.deps import PRINCIPAL
from chatsheet.auth.policy import Principal, Scope
from chatsheet.core import ids
from chatsheet.core.errors import BadInput, ChatSheetError, Refused
from chatsheet.core.identity import LOCAL

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_PATHS = frozenset({"/", "/index.html", "/healthz", "/readyz"})
_UPLOAD = "application/octet-stream"

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
class Keys:
    """What opens the door during one run of the server: the page's cookie and the token for scripts and /v1."""

    token: str
    cookie: str = field(default_factory=ids.new_key)
    token_decides: bool = False
    """Whether the token may decide on what a chat proposes."""

    @property
    def cookie_name(self) -> str:
        """A name of its own for each run: cookies of a host are shared by all its ports."""
        return f"chatsheet_{hashlib.sha256(self.cookie.encode()).hexdigest()[:12]}"


def check(method: str, path: str, headers: Mapping[str, str], keys: Keys) -> Principal | None:
    """Return whom the door lets in, None on a path that is open to everybody; raises why not. Header names are lower case.

    Pure.
    """
    host = headers.get("host", "")
    if _LOOPBACK.fullmatch(host) is None:
        raise HostRefused(f"this server is not called {host or 'that'}.", fix="open the address that it printed.")
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if method not in _SAFE or path.startswith("/v1"):
        is_foreign = site not in {None, "same-origin", "none"} or (origin is not None and urlsplit(origin).netloc != host)
        if is_foreign:
            raise OriginRefused("a page of another origin sent this.", fix="use the page that this server serves.")
    is_open = (path in _OPEN_PATHS or path.startswith("/assets/")) and method in _SAFE
    known = None if is_open else _known(path, headers, keys)
    if method not in _SAFE:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {"application/json", _UPLOAD}:
            raise ContentTypeRefused(f"the body is declared as {kind or 'nothing'}.", fix="send application/json.")
    return known


def _known(path: str, headers: Mapping[str, str], keys: Keys) -> Principal:
    token = headers.get("authorization", "").removeprefix("Bearer ")
    if hmac.compare_digest(token.encode(errors="replace"), keys.token.encode()):
        scopes = frozenset(Scope) if keys.token_decides else frozenset(Scope) - {Scope.DECIDE}
        return Principal(LOCAL.user_id, is_admin=True, scopes=scopes)
    if not path.startswith("/v1") and has_cookie(headers, keys):
        return Principal(LOCAL.user_id, is_admin=True)
    raise TokenMissing("the token is missing or wrong.", fix="send Authorization: Bearer with the token printed at start.")


def has_cookie(headers: Mapping[str, str], keys: Keys) -> bool:
    """Tell whether a request carries the cookie of the page, which a person uses. Pure."""
    # browsers send the cookies of every port of this host, also some that the standard parser rejects whole
    cookie = cookie_parser(headers.get("cookie", "")).get(keys.cookie_name, "")
    return hmac.compare_digest(cookie.encode(errors="replace"), keys.cookie.encode())


class Closed:
    """The middleware around the whole application."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no websockets, no lifespan: services are opened by the command
        path = str(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    said.setdefault(name, value)
                if path.startswith(("/api", "/v1")):
                    said.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        try:
            known = check(str(scope["method"]), path, headers, self._keys)
        except ChatSheetError as error:
            await errors.response(error)(scope, receive, send_with_headers)
            return
        await self._app({**scope, PRINCIPAL: known}, receive, send_with_headers)
