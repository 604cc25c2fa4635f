"""One HTTP leg to a route: the client session with the route's own resolver, TLS, proxy, address guard and time limits.

Shared by the gateway and the egress, so that what LiteLLM can reach, the direct route can, and the other way round.
"""

import asyncio
import base64
import contextlib
import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from chatsheet.core.clock import SystemClock
from chatsheet.core.loose import JsonObject
from chatsheet.llm import addresses, wire
from chatsheet.llm.adapt import Adaptations
from chatsheet.llm.addresses import Resolver
from chatsheet.llm.credentials import Entra, TokenFailed
from chatsheet.llm.routes import Network, Route

OK = 200
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_ERROR_BODY_S = 0.5
_MAX_ERROR_BODY = 16_384
_MAX_LOOKED_AT = 2**18
_MOST_ADAPTED = 3
_FINISH_S = 1.0
_WARM_S = 10.0
_RETIRED_S = 3600.0
"""No deadline is longer."""
_TOKEN_S = 5.0
_TOKEN_SHARE = 0.8
_DNS_SHARE = 0.8
"""How much of the connect limit name servers may use, so that their silence is told apart from a firewall's."""


@dataclass(slots=True)
class _Leg:
    """An open session and what never changes between its requests."""

    open_session: Callable[..., aiohttp.ClientSession]
    session: aiohttp.ClientSession
    resolver: Resolver
    url: URL
    proxy: URL | None
    proxy_headers: Mapping[str, str]
    cold: aiohttp.ClientTimeout
    """Bounds name look-up and all addresses together; costs a timer per request."""
    warm: aiohttp.ClientTimeout
    """Bounds each connection that is made; for a route that answered a moment ago."""
    answered: float = 0.0
    fresh: aiohttp.ClientSession | None = None
    retired: float = 0.0
    trust: int = 0
    """When the authorities it trusts were written."""

    def unpooled(self) -> aiohttp.ClientSession:
        """Return a session that makes a connection of its own for each request."""
        if self.fresh is None:
            self.fresh = self.open_session(is_pooled=False)
        return self.fresh

    async def close(self) -> None:
        await self.session.close()
        if self.fresh is not None:
            await self.fresh.close()
        await self.resolver.close()  # a connector closes only the one that it made itself


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's response; `said` are its words where it refused, `adapted` the parameters that were changed for it."""

    response: aiohttp.ClientResponse
    adapted: tuple[str, ...]
    said: str = ""

    @property
    def request_id(self) -> str | None:
        """What the provider's support asks for."""
        given = self.response.headers.get("apim-request-id") or self.response.headers.get("x-request-id")
        return given if given and _REQUEST_ID.fullmatch(given) else None  # it goes into trails, where no text may


@dataclass(frozen=True, slots=True)
class Looked:
    """What a server says at one of its paths, up to its first part."""

    status: int
    headers: Mapping[str, str]
    """Found by their names in any case."""
    said: str


