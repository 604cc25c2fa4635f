"""Deployments on loopback that can be broken and mended while a test runs, and streams that go wrong at a given place."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import Finished, Reply
from chatsheet.llm.routes import Route
from tests.harness import HELLO
from tests.llm.rig import ROUTE, WHOLE, Heard, Play, answers, event, head, start_app

DONE = b"data: [DONE]\n\n"
STREAM = head("200 OK", "text/event-stream")


def tokens(number: int) -> list[bytes]:
    """Return so many chunks of one token each."""
    return [event(f"t{n} ") for n in range(number)]


def text_of(number: int) -> str:
    """Return what these tokens say."""
    return "".join(f"t{n} " for n in range(number))


def in_turn(*plays: Play) -> Play:
    """Play one after the other, one for each call; the last one stays."""
    left = list(plays)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(reader, writer)

    return play


def refuses(status: int, message: str, code: str = "", **headers: str) -> Play:
    """Answer with an error in Azure's envelope."""
    body = loose.dumps({"error": {"code": code or str(status), "message": message}}).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    start = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
    return answers(f"{start}{more}\r\n".encode() + body, ends=True)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection before a word."""
    del reader
    writer.transport.abort()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request and say nothing."""
    del reader, writer


def cut(number: int) -> Play:
    """Break the connection after so many tokens."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers(STREAM, *tokens(number))(reader, writer)
        writer.close()

    return play


def whole(number: int = 60, model: str = "m") -> Play:
    """Answer with so many tokens and a proper end."""
    usage: JsonObject = {"model": model, "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": number}}
    last = f"data: {loose.dumps(usage)}\n\n".encode()
    named = [one.replace(b'"model":"m"', f'"model":"{model}"'.encode()) for one in (*tokens(number), event(finish="stop"))]
    return answers(STREAM, *named, last, DONE, ends=True)


def route_to(url: str, name: str = "first", *, first_content_s: float = 0.3, idle_s: float = 0.3) -> Route:
    """Return a route with short limits to this address."""
    return replace(ROUTE, name=name, url=url, first_content_s=first_content_s, idle_s=idle_s)


def _words(status: int) -> JsonObject:
    """Return what Azure says with a status."""
    return {"error": {"message": "invalid subscription key" if status == 401 else "it went wrong"}}


@dataclass(slots=True)
class Deployment:
    """A deployment that answers or does not, and keeps what it was asked."""

    status: int = 200
    said: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    stream: bytes = WHOLE.partition(b"\r\n\r\n")[2]
    gate: asyncio.Event | None = None
    """Where set, answers wait for it."""
    url: str = ""
    asked: list[JsonObject] = field(default_factory=list[JsonObject])
    running: int = 0
    most_at_once: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def calls(self) -> int:
        """Count all calls."""
        return len(self.asked)

    @property
    def probes(self) -> list[JsonObject]:
        """Return the calls that no caller made."""
        return [body for body in self.asked if "Say ok." in loose.dumps(body)]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one call."""
        self.asked.append(dict(await request.json()))
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.reached.set()
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.running -= 1
        if self.status != 200:
            return web.json_response((self.said or _words(self.status)), status=self.status, headers=self.headers)
        return web.Response(body=self.stream, content_type="text/event-stream")


@asynccontextmanager
async def deployment() -> AsyncGenerator[Deployment, None]:
    """Serve a deployment while the body runs."""
    served = Deployment()
    app = web.Application()
    app.router.add_post("/{path:.*}", served.answer)
    async with start_app(app) as url:
        served.url = f"{url}/openai/v1/chat/completions"
        yield served


def reply_of(heard: Heard) -> Reply:
    """Return the reply that a gateway ended with."""
    last = heard.events[-1]
    assert isinstance(last, Finished)
    return last.reply


async def until_closed(gateway: Gateway) -> None:
    """Ask until the first route's breaker is closed again."""
    async with asyncio.timeout(5):
        while gateway.health.state(gateway.plan.routes)[0].state != "closed":
            await gateway.complete(HELLO)
