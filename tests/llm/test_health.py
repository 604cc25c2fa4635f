"""The breakers of a process: keyed by what decides whether a route works, told to telemetry and to other replicas."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from chatsheet.core.secret import literal
from chatsheet.llm.breaker import HEALTHY, Breaker
from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.health import Health, RouteHealth
from chatsheet.llm.router import Closed
from chatsheet.telemetry.model_calls import ModelCalls
from tests.llm.rig import ROUTE

OTHER = replace(ROUTE, name="other", model="gpt-4.1")


@dataclass(slots=True)
class FakeClock:
    """A clock that stands still until it is moved."""

    at: float = 1_000

    def now(self) -> datetime:
        """Return a time that moves with the seconds."""
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        """Return the seconds."""
        return self.at


@dataclass(slots=True)
class Replicas:
    """What the other replicas were told; they let us probe or not."""

    lets_us: bool = True
    told: list[tuple[str, Breaker]] = field(default_factory=list[tuple[str, Breaker]])
    asked: int = 0
    gate: asyncio.Event | None = None

    def tell(self, key: str, breaker: Breaker) -> None:
        """Note what we say."""
        self.told.append((key, breaker))

    async def probed(self, key: str) -> None:
        """Take the lease back."""

    async def may_probe(self, key: str, hold_s: float) -> bool:
        """Answer at once, or when the gate opens."""
        del key, hold_s
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        return self.lets_us


@dataclass(slots=True)
class Bed:
    """A health with its clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    health: Health = field(init=False)

    def __post_init__(self) -> None:
        """Build the health over the clock."""
        self.health = Health(clock=self.clock, telemetry=ModelCalls.off())

    def fail(self, code: str, *, retry_after_s: float | None = None, is_probe: bool = False) -> None:
        """Let an attempt at the route fail now."""
        started = self.clock.at
        self.health.failed(ROUTE, CATALOGUE[code], started=started, retry_after_s=retry_after_s, is_probe=is_probe)

    def answer(self, *, is_probe: bool = False) -> None:
        """Let an attempt at the route answer now."""
        self.health.succeeded(ROUTE, started=self.clock.at, is_probe=is_probe)


class Told(ModelCalls):
    """Keeps the states that telemetry is told."""

    def __init__(self) -> None:
        """Record nothing else."""
        self.states: list[str] = []

    def breaker(self, *, route: str, deployment: str, state: str, cause: str) -> None:
        """Keep the state with its cause."""
        del route, deployment
        self.states.append(f"{state} {cause}".strip())


@pytest.fixture
def bed() -> Bed:
    """A health where nothing has happened."""
    return Bed()


def test_where_nothing_happened_nothing_is_ill_or_due(bed: Bed) -> None:
    assert bed.health.ill([ROUTE, OTHER]) == {}
    assert bed.health.due([ROUTE, OTHER]) == []
    assert bed.health.breaker(ROUTE) is HEALTHY


def test_a_failed_route_is_ill_with_its_cause_and_the_others_are_not(bed: Bed) -> None:
    bed.fail("azure.key_wrong")
    assert bed.health.ill([ROUTE, OTHER]) == {"first": Closed("azure.key_wrong", is_permanent=True, wait_s=60)}


def test_what_is_left_of_a_wait_gets_less_and_never_below_nothing(bed: Bed) -> None:
    bed.fail("azure.rate_limited", retry_after_s=5)
    bed.clock.at += 2
    assert bed.health.ill([ROUTE])["first"].wait_s == 3
    bed.clock.at += 9
    assert bed.health.ill([ROUTE])["first"].wait_s == 0


def test_a_route_is_due_when_its_time_has_come(bed: Bed) -> None:
    bed.fail("net.refused")
    bed.clock.at += 3.9
    assert bed.health.due([ROUTE, OTHER]) == []
    bed.clock.at += 0.1
    assert bed.health.due([ROUTE, OTHER]) == [ROUTE]


def test_an_answer_makes_it_healthy_again(bed: Bed) -> None:
    bed.fail("net.refused")
    bed.clock.at += 1
    bed.answer()
    assert bed.health.ill([ROUTE]) == {}


def test_an_answer_among_the_healthy_is_nothing_to_remember(bed: Bed) -> None:
    bed.health.succeeded(ROUTE, started=0)
    bed.fail("net.refused")
    bed.health.succeeded(OTHER, started=0)
    assert bed.health.breaker(OTHER) is HEALTHY


def test_a_callers_own_fault_leaves_no_trace(bed: Bed) -> None:
    bed.fail("content.filtered")
    assert bed.health.breaker(ROUTE) is HEALTHY


def test_silence_of_a_route_that_is_slow_by_nature_leaves_it_healthy(bed: Bed) -> None:
    slow = replace(ROUTE, prompt_budget_tokens=1_500)
    bed.health.failed(slow, CATALOGUE["stream.silent"], started=bed.clock.at)
    assert bed.health.ill([slow]) == {}


