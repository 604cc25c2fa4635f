"""Breakers over real sockets: dead routes are left alone, probed beside the calls, and used again when they have healed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from chatsheet.core import loose
from chatsheet.core.secret import literal
from chatsheet.llm import breaker
from chatsheet.llm.gateway import Gateway, NoRouteAnswered
from chatsheet.llm.model import ChatRequest, Finished, Restarted
from chatsheet.llm.routes import Plan, Route
from tests.harness import HELLO
from tests.llm.rig import answers, event, gateway_over, hear, raw_server
from tests.llm.stage import DONE, STREAM, Deployment, deployment, in_turn, refuses, reply_of, route_to, until_closed, whole

pytestmark = pytest.mark.anyio

OTHERS_PROMPT = ChatRequest(
    {
        "messages": [{"role": "user", "content": "prompt-canary"}],
        "tools": [{"type": "function", "function": {"name": "tool-canary"}}],
        "user": "user-canary",
    }
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two deployments behind one gateway."""

    primary: Deployment
    other: Deployment
    gateway: Gateway

    @property
    def state(self) -> str:
        """Return the state of the first route's breaker."""
        return self.gateway.health.state(self.gateway.plan.routes)[0].state

    async def route(self) -> str:
        """Ask, and return which route answered."""
        return reply_of(await hear(self.gateway)).route

    async def open(self) -> None:
        """Ask until the first route's breaker is open."""
        async with asyncio.timeout(5):
            while self.state == "closed":
                await hear(self.gateway)


