"""Parameters that a deployment refuses, over sockets: adapted within the call, remembered, and named in the trail."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from aiohttp import web

from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.loose import JsonObject
from chatsheet.llm.egress import Egress
from chatsheet.llm.gateway import NoRouteAnswered
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest
from chatsheet.llm.routes import Route
from tests.harness import HELLO
from tests.llm.rig import ROUTE, WHOLE, gateway_over, hear, start_app
from tests.llm.stage import reply_of

pytestmark = pytest.mark.anyio

D6 = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
D7 = "Unrecognized request argument supplied: max_completion_tokens"
NO_TEMPERATURE = (
    "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported."
)
ASKED = ChatRequest({**HELLO.body, "max_tokens": 7, "temperature": 0.2})
STREAM = WHOLE.partition(b"\r\n\r\n")[2]


@dataclass(slots=True)
class Picky:
    """A deployment that refuses some parameters, each with its own words."""

    refusals: dict[str, str]
    padding: int = 0
    url: str = ""
    asked: list[JsonObject] = field(default_factory=list[JsonObject])

    async def answer(self, request: web.Request) -> web.Response:
        """Refuse the first parameter it does not take, or answer."""
        body: JsonObject = await request.json()
        self.asked.append(body)
        name = next((name for name in self.refusals if name in body), None)
        if name is None or len(self.asked) > 20:
            return web.Response(body=STREAM, content_type="text/event-stream")
        error = {"message": self.refusals[name], "param": name, "padding": "x" * self.padding}
        return web.json_response({"error": error}, status=400)

    def names(self) -> list[set[str]]:
        """Return which of the parameters in question each call had."""
        return [{"max_tokens", "max_completion_tokens", "temperature"} & set(body) for body in self.asked]


@asynccontextmanager
async def picky(**refusals: str) -> AsyncGenerator[Picky, None]:
    """Serve a deployment that refuses these parameters."""
    served = Picky(refusals)
    app = web.Application()
    app.router.add_post("/{path:.*}", served.answer)
    async with start_app(app) as url:
        served.url = f"{url}/openai/v1/chat/completions"
        yield served


CASES: Mapping[str, tuple[dict[str, str], ChatRequest, dict[str, object], set[str]]] = {
    "D6": ({"max_tokens": D6}, ASKED, {"max_completion_tokens": 7, "temperature": 0.2}, {"max_tokens"}),
    "D7": (
        {"max_completion_tokens": D7},
        ChatRequest({**HELLO.body, "max_completion_tokens": 7}),
        {"max_tokens": 7},
        {"max_completion_tokens"},
    ),
    "temperature": ({"temperature": NO_TEMPERATURE}, ASKED, {"max_tokens": 7}, {"temperature"}),
    "both": (
        {"max_tokens": D6, "temperature": NO_TEMPERATURE},
        ASKED,
        {"max_completion_tokens": 7},
        {"max_tokens", "temperature"},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_refused_parameter_is_adapted_within_the_call_and_remembered(case: str) -> None:
    refusals, asked, sent, adapted = CASES[case]
    async with picky(**refusals) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        first, second = [reply_of(await hear(gateway, asked)) for _ in range(2)]
    assert len(server.asked) == len(refusals) + 2
    for body in server.asked[-2:]:
        assert {
            name: value for name, value in body.items() if name in {"max_tokens", "max_completion_tokens", "temperature"}
        } == sent
    for reply in (first, second):
        assert [(one.cause, set(one.adapted)) for one in reply.trail.attempts] == [(None, adapted)]


async def test_an_answer_that_needed_nothing_names_nothing() -> None:
    async with picky() as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        assert reply_of(await hear(gateway, ASKED)).trail.attempts[0].adapted == ()


async def test_each_deployment_is_sent_what_it_takes() -> None:
    async with picky(max_tokens=D6, temperature=NO_TEMPERATURE) as new, picky(max_completion_tokens=D7) as old:
        first, second = replace(ROUTE, url=f"{new.url}/broken"), replace(ROUTE, name="second", url=old.url)
        async with gateway_over(first, second) as gateway:
            assert reply_of(await hear(gateway, ASKED)).route == "first"
        async with gateway_over(second) as gateway:
            assert reply_of(await hear(gateway, ASKED)).trail.attempts[0].adapted == ()
    assert old.names() == [{"max_tokens", "temperature"}]


async def test_a_deployment_that_is_upgraded_is_learnt_anew() -> None:
    async with picky(max_completion_tokens=D7) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        await hear(gateway, ChatRequest({**HELLO.body, "max_completion_tokens": 7}))
        server.refusals = {"max_tokens": D6}
        assert (await hear(gateway, ASKED)).text == "Hi"
        server.asked.clear()
        assert (await hear(gateway, ASKED)).text == "Hi"
    assert server.names() == [{"max_completion_tokens", "temperature"}]


async def test_a_deployment_that_refuses_whatever_it_is_sent_is_left_in_the_end() -> None:
    async with (
        picky(max_tokens=D6, max_completion_tokens=D7) as server,
        gateway_over(replace(ROUTE, url=server.url)) as gateway,
    ):
        heard = await hear(gateway, ASKED)
    assert isinstance(heard.error, NoRouteAnswered)
    assert heard.causes == ["azure.parameter"]
    assert len(server.asked) == 4


async def test_adapting_costs_no_attempt_and_opens_nothing() -> None:
    async with picky(max_tokens=D6) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        assert (await hear(gateway, ASKED)).causes == [None]
        assert gateway.health.state(gateway.plan.routes)[0].state == "closed"


async def test_many_callers_at_once_each_learn_it_once_at_most() -> None:
    async with picky(max_tokens=D6) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        heard = await asyncio.gather(*(hear(gateway, ASKED) for _ in range(20)))
    assert {one.text for one in heard} == {"Hi"}
    assert len(server.asked) <= 40


# ── through the egress, as LiteLLM comes ──


@dataclass(frozen=True, slots=True)
class Litellm:
    """Calls an egress as LiteLLM does."""

    ask: Callable[[], Awaitable[int]]
    egress: Egress


@asynccontextmanager
async def through_egress(route: Route) -> AsyncGenerator[Litellm, None]:
    """Serve an egress to this route."""
    legs = Legs()
    egress = Egress(routes={"azure": route}, legs=legs, key="sk-egress", clock=SystemClock())
    async with start_app(egress.app()) as base, aiohttp.ClientSession() as session:

        async def ask() -> int:
            headers = {"api-key": "sk-egress", "x-chatsheet-attempt": "att_1"}
            data = loose.dumps({**ASKED.body, "model": "neutral", "stream": True})
            async with session.post(f"{base}/egress/azure/v1/chat/completions", data=data, headers=headers) as response:
                await response.read()
                return response.status

        yield Litellm(ask, egress)
    await legs.close()


@pytest.mark.parametrize("case", ["D6", "temperature", "both"])
async def test_the_egress_adapts_too_and_records_what(case: str) -> None:
    refusals, _, _, adapted = CASES[case]
    async with picky(**refusals) as server, through_egress(replace(ROUTE, url=server.url)) as litellm:
        assert [await litellm.ask(), await litellm.ask()] == [200, 200]
        record = await litellm.egress.records.ended("att_1", 1)
    assert record is not None
    assert (set(record.adapted), record.end) == (adapted, "complete")
    assert len(server.asked) == len(refusals) + 2


async def test_the_egress_leaves_a_deployment_that_refuses_whatever_it_is_sent() -> None:
    async with (
        picky(max_tokens=D6, max_completion_tokens=D7) as server,
        through_egress(replace(ROUTE, url=server.url)) as litellm,
    ):
        await litellm.ask()
    assert len(server.asked) <= 4


@pytest.mark.filterwarnings("ignore:Unclosed")
async def test_a_long_refusal_leaves_no_connection_open() -> None:
    async with picky(max_tokens=D6) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        server.padding = 2_000_000
        legs = gateway._means.legs  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        assert (await hear(gateway, ASKED)).text == "Hi"
        connector = next(iter(legs._legs.values())).session.connector  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        is_open = connector is not None and bool(connector._acquired)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    gc.collect()  # what was let go warns here and not in another test
    assert not is_open
