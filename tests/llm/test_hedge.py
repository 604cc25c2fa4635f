"""The hedge: a second route is started where the first is slower than usual; one answers, the other is ended and accounted."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from chatsheet.llm.gateway import Gateway, NoRouteAnswered, RequestRefused
from chatsheet.llm.model import ChatRequest, TextDelta
from chatsheet.llm.routes import Plan, Price
from tests.harness import HELLO
from tests.llm.rig import Heard, Play, RawServer, answers, event, gateway_over, hear, raw_server
from tests.llm.stage import DONE, STREAM, cut, in_turn, refuses, reply_of, route_to, silent, text_of, whole

pytestmark = pytest.mark.anyio

USUAL_S = 0.05
KEY_WRONG = refuses(401, "Access denied due to invalid subscription key")


@dataclass(frozen=True, slots=True)
class Race:
    """Two routes behind a hedging gateway, and what each was sent."""

    gateway: Gateway
    servers: Sequence[RawServer]
    seen: Sequence[list[bytes]]

    @property
    def calls(self) -> list[int]:
        """Count the calls of each route."""
        return [len(one) for one in self.seen]

    def states(self) -> list[str]:
        """Return the states of the routes' breakers."""
        return [one.state for one in self.gateway.health.state(self.gateway.plan.routes)]


@asynccontextmanager
async def race(
    first: Play, second: Play, *, times: int = 20, hedge: bool = True, usual_s: float = USUAL_S
) -> AsyncGenerator[Race, None]:
    """Serve two routes of which the first has usually had content after `usual_s`."""
    seen: list[list[bytes]] = [[], []]
    async with raw_server(first, seen[0]) as one, raw_server(second, seen[1]) as two:
        routes = [route_to(one.url, first_content_s=3, idle_s=3), route_to(two.url, "second", first_content_s=3, idle_s=3)]
        routes = [replace(route, price=Price(input=1, cached=1, output=2)) for route in routes]
        async with gateway_over(*routes) as gateway:
            await gateway.change(Plan(tuple(routes), 5, hedge=hedge))
            for _ in range(times):
                gateway.health.succeeded(routes[0], started=0, first_content_s=usual_s)
            yield Race(gateway, (one, two), seen)


def after(seconds: float, play: Play) -> Play:
    """Play later."""

    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await play(reader, writer)

    return later


def tried(heard: Heard) -> list[tuple[str, str | None]]:
    """Return each attempt's route and cause."""
    return [(one.route, one.cause) for one in heard.trail.attempts]


async def test_a_slow_first_route_is_overtaken_and_ended() -> None:
    async with race(silent, whole()) as running:
        heard = await hear(running.gateway)
        async with asyncio.timeout(1):
            await running.servers[0].left.wait()
    assert (heard.text, reply_of(heard).route) == (text_of(60), "second")
    assert sorted(tried(heard)) == [("first", "hedge.lost"), ("second", None)]


async def test_the_loser_is_not_held_to_be_ill() -> None:
    async with race(silent, whole()) as running:
        await hear(running.gateway)
        assert running.states() == ["closed", "closed"]


async def test_a_first_route_as_quick_as_usual_runs_alone() -> None:
    async with race(whole(), whole(), usual_s=1) as running:
        heard = await hear(running.gateway)
    assert (tried(heard), running.calls) == ([("first", None)], [1, 0])


async def test_a_first_route_that_still_comes_first_ends_the_second() -> None:
    async with race(after(0.2, whole()), silent) as running:
        heard = await hear(running.gateway)
        async with asyncio.timeout(1):
            await running.servers[1].left.wait()
    assert sorted(tried(heard)) == [("first", None), ("second", "hedge.lost")]
    assert heard.text == text_of(60)


async def test_nothing_of_the_loser_reaches_the_caller() -> None:
    slow = after(0.5, answers(STREAM, event("loser"), event(finish="stop"), DONE, ends=True))
    async with race(slow, after(0.02, whole())) as running:
        events = (await hear(running.gateway)).events
    assert "".join(one.text for one in events if isinstance(one, TextDelta)) == text_of(60)


@pytest.mark.parametrize(("times", "hedge"), [(19, True), (20, False)], ids=["too few times known", "off"])
async def test_without_knowledge_or_leave_a_slow_route_runs_alone(times: int, hedge: bool) -> None:  # noqa: FBT001
    async with race(after(0.2, whole()), whole(), times=times, hedge=hedge) as running:
        heard = await hear(running.gateway)
    assert (tried(heard), running.calls) == ([("first", None)], [1, 0])