@pytest.mark.parametrize(
    "changed",
    [
        replace(ROUTE, key=literal("another-key")),
        replace(ROUTE, url="http://127.0.0.1:10/"),
        replace(ROUTE, model="gpt-4.1"),
        replace(ROUTE, auth="bearer"),
        replace(ROUTE, network=replace(ROUTE.network, proxy="http://127.0.0.1:11")),
        replace(ROUTE, network=replace(ROUTE.network, proxy_credentials=literal("user:password"))),
        replace(ROUTE, identity=replace(ROUTE.identity, client_secret=literal("secret"))),
    ],
    ids=["key", "url", "model", "auth", "proxy", "proxy credentials", "client secret"],
)
def test_changed_settings_or_credentials_begin_healthy(bed: Bed, changed: object) -> None:
    bed.fail("azure.key_wrong")
    assert isinstance(changed, type(ROUTE))
    assert changed.name not in bed.health.ill([changed])


def test_the_same_route_under_another_name_is_as_ill(bed: Bed) -> None:
    bed.fail("azure.key_wrong")
    assert list(bed.health.ill([replace(ROUTE, name="renamed")])) == ["renamed"]


def test_people_see_state_cause_and_times_from_now(bed: Bed) -> None:
    bed.fail("net.refused")
    bed.clock.at += 1
    first, other = bed.health.state([ROUTE, OTHER])
    expected = RouteHealth(route="first", state="open", cause="net.refused", first_cause="net.refused", since_s=1, probe_in_s=3)
    assert first == expected
    assert (other.route, other.state, other.cause, other.probe_in_s) == ("other", "closed", "", None)


# ── the usual time to first content ──


def test_before_twenty_answers_nothing_is_usual(bed: Bed) -> None:
    for _ in range(19):
        bed.health.succeeded(ROUTE, started=0, first_content_s=1)
    assert bed.health.usual_first_content_s(ROUTE) is None


def test_the_usual_time_is_what_all_but_one_in_twenty_keep(bed: Bed) -> None:
    for number in range(100):
        bed.health.succeeded(ROUTE, started=0, first_content_s=number / 100)
    assert bed.health.usual_first_content_s(ROUTE) == pytest.approx(0.95)
    assert bed.health.usual_first_content_s(OTHER) is None


def test_only_the_latest_hundred_times_count(bed: Bed) -> None:
    for seconds in (9.0,) * 100 + (1.0,) * 100:
        bed.health.succeeded(ROUTE, started=0, first_content_s=seconds)
    assert bed.health.usual_first_content_s(ROUTE) == 1


# ── probes and other replicas ──


@pytest.mark.anyio
async def test_the_probe_of_a_route_is_given_once(bed: Bed) -> None:
    bed.fail("net.refused")
    assert not await bed.health.may_probe(ROUTE)
    bed.clock.at += 4
    assert await bed.health.may_probe(ROUTE)
    assert not await bed.health.may_probe(ROUTE)
    assert bed.health.state([ROUTE])[0].state == "half_open"
    assert bed.health.state([ROUTE])[0].probe_in_s is None


@pytest.mark.anyio
async def test_a_probe_that_another_replica_has_is_not_ours(bed: Bed) -> None:
    bed.health.shared = replicas = Replicas(lets_us=False)
    bed.fail("net.refused")
    bed.clock.at += 4
    assert not await bed.health.may_probe(ROUTE)
    assert replicas.asked == 1
    assert bed.health.state([ROUTE])[0].probe_in_s == 4


@pytest.mark.anyio
async def test_with_the_others_leave_the_probe_is_ours(bed: Bed) -> None:
    bed.health.shared = Replicas()
    bed.fail("net.refused")
    bed.clock.at += 4
    assert await bed.health.may_probe(ROUTE)


@pytest.mark.anyio
async def test_a_healing_heard_while_asking_for_the_probe_stays_heard(bed: Bed) -> None:
    bed.health.shared = replicas = Replicas(lets_us=False, gate=asyncio.Event())
    assert replicas.gate is not None
    bed.fail("net.refused")
    bed.clock.at += 4
    asking = asyncio.ensure_future(bed.health.may_probe(ROUTE))
    await asyncio.sleep(0)
    bed.health.hear(ROUTE.fingerprint, Breaker(since=bed.clock.at))
    replicas.gate.set()
    assert not await asking
    assert bed.health.ill([ROUTE]) == {}


@pytest.mark.anyio
async def test_a_callers_answer_during_a_probe_stays(bed: Bed) -> None:
    bed.fail("net.refused")
    bed.clock.at += 4
    assert await bed.health.may_probe(ROUTE)
    began = bed.clock.at
    bed.clock.at += 1
    bed.answer()
    bed.health.failed(ROUTE, CATALOGUE["deadline.exceeded"], started=began, is_probe=True)
    assert bed.health.ill([ROUTE]) == {}


