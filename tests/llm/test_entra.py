"""Entra ID tokens: one request in flight, refreshed ahead of expiry, checked before use, and errors that only name a kind."""

import asyncio
import base64
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError, aio

from chatsheet.core import loose
from chatsheet.llm import causes
from chatsheet.llm.causes import Evidence
from chatsheet.llm.credentials import AUDIENCES, SCOPE, Entra, TokenFailed, check, kind_of
from chatsheet.llm.routes import Identity
from tests.llm.rig import ROUTE

TENANT = "11111111-2222-3333-4444-555555555555"
ENTRA = replace(ROUTE, auth="entra", key=None, identity=Identity(who="managed"))


class NowClock:
    """The time of this very moment."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()


@dataclass(slots=True)
class Service:
    """An identity service that says what it is told to, in turn; the last answer stays."""

    says: list[AccessTokenInfo | Exception]
    asked: list[str] = field(default_factory=list[str])
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def get_token_info(self, *scopes: str, **_: object) -> AccessTokenInfo:
        """Return or raise what comes next."""
        self.asked.append(scopes[0])
        self.reached.set()
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None:
        """Nothing is open."""


def lasting(seconds: float, token: str = "token") -> AccessTokenInfo:  # noqa: S107
    return AccessTokenInfo(token, int(time.time() + seconds))


def jwt(**claims: str) -> str:
    payload = base64.urlsafe_b64encode(loose.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Let every managed identity be this service."""
    served = Service([lasting(3_600)])

    def make(**_: object) -> Service:
        return served

    monkeypatch.setattr(aio, "ManagedIdentityCredential", make)
    return served


# ── asking ──


@pytest.mark.anyio
async def test_many_callers_at_once_ask_once(service: Service) -> None:
    entra = Entra(NowClock())
    assert set(await asyncio.gather(*(entra.token(ENTRA) for _ in range(20)))) == {"token"}
    assert service.asked == [SCOPE]
    await entra.close()


@pytest.mark.anyio
async def test_a_caller_that_leaves_does_not_end_the_request_of_the_others(service: Service) -> None:
    entra, service.gate = Entra(NowClock()), asyncio.Event()
    leaving, staying = (asyncio.ensure_future(entra.token(ENTRA)) for _ in range(2))
    await service.reached.wait()
    leaving.cancel()
    service.gate.set()
    assert await staying == "token"
    assert len(service.asked) == 1
    await entra.close()


@pytest.mark.anyio
async def test_routes_of_one_identity_share_its_token_and_others_do_not(service: Service) -> None:
    entra = Entra(NowClock())
    await entra.token(ENTRA)
    await entra.token(replace(ENTRA, name="second", url="http://127.0.0.1:1/"))
    assert len(service.asked) == 1
    await entra.token(replace(ENTRA, identity=Identity(who="managed", client_id="another")))
    assert len(service.asked) == 2
    await entra.close()


@pytest.mark.anyio
async def test_a_token_near_its_end_is_used_while_the_next_one_is_fetched_beside(service: Service) -> None:
    service.says = [lasting(200, "old"), lasting(3_600, "new")]
    entra = Entra(NowClock())
    assert await entra.token(ENTRA) == "old"
    service.gate = asyncio.Event()
    service.reached.clear()
    assert [await entra.token(ENTRA) for _ in range(5)] == ["old"] * 5
    await service.reached.wait()
    assert len(service.asked) == 2
    service.gate.set()
    async with asyncio.timeout(1):
        while await entra.token(ENTRA) != "new":
            await asyncio.sleep(0)
    assert len(service.asked) == 2
    await entra.close()


@pytest.mark.anyio
async def test_a_refresh_that_fails_leaves_the_token_that_still_holds(service: Service) -> None:
    service.says = [lasting(200, "old"), ServiceRequestError("no route")]
    entra = Entra(NowClock())
    for _ in range(3):
        assert await entra.token(ENTRA) == "old"
        await asyncio.sleep(0)
    await entra.close()


@pytest.mark.anyio
async def test_a_token_that_is_about_to_end_is_not_used(service: Service) -> None:
    service.says = [lasting(20, "old"), lasting(3_600, "new")]
    entra = Entra(NowClock())
    await entra.token(ENTRA)
    assert await entra.token(ENTRA) == "new"
    await entra.close()


@pytest.mark.anyio
async def test_a_token_that_was_refused_is_forgotten(service: Service) -> None:
    service.says = [lasting(3_600, "old"), lasting(3_600, "new")]
    entra = Entra(NowClock())
    entra.forget(ENTRA)
    assert await entra.token(ENTRA) == "old"
    entra.forget(ENTRA)
    assert await entra.token(ENTRA) == "new"
    await entra.close()


@pytest.mark.anyio
async def test_after_a_failure_it_is_asked_again(service: Service) -> None:
    service.says = [ServiceRequestError("no route"), lasting(3_600)]
    entra = Entra(NowClock())
    with pytest.raises(TokenFailed):
        await entra.token(ENTRA)
    assert await entra.token(ENTRA) == "token"
    await entra.close()


