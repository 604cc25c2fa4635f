"""Who answers a look without a key, and what is no server of models at all."""

from dataclasses import replace

import pytest

from chatsheet.core import loose
from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import names, servers
from chatsheet.doctor.subject import Subject
from chatsheet.llm.routes import Kind, Network, Route
from chatsheet.simulator.listeners.proxy import ConnectProxy
from tests.doctor.probes.stage import LOOPBACK, Resource, causes, climb, examined
from tests.harness import Wire
from tests.llm.rig import ROUTE, RawServer, answers, raw_server

pytestmark = pytest.mark.anyio

CANARY = "canary-of-the-provider"
PUBLIC_OFF = "Public access is disabled. Please configure private endpoint."


def said(status: str, body: str, *headers: str, kind: str = "application/json") -> bytes:
    """Return a whole HTTP response."""
    lines = "".join(f"{line}\r\n" for line in (f"content-type: {kind}", f"content-length: {len(body)}", *headers))
    return f"HTTP/1.1 {status}\r\n{lines}\r\n{body}".encode()


def error(message: str) -> str:
    """Return an error as Azure words it."""
    return loose.dumps({"error": {"code": "403", "message": message}})


def route_to(server: RawServer, kind: Kind = "azure") -> Route:
    """Return a route to a raw server."""
    return replace(ROUTE, kind=kind, url=server.url)


async def look(response: bytes, kind: Kind = "azure") -> tuple[Subject, Rung]:
    """Look at a server that answers with this, as a route of this kind."""
    async with raw_server(answers(response)) as server, examined(route_to(server, kind)) as subject:
        return subject, await servers.look(subject)


async def test_our_simulator_is_known(wire: Wire) -> None:
    async with examined(replace(ROUTE, url=f"{wire.url}/openai/v1/chat/completions")) as subject:
        rung = await climb(subject)
    assert (rung.status, subject.served_by) == ("passed", "simulator")
    assert rung.evidence[:2] == ("status 401 from simulator", "server: ChatSheetAI-simulator")


@pytest.mark.parametrize(
    ("response", "kind", "who"),
    [
        (said("401 Unauthorized", "{}", "apim-request-id: 1", "x-ms-region: East US 2"), "azure", "azure"),
        (said("200 OK", '"I\'m alive!"'), "litellm", "litellm"),
        (said("401 Unauthorized", "{}", "x-litellm-version: 1.106.2"), "litellm", "litellm"),
        (said("401 Unauthorized", "{}", "openai-version: 2020-10-01"), "openai", "openai"),
        (said("200 OK", '{"object": "list", "data": []}'), "compatible", "compatible"),
        (said("404 Not Found", "nothing here", kind="text/plain"), "compatible", "unknown"),
        (said("404 Not Found", "<html>none</html>", kind="text/html"), "compatible", "unknown"),
    ],
)
async def test_who_answers_is_told(response: bytes, kind: Kind, who: str) -> None:
    subject, rung = await look(response, kind)
    assert (subject.served_by, rung.status) == (who, "passed")


async def test_what_azure_says_of_itself_is_told_and_no_text_of_its() -> None:
    body = error(CANARY)
    _, rung = await look(said("401 Unauthorized", body, "apim-request-id: 1", "x-ms-region: East US 2", f"server: {CANARY}<"))
    assert rung.evidence == ("status 401 from azure", "x-ms-region: East US 2", "apim-request-id is there")
    assert CANARY not in rung.model_dump_json()


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        (said("200 OK", "<!DOCTYPE html><html>Sign in</html>", kind="text/html"), "provider.not_json"),
        (said("403 Forbidden", "<html>Blocked</html>", kind="text/html"), "provider.not_json"),
        (said("307 Temporary Redirect", "", "location: https://elsewhere.example/"), "net.redirected"),
        (said("407 Proxy Authentication Required", ""), "net.proxy_auth"),
    ],
)
async def test_what_is_no_server_of_models_breaks_the_rung(response: bytes, cause: str) -> None:
    """N12."""
    _, rung = await look(response)
    assert (rung.status, causes(rung)) == ("broken", [cause])


async def test_a_server_that_says_nothing_is_named_in_time() -> None:
    async with raw_server(answers()) as server, examined(replace(route_to(server), connect_s=0.2)) as subject:
        rung = await servers.look(subject)
    assert causes(rung) == ["stream.silent"]


async def test_a_server_that_hangs_up_is_named() -> None:
    async with raw_server(answers(ends=True)) as server, examined(route_to(server)) as subject:
        assert causes(await servers.look(subject)) == ["net.reset"]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (PUBLIC_OFF, "azure.public_access_disabled"),
        ("Access denied due to Virtual Network/Firewall rules.", "azure.firewall"),
        ("A Virtual Network is configured for this resource. Please use the correct endpoint", "azure.regional_endpoint"),
    ],
)
async def test_a_resource_that_is_closed_is_a_warning_until_the_call_decides(message: str, cause: str) -> None:
    _, rung = await look(said("403 Forbidden", error(message)))
    assert (rung.status, causes(rung)) == ("warned", [cause])


async def test_a_proxy_that_reaches_the_resource_from_outside_is_named() -> None:
    """N9: here the name leads to a private address, and what the proxy sends comes in as public."""
    async with raw_server(answers(said("403 Forbidden", error(PUBLIC_OFF)))) as server, ConnectProxy() as proxy:
        network = Network(allowed=LOOPBACK, proxy=f"http://127.0.0.1:{proxy.port}")
        async with examined(replace(route_to(server), network=network)) as subject:
            await names.look(subject)
            rung = await servers.look(subject)
    assert (rung.status, causes(rung)) == ("broken", ["net.proxied_public"])


@pytest.mark.parametrize(
    ("kind", "url", "path"),
    [
        ("azure", "https://a.example/openai/deployments/d/chat/completions?api-version=1", "/openai/v1/models"),
        ("azure", "https://apim.example/team/openai/v1/chat/completions", "/team/openai/v1/models"),
        ("openai", "https://api.openai.com/v1/chat/completions", "/v1/models"),
        ("compatible", "http://127.0.0.1:11434/v1/chat/completions", "/v1/models"),
        ("litellm", "http://127.0.0.1:4000/v1/chat/completions", "/health/liveliness"),
        ("litellm", "https://a.example/litellm/v1/chat/completions", "/litellm/health/liveliness"),
    ],
)
async def test_each_kind_of_server_is_asked_where_anybody_may(kind: Kind, url: str, path: str) -> None:
    async with examined(replace(ROUTE, kind=kind, url=url)) as subject:
        assert servers.path_of(subject) == path


async def test_no_key_is_sent(resource: Resource) -> None:
    seen: list[bytes] = []
    async with raw_server(answers(said("200 OK", "{}")), seen) as server, examined(route_to(server)) as subject:
        await servers.look(subject)
    assert seen[0].startswith(b"GET /openai/v1/models HTTP/1.1")
    assert b"key-of-the-route" not in seen[0]
    assert (await resource.rung("server")).status == "passed"