def test_two_that_fail_at_once_are_told_once(bed: Bed) -> None:
    bed.health.shared = replicas = Replicas()
    bed.fail("net.refused")
    bed.fail("net.refused")
    assert len(replicas.told) == 1


@pytest.mark.anyio
async def test_where_a_probe_begins_the_others_are_told(bed: Bed) -> None:
    bed.health.shared = replicas = Replicas()
    bed.fail("net.refused")
    bed.clock.at += 4
    await bed.health.may_probe(ROUTE)
    assert [one.state for _, one in replicas.told] == ["open", "half_open"]


def test_others_are_told_what_opens_and_what_heals_and_nothing_else(bed: Bed) -> None:
    bed.health.shared = replicas = Replicas()
    bed.fail("provider.error")
    bed.answer()
    assert replicas.told == []
    bed.fail("net.refused")
    bed.clock.at += 1
    bed.answer()
    assert [(key == ROUTE.fingerprint, one.state) for key, one in replicas.told] == [(True, "open"), (True, "closed")]


def test_what_others_saw_is_taken_over(bed: Bed) -> None:
    seen = Breaker(state="open", cause="net.refused", first_cause="net.refused", since=bed.clock.at, until=bed.clock.at + 4)
    bed.health.hear(ROUTE.fingerprint, seen)
    assert list(bed.health.ill([ROUTE])) == ["first"]
    bed.health.hear(ROUTE.fingerprint, HEALTHY)
    assert bed.health.ill([ROUTE]) == {}


def test_a_cause_that_only_another_version_knows_is_not_taken_over(bed: Bed) -> None:
    bed.health.hear(ROUTE.fingerprint, Breaker(state="open", cause="of.tomorrow"))
    assert bed.health.ill([ROUTE]) == {}


def test_what_is_heard_of_a_route_that_failed_here_is_seen_here(bed: Bed) -> None:
    bed.fail("net.refused")
    bed.health.hear(ROUTE.fingerprint, Breaker(since=bed.clock.at))
    assert bed.health.state([ROUTE])[0].state == "closed"


def test_a_probe_of_another_replica_that_never_ends_is_taken_over(bed: Bed) -> None:
    now = bed.clock.at
    bed.health.hear(ROUTE.fingerprint, Breaker(state="half_open", cause="net.refused", since=now, until=now, probes=(now,)))
    bed.clock.at += 3_600
    assert bed.health.due([ROUTE]) == [ROUTE]


# ── telemetry ──


def test_telemetry_is_told_each_change_of_state() -> None:
    told, clock = Told(), FakeClock()
    health = Health(clock=clock, telemetry=told)
    health.failed(ROUTE, CATALOGUE["net.refused"], started=clock.at)
    clock.at += 1
    health.succeeded(ROUTE, started=clock.at)
    assert told.states == ["open net.refused", "closed"]


def test_a_state_that_stays_is_no_transition() -> None:
    told, clock = Told(), FakeClock()
    health = Health(clock=clock, telemetry=told)
    for _ in range(5):
        health.failed(ROUTE, CATALOGUE["net.refused"], started=clock.at)
        clock.at += 1
    assert told.states == ["open net.refused"]


@pytest.mark.anyio
async def test_no_probe_starts_beside_one_that_still_runs(bed: Bed) -> None:
    bed.fail("net.refused")
    bed.clock.at += 4
    assert await bed.health.may_probe(ROUTE)
    bed.clock.at += 1
    bed.answer()
    bed.fail("net.refused")
    bed.clock.at += 4
    assert not await bed.health.may_probe(ROUTE)
    bed.health.probed(ROUTE)
    assert await bed.health.may_probe(ROUTE)


def test_an_answer_is_remembered_until_the_route_is_known_to_be_ill() -> None:
    clock = FakeClock()
    health = Health(clock=clock, telemetry=ModelCalls.off())
    assert health.answered_s_ago(ROUTE) is None
    health.succeeded(ROUTE, started=clock.at)
    clock.at += 5
    assert (health.answered_s_ago(ROUTE), health.answered_s_ago(OTHER)) == (5, None)
    health.failed(ROUTE, CATALOGUE["azure.key_wrong"], started=clock.at)
    assert health.answered_s_ago(ROUTE) is None


def test_a_litellm_that_was_started_again_has_answered_nothing_yet() -> None:
    clock = FakeClock()
    health = Health(clock=clock, telemetry=ModelCalls.off())
    health.succeeded(ROUTE, started=clock.at)
    health.forget(ROUTE)
    assert health.answered_s_ago(ROUTE) is None
