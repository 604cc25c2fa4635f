"""Entra ID: a managed identity's token instead of a key, from a loopback identity endpoint as App Service has it."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core import settings_file
from chatsheet.core.secret import literal
from chatsheet.core.settings import Settings
from chatsheet.llm.gateway import NoRouteAnswered
from chatsheet.llm.routes import Identity as Who
from chatsheet.llm.routes import Network, Plan
from tests.harness import HELLO, Wire, gateway_for, says, write_settings
from tests.llm.listeners import tls
from tests.llm.rig import ROUTE, gateway_over, hear

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Identity:
    """A managed identity endpoint, and what it was asked for."""

    token: str
    status: int = 200
    body: str = ""
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list[str])

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.query.get("resource", ""))
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.body:
            return web.Response(text=self.body, content_type="application/json")
        lasts = {"expires_on": str(int(time.time()) + 3600), "resource": self.asked[-1]}
        body = {"access_token": self.token, "token_type": "Bearer", **lasts}
        return web.json_response(body if self.status == 200 else {"statusCode": self.status}, status=self.status)


@pytest.fixture
async def identity(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Identity, None]:
    """Serve an identity endpoint and let this process find it."""
    served = Identity(wire.key)
    app = web.Application()
    app.router.add_get("/token", served.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header-of-this-machine")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    yield served
    await runner.cleanup()


def settings(folder: Path, wire: Wire) -> Settings:
    text = f"""
data = '{folder}'
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire.url}"
deployment = "gpt-4o"
auth = "entra"
"""
    return settings_file.load(write_settings(folder, text))


async def test_a_token_for_azure_openai_is_sent_and_asked_for_once(tmp_path: Path, wire: Wire, identity: Identity) -> None:
    wire.script("gpt-4o", says("By identity."), says("Again."))
    async with gateway_for(settings(tmp_path, wire)) as gateway:
        assert (await gateway.complete(HELLO)).text == "By identity."
        assert (await gateway.complete(HELLO)).text == "Again."
    assert identity.asked == ["https://cognitiveservices.azure.com"]
    sent = wire.simulator.state.requests[-1]["headers"]
    assert isinstance(sent, list)
    assert "api-key" not in sent


async def test_a_token_that_azure_refuses_is_its_own_cause(tmp_path: Path, wire: Wire, identity: Identity) -> None:
    identity.token = "another-audience-canary"
    wire.script("gpt-4o", says("never"))
    async with gateway_for(settings(tmp_path, wire)) as gateway:
        with pytest.raises(NoRouteAnswered) as caught:
            await gateway.complete(HELLO)
    assert caught.value.trail.attempts[0].cause == "azure.token_rejected"
    assert "canary" not in caught.value.line()


async def test_an_identity_that_gives_no_token_is_named(tmp_path: Path, wire: Wire, identity: Identity) -> None:
    identity.status = 400
    async with gateway_for(settings(tmp_path, wire)) as gateway:
        with pytest.raises(NoRouteAnswered) as caught:
            await gateway.complete(HELLO)
    assert caught.value.trail.attempts[0].cause == "entra.identity_missing"
    assert wire.calls("gpt-4o") == 0


async def test_a_token_that_azure_refused_is_asked_for_anew(tmp_path: Path, wire: Wire, identity: Identity) -> None:
    identity.token = "old"
    wire.script("gpt-4o", says("By the new one."))
    async with gateway_for(settings(tmp_path, wire)) as gateway:
        assert (await hear(gateway)).causes == ["azure.token_rejected"]
        identity.token = wire.key
        assert (await hear(gateway)).causes == [None]
    assert len(identity.asked) == 2


@pytest.mark.parametrize(
    ("status", "cause"),
    [(code, "entra.identity_missing") for code in (400, 403, 404)] + [(500, "entra.unreachable")],
)
async def test_an_identity_endpoint_that_refuses_is_named(
    tmp_path: Path, wire: Wire, identity: Identity, status: int, cause: str
) -> None:
    identity.status = status
    async with gateway_for(replace_limits(settings(tmp_path, wire))) as gateway:
        heard = await hear(gateway)
    assert heard.causes == [cause]


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", '"x"', "not json", '{"access_token": "x"}', '{"access_token": "x", "expires_on": "y"}']
)
async def test_an_identity_endpoint_that_talks_nonsense_ends_the_call_at_once(
    tmp_path: Path, wire: Wire, identity: Identity, body: str
) -> None:
    identity.body = body
    async with gateway_for(replace_limits(settings(tmp_path, wire))) as gateway:
        heard = await hear(gateway)
    assert isinstance(heard.error, NoRouteAnswered)
    assert heard.causes == ["entra.identity_missing"]


async def test_neither_token_nor_header_is_ever_logged(
    tmp_path: Path, wire: Wire, identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    identity.token = "token-canary"
    async with gateway_for(settings(tmp_path, wire)) as gateway:
        heard = await hear(gateway)
    said = f"{heard.error!r} {heard.trail!r} {caplog.text}"
    assert "token-canary" not in said
    assert "header-of-this-machine" not in said


async def test_a_call_that_waits_for_its_token_outlives_a_change_of_settings(
    tmp_path: Path, wire: Wire, identity: Identity
) -> None:
    identity.gate = asyncio.Event()
    wire.script("gpt-4o", says("Hi"))
    async with gateway_for(settings(tmp_path, wire)) as gateway:
        asking = asyncio.ensure_future(hear(gateway))
        await identity.reached.wait()
        await gateway.change(Plan((), 5))
        identity.gate.set()
        assert (await asking).text == "Hi"


# ── a client secret, from a sign-in service over TLS ──


@dataclass(slots=True)
class SignIn:
    """Entra ID's token endpoint."""

    error: str = ""
    forms: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    token: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        if self.error:
            return web.json_response({"error": "invalid_client", "error_description": self.error}, status=401)
        return web.json_response({"access_token": self.token, "token_type": "Bearer", "expires_in": 3600})


