"""The identity endpoint serves azure-identity itself, and plays what goes wrong with identities."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential

from chatsheet.simulator import tokens
from chatsheet.simulator.listeners.identity import APP_SERVICE, IMDS, Identity, IdentityEndpoint
from chatsheet.simulator.listeners.tls import TlsListener
from chatsheet.simulator.tokens import AUDIENCE, OTHER_TENANT, TENANT, TokenRule

pytestmark = pytest.mark.anyio

SCOPE = f"{AUDIENCE}/.default"
ENTRA = f"/{TENANT}/oauth2/v2.0/token"


@pytest.fixture
async def identity(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[IdentityEndpoint, None]:
    """An endpoint that azure-identity finds as App Service's."""
    del anyio_backend
    async with IdentityEndpoint() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


async def managed() -> str:
    """Get a token as a managed identity."""
    async with ManagedIdentityCredential(retry_total=0) as credential:
        return (await credential.get_token(SCOPE)).token


async def imds(identity: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch, client_id: str | None = None) -> str:
    """Get a token from IMDS instead."""
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    monkeypatch.delenv("IDENTITY_HEADER")
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", identity.url)
    async with ManagedIdentityCredential(client_id=client_id, retry_total=0) as credential:
        return (await credential.get_token(SCOPE)).token


async def test_app_services_client_gets_a_token_that_the_wire_takes(identity: IdentityEndpoint) -> None:
    token = await managed()
    now = int(identity.clock.now().timestamp())
    assert tokens.refusal(token, TokenRule(issued=identity.issued), now) == ""
    assert identity.calls == {"app-service": 1}


async def test_imds_client_gets_one_too(identity: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await imds(identity, monkeypatch) in identity.issued
    assert identity.calls == {"imds": 1}


async def test_a_client_secret_gets_one_from_entra(identity: IdentityEndpoint, tmp_path: Path) -> None:
    assert await with_secret(identity, tmp_path) in identity.issued
    assert identity.calls == {"entra": 1}


async def with_secret(identity: IdentityEndpoint, folder: Path) -> str:
    """Sign in with a client secret, over TLS as the library wants it."""
    async with TlsListener(("127.0.0.1", identity.port)) as tls:
        credential = ClientSecretCredential(
            TENANT,
            "client",
            "secret",
            authority=f"https://localhost:{tls.port}",
            disable_instance_discovery=True,
            connection_verify=str(tls.write_ca(folder / "ca.pem")),
            retry_total=0,
        )
        async with credential:
            return (await credential.get_token(SCOPE)).token


async def test_a_wrong_secret_is_named_as_entra_does(identity: IdentityEndpoint, tmp_path: Path) -> None:
    identity.now_plays = Identity(mode="A7")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        await with_secret(identity, tmp_path)


async def test_no_response_from_imds(identity: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    identity.now_plays = Identity(mode="A8")
    with pytest.raises(CredentialUnavailableError, match="no response from the IMDS endpoint"):
        await imds(identity, monkeypatch)


async def test_an_identity_that_is_not_assigned(identity: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    identity.now_plays = Identity(mode="A9")
    with pytest.raises(CredentialUnavailableError, match="requested identity has not been assigned to this resource"):
        await imds(identity, monkeypatch, client_id="other")


async def test_a_sign_in_service_that_cannot_be_reached_never_answers(identity: IdentityEndpoint) -> None:
    identity.now_plays = Identity(mode="A13")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await managed()


async def test_tokens_are_as_chosen(identity: IdentityEndpoint) -> None:
    now = int(identity.clock.now().timestamp())
    identity.now_plays = Identity(tenant=OTHER_TENANT)
    assert tokens.refusal(await managed(), TokenRule(), now) == "A6"
    identity.now_plays = Identity(audience="https://management.azure.com")
    assert tokens.refusal(await managed(), TokenRule(), now) == "A2"


async def test_it_may_be_slow(identity: IdentityEndpoint) -> None:
    identity.now_plays = Identity(mode="slow", delay_s=0.01)
    assert await managed() in identity.issued


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (APP_SERVICE + "?resource=x", {}, 401),
        (APP_SERVICE + "?resource=x", {"X-IDENTITY-HEADER": "wrong"}, 401),
        (IMDS + "?resource=x", {}, 400),
        (IMDS, {"Metadata": "true"}, 400),
    ],
)
async def test_what_the_protocol_wants_is_wanted(
    identity: IdentityEndpoint, path: str, headers: dict[str, str], status: int
) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{identity.url}{path}", headers=headers) as response:
        assert response.status == status
    assert not identity.issued


async def test_entra_wants_a_scope_and_its_grant(identity: IdentityEndpoint) -> None:
    form = {"grant_type": "password", "scope": SCOPE}
    async with aiohttp.ClientSession() as session, session.post(f"{identity.url}{ENTRA}", data=form) as response:
        assert response.status == 400


async def test_too_many_requests_say_when_to_come_back(identity: IdentityEndpoint) -> None:
    identity.now_plays = Identity(mode="429", retry_after_s=7)
    async with aiohttp.ClientSession() as session, session.get(f"{identity.url}{IMDS}") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
