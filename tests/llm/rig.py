"""Routes as values, servers on loopback that misbehave on purpose, and a gateway's events collected."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.secret import literal
from chatsheet.llm.gateway import Gateway, NoRouteAnswered, RequestRefused
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest, Finished, StreamEvent, Trail
from chatsheet.llm.records import Record
from chatsheet.llm.routes import Plan, Route
from chatsheet.telemetry.model_calls import ModelCalls
from tests.harness import HELLO, NoRecords

ROUTE = Route(
    name="first",
    kind="azure",
    url="http://127.0.0.1:9/openai/v1/chat/completions",
    model="gpt-4o",
    auth="api-key",
    key=literal("key-of-the-route"),
    connect_s=1,
    first_content_s=2,
    idle_s=2,
    prompt_budget_tokens=None,
)

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class RawServer:
    """A TCP server that counts who connects and hears the client leave."""

    port: int = 0
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/openai/v1/chat/completions"


@asynccontextmanager
async def raw_server(play: Play, seen: list[bytes] | None = None) -> AsyncGenerator[RawServer, None]:
    """Serve each connection by reading one request into `seen`, playing, and then waiting for the client to leave."""
    running = RawServer()
    tasks: set[asyncio.Task[None] | None] = set()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.connections += 1
        tasks.add(asyncio.current_task())
        writers.append(writer)
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", asked)
            asked += await reader.readexactly(int(length[1]) if length else 0)
            if seen is not None:
                seen.append(asked)
            await play(reader, writer)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            running.left.set()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running.port = int(server.sockets[0].getsockname()[1])
    try:
        yield running
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def answers(*parts: bytes, ends: bool = False) -> Play:
    """Send the parts one after the other; with `ends`, close the connection then."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        for part in parts:
            writer.write(part)
            await writer.drain()
        if ends:
            writer.close()

    return play


def head(status: str, content_type: str, length: int | None = None) -> bytes:
    """Return an HTTP response's head; without a length the connection's end is the body's."""
    size = "connection: close" if length is None else f"content-length: {length}"
    return f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n{size}\r\n\r\n".encode()


def event(text: str = "", finish: str | None = None) -> bytes:
    """Return one streamed chunk."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return f"data: {loose.dumps({'model': 'm', 'choices': [choice]})}\n\n".encode()


WHOLE = head("200 OK", "text/event-stream") + event("Hi") + event(finish="stop") + b"data: [DONE]\n\n"
"""A whole answer."""


@asynccontextmanager
async def start_app(app: web.Application) -> AsyncGenerator[str, None]:
    """Serve an application on loopback and yield its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{int(runner.addresses[0][1])}"
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class FixedRecords:
    """An egress that saw the same of every attempt."""

    seen: Mapping[str, object]

    def is_ready(self) -> bool:
        """Let calls through."""
        return True

    def litellm_pid(self) -> int | None:
        """Never started again."""
        return 1

    async def get(self, attempt: str, *, wait: bool = True) -> Record | None:
        """Return the record under the attempt's own id."""
        del wait
        return msgspec.convert({**self.seen, "attempt": attempt}, Record)

    async def abandon(self, attempt: str) -> None:
        """Nothing runs there."""
        del attempt


@asynccontextmanager
async def gateway_over(
    *routes: Route,
    deadline_s: float = 5,
    records: NoRecords | FixedRecords | None = None,
    telemetry: ModelCalls | None = None,
) -> AsyncGenerator[Gateway, None]:
    """Build a gateway over these very routes while the body runs."""
    legs = Legs()
    plan = Plan(routes, deadline_s)
    gateway = Gateway(plan=plan, legs=legs, records=records or NoRecords(), clock=SystemClock(), telemetry=telemetry)
    try:
        yield gateway
    finally:
        await gateway.close()
        await legs.close()


@dataclass(slots=True)
class Heard:
    """What a gateway yielded, and the error it ended with."""

    events: list[StreamEvent] = field(default_factory=list[StreamEvent])
    error: ChatSheetError | None = None

    @property
    def trail(self) -> Trail:
        """The trail of the answer or of the error."""
        if isinstance(self.error, (NoRouteAnswered, RequestRefused)):
            return self.error.trail
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last.reply.trail

    @property
    def causes(self) -> list[str | None]:
        """The cause of each attempt, in order."""
        return [attempt.cause for attempt in self.trail.attempts]

    @property
    def text(self) -> str:
        """The answer's text."""
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last.reply.text


async def hear(gateway: Gateway, request: ChatRequest = HELLO) -> Heard:
    """Run a request to its end."""
    heard = Heard()
    try:
        async for one in gateway.stream(request):
            heard.events.append(one)
    except ChatSheetError as error:
        heard.error = error
    return heard
