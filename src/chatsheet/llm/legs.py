"""One HTTP leg to a route: the client session with the route's own TLS, address guard and time limits.

Shared by the gateway and the egress, so that what LiteLLM can reach, the direct route can, and the other way round.
"""

import asyncio
import contextlib
import functools
import ssl
from collections.abc import Mapping

import aiohttp

from chatsheet.llm import addresses, wire
from chatsheet.llm.credentials import EntraTokens, TokenFailed
from chatsheet.llm.routes import Route

_MAX_ERROR_BODY = 16_384
_FINISH_S = 0.05


class Legs:
    """Client sessions, one per route, opened when first used."""

    def __init__(self) -> None:
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._entra = EntraTokens()

    async def post(self, route: Route, url: str, body: bytes, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send one POST and return the response once its headers are there; the caller releases it.

        Redirects are not followed (a 307 would carry the key to another origin). Raises aiohttp.ClientError, OSError,
        TokenFailed.
        """
        token = await self._entra.get() if route.auth == "entra" else None
        try:
            sent = {"Content-Type": "application/json", **headers, **wire.auth_headers(route, token)}
        except LookupError:
            raise TokenFailed(f"KeyNotSet: {route.name}") from None
        try:
            return await self._session(route).post(url, data=body, headers=sent, allow_redirects=False)
        except ValueError as error:
            # such as a line break in a key; the text would repeat it
            raise aiohttp.ClientError(f"not sendable: {type(error).__name__}") from None

    def _session(self, route: Route) -> aiohttp.ClientSession:
        if route.name not in self._sessions:
            factory = functools.partial(addresses.guarded_socket, extra=route.private_networks)
            connector = aiohttp.TCPConnector(
                ssl=ssl.create_default_context(cafile=route.ca_file) if route.ca_file else True,
                socket_factory=factory if route.private else None,
                limit=0,
            )
            self._sessions[route.name] = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=route.connect_s),
                auto_decompress=True,
                trust_env=False,
            )
        return self._sessions[route.name]

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        await self._entra.close()


async def finish(response: aiohttp.ClientResponse) -> None:
    """Read what follows the last event, for a moment, so that the connection can be used again."""
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_FINISH_S):
            await response.content.readany()


async def error_body(response: aiohttp.ClientResponse) -> str:
    """Return the first part of an error's body as text."""
    body = b""
    while len(body) < _MAX_ERROR_BODY and (more := await response.content.read(_MAX_ERROR_BODY - len(body))):
        body += more
    return body.decode(errors="replace")


def exception_chain(error: BaseException) -> tuple[str, ...]:
    """Return an exception and its causes, outermost first, as `ClassName: text`."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 10:  # noqa: PLR2004  a chain this long is a loop
        chain.append(f"{type(current).__name__}: {current}")
        current = current.__cause__ or current.__context__
    return tuple(chain)
