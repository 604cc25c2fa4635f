"""The breaker as a value: what opens it, how long, when it is probed, and what says nothing about a route."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.llm import breaker as breakers
from chatsheet.llm.breaker import HEALTHY, MOST_PROBES, SLOWNESS, Breaker, failed, passed, probe_at, probing, succeeded
from chatsheet.llm.causes import CATALOGUE

NEVER = float("inf")
OWN_FAULTS = [code for code, cause in CATALOGUE.items() if not cause.counts_against_route]
STUMBLES = [
    "provider.error",
    "provider.unavailable",
    "net.reset",
    "stream.cut",
    "stream.malformed",
    "stream.empty",
    "stream.error",
    "stream.stalled",
    "litellm.no_record",
    "unknown",
]
COUNTED = {code: cause for code, cause in CATALOGUE.items() if cause.counts_against_route}
PERMANENT = [code for code, cause in COUNTED.items() if cause.permanent]
AT_ONCE = [code for code, cause in COUNTED.items() if not cause.permanent and code not in STUMBLES]


def fails(breaker: Breaker, code: str, now: float = 10, **more: float | None) -> Breaker:
    """Let an attempt that began a second ago fail."""
    started = more.get("started")
    began = now - 1 if started is None else started
    return failed(breaker, CATALOGUE[code], started=began, now=now, retry_after_s=more.get("retry_after_s"))


def opened(code: str = "net.refused", now: float = 10) -> Breaker:
    """Return a breaker that this cause has opened."""
    return fails(HEALTHY, code, now)


def probe_fails(breaker: Breaker, code: str, *, started: float, now: float, retry_after_s: float | None = None) -> Breaker:
    return failed(breaker, CATALOGUE[code], started=started, now=now, retry_after_s=retry_after_s, is_probe=True)


# ── what opens it ──


@pytest.mark.parametrize("code", [*AT_ONCE, *PERMANENT])
def test_what_costs_the_caller_or_will_not_pass_opens_it_at_once(code: str) -> None:
    breaker = opened(code)
    assert (breaker.state, breaker.cause, breaker.first_cause, breaker.since) == ("open", code, code, 10)


@pytest.mark.parametrize("code", STUMBLES)
def test_a_stumble_opens_it_the_second_time(code: str) -> None:
    once = fails(HEALTHY, code)
    twice = fails(once, code, 11)
    assert once.is_closed
    assert (twice.state, twice.cause, twice.since) == ("open", code, 11)


def test_an_answer_between_two_stumbles_forgives_the_first() -> None:
    once = fails(HEALTHY, "provider.error")
    again = fails(succeeded(once, started=10, now=11), "provider.error", 12)
    assert again.is_closed


def test_a_told_wait_opens_it_at_once_even_where_one_stumble_would_not() -> None:
    assert fails(HEALTHY, "provider.unavailable", retry_after_s=3).state == "open"


@pytest.mark.parametrize("code", OWN_FAULTS)
@pytest.mark.parametrize("before", [HEALTHY, opened(), fails(HEALTHY, "net.reset")])
def test_a_callers_own_faults_never_count(code: str, before: Breaker) -> None:
    assert fails(before, code, 20) == before


@pytest.mark.parametrize("code", sorted(SLOWNESS))
def test_slowness_says_nothing_of_a_route_that_is_slow_by_nature(code: str) -> None:
    for _ in range(3):
        assert failed(HEALTHY, CATALOGUE[code], started=1, now=99, is_slow=True) == HEALTHY


def test_a_route_that_is_slow_by_nature_can_still_be_dead() -> None:
    assert failed(HEALTHY, CATALOGUE["net.refused"], started=1, now=2, is_slow=True).state == "open"


def test_the_latest_cause_keeps_it_open_and_the_first_is_remembered() -> None:
    breaker = fails(opened("net.refused"), "azure.key_wrong", 12)
    assert (breaker.cause, breaker.first_cause, breaker.failures) == ("azure.key_wrong", "net.refused", 2)


# ── when it is probed ──


def test_a_healthy_one_is_never_probed() -> None:
    assert probe_at(HEALTHY) == NEVER


@pytest.mark.parametrize("code", AT_ONCE)
def test_what_should_pass_is_probed_after_four_seconds(code: str) -> None:
    assert probe_at(opened(code, now=10)) == 14


@pytest.mark.parametrize("code", PERMANENT)
def test_what_a_person_must_mend_is_probed_every_minute(code: str) -> None:
    breaker = opened(code, now=10)
    assert probe_at(breaker) == 70
    assert probe_at(probe_fails(probing(breaker, 70), code, started=70, now=71)) == 130


@pytest.mark.parametrize("seconds", [0, 0.3, 7, 59, 86_400])
def test_a_told_wait_is_kept_exactly(seconds: float) -> None:
    breaker = fails(HEALTHY, "azure.rate_limited", retry_after_s=seconds)
    assert probe_at(breaker) == 10 + seconds
    again = probe_fails(
        probing(breaker, 10 + seconds), "azure.rate_limited", started=10 + seconds, now=200_000, retry_after_s=30
    )
    assert probe_at(again) == 200_030


def test_only_one_probe_runs_at_a_time() -> None:
    breaker = probing(opened(now=10), 14)
    assert breaker.state == "half_open"
    assert probe_at(breaker) == NEVER
    assert probe_at(fails(breaker, "net.refused", 15)) == NEVER


def test_a_dead_route_is_probed_three_times_a_minute_and_no_more() -> None:
    breaker, starts = opened(now=100), list[float]()
    for _ in range(7):
        now = probe_at(breaker)
        starts.append(now)
        breaker = probe_fails(probing(breaker, now), "net.refused", started=now, now=now + 0.5)
    assert starts == [104, 109, 129, 164, 184, 204, 224]


def test_a_probe_that_took_long_to_fail_has_waited_already() -> None:
    assert probe_at(probe_fails(probing(opened(now=10), 14), "stream.silent", started=14, now=20)) == 20


def test_a_probe_that_proves_nothing_is_followed_by_another() -> None:
    breaker = probe_fails(probing(opened(now=10), 14), "content.filtered", started=14, now=15)
    assert (breaker.state, breaker.cause, probe_at(breaker)) == ("open", "net.refused", 19)


def test_a_probe_left_to_another_replica_comes_again() -> None:
    assert probe_at(passed(probing(opened(now=10), 14), 14)) == 18


# ── what closes it ──


@pytest.mark.parametrize("breaker", [opened(now=10), probing(opened(now=10), 14)])
def test_an_answer_closes_it_and_forgets_the_trouble(breaker: Breaker) -> None:
    for is_probe in {False, breaker.state == "half_open"}:
        healed = succeeded(breaker, started=15, now=16, is_probe=is_probe)
        assert (healed.state, healed.cause, healed.first_cause, healed.failures, healed.since) == ("closed", "", "", 0, 16)


def test_an_answer_leaves_a_healthy_one_as_it_is() -> None:
    assert succeeded(HEALTHY, started=1, now=2) is HEALTHY


# ── what began before the last change ──


def test_an_answer_from_before_the_trouble_does_not_close_it() -> None:
    breaker = opened(now=10)
    assert succeeded(breaker, started=9, now=12) == breaker


def test_a_failure_from_before_the_healing_does_not_open_it() -> None:
    healed = succeeded(opened(now=10), started=11, now=12)
    assert fails(healed, "net.refused", 13, started=11) == healed


def test_an_older_call_that_is_told_to_wait_longer_is_heeded() -> None:
    breaker = fails(HEALTHY, "azure.rate_limited", retry_after_s=5)
    longer = fails(breaker, "azure.rate_limited", 11, started=2, retry_after_s=60)
    assert (longer.cause, probe_at(longer), longer.failures) == ("azure.rate_limited", 71, 1)
    assert probe_at(fails(breaker, "azure.rate_limited", 11, started=2, retry_after_s=1)) == 15


def test_an_older_call_does_not_end_the_probe_under_way() -> None:
    breaker = probing(opened(now=10), 14)
    assert fails(breaker, "azure.rate_limited", 15, started=2, retry_after_s=60) == breaker


def test_a_probe_that_began_before_the_healing_does_not_open_it_again() -> None:
    healed = succeeded(probing(opened(now=10), 14), started=15, now=16)
    assert probe_fails(healed, "stream.silent", started=14, now=18).is_closed


@pytest.mark.parametrize("code", OWN_FAULTS)
def test_a_probe_that_proves_nothing_does_not_open_what_has_healed(code: str) -> None:
    healed = succeeded(probing(opened(now=10), 14), started=15, now=16)
    assert probe_fails(healed, code, started=14, now=18).is_closed


def test_a_probe_left_to_another_replica_does_not_open_what_has_healed() -> None:
    healed = succeeded(probing(opened(now=10), 14), started=15, now=16)
    assert passed(healed, 17).is_closed


def test_a_route_that_flaps_is_probed_three_times_a_minute_too() -> None:
    breaker, starts = opened(now=100), list[float]()
    while probe_at(breaker) < 160:
        now = probe_at(breaker)
        starts.append(now)
        breaker = succeeded(probing(breaker, now), started=now, now=now + 0.1, is_probe=True)
        breaker = fails(breaker, "net.refused", now + 0.3, started=now + 0.2)
    assert len(starts) <= MOST_PROBES


def test_a_permanent_cause_is_probed_every_minute_whatever_wait_is_told() -> None:
    assert probe_at(fails(HEALTHY, "openai.quota", retry_after_s=1)) >= 70


# ── under any history ──


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens `after` seconds: an attempt or a probe that ends, or a probe that may start."""

    kind: str
    code: str
    after: float
    lasted: float
    retry_after_s: float | None