# ── what is wrong ──

WRONG: dict[str, tuple[Exception, str]] = {
    "A7": (ClientAuthenticationError("AADSTS7000215: Invalid client secret provided. canary"), "EntraSecretInvalid"),
    "expired": (ClientAuthenticationError("AADSTS7000222: keys are expired. canary"), "EntraSecretInvalid"),
    "no such app": (ClientAuthenticationError("AADSTS700016: Application canary was not found"), "EntraSecretInvalid"),
    "A6": (ClientAuthenticationError("AADSTS90002: Tenant canary not found"), "EntraTenantWrong"),
    "A8": (CredentialUnavailableError("no response from the IMDS endpoint canary"), "EntraIdentityMissing"),
    "A9": (CredentialUnavailableError("The requested identity has not been assigned canary"), "EntraIdentityNotAssigned"),
    "A13": (ServiceRequestError("Cannot connect to host login canary"), "EntraUnreachable"),
    "ill-formed": (ValueError("Invalid tenant id canary"), "EntraIdentityMissing"),
    "another": (ClientAuthenticationError("canary"), "ClientAuthenticationError"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("case", WRONG)
async def test_an_error_names_its_kind_and_nothing_that_was_said(service: Service, case: str) -> None:
    error, kind = WRONG[case]
    service.says = [error]
    entra = Entra(NowClock())
    with pytest.raises(TokenFailed, match=f"^{kind}") as caught:
        await entra.token(ENTRA)
    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    await entra.close()


@pytest.mark.anyio
@pytest.mark.parametrize("token", [jwt(aud="https://graph.microsoft.com", canary="canary"), jwt(aud=SCOPE)])
async def test_a_token_for_another_service_is_never_sent(service: Service, token: str) -> None:
    service.says = [lasting(3_600, token)]
    entra = Entra(NowClock())
    with pytest.raises(TokenFailed, match="EntraAudienceWrong") as caught:
        await entra.token(ENTRA)
    assert token not in str(caught.value)
    await entra.close()


@pytest.mark.parametrize("audience", sorted(AUDIENCES))
def test_every_audience_that_azure_accepts_is_accepted(audience: str) -> None:
    check(jwt(aud=audience, tid=TENANT), TENANT)
    check(jwt(aud=f"{audience}/"), None)


def test_a_token_of_another_tenant_is_refused() -> None:
    with pytest.raises(TokenFailed, match="EntraTenantWrong"):
        check(jwt(aud="https://cognitiveservices.azure.com", tid="another"), TENANT)


@pytest.mark.parametrize("wanted", [None, TENANT.upper(), "contoso.onmicrosoft.com"])
def test_a_tenant_that_fits_or_cannot_be_compared_is_accepted(wanted: str | None) -> None:
    check(jwt(aud="https://cognitiveservices.azure.com", tid=TENANT), wanted)


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!.c", "a.é.c", "a.bnVsbA.c", "a.W10.c", "a.b.c.d"])
def test_a_token_that_cannot_be_read_is_left_to_azure(token: str) -> None:
    check(token, TENANT)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("ServiceResponseError", "", "EntraUnreachable"),
        ("ClientAuthenticationError", "invalid_client", "EntraSecretInvalid"),
        ("ClientAuthenticationError", "AADSTS500011", "EntraTenantWrong"),
        ("CredentialUnavailableError", "", "EntraIdentityMissing"),
        ("ClientAuthenticationError", "DefaultAzureCredential failed to retrieve a token", "EntraIdentityMissing"),
        ("HttpResponseError", "", "ClientAuthenticationError"),
    ],
)
def test_kinds_are_read_from_class_and_text(name: str, text: str, kind: str) -> None:
    assert kind_of(name, text) == kind


KINDS = (
    "EntraSecretInvalid: ClientAuthenticationError",
    "EntraIdentityMissing: CredentialUnavailableError",
    "ClientAuthenticationError: HttpResponseError",
)
UNNAMED = (
    "EntraUnreachable: ServiceRequestError",
    "EntraIdentityMissing: ValueError",
    "EntraAudienceWrong: the token is for another service",
    "EntraTenantWrong: the token is of another tenant",
)


@pytest.mark.parametrize(
    "said",
    [
        *KINDS,
        *(pytest.param(one) for one in UNNAMED),
    ],
)
def test_every_kind_has_a_cause(said: str) -> None:
    assert causes.classify(Evidence(route_kind="azure", exceptions=(f"TokenFailed: {said}",))).code != "unknown"


@pytest.mark.anyio
async def test_an_error_of_any_class_ends_the_call(service: Service) -> None:
    service.says = [TypeError("'NoneType' object is not subscriptable"), lasting(3_600)]
    entra = Entra(NowClock())
    try:
        with pytest.raises(TokenFailed):
            async with asyncio.timeout(0.5):
                await entra.token(ENTRA)
    finally:
        await entra.close()