@asynccontextmanager
async def pair(first_content_s: float = 0.3) -> AsyncGenerator[Pair, None]:
    """Serve two deployments, the first with this limit."""
    async with deployment() as primary, deployment() as other:
        first = route_to(primary.url, first_content_s=first_content_s)
        async with gateway_over(first, route_to(other.url, "second", first_content_s=2), deadline_s=5) as gateway:
            yield Pair(primary, other, gateway)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ill routes be probed after a moment; three times a minute, as ever."""
    monkeypatch.setattr(breaker, "PROBE_EVERY_S", 0.02)
    monkeypatch.setattr(breaker, "PERMANENT_EVERY_S", 0.02)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("status", "before_it_opens"), [(500, 2), (401, 1)])
async def test_a_thousand_requests_cost_a_dead_route_three_calls_after_it_was_found_dead(
    status: int, before_it_opens: int
) -> None:
    async with pair() as both:
        both.primary.status = status
        for _ in range(1_000):
            assert await both.route() == "second"
        assert len(both.primary.probes) == breaker.MOST_PROBES
        assert both.primary.calls == before_it_opens + breaker.MOST_PROBES


async def test_where_a_route_hangs_only_those_who_ask_before_it_is_known_pay() -> None:
    async with pair(first_content_s=0.2) as both:
        both.primary.gate = asyncio.Event()
        waiting = iter(range(200))
        paid: list[int] = []

        async def caller() -> None:
            for _ in waiting:
                trail = reply_of(await hear(both.gateway)).trail
                paid.append(len(trail.attempts) - 1)

        await asyncio.gather(*(caller() for _ in range(8)))
        assert len(paid) == 200
        assert sum(paid) <= 8
        assert both.primary.calls <= 8 + breaker.MOST_PROBES


@pytest.mark.usefixtures("quick")
async def test_a_healed_route_is_used_again() -> None:
    async with pair() as both:
        both.primary.status = 500
        await both.open()
        both.primary.status = 200
        await until_closed(both.gateway)
        assert await both.route() == "first"


@pytest.mark.usefixtures("quick")
async def test_the_caller_does_not_wait_for_the_probe_beside_it() -> None:
    async with pair(first_content_s=3) as both:
        both.primary.status = 500
        await both.open()
        both.primary.gate = asyncio.Event()
        both.primary.reached.clear()
        async with asyncio.timeout(2):
            while not both.primary.reached.is_set():
                assert await both.route() == "second"
            assert both.state == "half_open"
            assert await both.route() == "second"


@pytest.mark.usefixtures("quick")
async def test_only_one_probe_runs_at_a_time_however_many_ask() -> None:
    async with pair(first_content_s=3) as both:
        both.primary.status = 500
        await both.open()
        both.primary.gate = asyncio.Event()
        both.primary.most_at_once = 0
        both.primary.reached.clear()
        async with asyncio.timeout(3):
            while not both.primary.reached.is_set():
                await asyncio.gather(*(both.route() for _ in range(10)))
            await asyncio.gather(*(both.route() for _ in range(50)))
        assert both.primary.most_at_once == 1


@pytest.mark.usefixtures("quick")
async def test_a_probe_carries_nothing_of_any_caller() -> None:
    async with pair() as both:
        both.primary.status = 500
        await both.open()
        async with asyncio.timeout(3):
            while not both.primary.probes:
                await hear(both.gateway, OTHERS_PROMPT)
        assert set(both.primary.probes[0]) == {"messages", "max_tokens", "model", "stream", "stream_options"}
        assert "canary" not in loose.dumps(both.primary.probes[0])


async def test_where_all_routes_are_ill_a_healed_one_is_found_by_the_very_next_call() -> None:
    async with pair() as both:
        both.primary.status = both.other.status = 401
        assert isinstance((await hear(both.gateway)).error, NoRouteAnswered)
        assert {one.state for one in both.gateway.health.state(both.gateway.plan.routes)} == {"open"}
        both.primary.status = 200
        assert await both.route() == "first"
        assert both.state == "closed"


async def test_a_changed_key_begins_healthy() -> None:
    async with pair() as both:
        both.primary.status = 401
        await both.open()
        assert both.primary.calls == 1
        first, second = both.gateway.plan.routes
        both.primary.status = 200
        await both.gateway.change(Plan((replace(first, key=literal("the-right-key")), second), 5))
        assert both.state == "closed"
        assert await both.route() == "first"


async def test_the_same_settings_again_stay_ill() -> None:
    async with pair() as both:
        both.primary.status = 401
        await both.open()
        await both.gateway.change(both.gateway.plan)
        assert both.state == "open"


async def test_the_trail_names_who_was_not_asked_and_why() -> None:
    async with pair() as both:
        both.primary.status = 500
        await both.open()
        trail = reply_of(await hear(both.gateway)).trail
        assert [(one.route, one.cause) for one in trail.skipped] == [("first", "provider.error")]
        assert [one.route for one in trail.attempts] == ["second"]


async def test_the_state_says_cause_and_time_of_the_next_probe() -> None:
    async with pair() as both:
        both.primary.status, both.primary.headers = 429, {"retry-after": "30"}
        await both.open()
        seen = both.gateway.health.state(both.gateway.plan.routes)[0]
        assert (seen.state, seen.cause, seen.first_cause) == ("open", "azure.rate_limited", "azure.rate_limited")
        assert seen.probe_in_s is not None
        assert 29 < seen.probe_in_s <= 30


async def test_silence_of_a_route_that_is_slow_by_nature_never_opens_it() -> None:
    async with pair() as both:
        both.primary.gate = asyncio.Event()
        first, second = both.gateway.plan.routes
        await both.gateway.change(Plan((replace(first, prompt_budget_tokens=1_500), second), 5))
        for _ in range(3):
            assert await both.route() == "second"
        assert both.state == "closed"


async def test_silence_for_less_than_the_routes_own_time_never_counts() -> None:
    """The deadline was near: the route may well have answered."""
    async with deployment() as primary, deployment() as other:
        primary.gate = asyncio.Event()
        routes = route_to(primary.url, first_content_s=2), route_to(other.url, "second", first_content_s=2)
        async with gateway_over(*routes, deadline_s=0.4) as gateway:
            assert reply_of(await hear(gateway)).route == "second"
            assert gateway.health.state(routes)[0].state == "closed"


async def test_bad_requests_of_one_caller_leave_the_route_to_the_others() -> None:
    async with pair() as both:
        both.primary.status, both.primary.said = 400, {"error": {"code": "content_filter", "message": "filtered"}}
        for _ in range(5):
            await hear(both.gateway)
        assert both.state == "closed"
        assert both.other.calls == 0


@pytest.mark.usefixtures("quick")
async def test_a_model_that_thinks_its_few_tokens_away_has_answered_the_probe() -> None:
    async with pair() as both:
        both.primary.status = 500
        await both.open()
        both.primary.status, both.primary.stream = 200, event(finish="length") + DONE
        await until_closed(both.gateway)


async def test_a_gateway_that_is_closed_ends_its_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PERMANENT_EVERY_S", 0.0)
    async with deployment() as primary, deployment() as other:
        async with gateway_over(
            route_to(primary.url, first_content_s=9), route_to(other.url, "second", first_content_s=2)
        ) as gateway:
            primary.status = 401
            await hear(gateway)
            primary.gate = asyncio.Event()
            primary.reached.clear()
            await hear(gateway)
            await primary.reached.wait()
        async with asyncio.timeout(1):
            while primary.running:
                await asyncio.sleep(0)


# ── what should be otherwise ──


@pytest.mark.usefixtures("quick")
async def test_a_healed_route_may_take_its_own_time_to_answer_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "MOST_PROBES", 1_000)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await whole()(reader, writer)

    play = in_turn(refuses(401, "Access denied due to invalid subscription key"), slow)
    async with (
        raw_server(play) as server,
        deployment() as other,
        gateway_over(route_to(server.url, first_content_s=1), route_to(other.url, "second", first_content_s=2)) as gateway,
    ):
        await hear(gateway)
        async with asyncio.timeout(2):
            await until_closed(gateway)


async def test_a_route_that_hangs_is_found_out_under_a_short_deadline_too() -> None:
    async with deployment() as primary, deployment() as other:
        primary.gate = asyncio.Event()
        routes = route_to(primary.url, first_content_s=0.4), route_to(other.url, "second", first_content_s=2)
        async with gateway_over(*routes, deadline_s=0.4) as gateway:
            for _ in range(5):
                assert reply_of(await hear(gateway)).route == "second"
    assert primary.calls < 5


@pytest.mark.usefixtures("quick")
async def test_a_route_whose_answers_are_empty_is_not_healed_by_an_empty_probe() -> None:
    async with pair() as both:
        both.primary.stream = event(finish="stop") + DONE
        for _ in range(200):
            await hear(both.gateway)
        assert both.primary.calls <= breaker.STUMBLES + breaker.MOST_PROBES


@pytest.mark.usefixtures("quick")
async def test_a_probe_that_ends_unexpectedly_is_followed_by_another() -> None:
    async with pair() as both:
        both.primary.status = 401
        await both.open()
        both.primary.status = 429
        both.primary.headers = {"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}
        async with asyncio.timeout(3):
            while not both.primary.probes:
                await hear(both.gateway)
        both.primary.status = 200
        async with asyncio.timeout(1):
            await until_closed(both.gateway)


async def test_an_answer_under_way_outlives_a_change_of_settings() -> None:
    is_changed = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers(STREAM, event("one "))(reader, writer)
        await is_changed.wait()
        await answers(event("two"), event(finish="stop"), DONE)(reader, writer)

    async with raw_server(play) as server, gateway_over(route_to(server.url, first_content_s=2, idle_s=2)) as gateway:
        route: Route = gateway.plan.routes[0]
        events: list[object] = []
        async for one in gateway.stream(HELLO):
            events.append(one)
            if not is_changed.is_set():
                await gateway.change(Plan((replace(route, key=literal("new")),), 5))
                is_changed.set()
    assert not any(isinstance(one, Restarted) for one in events)
    assert isinstance(events[-1], Finished)