async def test_it_is_off_where_nobody_asks_for_it() -> None:
    assert not Plan((), 1).hedge


async def test_an_ill_second_route_is_not_started() -> None:
    async with race(after(0.2, whole()), in_turn(KEY_WRONG, whole())) as running:
        first, second = running.gateway.plan.routes
        await running.gateway.change(Plan((second,), 5))
        await hear(running.gateway)
        await running.gateway.change(Plan((first, second), 5, hedge=True))
        heard = await hear(running.gateway)
    assert (tried(heard), running.calls) == ([("first", None)], [1, 1])


async def test_a_first_route_that_fails_before_its_usual_time_is_followed_not_raced() -> None:
    async with race(KEY_WRONG, whole(), usual_s=1) as running:
        heard = await hear(running.gateway)
    assert tried(heard) == [("first", "azure.key_wrong"), ("second", None)]


async def test_a_first_route_that_fails_while_raced_leaves_the_answer_to_the_second() -> None:
    async with race(after(0.1, KEY_WRONG), after(0.4, whole())) as running:
        heard = await hear(running.gateway)
        assert running.states() == ["open", "closed"]
    assert tried(heard) == [("first", "azure.key_wrong"), ("second", None)]


async def test_where_both_fail_both_are_told() -> None:
    async with race(after(0.1, KEY_WRONG), KEY_WRONG) as running:
        heard = await hear(running.gateway)
    assert isinstance(heard.error, NoRouteAnswered)
    assert sorted(tried(heard)) == [("first", "azure.key_wrong"), ("second", "azure.key_wrong")]


async def test_a_winner_that_dies_gives_the_loser_its_turn() -> None:
    async with race(in_turn(silent, whole()), cut(5)) as running:
        heard = await hear(running.gateway)
    assert tried(heard) == [("first", "hedge.lost"), ("second", "stream.cut"), ("first", None)]
    assert heard.text == text_of(60)


async def test_a_caller_that_leaves_ends_both() -> None:
    async with race(silent, silent) as running:
        request = asyncio.ensure_future(hear(running.gateway))
        async with asyncio.timeout(2):
            while running.calls != [1, 1]:
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.gather(*(server.left.wait() for server in running.servers))
        with pytest.raises(asyncio.CancelledError):
            await request


async def test_both_are_held_to_the_one_deadline() -> None:
    async with race(silent, silent) as running:
        await running.gateway.change(Plan(running.gateway.plan.routes, 0.4, hedge=True))
        async with asyncio.timeout(0.65):
            heard = await hear(running.gateway)
    assert isinstance(heard.error, NoRouteAnswered)


async def test_the_losers_input_is_part_of_the_cost() -> None:
    async with race(silent, whole()) as running:
        reply = reply_of(await hear(running.gateway))
    assert reply.cost == pytest.approx((9 * 1 + 60 * 2 + 9 * 1) / 1e6)


async def test_both_are_sent_the_callers_own_messages() -> None:
    async with race(silent, whole()) as running:
        await hear(running.gateway, ChatRequest({**HELLO.body, "temperature": 0.3}))
        bodies = [one[0].partition(b"\r\n\r\n")[2] for one in running.seen]
    assert bodies[0] == bodies[1]


# ── what should be otherwise ──


async def test_a_filtered_prompt_ends_the_race() -> None:
    filtered = refuses(400, "content management policy", code="content_filter")
    async with race(after(0.1, filtered), after(0.3, whole())) as running:
        assert isinstance((await hear(running.gateway)).error, RequestRefused)


async def test_a_prompt_that_is_too_long_is_raced_by_larger_windows_only() -> None:
    too_long = refuses(400, "maximum context length is 8192 tokens", code="context_length_exceeded")
    async with race(after(0.2, whole()), whole()) as running, raw_server(too_long) as small:
        large, undeclared = running.gateway.plan.routes
        large = replace(large, context_window_tokens=128_000)
        first = replace(route_to(small.url, "small"), context_window_tokens=8_192)
        await running.gateway.change(Plan((first, large, undeclared), 5, hedge=True))
        assert reply_of(await hear(running.gateway)).route == "first"
    assert running.calls == [1, 0]
