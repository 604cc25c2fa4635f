"""The identity provider over the network: its metadata, its keys, and the id_token that it gives for a code."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode, urlsplit

import aiohttp
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from chatsheet.auth import id_tokens
from chatsheet.auth.id_tokens import KeyUnknown
from chatsheet.core import loose
from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, Refused, Unavailable
from chatsheet.core.settings import OidcSettings

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_JSON = {"Accept": "application/json"}
_NONE: Mapping[str, str] = {}
_FRESH_S = 3600
_AGAIN_S = 60
"""How soon keys are asked for again because of a token that none of them signed, which anybody can make up."""


class AuthoritiesUnusable(BadInput):
    """auth.oidc.ca_file names no authorities."""

    code = "login.ca_file"


class ProviderUnreachable(Unavailable):
    """The identity provider does not answer, or not in its protocol."""

    code = "login.provider_unreachable"


class ProviderUnsafe(Unavailable):
    """The provider's metadata is of another issuer, or leads where a login is not safe."""

    code = "login.provider_unsafe"


class CodeNotTaken(Refused):
    """The provider sent an error instead of a code, or gives nothing for the code."""

    code = "login.provider_refused"
    status = 401


class Metadata(BaseModel):
    """What a provider says of itself."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


def unsafe(found: Metadata, issuer: str) -> str:
    """Return why nobody may log in where this metadata leads; empty: they may. Pure."""
    if found.issuer != issuer:
        return f"it calls itself {found.issuer!r}, and auth.oidc.issuer is {issuer!r}"
    if "S256" not in found.code_challenge_methods_supported:
        return "it takes no PKCE with S256"
    schemes = {"https", urlsplit(issuer).scheme}
    places = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.end_session_endpoint or issuer)
    return next((f"it leads to {place!r}" for place in places if not _is_of_web(place, schemes)), "")


def _is_of_web(place: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(place)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One login at the provider: what it must bring back, and what the code is worth something with."""

    state: str
    nonce: str
    verifier: str
    back: str
    """Where the provider sends the browser: the redirect URI."""


class IdentityProvider:
    """One provider; its metadata and keys are kept for an hour, tokens never."""

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._trust = _trust(settings)
        self._fetching = asyncio.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def metadata(self) -> Metadata:
        """Return what the provider says of itself; raises ProviderUnreachable, ProviderUnsafe."""
        async with self._fetching:
            now = self._clock.monotonic()
            if self._metadata is None or now - self._metadata[0] >= _FRESH_S:
                self._metadata = now, await self._discover()
            return self._metadata[1]

    async def _discover(self) -> Metadata:
        issuer = self._settings.issuer
        try:
            found = Metadata.model_validate(await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        except ValidationError as error:
            wrong = ", ".join(str(one["loc"][0]) for one in error.errors())
            raise _unreachable(f"its metadata lacks {wrong}") from None
        if why := unsafe(found, issuer):
            raise ProviderUnsafe(f"nobody can log in at the provider: {why}.", fix="correct auth.oidc.issuer, or the provider.")
        return found

    async def _known(self, *, but: KeySet | None = None) -> KeySet:
        """Return the provider's keys; asks again for others than those in `but`, at most once a minute."""
        place = (await self.metadata()).jwks_uri
        async with self._fetching:
            now, kept = self._clock.monotonic(), self._keys
            is_kept = kept is not None and now - kept[0] < (_AGAIN_S if kept[1] is but else _FRESH_S)
            if kept is None or not is_kept:
                self._keys = kept = now, id_tokens.keys(loose.array((await self._get(place)).get("keys")))
            return kept[1]

    async def claims(self, token: str) -> Mapping[str, object]:
        """Return what a token claims that the provider signed, by a new key too; raises IdTokenRefused."""
        known = await self._known()
        try:
            return id_tokens.signed(token, known)
        except KeyUnknown:
            return id_tokens.signed(token, await self._known(but=known))

    async def login_url(self, attempt: Attempt) -> str:
        """Return where a browser goes to log in."""
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": attempt.back,
            "scope": " ".join(dict.fromkeys(("openid", *self._settings.scopes))),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return _with(query, (await self.metadata()).authorization_endpoint)

    async def redeem(self, code: str, attempt: Attempt) -> str:
        """Return the id_token that the provider gives for a code; raises CodeNotTaken, ProviderUnreachable."""
        found = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.back,
            "code_verifier": attempt.verifier,
        }
        who, headers = self._who(found.token_endpoint_auth_methods_supported)
        status, told = await self._ask("POST", found.token_endpoint, form={**form, **who}, headers=headers)
        if error := loose.text(told.get("error")):
            raise refused(error)
        if status != HTTPStatus.OK:
            raise _unreachable(f"{found.token_endpoint} answers {status}")
        if token := loose.text(told.get("id_token")):
            return token
        raise refused("no id_token")

    def _who(self, ways: tuple[str, ...]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return what of a form and of headers says that it is we who ask (RFC 6749 section 2.3.1)."""
        named = {"client_id": self._settings.client_id}
        if self._settings.client_secret is None:
            return named, {}
        secret = self._settings.client_secret.reveal()
        if "client_secret_post" in ways:
            return {**named, "client_secret": secret}, {}
        basic = aiohttp.encode_basic_auth(quote_plus(self._settings.client_id), quote_plus(secret))
        return {}, {"Authorization": basic}

    async def logout_url(self, back: str) -> str:
        """Return where a browser goes to end the provider's own session, and from there `back`; empty: nowhere."""
        place = (await self.metadata()).end_session_endpoint
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back, "logout_uri": back}  # Cognito's word
        return _with(query, place) if place else ""

    async def _get(self, place: str) -> Mapping[str, object]:
        status, told = await self._ask("GET", place)
        if status != HTTPStatus.OK:  # a redirect too: whom it leads to nobody vouches for
            raise _unreachable(f"{place} answers {status}")
        return told

    async def _ask(
        self,
        method: str,
        place: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = _NONE,
    ) -> tuple[int, Mapping[str, object]]:
        try:
            async with (
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._trust), timeout=_TIMEOUT) as client,
                client.request(method, place, data=form, headers={**_JSON, **headers}, allow_redirects=False) as answer,
            ):
                return answer.status, loose.obj(loose.parse(await answer.read()))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _unreachable(f"{place}: {type(error).__name__}") from None


def refused(why: str) -> CodeNotTaken:
    """Return what the provider's own error comes to; nothing but a short word of it is repeated."""
    word = "".join(one for one in why if one.isascii() and (one.isalnum() or one in "_ "))[:60]
    return CodeNotTaken(
        f"the identity provider refuses: {word}.", fix="log in again; if it stays so, look at the provider's log."
    )


def _with(query: Mapping[str, str], place: str) -> str:
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(query)}"


def _unreachable(why: str) -> ProviderUnreachable:
    return ProviderUnreachable(
        f"the identity provider does not answer as it should: {why}.",
        fix="try again; if it stays so, check auth.oidc.issuer, auth.oidc.ca_file and the network.",
    )


def _trust(settings: OidcSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:  # ssl's errors too
        reason = error.strerror or type(error).__name__
        raise AuthoritiesUnusable(
            f"auth.oidc.ca_file cannot be used: {reason}.", fix="name a PEM file with the provider's authorities."
        ) from None