@dataclass(slots=True)
class History:
    """A breaker with what happened to it."""

    breaker: Breaker = HEALTHY
    now: float = 100
    running: float | None = None
    starts: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    overlaps: int = 0

    def play(self, event: Event) -> None:
        self.now += event.after
        if event.kind == "probe":
            self._probe()
        elif event.kind == "probe fails" and self.running is not None:
            started, self.running = self.running, None
            wait_s = event.retry_after_s
            self.breaker = probe_fails(self.breaker, event.code, started=started, now=self.now, retry_after_s=wait_s)
        elif event.kind == "fails":
            started = self.now - event.lasted
            self.breaker = fails(self.breaker, event.code, self.now, started=started, retry_after_s=event.retry_after_s)
        elif event.kind == "answers":
            self.breaker = succeeded(self.breaker, started=self.now - event.lasted, now=self.now)

    def _probe(self) -> None:
        if probe_at(self.breaker) > self.now:
            return
        self.overlaps += self.running is not None
        self.starts.append((self.now, self.breaker.cause))
        self.running = self.now
        self.breaker = probing(self.breaker, self.now)


def events(*kinds: str, codes: Sequence[str] = tuple(CATALOGUE)) -> st.SearchStrategy[list[Event]]:
    waits = st.one_of(st.none(), st.floats(0, 90))
    times = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 4.0, 9.0, 30.0, 61.0])
    return st.lists(st.builds(Event, st.sampled_from(kinds), st.sampled_from(codes), times, times, waits), max_size=60)


