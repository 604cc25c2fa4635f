"""Entra ID: a managed identity's token instead of a key, from a loopback identity endpoint as App Service has it."""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core import settings_file
from chatsheet.core.settings import Settings
from chatsheet.llm.gateway import NoRouteAnswered
from tests.harness import HELLO, Wire, gateway_for, says, write_settings

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Identity:
    """A managed identity endpoint, and what it was asked for."""

    token: str
    status: int = 200
    asked: list[str] = field(default_factory=list[str])

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.query.get("resource", ""))
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
