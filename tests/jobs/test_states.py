"""The life of a job: what may follow what."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.jobs import states
from chatsheet.jobs.states import JobNotSo, State, Verb

STATES: tuple[State, ...] = get_args(State)
VERBS: tuple[Verb, ...] = get_args(Verb)


@given(st.lists(st.sampled_from(VERBS)))
def test_whatever_a_job_is_told_it_is_in_one_state_and_refuses_what_makes_no_sense(told: list[Verb]) -> None:
    state: State = "draft"
    for verb in told:
        if state in states.sources(verb):
            state = states.step(state, verb)
            assert state == states.target(verb)
        else:
            with pytest.raises(JobNotSo, match=verb.replace("_", " ")):
                states.step(state, verb)
    assert state in STATES


@pytest.mark.parametrize("ended", states.ENDED)
def test_a_job_that_ended_is_only_ever_retried(ended: State) -> None:
    assert [verb for verb in VERBS if ended in states.sources(verb)] == ["retry"]


@given(st.lists(st.sampled_from(VERBS)))
def test_no_job_runs_that_nobody_started(told: list[Verb]) -> None:
    state: State = "draft"
    for verb in told:
        if verb != "start" and state in states.sources(verb):
            state = states.step(state, verb)
            if state in {"running", "paused"}:
                assert "retry" in told


@pytest.mark.parametrize("state", STATES)
def test_every_state_but_the_ends_can_be_cancelled(state: State) -> None:
    assert (state in states.sources("cancel")) == (state not in states.ENDED)


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(JobNotSo) as refused:
        states.step("paused", "pause")
    assert refused.value.fix == "it can be told to resume, cancel."


@pytest.mark.parametrize(
    ("done", "failed", "verb"),
    [(3, 0, "complete"), (0, 0, "complete"), (2, 1, "complete_with_failures"), (0, 4, "fail")],
)
def test_how_a_job_ends_follows_from_its_rows(done: int, failed: int, verb: Verb) -> None:
    assert states.ending(done=done, failed=failed) == verb