TROUBLE = ("probe", "probe", "probe fails", "fails")


@given(history=events(*TROUBLE))
def test_a_route_that_never_answers_is_probed_three_times_a_minute_at_most(history: list[Event]) -> None:
    seen = History()
    for event in history:
        seen.play(event)
    for at, _ in seen.starts:
        assert sum(at <= other < at + breakers.WINDOW_S for other, _ in seen.starts) <= MOST_PROBES


@given(history=events(*TROUBLE))
def test_no_two_probes_of_a_route_that_never_answers_overlap(history: list[Event]) -> None:
    seen = History()
    for event in history:
        seen.play(event)
        if seen.running is not None:
            assert seen.breaker.state == "half_open"
    assert seen.overlaps == 0


@given(history=events("probe", "fails", "answers"))
def test_what_is_open_has_a_cause_and_what_is_closed_has_no_probe(history: list[Event]) -> None:
    seen = History()
    for event in history:
        seen.play(event)
        assert seen.breaker.is_closed or seen.breaker.cause in CATALOGUE
        assert (probe_at(seen.breaker) < NEVER) == (seen.breaker.state == "open")


@given(
    history=events("probe", "probe fails", "fails", "answers", codes=[*AT_ONCE, *PERMANENT, *STUMBLES]),
    code=st.sampled_from(sorted(CATALOGUE)),
    before=st.floats(0.001, 1_000),
    wait_s=st.one_of(st.none(), st.floats(0, 90)),
)
def test_what_began_before_the_last_change_never_changes_the_state(
    history: list[Event], code: str, before: float, wait_s: float | None
) -> None:
    seen = History()
    for event in history:
        seen.play(event)
    breaker, started = seen.breaker, seen.breaker.since - before
    assert succeeded(breaker, started=started, now=seen.now) == breaker
    after = fails(breaker, code, seen.now, started=started, retry_after_s=wait_s)
    assert replace(after, until=breaker.until) == breaker
    assert after.until >= breaker.until


@given(history=events("probe", "probe fails", "fails", "answers", codes=OWN_FAULTS))
def test_callers_faults_alone_leave_a_route_healthy(history: list[Event]) -> None:
    seen = History()
    for event in history:
        seen.play(event)
    assert seen.breaker == HEALTHY
