"""The machine's identity: App Service's endpoint, IMDS and Entra ID's token endpoint, issuing tokens that nobody signed."""

import asyncio
import contextlib
import hmac
from collections import Counter
from collections.abc import Mapping
from typing import Literal, Self

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.core import ids
from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.loose import JsonObject
from chatsheet.simulator import sockets, tokens
from chatsheet.simulator.serving import serving

IdentityMode = Literal["good", "A7", "A8", "A9", "A13", "slow", "429"]

APP_SERVICE = "/msi/token"
IMDS = "/metadata/identity/oauth2/token"
_SCOPE_END = "/.default"


class Identity(BaseModel):
    """What the endpoint plays, and which tokens it issues; an empty audience is the one that is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: IdentityMode = "good"
    audience: str = ""
    tenant: str = tokens.TENANT
    lasts_s: int = 3600
    delay_s: float = Field(default=5, ge=0, le=3600)
    retry_after_s: int = Field(default=1, ge=0)


class IdentityEndpoint:
    """Serves tokens while the body runs; `now_plays` may change at any time."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        plays: Identity | None = None,
        header: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.now_plays = plays or Identity()
        self.header = header or ids.new_key("ih")
        """What App Service's clients must send as X-IDENTITY-HEADER."""
        self.issued: set[str] = set()
        """Every token that was issued, for the wire to compare."""
        self.calls: Counter[str] = Counter()
        """How often each protocol was asked: app-service, imds, entra."""
        self.clock = clock or SystemClock()
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What azure-identity reads to come here as a managed identity."""
        return {"IDENTITY_ENDPOINT": f"{self.url}{APP_SERVICE}", "IDENTITY_HEADER": self.header}

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._play])
        app.router.add_get(APP_SERVICE, self._app_service, name="app-service")
        app.router.add_get(IMDS, self._imds, name="imds")
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._entra, name="entra")
        self.port = await self._stack.enter_async_context(serving(app, self.host, self.port))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    @web.middleware
    async def _play(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        protocol = request.match_info.route.name or "unknown"
        self.calls[protocol] += 1
        plays = self.now_plays
        match plays.mode:
            case "A8":
                sockets.reset(request.transport)
                raise asyncio.CancelledError
            case "A13":
                await asyncio.Event().wait()
            case "slow":
                await asyncio.sleep(plays.delay_s)
            case "429":
                body = {"error": "too_many_requests", "error_description": "Too many requests"}
                return web.json_response(body, status=429, headers={"Retry-After": str(plays.retry_after_s)})
            case "A7" if protocol == "entra":
                return web.json_response(_WRONG_SECRET, status=401)
            case "A9" if protocol != "entra":
                return web.json_response(_NOT_ASSIGNED, status=400)
            case _:
                pass
        return await handler(request)

    async def _app_service(self, request: web.Request) -> web.Response:
        given = request.headers.get("X-IDENTITY-HEADER", "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self.header.encode()):
            return web.json_response({"statusCode": 401, "message": "The identity header is missing or wrong."}, status=401)
        return self._managed(request.query)

    async def _imds(self, request: web.Request) -> web.Response:
        if request.headers.get("Metadata", "").lower() != "true":
            body = {"error": "invalid_request", "error_description": "Required metadata header not specified"}
            return web.json_response(body, status=400)
        return self._managed(request.query)

    def _managed(self, query: Mapping[str, str]) -> web.Response:
        resource = query.get("resource", "")
        if not resource:
            body = {"error": "invalid_request", "error_description": "The resource is missing"}
            return web.json_response(body, status=400)
        token, lasts_s = self._issue(resource)
        answer: JsonObject = {
            "access_token": token,
            "client_id": query.get("client_id", "00000000-0000-0000-0000-000000000000"),
            "expires_in": str(lasts_s),
            "expires_on": str(int(self.clock.now().timestamp()) + lasts_s),
            "resource": resource,
            "token_type": "Bearer",
        }
        return web.json_response(answer)

    async def _entra(self, request: web.Request) -> web.Response:
        form = await request.post()
        scope = str(form.get("scope", "")).split(" ")[0]
        if form.get("grant_type") != "client_credentials" or not scope.endswith(_SCOPE_END):
            return web.json_response({"error": "invalid_request", "error_description": "AADSTS900144"}, status=400)
        token, lasts_s = self._issue(scope.removesuffix(_SCOPE_END))
        answer: JsonObject = {
            "token_type": "Bearer",
            "expires_in": lasts_s,
            "ext_expires_in": lasts_s,
            "access_token": token,
        }
        return web.json_response(answer)

    def _issue(self, audience: str) -> tuple[str, int]:
        plays = self.now_plays
        now = int(self.clock.now().timestamp())
        token = tokens.issue(
            audience=plays.audience or audience,
            tenant=plays.tenant,
            now=now,
            lasts_s=plays.lasts_s,
            serial=len(self.issued),
        )
        self.issued.add(token)
        return token, plays.lasts_s


_WRONG_SECRET: JsonObject = {
    "error": "invalid_client",
    "error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the "
    "client secret value, not the client secret ID, for a secret added to app '00000000-0000-0000-0000-000000000000'.",
    "error_codes": [7000215],
    "error_uri": "https://login.microsoftonline.com/error?code=7000215",
}
_NOT_ASSIGNED: JsonObject = {"error": "invalid_request", "error_description": "Identity not found"}
