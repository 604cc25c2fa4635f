"""How fast jobs ask, decided without a clock."""

import itertools
from collections import Counter
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.jobs import pace
from chatsheet.jobs.pace import Again, GiveUp, Minute, Slots, Waiting


@pytest.mark.parametrize(("was_refused", "calls"), [(False, 12), (True, 116)])
def test_good_calls_open_slots_up_to_the_most_and_slower_once_something_was_refused(*, was_refused: bool, calls: int) -> None:
    slots = Slots(most=16, is_free=not was_refused)
    for _ in range(calls - 1):
        slots = slots.answered(1.0)
    assert slots.free(in_flight=0, chats=0) == 15
    for _ in range(20):
        slots = slots.answered(1.0)
    assert slots.free(in_flight=0, chats=0) == 16


def test_a_refusal_halves_the_slots_and_never_closes_the_last() -> None:
    slots = Slots(most=16, limit=8.0).refused()
    assert slots.limit == 4.0
    for _ in range(10):
        slots = slots.refused()
    assert slots.free(in_flight=0, chats=0) == 1


def test_slow_calls_take_slots_away() -> None:
    slots = Slots(most=16, limit=16.0, usual_s=1.0, best_s=1.0)
    for _ in range(100):
        slots = slots.answered(5.0)
    assert slots.limit < 12


def test_chats_come_before_jobs() -> None:
    slots = Slots(most=16, limit=16.0)
    assert slots.free(in_flight=0, chats=1) == 4
    assert slots.free(in_flight=6, chats=1) == 0
    assert Slots(most=16, limit=1.0).free(in_flight=0, chats=3) == 1


@given(
    limit=st.integers(2_000, 200_000),
    sizes=st.lists(st.integers(20, 900), min_size=5, max_size=20),
    workers=st.integers(1, 4),
)
def test_workers_use_a_limit_up_and_never_go_beyond_it(limit: int, sizes: list[int], workers: int) -> None:
    """A provider that counts a sliding minute: what it saw in any sixty seconds is at least 95 % and at most 102 %.

    But for one call: it is let in by the mean, and takes what it takes.
    """
    minute, spent = Minute(limit, limit // 2), list[tuple[int, int]]()
    mean, upcoming = sum(sizes) / len(sizes), itertools.cycle(sizes)
    for step in range(1, 4 * pace.MINUTE_S * workers):
        now = 1_000 + step / workers
        minute = minute.at(now)
        while minute.room >= mean:
            tokens = next(upcoming)
            minute = minute.spend(round(mean), now).spend(tokens - round(mean), now)
            spent.append((int(now), tokens))
    begun = int(1_000 + pace.MINUTE_S)
    for since in range(begun, begun + 100, 10):
        seen = sum(tokens for second, tokens in spent if since <= second < since + pace.MINUTE_S)
        assert seen <= 1.02 * limit + max(sizes)
        assert seen >= 0.95 * limit - max(sizes)


def test_a_provider_that_does_not_count_what_is_spent_sets_no_limit() -> None:
    assert Minute().told(50_000, 49_500).room == inf


def test_a_provider_that_counts_is_kept_to() -> None:
    scarce = Minute().told(50_000, 20_000).spend(49_000, 5.0)
    assert scarce.room == 1_000
    assert scarce.at(70.0).room == 50_000


@given(
    st.lists(st.builds(Waiting, job=st.uuids().map(str), user=st.sampled_from("abc"), priority=st.integers(-2, 2)), max_size=8),
    st.integers(0, 40),
)
def test_shares_are_all_given_out_alike_to_users_and_of_each_to_their_highest_priority(
    waiting: list[Waiting], slots: int
) -> None:
    shares = pace.share(waiting, slots)
    assert sum(shares.values()) == (slots if waiting else 0)
    of_user = Counter({one.user: 0 for one in waiting})
    for one in waiting:
        of_user[one.user] += shares.get(one.job, 0)
        assert not shares.get(one.job) or one.priority == max(other.priority for other in waiting if other.user == one.user)
    assert not of_user or max(of_user.values()) - min(of_user.values()) <= 1


def test_a_call_that_does_not_fit_is_waited_for_and_no_other_overtakes_it() -> None:
    large, small = (
        Waiting(job="large", user="anna", priority=0, tokens=900),
        Waiting(job="small", user="ben", priority=0, tokens=10),
    )
    assert pace.share([large, small], 8, room=500, limit=1_000) == {}
    busy = replace(large, in_flight=4)
    assert pace.share([busy, small], 8, room=500, limit=1_000) == {"small": 4}
    assert pace.share([large, small], 8, room=960, limit=1_000) == {"large": 1, "small": 1}


def test_a_call_of_more_than_a_whole_minute_waits_for_an_empty_one_and_stalls_nobody_for_ever() -> None:
    huge = Waiting(job="huge", user="anna", priority=0, tokens=5_000)
    assert pace.share([huge], 8, room=999, limit=1_000) == {}
    assert pace.share([huge], 8, room=1_000, limit=1_000) == {"huge": 1}


def test_who_has_rows_in_flight_gets_fewer() -> None:
    busy = Waiting(job="one", user="anna", priority=0, in_flight=6)
    assert pace.share([busy, Waiting(job="two", user="ben", priority=0)], 8) == {"one": 1, "two": 7}


def test_a_row_that_fails_is_tried_so_often_and_a_refused_one_once() -> None:
    fates = [pace.after_failure(tries=n, is_refused=False, is_throttled=False, is_outage=False) for n in range(3)]
    assert fates == [Again(1.0), Again(2.0), GiveUp()]
    assert pace.after_failure(tries=0, is_refused=True, is_throttled=False, is_outage=False) == GiveUp()


def test_a_limit_and_an_outage_are_not_the_rows_fault() -> None:
    for told in ({"is_throttled": True, "is_outage": False}, {"is_throttled": False, "is_outage": True}):
        fate = pace.after_failure(tries=2, is_refused=False, **told)
        assert isinstance(fate, Again)
        assert not fate.is_counted


def test_a_pause_is_as_the_provider_says_else_longer_each_time() -> None:
    assert [pace.hold_s(streak=n) for n in (1, 2, 3, 9)] == [2.0, 4.0, 8.0, 30.0]
    assert pace.hold_s(streak=5, told_s=3.5) == 3.5


def test_minutes_are_those_of_the_calls_or_of_the_limit() -> None:
    told = {"calls": 600, "seconds_per_call": 2.0, "tokens_per_call": 100.0, "at_once": 10}
    assert pace.minutes(**told, limit=0) == 2.0  # pyright: ignore[reportArgumentType]
    assert pace.minutes(**told, limit=6_000) == 10.0  # pyright: ignore[reportArgumentType]
