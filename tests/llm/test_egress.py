"""The egress on loopback between a client that could be LiteLLM and the simulator as its provider."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import msgspec
import pytest

from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.secret import literal
from chatsheet.llm.egress import Egress
from chatsheet.llm.legs import Legs
from chatsheet.llm.records import Record, RemoteRecords, Sidecar, lock_sidecar
from tests.harness import Wire, free_ports, says
from tests.llm.rig import ROUTE, answers, event, head, raw_server, start_app

pytestmark = pytest.mark.anyio

EGRESS_KEY = "sk-egress"
PATH = "/egress/azure/openai/deployments/chatsheet-route/chat/completions?api-version=2024-10-21"
BODY = {"model": "chatsheet-route", "stream": True, "stream_options": {"include_usage": True}, "messages": [{"role": "user"}]}
PROVIDERS_KEY = "provider-key-canary"


@dataclass(frozen=True, slots=True)
class Client:
    """Calls the egress as LiteLLM does."""

    url: str
    session: aiohttp.ClientSession
    egress: Egress

    async def ask(self, path: str = PATH, key: str = EGRESS_KEY, **headers: str) -> tuple[int, bytes]:
        """Send a call under att_1 and return its status and whole body."""
        sent = {"api-key": key, "x-chatsheet-attempt": "att_1", **headers}
        async with self.session.post(f"{self.url}{path}", data=loose.dumps(BODY), headers=sent) as response:
            return response.status, await response.read()

    async def get(self, path: str, key: str = EGRESS_KEY) -> tuple[int, object]:
        """Send a GET and return its status and JSON."""
        async with self.session.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {key}"}) as response:
            return response.status, loose.parse(await response.read())

    async def record(self) -> Record:
        """Return what was recorded of att_1."""
        record = await self.egress.records.ended("att_1", 1)
        assert record is not None
        return record


async def client_for(url: str, key: str) -> AsyncGenerator[Client, None]:
    """Serve an egress with one azure route to this address."""
    legs = Legs()
    egress = Egress(
        routes={"azure": replace(ROUTE, name="azure", url=url, key=literal(key))},
        legs=legs,
        key=EGRESS_KEY,
        clock=SystemClock(),
    )
    async with start_app(egress.app()) as base, aiohttp.ClientSession() as session:
        yield Client(base, session, egress)
    await legs.close()


@pytest.fixture
async def client(wire: Wire) -> AsyncGenerator[Client, None]:
    """An egress in front of the simulator."""
    url = f"{wire.url}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    async for one in client_for(url, wire.key):
        yield one


@pytest.mark.parametrize("path", [PATH, "/nothing"])
async def test_a_wrong_key_is_refused_and_nothing_is_sent(client: Client, wire: Wire, path: str) -> None:
    status, _ = await client.ask(path, "sk-other")
    assert status == 401
    assert not wire.simulator.state.requests


async def test_a_key_that_is_no_text_is_a_wrong_key(client: Client) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(client.url.rpartition(":")[2]))
    writer.write(b"GET /records HTTP/1.1\r\nhost: x\r\napi-key: \xff\xfe\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("path", ["/records", "/records/att_1", "/egress/azure/v1/models"])
async def test_nothing_is_told_without_the_key(client: Client, path: str) -> None:
    assert (await client.get(path, "sk-other"))[0] == 401


async def test_an_answer_passes_through_and_is_recorded(client: Client, wire: Wire) -> None:
    wire.script("gpt-4o", says("one two"))
    status, body = await client.ask()
    record = await client.record()
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")
    assert (record.end, record.status, record.model) == ("complete", 200, "gpt-4o-simulated")
    assert (record.finish_reason, record.cause, record.route) == ("stop", None, "azure")
    assert record.usage is not None
    assert record.usage.output_tokens == 2
    assert record.request_id is not None


async def test_the_neutral_model_is_replaced_by_the_routes_own() -> None:
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(head("200 OK", "text/event-stream"))
        writer.close()

    async with raw_server(play, seen) as server:
        async for client in client_for(server.url, PROVIDERS_KEY):
            with pytest.raises(aiohttp.ClientError):
                await client.ask()
    sent_head, _, body = seen[0].partition(b"\r\n\r\n")
    assert loose.obj(loose.parse(body)).get("model") == "gpt-4o"
    assert b"chatsheet-route" not in body
    assert f"api-key: {PROVIDERS_KEY}".encode() in sent_head
    assert EGRESS_KEY.encode() not in sent_head


@pytest.mark.parametrize(
    ("fault", "status", "cause"),
    [("A1", 401, "azure.key_wrong"), ("C1", 429, "azure.rate_limited"), ("500", 500, "provider.error")],
)
async def test_a_providers_error_passes_through_and_is_recorded(
    client: Client, wire: Wire, fault: str, status: int, cause: str
) -> None:
    wire.fault("gpt-4o", fault)
    answered, body = await client.ask()
    record = await client.record()
    assert answered == status
    assert body
    assert (record.end, record.status, record.cause) == ("error", status, cause)


@pytest.mark.parametrize("fault", ["cut", "S1"])
async def test_a_stream_that_is_not_whole_is_broken_off(client: Client, wire: Wire, fault: str) -> None:
    """A clean end would let LiteLLM make up a finish reason and call it complete."""
    wire.script("gpt-4o", says("one two three four five six"))
    wire.fault("gpt-4o", fault)
    with pytest.raises(aiohttp.ClientError):
        await client.ask()
    record = await client.record()
    assert (record.end, record.status, record.cause) == ("cut", 200, "stream.cut")


@pytest.mark.parametrize(
    ("stream", "cause"),
    [
        (event(finish="stop") + b"data: [DONE]\n\n", "stream.empty"),
        (event("Hi") + b'data: {"error":{"message":"x"}}\n\n', "stream.error"),
        (event("Hi") + event(finish="content_filter") + b"data: [DONE]\n\n", "content.filtered"),
    ],
    ids=["empty", "error in band", "filtered"],
)
async def test_a_stream_that_is_no_answer_is_broken_off_though_it_ends_properly(stream: bytes, cause: str) -> None:
    play = answers(head("200 OK", "text/event-stream") + stream, ends=True)
    async with raw_server(play) as server:
        async for client in client_for(server.url, PROVIDERS_KEY):
            with pytest.raises(aiohttp.ClientError):
                await client.ask()
            assert (await client.record()).cause == cause


async def test_a_provider_that_breaks_off_before_it_answers_is_a_502_with_its_cause(client: Client, wire: Wire) -> None:
    wire.fault("gpt-4o", "reset")
    status, body = await client.ask()
    record = await client.record()
    assert status == 502
    assert loose.obj(loose.obj(loose.parse(body)).get("error")).get("code") == "net.reset"
    assert (record.end, record.cause, record.status) == ("error", "net.reset", None)


async def test_a_refused_provider_is_recorded_as_refused() -> None:
    async for client in client_for(f"http://127.0.0.1:{free_ports(1)[0]}/v1", PROVIDERS_KEY):
        status, body = await client.ask()
        assert status == 502
        assert PROVIDERS_KEY.encode() not in body
        assert (await client.record()).cause == "net.refused"


async def test_a_litellm_that_leaves_closes_the_connection_to_the_provider() -> None:
    reached = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(head("200 OK", "text/event-stream") + event("Hi"))
        reached.set()

    async with raw_server(play) as server:
        async for client in client_for(server.url, PROVIDERS_KEY):
            call = asyncio.ensure_future(client.ask())
            await reached.wait()
            call.cancel()
            async with asyncio.timeout(1):
                await server.left.wait()
            assert (await client.record()).end != "open"


async def test_the_look_at_models_is_answered_here(client: Client, wire: Wire) -> None:
    status, listed = await client.get("/egress/azure/v1/models")
    assert status == 200
    assert loose.obj(listed).get("data") == [{"id": "azure", "object": "model"}]
    assert not wire.simulator.state.requests


@pytest.mark.parametrize("path", ["/egress/other/v1/chat/completions", "/egress/azure/v1/embeddings", "/elsewhere"])
async def test_every_other_path_is_not_found(client: Client, wire: Wire, path: str) -> None:
    assert (await client.ask(path))[0] == 404
    assert not wire.simulator.state.requests


async def test_records_are_read_over_http(client: Client, wire: Wire) -> None:
    wire.script("gpt-4o", says("one"))
    await client.ask()
    status, one = await client.get("/records/att_1")
    assert status == 200
    assert msgspec.convert(one, Record) == await client.record()
    assert await client.get("/records") == (200, [one])
    assert (await client.get("/records/att_2"))[0] == 404


async def test_a_record_holds_no_text_of_anyone(client: Client, wire: Wire) -> None:
    wire.script("gpt-4o", says("answer-canary"))
    await client.ask()
    assert "canary" not in repr(await client.record())


async def test_the_gateway_reads_records_through_the_sidecar_file(client: Client, wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", says("one"))
    await client.ask()
    path = Sidecar.path(tmp_path)
    lock = lock_sidecar(tmp_path)
    assert lock is not None
    sidecar = Sidecar(pid=1, litellm_pid=None, is_ready=True, egress_url=client.url, key=EGRESS_KEY)
    path.write_bytes(msgspec.json.encode(sidecar))
    remote = RemoteRecords(tmp_path)
    assert await remote.get("att_1") == await client.record()
    assert await remote.get("att_2") is None
    await remote.close()
    lock.close()


async def test_an_egress_that_is_gone_has_no_records(tmp_path: Path) -> None:
    path = Sidecar.path(tmp_path)
    lock = lock_sidecar(tmp_path)
    assert lock is not None
    sidecar = Sidecar(pid=1, litellm_pid=None, is_ready=True, egress_url=f"http://127.0.0.1:{free_ports(1)[0]}", key=EGRESS_KEY)
    path.write_bytes(msgspec.json.encode(sidecar))
    remote = RemoteRecords(tmp_path)
    assert await remote.get("att_1") is None
    await remote.close()
    lock.close()


async def test_a_sidecar_file_without_its_process_is_not_believed(tmp_path: Path) -> None:
    lock = lock_sidecar(tmp_path)
    assert lock is not None
    sidecar = Sidecar(pid=1, litellm_pid=2, is_ready=True, egress_url="http://127.0.0.1:1", key=EGRESS_KEY)
    Sidecar.path(tmp_path).write_bytes(msgspec.json.encode(sidecar))
    remote = RemoteRecords(tmp_path)
    assert remote.is_ready()
    assert lock_sidecar(tmp_path) is None
    lock.close()
    async with asyncio.timeout(2):
        while remote.is_ready():  # what was seen holds for a moment
            await asyncio.sleep(0.02)
    assert remote.sidecar() is None