@pytest.fixture
async def sign_in(wire: Wire, tmp_path: Path) -> AsyncGenerator[tuple[SignIn, str, Path], None]:
    """Serve the sign-in service over TLS; yield it with its address and authority file."""
    context, ca_file = tls(tmp_path, "127.0.0.1")
    served = SignIn(token=wire.key)
    app = web.Application()
    app.router.add_post("/{path:.*}", served.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield served, f"https://127.0.0.1:{runner.addresses[0][1]}", ca_file
    await runner.cleanup()


async def heard_by_secret(
    wire: Wire, sign_in: tuple[SignIn, str, Path], tenant: str = "tenant-1"
) -> tuple[list[str | None], str]:
    """Ask a route that signs in with a client secret; return the causes and everything that was said."""
    _, url, ca_file = sign_in
    who = Who(who="client_secret", tenant_id=tenant, client_id="app", client_secret=literal("secret-canary"), authority=url)
    route = replace(ROUTE, url=f"{wire.url}/openai/v1/chat/completions", auth="entra", key=None, identity=who)
    async with gateway_over(replace(route, network=Network(ca_file=ca_file))) as gateway:
        heard = await hear(gateway)
    return heard.causes, f"{heard.error!r} {heard.error and heard.error.line()} {heard.trail!r}"


async def test_a_client_secret_signs_in_at_its_own_authority(wire: Wire, sign_in: tuple[SignIn, str, Path]) -> None:
    wire.script("gpt-4o", says("Signed in."))
    assert (await heard_by_secret(wire, sign_in))[0] == [None]
    assert sign_in[0].forms[0]["client_secret"] == "secret-canary"
    assert sign_in[0].forms[0]["scope"] == "https://cognitiveservices.azure.com/.default"


async def test_a_wrong_secret_is_named_without_a_word_of_what_was_said(
    wire: Wire, sign_in: tuple[SignIn, str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in[0].error = "AADSTS7000215: Invalid client secret provided. said-canary"
    heard, said = await heard_by_secret(wire, sign_in)
    assert heard == ["entra.secret_invalid"]
    assert "canary" not in said
    assert "secret-canary" not in caplog.text


async def test_an_ill_formed_tenant_ends_the_call(wire: Wire, sign_in: tuple[SignIn, str, Path]) -> None:
    heard, said = await heard_by_secret(wire, sign_in, tenant="not a tenant!")
    assert len(heard) == 1
    assert "canary" not in said


def replace_limits(made: Settings) -> Settings:
    """Return settings under which a call ends within seconds."""
    return made.model_copy(update={"llm": made.llm.model_copy(update={"first_content_s": 2.0, "deadline_s": 4.0})})
