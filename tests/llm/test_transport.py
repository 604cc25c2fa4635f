"""The hybrid under `httpx2` clients, on a loop and in threads: streams as they come, ends that reach the upstream."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace

import httpx2
import pytest

from chatsheet.core.errors import StorageUnavailable
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.transport import HybridTransport, Opener, SyncHybridTransport
from tests.llm.rig import ROUTE, RawServer, answers, event, gateway_over, head, raw_server

pytestmark = pytest.mark.anyio
URL = "http://hybrid/v1/chat/completions"
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = {**ASK, "stream": True}
SSE = head("200 OK", "text/event-stream")
BROKEN = answers(SSE, event("lost "), ends=True)
BEGUN = answers(SSE, event("one "))
WHOLE = (SSE, event("one "), event("two"), event(finish="stop"), b"data: [DONE]\n\n")


def opener(server: RawServer, *more: RawServer) -> Opener:
    """Open a gateway whose routes lead to these servers, in order."""
    routes = [replace(ROUTE, name=f"route{i}", url=one.url) for i, one in enumerate((server, *more))]
    return lambda: gateway_over(*routes)


@asynccontextmanager
async def client_of(*servers: RawServer) -> AsyncGenerator[httpx2.AsyncClient, None]:
    transport = HybridTransport(opener(*servers), model="gpt-4o")
    async with httpx2.AsyncClient(transport=transport) as client:
        yield client


def sync_client_of(*servers: RawServer) -> httpx2.Client:
    return httpx2.Client(transport=SyncHybridTransport(opener(*servers), model="gpt-4o"))


def texts(body: str) -> str:
    """Return the text in a stream's chunks."""
    chunks = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
    return "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c.get("choices"))


async def left_soon(server: RawServer) -> float:
    """Return how long it took until the upstream saw its client leave."""
    started = time.monotonic()
    async with asyncio.timeout(2):
        await server.left.wait()
    return time.monotonic() - started


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "/any/where/chat/completions/",
        "/openai/deployments/gpt-4o/chat/completions",
    ],
)
async def test_any_base_url_leads_to_the_gateway(path: str) -> None:
    async with raw_server(answers(*WHOLE)) as server, client_of(server) as client:
        response = await client.post(f"http://hybrid{path}?api-version=2024-10-21", json=ASK)
    assert response.json()["choices"][0]["message"]["content"] == "one two"
    assert response.headers["x-chatsheet-trail"] == "route0=answered"
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/embeddings", 404, "llm.nothing_there"),
        ("GET", "/v1/chat/completions", 404, "llm.nothing_there"),
        ("GET", "/v1/models/gpt-9", 404, "model_not_found"),
        ("POST", "/openai/deployments/gpt-9/chat/completions", 404, "model_not_found"),
    ],
)
async def test_what_is_not_there_is_said_in_openais_words(method: str, path: str, status: int, code: str) -> None:
    async with raw_server(answers()) as server, client_of(server) as client:
        response = await client.request(method, f"http://hybrid{path}", json=ASK if method == "POST" else None)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert server.connections == 0


async def test_the_models_are_the_configured_one_and_open_nothing() -> None:
    async with raw_server(answers()) as server, client_of(server) as client:
        listed, one = await client.get("http://hybrid/v1/models"), await client.get("http://hybrid/v1/models/gpt-4o")
    assert [entry["id"] for entry in listed.json()["data"]] == [one.json()["id"]] == ["gpt-4o"]


async def test_no_header_of_the_caller_is_forwarded() -> None:
    seen: list[bytes] = []
    async with raw_server(answers(*WHOLE), seen) as server, client_of(server) as client:
        await client.post(URL, json=ASK, headers={"authorization": "Bearer callers-own", "x-caller": "callers-own"})
    assert b"callers-own" not in seen[0]
    assert b"x-caller" not in seen[0].lower()
    assert b"key-of-the-route" in seen[0]


def gated(gate: asyncio.Event) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Send one word, and the rest when the gate opens."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers(SSE, event("one "))(reader, writer)
        await gate.wait()
        await answers(*WHOLE[2:])(reader, writer)

    return play


async def read_word(lines: AsyncIterator[str]) -> str:
    async for line in lines:
        if text := texts(line):
            return text
    raise AssertionError("the stream ended")


