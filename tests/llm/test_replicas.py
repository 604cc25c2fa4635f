"""Replicas share breakers through a real Valkey: what one has learnt, the others know; without it each goes on alone."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core.clock import SystemClock
from chatsheet.llm import replicas
from chatsheet.llm.breaker import Breaker
from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.health import Health
from chatsheet.llm.replicas import Replicas
from chatsheet.telemetry.model_calls import ModelCalls
from tests import valkeys
from tests.llm.rig import ROUTE
from tests.valkeys import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server() -> AsyncGenerator[Server, None]:
    """Run a Valkey while the test runs."""
    async with valkeys.running() as started:
        yield started


@asynccontextmanager
async def replica(server: Server) -> AsyncGenerator[Health, None]:
    """Run one replica's health over the server."""
    clock = SystemClock()
    health = Health(clock=clock, telemetry=ModelCalls.off())
    shared = Replicas(server.url, clock=clock, take=health.hear)
    health.shared = shared
    await shared.open()
    try:
        yield health
    finally:
        await shared.close()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(8):
        while not is_so():
            await asyncio.sleep(0.01)


def break_down(health: Health, cause: str = "azure.key_wrong") -> None:
    """Let the route fail."""
    health.failed(ROUTE, CATALOGUE[cause], started=SystemClock().monotonic())


async def test_what_one_replica_learns_the_other_knows_and_forgets_with_it(server: Server) -> None:
    async with replica(server) as one, replica(server) as two:
        await until(lambda: bool(server.process))
        await _linked(one, two)
        break_down(one)
        await until(lambda: two.breaker(ROUTE).cause == "azure.key_wrong")
        one.succeeded(ROUTE, started=SystemClock().monotonic())
        await until(lambda: two.breaker(ROUTE).is_closed)


async def _linked(one: Health, two: Health) -> None:
    """Wait until both listen: what is said before that is heard from the store."""
    other = CATALOGUE["net.refused"]
    for speaker, listener in ((one, two), (two, one)):
        speaker.failed(ROUTE, other, started=SystemClock().monotonic())
        await until(lambda listener=listener: not listener.breaker(ROUTE).is_closed)
        speaker.succeeded(ROUTE, started=SystemClock().monotonic())
        await until(lambda listener=listener: listener.breaker(ROUTE).is_closed)


async def test_a_replica_that_starts_later_is_told_what_is_known(server: Server) -> None:
    async with replica(server) as one:
        break_down(one)
        async with replica(server) as two:
            await until(lambda: two.breaker(ROUTE).cause == "azure.key_wrong")


async def test_one_replica_probes_and_the_other_waits_for_what_it_says(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async with replica(server) as one, replica(server) as two:
        await _linked(one, two)
        monkeypatch.setattr("chatsheet.llm.breaker.PROBE_EVERY_S", 0.0)
        break_down(one, "net.refused")
        await until(lambda: not two.breaker(ROUTE).is_closed)
        assert sorted([await one.may_probe(ROUTE), await two.may_probe(ROUTE)]) == [False, True]


async def test_without_the_server_each_goes_on_alone(server: Server) -> None:
    async with replica(server) as one:
        await server.stop()
        break_down(one, "net.refused")
        assert one.breaker(ROUTE).state == "open"


async def test_a_server_that_comes_back_is_used_again(server: Server) -> None:
    async with replica(server) as one, replica(server) as two:
        await _linked(one, two)
        await server.stop()
        await server.start()
        await _linked(one, two)


seconds = st.floats(min_value=0, max_value=1e6)


@given(
    breaker=st.builds(
        Breaker,
        state=st.sampled_from(["closed", "open", "half_open"]),
        cause=st.sampled_from(sorted(CATALOGUE)),
        failures=st.integers(0, 99),
        since=seconds,
        until=seconds,
        probes=st.lists(seconds, max_size=3).map(tuple),
    ),
    here=seconds,
    there=seconds,
)
def test_a_breaker_keeps_its_distances_on_another_clock(breaker: Breaker, here: float, there: float) -> None:
    heard = replicas.hear(replicas.tell("me", "key", breaker, now=here, at=0.0), there)
    assert (heard.state, heard.cause, heard.failures) == (breaker.state, breaker.cause, breaker.failures)
    assert heard.until - there == pytest.approx(breaker.until - here, abs=1e-3)
    assert heard.since - there == pytest.approx(breaker.since - here, abs=1e-3)
