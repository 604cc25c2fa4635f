"""Readiness: what a real call proved within a minute, asked for with as few calls as that takes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from chatsheet.doctor import readiness as readinesses
from chatsheet.doctor.readiness import Readiness, Ready
from chatsheet.llm.routes import Plan, Route
from tests.harness import NoRecords
from tests.llm.rig import ROUTE, WHOLE, Play, answers, gateway_over, hear, raw_server
from tests.llm.stage import refuses
from tests.llm.test_health import FakeClock

pytestmark = pytest.mark.anyio

KEY_WRONG = refuses(401, "Access denied due to invalid subscription key")
OTHER = replace(ROUTE, name="other", model="gpt-4.1")
SLOW = replace(ROUTE, prompt_budget_tokens=1_000)


@dataclass(slots=True)
class FakeGateway:
    """Routes that answer, fail with a cause, or are silent until their gate opens."""

    plan: Plan
    clock: FakeClock
    causes: dict[str, str] = field(default_factory=dict[str, str])
    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    answered: dict[str, float] = field(default_factory=dict[str, float])
    calls: list[str] = field(default_factory=list[str])

    def answered_s_ago(self, route: Route) -> float | None:
        """Return the age of the last answer."""
        return self.clock.at - self.answered[route.name] if route.name in self.answered else None

    async def prove(self, route: Route) -> str:
        """Call the route."""
        self.calls.append(route.name)
        if route.name in self.gates:
            await self.gates[route.name].wait()
        cause = self.causes.get(route.name, "")
        if not cause:
            self.answered[route.name] = self.clock.at
        return cause


class LitellmStarts(NoRecords):
    """A LiteLLM of ours that is not up yet."""

    def is_ready(self) -> bool:
        """Let nothing through."""
        return False


@asynccontextmanager
async def over(*routes: Route) -> AsyncGenerator[tuple[Readiness, FakeGateway], None]:
    """Look at these routes while the body runs."""
    clock = FakeClock()
    gateway = FakeGateway(Plan(routes, 60), clock)
    readiness = Readiness(gateway=gateway, clock=clock)
    try:
        yield readiness, gateway
    finally:
        await readiness.close()


def states(ready: Ready) -> dict[str, tuple[str, str]]:
    return {one.name: (one.state, one.cause) for one in ready.routes}


async def test_a_healthy_route_is_called_once_a_minute_however_often_one_asks() -> None:
    async with over(ROUTE) as (readiness, gateway):
        for _ in range(181):
            assert (await readiness.look()).status == "ready"
            gateway.clock.at += 1
        assert len(gateway.calls) == 3


async def test_an_ill_route_is_called_every_ten_seconds_at_most() -> None:
    async with over(ROUTE) as (readiness, gateway):
        gateway.causes["first"] = "azure.key_wrong"
        for _ in range(60):
            ready = await readiness.look()
            assert (ready.status, states(ready)) == ("not_ready", {"first": ("failed", "azure.key_wrong")})
            gateway.clock.at += 1
        assert len(gateway.calls) == 6


async def test_a_real_call_proves_a_route_without_another() -> None:
    async with over(ROUTE) as (readiness, gateway):
        gateway.answered["first"] = gateway.clock.at - 59
        assert (await readiness.look()).status == "ready"
        assert gateway.calls == []


async def test_one_proven_route_is_enough_and_nobody_waits_for_the_others() -> None:
    async with over(ROUTE, OTHER) as (readiness, gateway):
        gateway.gates["first"] = asyncio.Event()
        ready = await readiness.look()
        assert (ready.status, states(ready)) == ("ready", {"first": ("unproven", ""), "other": ("proven", "")})


async def test_many_who_ask_at_once_share_a_call_that_survives_the_first_of_them() -> None:
    async with over(ROUTE) as (readiness, gateway):
        gate = gateway.gates["first"] = asyncio.Event()
        asking = [asyncio.ensure_future(readiness.look()) for _ in range(5)]
        while not gateway.calls:
            await asyncio.sleep(0)
        asking[0].cancel()
        gate.set()
        assert {(await one).status for one in asking[1:]} == {"ready"}
        assert gateway.calls == ["first"]


async def test_a_silent_route_is_not_waited_for_longer_than_the_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readinesses, "_HOLD_S", 0.01)
    async with over(ROUTE) as (readiness, gateway):
        gate = gateway.gates["first"] = asyncio.Event()
        assert states(await readiness.look()) == {"first": ("unproven", "")}
        gate.set()
        assert (await readiness.look()).status == "ready"
        assert gateway.calls == ["first"]


async def test_a_slow_route_is_unproven_at_once_and_proven_when_its_call_has_ended() -> None:
    async with over(SLOW) as (readiness, gateway):
        gate = gateway.gates["first"] = asyncio.Event()
        assert states(await readiness.look()) == {"first": ("unproven", "")}
        gate.set()
        async with asyncio.timeout(5):
            while (await readiness.look()).status != "ready":
                await asyncio.sleep(0)
        assert gateway.calls == ["first"]


async def test_a_slow_routes_answer_holds_while_it_is_asked_again_but_not_for_ever() -> None:
    async with over(SLOW) as (readiness, gateway):
        gateway.answered["first"], gateway.gates["first"] = gateway.clock.at, asyncio.Event()
        gateway.clock.at += 61
        assert (await readiness.look()).status == "ready"
        gateway.clock.at += 60
        assert (await readiness.look()).status == "not_ready"
        await asyncio.sleep(0)  # what was begun runs
        assert gateway.calls == ["first"]


async def test_changed_routes_are_looked_at_anew() -> None:
    async with over(ROUTE) as (readiness, gateway):
        gateway.causes["first"] = "azure.key_wrong"
        await readiness.look()
        gateway.plan = Plan((OTHER,), 60)
        assert states(await readiness.look()) == {"other": ("proven", "")}


async def test_no_route_is_not_ready() -> None:
    async with over() as (readiness, _):
        assert await readiness.look() == Ready(status="not_ready", routes=())


# ── on the gateway ──


async def cause_of(play: Play, **changes: object) -> tuple[str, bool, int]:
    """Prove a route, and return why not, whether it counts as answered, and how many connections that took."""
    async with raw_server(play) as server:
        route = replace(ROUTE, url=server.url, **changes)
        async with gateway_over(route) as gateway:
            cause = await gateway.prove(route)
            return cause, gateway.answered_s_ago(route) is not None, server.connections


async def test_a_proof_is_one_whole_answer_of_the_route() -> None:
    assert await cause_of(answers(WHOLE, ends=True)) == ("", True, 1)
    assert await cause_of(KEY_WRONG) == ("azure.key_wrong", False, 1)


async def test_a_failed_proof_warns_callers_and_a_route_known_to_be_ill_is_not_called() -> None:
    async with raw_server(KEY_WRONG) as dead, raw_server(answers(WHOLE, ends=True)) as good:
        ill, other = replace(ROUTE, url=dead.url), replace(OTHER, url=good.url)
        async with gateway_over(ill, other) as gateway:
            assert [await gateway.prove(ill) for _ in range(3)] == ["azure.key_wrong"] * 3
            await hear(gateway)
            assert gateway.answered_s_ago(other) is not None
    assert (dead.connections, good.connections) == (1, 1)


async def test_while_litellm_starts_the_direct_route_proves_readiness() -> None:
    async with raw_server(answers(WHOLE, ends=True)) as server:
        ours = replace(ROUTE, name="litellm", kind="litellm", is_ours=True, url="http://127.0.0.1:9/v1/chat/completions")
        async with gateway_over(ours, replace(OTHER, url=server.url), records=LitellmStarts()) as gateway:
            ready = await Readiness(gateway=gateway, clock=FakeClock()).look()
    assert (ready.status, states(ready)) == ("ready", {"litellm": ("failed", "litellm.down"), "other": ("proven", "")})