async def test_a_stream_is_passed_on_while_it_comes() -> None:
    gate = asyncio.Event()
    async with (
        raw_server(gated(gate)) as server,
        client_of(server) as client,
        client.stream("POST", URL, json=STREAM) as response,
    ):
        lines = response.aiter_lines()
        assert await read_word(lines) == "one "
        gate.set()
        assert texts("\n".join([line async for line in lines])) == "two"


@pytest.mark.flaky(reruns=3)
async def test_a_client_that_closes_a_stream_ends_the_upstream_call() -> None:
    async with raw_server(BEGUN) as server, client_of(server) as client:
        async with client.stream("POST", URL, json=STREAM) as response:
            assert await read_word(response.aiter_lines()) == "one "
        assert await left_soon(server) < 0.1


@pytest.mark.flaky(reruns=3)
async def test_a_stream_may_be_closed_by_another_task_than_its_reader() -> None:
    async with raw_server(BEGUN) as server, client_of(server) as client:
        async with client.stream("POST", URL, json=STREAM) as response:
            lines = response.aiter_lines()
            await read_word(lines)
            reading = asyncio.ensure_future(read_word(lines))
            await asyncio.sleep(0)
            await response.aclose()
            with pytest.raises(httpx2.ReadError):
                await reading
        assert await left_soon(server) < 0.1


@pytest.mark.parametrize("body", [ASK, STREAM])
@pytest.mark.flaky(reruns=3)
async def test_a_cancelled_request_ends_the_upstream_call(body: dict[str, object]) -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader, writer
        asked.set()

    async with raw_server(silent) as server, client_of(server) as client:
        asking = asyncio.ensure_future(client.post(URL, json=body))
        await asked.wait()
        asking.cancel()
        assert await left_soon(server) < 0.1
        with pytest.raises(asyncio.CancelledError):
            await asking


@pytest.mark.flaky(reruns=3)
async def test_the_clients_own_read_timeout_holds_and_ends_the_upstream_call() -> None:
    async with raw_server(answers()) as server, client_of(server) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.post(URL, json=ASK, timeout=httpx2.Timeout(0.05))
        assert await left_soon(server) < 0.1


async def test_a_stream_that_breaks_after_content_ends_in_an_error_and_asks_no_other_route() -> None:
    async with raw_server(BROKEN) as broken, raw_server(answers(*WHOLE)) as other, client_of(broken, other) as client:
        response = await client.post(URL, json=STREAM)
        assert other.connections == 0
    assert texts(response.text) == "lost "
    assert '"code":"llm.cut"' in response.text
    assert "[DONE]" not in response.text


async def test_a_held_stream_is_delivered_whole_by_the_next_route() -> None:
    async with raw_server(BROKEN) as broken, raw_server(answers(*WHOLE)) as other, client_of(broken, other) as client:
        response = await client.post(URL, json=STREAM, headers={"x-chatsheet-hold": "answer"})
    assert texts(response.text) == "one two"
    assert response.text.endswith("data: [DONE]\n\n")
    assert response.headers["x-chatsheet-trail"] == "route0=stream.cut, route1=answered"


async def test_an_unknown_hold_is_refused() -> None:
    async with raw_server(answers()) as server, client_of(server) as client:
        response = await client.post(URL, json=STREAM, headers={"x-chatsheet-hold": "yes"})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "x-chatsheet-hold"


async def test_an_error_tells_the_sdk_not_to_retry_and_which_routes_failed() -> None:
    async with (
        raw_server(answers(head("401 Unauthorized", "application/json", 2), b"{}")) as server,
        client_of(server) as client,
    ):
        response = await client.post(URL, json=STREAM)
    assert response.status_code == 503
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["x-chatsheet-trail"].startswith("route0=")


async def test_the_gateway_is_opened_by_the_first_request_and_closed_with_the_client() -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def open_gateway() -> AsyncGenerator[Gateway, None]:
        happened.append("opened")
        async with gateway_over(replace(ROUTE, url=server.url)) as gateway:
            yield gateway
        happened.append("closed")

    transport = HybridTransport(open_gateway, model="gpt-4o")
    async with raw_server(answers(*WHOLE, ends=True)) as server, httpx2.AsyncClient(transport=transport) as client:
        assert happened == []
        await asyncio.gather(client.post(URL, json=ASK), client.post(URL, json=ASK))
        assert happened == ["opened"]
    assert happened == ["opened", "closed"]


