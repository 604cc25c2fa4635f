"""Entra ID tokens for Azure OpenAI: one request in flight per identity, refreshed ahead of expiry, checked before use."""

import asyncio
import base64
import binascii
import logging
import re
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
from aiohttp.abc import AbstractResolver

from chatsheet.core import loose
from chatsheet.core.clock import Clock
from chatsheet.core.tasks import Tasks
from chatsheet.llm.addresses import lookup
from chatsheet.llm.routes import Identity, Network, Route

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo
    from azure.core.credentials_async import AsyncSupportsTokenInfo
    from azure.core.pipeline.transport import AioHttpTransport

SCOPE = "https://cognitiveservices.azure.com/.default"
"""The audience that Azure OpenAI's data plane accepts."""
AUDIENCES = frozenset(
    {
        "https://cognitiveservices.azure.com",
        "https://cognitiveservices.azure.us",
        "https://cognitiveservices.azure.cn",
        "https://ai.azure.com",
        "7d312290-28c8-473c-a0ed-8e53749b6d6d",
    }
)
"""What a token's `aud` may say: the service by name in each cloud, Foundry, or the service by application id."""
_REFRESH_AHEAD_S = 300.0
_LEAST_LEFT_S = 30.0


class TokenFailed(Exception):
    """No usable credential; the text names only the kind of error, never what an identity service sent."""


class Entra:
    """The tokens of all routes that send one; routes with the same identity and network share theirs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[tuple[Identity, Network], _Tokens] = {}

    async def token(self, route: Route) -> str:
        """Return a bearer token for a route; raises TokenFailed."""
        key = (route.identity, route.network)
        if key not in self._tokens:
            self._tokens[key] = _Tokens(route.identity, route.network, self._clock)
        return await self._tokens[key].get()

    def forget(self, route: Route) -> None:
        """Ask for a new token next time: the provider did not take this one."""
        if (tokens := self._tokens.get((route.identity, route.network))) is not None:
            tokens.forget()

    async def close(self) -> None:
        for tokens in self._tokens.values():
            await tokens.close()
        self._tokens.clear()


class _Tokens:
    """The token of one identity."""

    def __init__(self, identity: Identity, network: Network, clock: Clock) -> None:
        self._identity = identity
        self._network = network
        self._clock = clock
        self._tasks = Tasks()
        self._credential: AsyncSupportsTokenInfo | None = None
        self._transport: AioHttpTransport | None = None
        self._resolver: AbstractResolver | None = None
        self._is_refused = False
        self._held: AccessTokenInfo | None = None
        self._asking: asyncio.Future[AccessTokenInfo] | None = None

    async def get(self) -> str:
        left_s = self._held.expires_on - self._clock.now().timestamp() if self._held else 0.0
        if self._held is not None and left_s > _LEAST_LEFT_S:
            if left_s < _REFRESH_AHEAD_S:
                self._ask()  # in the background; this call goes out with the token that still holds
            return self._held.token
        return (await asyncio.shield(self._ask())).token

    def forget(self) -> None:
        self._held = None
        self._is_refused = True

    def _ask(self) -> "asyncio.Future[AccessTokenInfo]":
        """Return the one request in flight, started if there is none; a caller that leaves does not end it."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_future()
            self._asking.add_done_callback(lambda f: f.cancelled() or f.exception())  # a background refresh has no reader
            self._tasks.spawn(self._fetch(self._asking), name="entra token")
        return self._asking

    async def _fetch(self, asking: "asyncio.Future[AccessTokenInfo]") -> None:
        from azure.core.exceptions import AzureError  # noqa: PLC0415  0.3 s that only Entra routes pay

        try:
            if self._is_refused:  # the library keeps a copy of the token that was not taken
                await self._close_credential()
            if self._credential is None:
                self._credential = self._open()
            token = await self._credential.get_token_info(SCOPE)
            check(token.token, self._identity.tenant_id)
        except AzureError as error:
            asking.set_exception(TokenFailed(f"{kind_of(type(error).__name__, str(error))}: {type(error).__name__}"))
        except TokenFailed as error:
            asking.set_exception(error)
        except ValueError as error:  # azure-identity refuses an ill-formed tenant or client id this way
            asking.set_exception(TokenFailed(f"EntraIdentityMissing: {type(error).__name__}"))
        else:
            self._held = token
            asking.set_result(token)
        finally:
            if not asking.done():
                asking.set_exception(TokenFailed("ClientAuthenticationError: the identity library failed"))

    def _open(self) -> "AsyncSupportsTokenInfo":
        from azure.core.pipeline.transport import AioHttpTransport  # noqa: PLC0415  see above
        from azure.identity import aio  # noqa: PLC0415  see above

        logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # it logs what identity services say
        wanted, network = self._identity, self._network
        context = ssl.create_default_context(cafile=network.ca_file) if network.ca_file else True
        self._resolver = lookup(network)
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, resolver=self._resolver), trust_env=False)
        self._transport = AioHttpTransport(session=session, use_env_settings=False)
        through: dict[str, Any] = {"proxies": {"https": _with_login(network)}} if network.proxy else {}
        authority: dict[str, Any] = {"authority": wanted.authority} if wanted.authority else {}
        match wanted.who:
            case "managed":
                # on a link-local address, where no proxy leads
                return aio.ManagedIdentityCredential(client_id=wanted.client_id, transport=self._transport)
            case "workload":
                return aio.WorkloadIdentityCredential(
                    tenant_id=wanted.tenant_id, client_id=wanted.client_id, transport=self._transport, **authority, **through
                )
            case "client_secret":
                return aio.ClientSecretCredential(
                    wanted.tenant_id or "",
                    wanted.client_id or "",
                    wanted.client_secret.reveal() if wanted.client_secret else "",
                    transport=self._transport,
                    **authority,
                    **through,
                )
            case "developer":
                tenant = wanted.tenant_id or ""
                return aio.ChainedTokenCredential(
                    aio.AzureCliCredential(tenant_id=tenant), aio.AzureDeveloperCliCredential(tenant_id=tenant)
                )
            case "default":
                return aio.DefaultAzureCredential(
                    managed_identity_client_id=wanted.client_id,
                    transport=self._transport,
                    **authority,
                )

    async def close(self) -> None:
        await self._tasks.close()
        await self._close_credential()

    async def _close_credential(self) -> None:
        self._is_refused = False
        if self._credential is not None:
            await self._credential.close()
            self._credential = None
        if self._transport is not None:
            await self._transport.close()
            self._transport = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None


