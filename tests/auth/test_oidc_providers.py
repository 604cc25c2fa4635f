"""Providers that others wrote: a whole login at oidc-provider-mock, Cognito's keys and claims by moto; and one behind TLS."""

import asyncio
import functools
import ssl
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
import trustme

from chatsheet.auth import claims, id_tokens
from chatsheet.auth.id_tokens import IdTokenRefused
from chatsheet.auth.provider import AuthoritiesUnusable, IdentityProvider
from chatsheet.core.settings import OidcSettings
from tests.auth.conftest import HandClock
from tests.auth.idp import start_idp
from tests.auth.oidc_site import URL, begin, me, problem, start_site
from tests.harness import free_ports

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
COGNITO = "AWSCognitoIdentityProviderService"
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20261123/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=x"
AMAZON = {"Authorization": SIGNED, "Content-Type": "application/x-amz-json-1.1"}


@asynccontextmanager
async def serving(module: str, *arguments: str) -> AsyncGenerator[str, None]:
    """Run a server that others wrote as a process of its own; yield its address once it answers."""
    (port,) = free_ports(1)
    argv = (sys.executable, "-m", module, *arguments, "-p", str(port))
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as client:
            while True:
                try:
                    async with client.get(f"{url}/"):
                        break
                except aiohttp.ClientError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.slow
async def test_a_login_at_a_provider_that_others_wrote(tmp_path: Path) -> None:
    clock = HandClock(datetime.now(UTC))
    more = 'groups_claim = "groups"\nadmin_groups = ["it"]'
    async with (
        serving("oidc_provider_mock", "--host", "127.0.0.1", "-n", "true") as url,
        start_site(tmp_path, url, clock, more) as site,
        site.browser() as browser,
        aiohttp.ClientSession() as person,
    ):
        await person.put(f"{url}/users/ada", json={"name": "Ada", "email": "ada@example.com", "groups": ["it"]})
        there = await begin(browser, "/#/welcome")
        async with person.post(there, data={"sub": "ada"}, allow_redirects=False) as answer:
            back = answer.headers["Location"]
        assert back.startswith(f"{URL}/login/oidc/callback?")
        assert (await browser.get(back)).headers["location"] == "/#/welcome"
        found = await me(browser)
        assert (found["name"], found["email"], found["is_admin"]) == ("Ada", "", True)
        assert (await browser.get("/login/oidc/end")).headers["location"].startswith(f"{url}/oauth2/end_session?client_id=us")


async def ask_cognito(client: aiohttp.ClientSession, action: str, **body: object) -> dict[str, dict[str, str]]:
    """Ask Cognito's API."""
    async with client.post("/", json=body, headers={**AMAZON, "X-Amz-Target": f"{COGNITO}.{action}"}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json(content_type=None)


async def id_token_of_cognito(client: aiohttp.ClientSession) -> tuple[str, str, str]:
    """Return a pool, a client of it, and the id_token of somebody in the group sales."""
    pool = (await ask_cognito(client, "CreateUserPool", PoolName="people"))["UserPool"]["Id"]
    flows = ["ADMIN_NO_SRP_AUTH"]
    made = await ask_cognito(client, "CreateUserPoolClient", UserPoolId=pool, ClientName="us", ExplicitAuthFlows=flows)
    ours, who = made["UserPoolClient"]["ClientId"], {"UserPoolId": pool, "Username": "ada"}
    await ask_cognito(client, "AdminCreateUser", **who)
    await ask_cognito(client, "AdminSetUserPassword", **who, Password="Passw0rd!x", Permanent=True)
    await ask_cognito(client, "CreateGroup", UserPoolId=pool, GroupName="sales")
    await ask_cognito(client, "AdminAddUserToGroup", **who, GroupName="sales")
    login = {"USERNAME": "ada", "PASSWORD": "Passw0rd!x"}
    answer = await ask_cognito(
        client, "AdminInitiateAuth", UserPoolId=pool, ClientId=ours, AuthFlow=flows[0], AuthParameters=login
    )
    return pool, ours, answer["AuthenticationResult"]["IdToken"]


@pytest.mark.slow
async def test_cognitos_keys_and_groups_count_and_a_token_without_our_nonce_does_not() -> None:
    clock = HandClock(datetime.now(UTC))
    async with serving("moto.server", "-H", "127.0.0.1") as url, aiohttp.ClientSession(url) as client, start_idp(clock) as idp:
        pool, ours, token = await id_token_of_cognito(client)
        idp.says["jwks_uri"] = f"{url}/{pool}/.well-known/jwks.json"
        found = await IdentityProvider(OidcSettings(issuer=idp.url, client_id=ours), clock).claims(token)
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    check = functools.partial(id_tokens.check, issuer=issuer, client_id=ours, nonce="n", now=clock.now())
    check({**found, "nonce": "n"})
    with pytest.raises(IdTokenRefused, match="nonce"):
        check(found)
    settings = OidcSettings(issuer=issuer, groups_claim="cognito:groups", roles={"sales": "editor"})
    assert claims.person(found, settings).role is not None


async def test_a_provider_is_trusted_by_the_authorities_that_are_named(tmp_path: Path, clock: HandClock) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with start_idp(clock, tls) as idp:
        async with start_site(tmp_path / "trusting", idp.url, clock, f"ca_file = '{tmp_path}/ca.pem'") as site:
            async with site.browser() as browser:
                assert (await begin(browser)).startswith(f"{idp.url}/authorization?")
            idp.says["token_endpoint"] = idp.url.replace("https", "http")
            site.clock.pass_by(hours=1)
            async with site.browser() as browser:
                assert await begin(browser) == problem("login.provider_unsafe")
        async with start_site(tmp_path / "strange", idp.url, clock) as site, site.browser() as browser:
            assert await begin(browser) == problem("login.provider_unreachable")


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_authorities_that_cannot_be_read_stop_the_start(tmp_path: Path, clock: HandClock, text: str | None) -> None:
    if text:
        (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(AuthoritiesUnusable):
        IdentityProvider(OidcSettings(issuer="https://idp.example.com", ca_file=tmp_path / "ca.pem"), clock)