class Legs:
    """Client sessions, one per route and its settings, opened when first used."""

    def __init__(self) -> None:
        self._adaptations = Adaptations()
        self._legs: dict[str, _Leg] = {}
        self._retired: list[_Leg] = []
        self._ending: set[aiohttp.ClientResponse] = set()
        self._is_closed = False
        self._entra = Entra(SystemClock())

    async def ask(self, route: Route, body: JsonObject, headers: Mapping[str, str]) -> Answer:
        """Send a request and return the answer; parameters that the deployment refuses are adapted once each.

        Raises what `post` raises; the caller releases the response.
        """
        for left in range(_MOST_ADAPTED, -1, -1):
            sent, adapted = self._adaptations.apply(route.fingerprint, body)
            response = await self.post(route, wire.as_json(sent), headers)
            if response.status == OK:
                return Answer(response, adapted)
            try:
                said = await error_body(response)
            except BaseException:
                response.close()
                raise
            if not left or not self._adaptations.learn(route.fingerprint, response.status, said, sent):
                return Answer(response, adapted, said)
            response.close()
        raise AssertionError("the last try returns")

    async def post(self, route: Route, body: bytes, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send one POST and return the response once its headers are there; the caller releases it.

        Redirects are not followed (a 307 would carry the key to another origin). Raises aiohttp.ClientError, OSError,
        TokenFailed.
        """
        token = await self.token(route) if route.auth == "entra" else None
        try:
            leg = self._legs.get(route.fingerprint) or self._open(route)
            sent = {**headers, "Content-Type": "application/json", **wire.auth_headers(route, token)}
        except LookupError:
            raise TokenFailed(f"KeyNotSet: {route.name}") from None
        try:
            if leg.proxy is not None:
                return await self._through_proxy(leg, leg.session, leg.proxy, route.network, leg.url, body, sent)
            response = await self._direct(leg, body, sent)
        except ValueError as error:
            # such as a line break in a key; the text would repeat it
            raise aiohttp.ClientError(f"not sendable: {type(error).__name__}") from None
        leg.answered = time.monotonic()
        return response

    async def _direct(self, leg: _Leg, body: bytes, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """Send on a kept connection where there is one; a server that has just closed it says nothing of the route."""
        is_warm = time.monotonic() - leg.answered < _WARM_S
        timeout = leg.warm if is_warm else leg.cold
        try:
            return await leg.session.post(leg.url, data=body, headers=headers, allow_redirects=False, timeout=timeout)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            leg.answered = 0.0  # once: until it answers again, what breaks is the route's own doing
            if not is_warm or isinstance(error, aiohttp.ClientConnectorError):
                raise
        return await leg.unpooled().post(leg.url, data=body, headers=headers, allow_redirects=False)

    async def token(self, route: Route) -> str:
        """Return a token in time for the request that needs it; an identity service that is late goes on being asked.

        Raises TokenFailed.
        """
        try:
            async with asyncio.timeout(min(_TOKEN_S, route.first_content_s * _TOKEN_SHARE)):
                return await self._entra.token(route)
        except TimeoutError:
            # a managed identity is asked for on the machine itself: silence there is no matter of the network
            kind = "EntraIdentityMissing" if route.identity.who == "managed" else "EntraUnreachable"
            raise TokenFailed(f"{kind}: no token in time") from None

    async def reaches(self, route: Route) -> bool:
        """Tell whether a connection to a route comes about, with all that belongs to it; nothing of value is sent."""
        leg = self._legs.get(route.fingerprint) or self._open(route)
        timeout = aiohttp.ClientTimeout(total=2 * route.connect_s)
        try:
            if leg.proxy is not None:
                return True  # only a call shows what the proxy lets through
            async with leg.session.get(leg.url.origin(), allow_redirects=False, timeout=timeout):
                return True
        except (aiohttp.ClientError, OSError):
            return False

    async def get(self, route: Route, path: str, headers: Mapping[str, str], *, limit_s: float | None = None) -> Looked:
        """Look at a path of a route's server, over a connection of its own and with no headers but the given ones.

        Redirects are not followed. Raises aiohttp.ClientError, OSError (TimeoutError past `limit_s`, by default twice the
        connect limit), TokenFailed where the proxy's credentials are not set.
        """
        try:
            leg = self._legs.get(route.fingerprint) or self._open(route)
        except LookupError:
            raise TokenFailed(f"KeyNotSet: {route.name}") from None
        url, session = leg.url.origin().join(URL(path)), leg.unpooled()
        async with asyncio.timeout(limit_s or 2 * route.connect_s):
            try:
                if leg.proxy is not None:
                    response = await self._through_proxy(leg, session, leg.proxy, route.network, url, None, {**headers})
                else:
                    response = await session.get(url, headers=headers, allow_redirects=False)
            except ValueError as error:
                raise aiohttp.ClientError(f"not sendable: {type(error).__name__}") from None
            async with response:
                return Looked(response.status, response.headers, await error_body(response, _MAX_LOOKED_AT))

    def finish(self, response: aiohttp.ClientResponse) -> None:
        """Let what follows the last event arrive by itself, so that the connection can be used again; a late end closes it."""
        if response.content.at_eof():
            response.release()
            return
        self._ending.add(response)
        late = asyncio.get_running_loop().call_later(_FINISH_S, self._end, response)

        def ended() -> None:
            late.cancel()
            self._ending.discard(response)

        response.content.on_eof(ended)

    def _end(self, response: aiohttp.ClientResponse) -> None:
        self._ending.discard(response)
        response.close()

    def reject_token(self, route: Route) -> None:
        """Forget a token that the provider did not take."""
        self._entra.forget(route)

    async def _through_proxy(
        self,
        leg: _Leg,
        session: aiohttp.ClientSession,
        proxy: URL,
        network: Network,
        url: URL,
        body: bytes | None,
        headers: dict[str, str],
    ) -> aiohttp.ClientResponse:
        """Connect through the client proxy; a private route's name is resolved here, and CONNECT names the address."""
        host = url.host or ""
        found, server_hostname = None, None
        if network.is_private:
            found = await self._resolved(leg, host, url.port)
            headers, server_hostname = {**headers, "Host": url.authority}, host
        is_direct = addresses.is_direct(host, found, network.no_proxy)
        if network.is_private and not is_direct:
            await self._resolved(leg, proxy.host or "", proxy.port)  # aiohttp never asks the resolver for a literal address
        try:
            return await session.request(
                "GET" if body is None else "POST",
                url.with_host(found) if found else url,
                data=body,
                headers=headers,
                allow_redirects=False,
                server_hostname=server_hostname,
                proxy=None if is_direct else proxy,
                proxy_headers=None if is_direct else leg.proxy_headers,
            )
        except aiohttp.ConnectionTimeoutError as error:
            if is_direct:
                raise
            raise aiohttp.ClientConnectionError(addresses.ProxyTimeout.__name__) from error

    async def _resolved(self, leg: _Leg, host: str, port: int | None) -> str:
        """Return an address that a private route may connect to; raises aiohttp.ClientConnectionError."""
        try:
            return (await leg.resolver.resolve(host, port or 0))[0]["host"]
        except OSError as error:
            raise aiohttp.ClientConnectionError(type(error).__name__) from error

    def _open(self, route: Route) -> _Leg:
        if self._is_closed:
            raise aiohttp.ClientError("the gateway was closed")
        network = route.network
        sent_to_proxy = proxy_headers(network)
        resolver = Resolver(addresses.lookup(network), network, route.connect_s * _DNS_SHARE)
        context = ssl.create_default_context(cafile=network.ca_file) if network.ca_file else True
        # a ceiling would round limits over 5 s up to whole seconds
        cold = aiohttp.ClientTimeout(total=None, connect=route.connect_s, ceil_threshold=3600)
        warm = aiohttp.ClientTimeout(total=None, sock_connect=route.connect_s, ceil_threshold=3600)

        def session(*, is_pooled: bool) -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(
                ssl=context,
                # through a proxy the socket is the proxy's; the address that CONNECT names was checked before
                socket_factory=None if network.proxy else addresses.socket_factory(network),
                resolver=resolver,
                limit=0,
                force_close=not is_pooled,
            )
            jar = aiohttp.DummyCookieJar()
            return aiohttp.ClientSession(connector=connector, timeout=cold, trust_env=False, cookie_jar=jar)

        leg = _Leg(
            session,
            session(is_pooled=True),
            resolver,
            URL(route.url),
            URL(network.proxy) if network.proxy else None,
            sent_to_proxy,
            cold,
            warm,
        )
        leg.trust = _trust(network)
        self._legs[route.fingerprint] = leg
        return leg

    async def keep(self, routes: Iterable[Route]) -> None:
        """Open no more connections for any other route; what still runs there may end."""
        longest = time.monotonic() - _RETIRED_S
        for leg in [leg for leg in self._retired if leg.retired < longest]:
            self._retired.remove(leg)
            await leg.close()
        wanted = {route.fingerprint: route for route in routes}
        self._adaptations.keep(wanted)
        stale = [f for f, leg in self._legs.items() if f not in wanted or leg.trust != _trust(wanted[f].network)]
        for fingerprint in stale:
            leg = self._legs.pop(fingerprint)
            leg.retired = time.monotonic()
            self._retired.append(leg)

    async def close(self) -> None:
        """Close every connection, and open none again."""
        self._is_closed = True
        for response in list(self._ending):
            self._end(response)
        for leg in [*self._legs.values(), *self._retired]:
            await leg.close()
        self._legs.clear()
        self._retired.clear()
        await self._entra.close()


def _trust(network: Network) -> int:
    try:
        return network.ca_file.stat().st_mtime_ns if network.ca_file is not None else 0
    except OSError:
        return 0


def proxy_headers(network: Network) -> Mapping[str, str]:
    """Return what the client proxy wants to know of us (RFC 7617); raises LookupError where the secret is not set."""
    if network.proxy_credentials is None:
        return {}
    return {"Proxy-Authorization": f"Basic {base64.b64encode(network.proxy_credentials.reveal().encode()).decode()}"}


async def error_body(response: aiohttp.ClientResponse, most: int = _MAX_ERROR_BODY) -> str:
    """Return the first part of a body as text, as far as it comes soon."""
    body = b""
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):  # the status says most of it
        async with asyncio.timeout(_ERROR_BODY_S):
            while len(body) < most and (more := await response.content.read(most - len(body))):
                body += more
    return body.decode(errors="replace")


def exception_chain(error: BaseException) -> tuple[str, ...]:
    """Return an exception and its causes, outermost first, as `ClassName: text`."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 10:  # noqa: PLR2004  a chain this long is a loop
        status = f"{current.status} " if isinstance(current, aiohttp.ClientResponseError) else ""
        chain.append(f"{type(current).__name__}: {status}{current}")
        current = current.__cause__ or current.__context__
    return tuple(chain)