def _with_login(network: Network) -> str:
    """Return the client proxy's address with what it wants to know of us in it, as the identity library takes it."""
    if network.proxy is None or network.proxy_credentials is None:
        return network.proxy or ""
    user, _, password = network.proxy_credentials.reveal().partition(":")
    return network.proxy.replace("://", f"://{quote(user, safe='')}:{quote(password, safe='')}@", 1)


_KINDS: tuple[tuple[str, str], ...] = (
    (r"AADSTS7000215|AADSTS7000222|AADSTS700016|invalid_client", "EntraSecretInvalid"),
    (r"AADSTS90002|AADSTS500011|AADSTS50020|AADSTS700005", "EntraTenantWrong"),
    (r"has not been assigned|Identity not found", "EntraIdentityNotAssigned"),
    (r"ServiceRequest|ServiceResponse|IncompleteRead", "EntraUnreachable"),
    (r"CredentialUnavailable|failed to retrieve a token|authentication unavailable", "EntraIdentityMissing"),
)


def kind_of(name: str, text: str) -> str:
    """Return the kind of an identity library's error, by its class name and text. Pure."""
    said = f"{name} {text}"
    return next((kind for pattern, kind in _KINDS if re.search(pattern, said)), "ClientAuthenticationError")


def check(token: str, tenant_id: str | None) -> None:
    """Refuse a token that Azure OpenAI would refuse; one that cannot be read is left to Azure. Raises TokenFailed. Pure."""
    said = claims(token)
    audience = said.get("aud")
    if isinstance(audience, str) and audience.rstrip("/") not in AUDIENCES:
        raise TokenFailed("EntraAudienceWrong: the token is for another service")
    tenant = said.get("tid")
    if tenant_id and isinstance(tenant, str) and tenant.lower() != tenant_id.lower() and "." not in tenant_id:
        raise TokenFailed("EntraTenantWrong: the token is of another tenant")


def claims(token: str) -> dict[str, object]:
    """Return what a token says of itself, unverified; nothing where it cannot be read. Pure."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  RFC 7519: header, claims, signature
        return {}
    try:
        return dict(loose.obj(loose.parse(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))))
    except (binascii.Error, ValueError):
        return {}