async def test_a_gateway_that_cannot_be_opened_is_an_answer_and_is_tried_again() -> None:
    def fails() -> nullcontext[Gateway]:
        raise StorageUnavailable("the data folder cannot be used.", fix="check its rights.")

    async with httpx2.AsyncClient(transport=HybridTransport(fails, model="gpt-4o")) as client:
        for _ in range(2):
            response = await client.post(URL, json=ASK)
            assert (response.status_code, response.json()["error"]["code"]) == (503, "storage.unavailable")


@pytest.mark.flaky(reruns=3)
async def test_closing_the_transport_ends_what_still_runs() -> None:
    async with raw_server(BEGUN) as server:
        transport = HybridTransport(opener(server), model="gpt-4o")
        response = await transport.handle_async_request(httpx2.Request("POST", URL, json=STREAM))
        await transport.aclose()
        assert await left_soon(server) < 0.1
        with pytest.raises(httpx2.ReadError):
            await response.aread()


async def test_a_transport_of_another_loop_says_so() -> None:
    async with raw_server(answers(*WHOLE)) as server:
        transport = HybridTransport(opener(server), model="gpt-4o")
        await transport.handle_async_request(httpx2.Request("POST", URL, json=ASK))
        request = httpx2.Request("POST", URL, json=ASK)
        response = await asyncio.to_thread(lambda: asyncio.run(transport.handle_async_request(request)))
        assert response.status_code == 409
        await transport.aclose()


# ── in threads ──


async def test_in_a_thread_a_stream_is_passed_on_while_it_comes() -> None:
    gate, loop = asyncio.Event(), asyncio.get_running_loop()

    def work() -> list[str]:
        with sync_client_of(server) as client, client.stream("POST", URL, json=STREAM) as response:
            lines = response.iter_lines()
            first = next(text for line in lines if (text := texts(line)))
            loop.call_soon_threadsafe(gate.set)
            return [first, texts("\n".join(lines))]

    async with raw_server(gated(gate)) as server:
        assert await asyncio.to_thread(work) == ["one ", "two"]


@pytest.mark.flaky(reruns=3)
async def test_in_a_thread_closing_a_stream_ends_the_upstream_call() -> None:
    def work() -> None:
        with client.stream("POST", URL, json=STREAM) as response:
            next(text for line in response.iter_lines() if (text := texts(line)))

    async with raw_server(BEGUN) as server:
        with sync_client_of(server) as client:
            await asyncio.to_thread(work)
            assert await left_soon(server) < 0.1


@pytest.mark.flaky(reruns=3)
async def test_in_a_thread_the_read_timeout_holds() -> None:
    async with raw_server(answers()) as server:
        with sync_client_of(server) as client, pytest.raises(httpx2.ReadTimeout):
            await asyncio.to_thread(lambda: client.post(URL, json=ASK, timeout=httpx2.Timeout(0.05)))
        assert await left_soon(server) < 0.1


async def test_many_threads_share_one_loop_and_one_gateway() -> None:
    def work(number: int) -> str:
        return client.post(URL, json={**ASK, "seed": number}).json()["choices"][0]["message"]["content"]

    async with raw_server(answers(*WHOLE, ends=True)) as server:
        with sync_client_of(server) as client, ThreadPoolExecutor(8) as pool:
            loop = asyncio.get_running_loop()
            found = await asyncio.gather(*(loop.run_in_executor(pool, work, number) for number in range(24)))
            running = [thread.name for thread in threading.enumerate() if thread.name == "chatsheet.transport"]
    assert set(found) == {"one two"}
    assert len(running) == 1


@pytest.mark.flaky(reruns=3)
async def test_closing_wakes_a_reader_and_ends_the_thread() -> None:
    async with raw_server(BEGUN) as server:
        transport = SyncHybridTransport(opener(server), model="gpt-4o")
        request = httpx2.Request("POST", URL, json=STREAM)
        response = await asyncio.to_thread(transport.handle_request, request)
        reading = asyncio.ensure_future(asyncio.to_thread(response.read))
        await asyncio.to_thread(transport.close)
        with pytest.raises(httpx2.ReadError):
            await reading
        assert await left_soon(server) < 0.1
        assert "chatsheet.transport" not in [thread.name for thread in threading.enumerate()]
        with pytest.raises(httpx2.ReadError):
            transport.handle_request(request)


def test_a_transport_that_was_never_used_starts_no_thread() -> None:
    with httpx2.Client(transport=SyncHybridTransport(lambda: nullcontext(pytest.fail("opened")), model="gpt-4o")) as client:
        assert "chatsheet.transport" not in [thread.name for thread in threading.enumerate()]
        del client
