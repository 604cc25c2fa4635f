"""The router: healthy routes once each, in order; then waits and second tries; then ill ones; and it always ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.router import Closed, Failure, GiveUp, Try, choose, first_content_s
from chatsheet.llm.routes import Route
from tests.llm.rig import ROUTE

FIRST, SECOND, THIRD = ROUTE, replace(ROUTE, name="second"), replace(ROUTE, name="third")
SMALL, LARGE, LARGEST = (
    replace(ROUTE, name=name, context_window_tokens=tokens)
    for name, tokens in (("small", 8_000), ("large", 128_000), ("largest", 1_000_000))
)
TERMINAL = ["content.filtered", "request.invalid", "deadline.exceeded"]
HELPED = [code for code, cause in CATALOGUE.items() if cause.another_route_helps]
QUICK = ["provider.error", "provider.unavailable", "net.reset", "stream.cut", "stream.malformed", "stream.empty"]
TOLD = ["azure.rate_limited", "azure.capacity", "provider.rate_limited", "provider.unavailable"]
DOWN, WRONG_KEY = Closed("net.refused", is_permanent=False, wait_s=3), Closed("azure.key_wrong", is_permanent=True, wait_s=50)


def failed(route: Route, code: str, retry_after_s: float | None = None) -> Failure:
    return Failure(route.name, CATALOGUE[code], retry_after_s)


def given_up(code: str) -> GiveUp:
    return GiveUp(CATALOGUE[code])


# ── the order of healthy routes ──


def test_the_first_route_is_tried_first() -> None:
    assert choose([FIRST, SECOND], [], {}, remaining_s=1) == Try(FIRST)


@pytest.mark.parametrize("code", HELPED)
def test_the_next_healthy_route_is_tried_at_once_whatever_failed(code: str) -> None:
    assert choose([FIRST, SECOND], [failed(FIRST, code, 1)], {}, remaining_s=60) == Try(SECOND)


def test_an_ill_route_is_passed_by() -> None:
    assert choose([FIRST, SECOND], [], {"first": DOWN}, remaining_s=1) == Try(SECOND)


def test_a_healthy_route_goes_before_a_second_try_and_before_an_ill_one() -> None:
    step = choose([FIRST, SECOND, THIRD], [failed(FIRST, "net.reset")], {"second": DOWN}, remaining_s=1)
    assert step == Try(THIRD)


# ── what ends the search ──


@pytest.mark.parametrize("code", TERMINAL)
def test_what_no_route_can_change_ends_it(code: str) -> None:
    assert choose([FIRST, SECOND], [failed(FIRST, code)], {}, remaining_s=60) == given_up(code)


def test_the_preferred_routes_cause_is_the_one_told() -> None:
    failures = [failed(FIRST, "azure.key_wrong"), failed(SECOND, "azure.deployment_not_found")]
    assert choose([FIRST, SECOND], failures, {}, remaining_s=60) == given_up("azure.key_wrong")


@pytest.mark.parametrize("remaining_s", [0, -1])
def test_time_that_is_up_ends_it(remaining_s: float) -> None:
    assert choose([FIRST], [], {}, remaining_s=remaining_s) == given_up("deadline.exceeded")
    assert choose([FIRST, SECOND], [failed(FIRST, "net.refused")], {}, remaining_s=remaining_s) == given_up("net.refused")


def test_without_routes_there_is_nothing_to_try() -> None:
    assert choose([], [], {}, remaining_s=1) == given_up("unknown")


def test_a_route_that_settings_no_longer_name_is_not_tried_again() -> None:
    assert choose([], [failed(FIRST, "net.reset")], {}, remaining_s=1) == given_up("net.reset")


# ── a prompt that is too long ──


def test_a_long_prompt_goes_to_a_larger_window_only() -> None:
    step = choose([SMALL, FIRST, LARGE], [failed(SMALL, "request.context_length")], {}, remaining_s=9)
    assert step == Try(LARGE)


@pytest.mark.parametrize("others", [[], [FIRST], [replace(SMALL, name="as small")]])
def test_a_long_prompt_without_a_larger_window_ends_it(others: list[Route]) -> None:
    step = choose([SMALL, *others], [failed(SMALL, "request.context_length")], {}, remaining_s=9)
    assert step == given_up("request.context_length")


def test_a_route_that_declares_no_window_gives_nothing_to_compare() -> None:
    step = choose([FIRST, LARGE], [failed(FIRST, "request.context_length")], {}, remaining_s=9)
    assert step == given_up("request.context_length")


def test_an_ill_route_with_a_larger_window_is_tried_anyway() -> None:
    step = choose([SMALL, LARGE], [failed(SMALL, "request.context_length")], {"large": DOWN}, remaining_s=9)
    assert step == Try(LARGE)


def test_a_prompt_too_long_for_the_last_one_is_over() -> None:
    failures = [failed(LARGE, "net.refused"), failed(SMALL, "request.context_length")]
    assert choose([LARGE, SMALL], failures, {}, remaining_s=9) == given_up("net.refused")


def test_a_prompt_once_too_long_stays_too_long_for_every_small_window() -> None:
    failures = [failed(SMALL, "request.context_length"), failed(LARGE, "azure.key_wrong")]
    assert choose([SMALL, LARGE, FIRST], failures, {}, remaining_s=9) == given_up("request.context_length")


# ── second tries and waits ──


@pytest.mark.parametrize("code", QUICK)
def test_a_stumble_gets_one_second_try_where_no_other_route_is_healthy(code: str) -> None:
    once, twice = [failed(FIRST, code)], [failed(FIRST, code)] * 2
    assert choose([FIRST], once, {}, remaining_s=9) == Try(FIRST)
    assert choose([FIRST], twice, {}, remaining_s=9) == given_up(code)
    assert choose([FIRST, SECOND], once, {"second": DOWN}, remaining_s=9) == Try(FIRST)


@pytest.mark.parametrize("code", [code for code in HELPED if code not in {*QUICK, *TOLD}])
def test_what_would_only_happen_again_is_not_tried_again(code: str) -> None:
    assert choose([FIRST], [failed(FIRST, code)], {}, remaining_s=9) == given_up(code)


@pytest.mark.parametrize("code", TOLD)
def test_a_wait_that_fits_the_deadline_is_waited_where_no_other_route_is_healthy(code: str) -> None:
    assert choose([FIRST], [failed(FIRST, code, 3)], {}, remaining_s=9) == Try(FIRST, 3)
    assert choose([FIRST, SECOND], [failed(FIRST, code, 3)], {"second": DOWN}, remaining_s=9) == Try(FIRST, 3)


@pytest.mark.parametrize(("retry_after_s", "remaining_s"), [(86_400, 60), (3, 3.4), (3, 2)])
def test_a_wait_that_does_not_fit_the_deadline_is_not_waited(retry_after_s: float, remaining_s: float) -> None:
    told = failed(FIRST, "azure.rate_limited", retry_after_s)
    assert choose([FIRST], [told], {}, remaining_s=remaining_s) == given_up("azure.rate_limited")
    assert choose([FIRST, SECOND], [told], {"second": DOWN}, remaining_s=remaining_s) == Try(SECOND)


def test_a_limit_that_says_no_time_is_waited_for_a_moment() -> None:
    assert choose([FIRST], [failed(FIRST, "azure.rate_limited")], {}, remaining_s=9) == Try(FIRST, 0.5)


def test_a_limit_that_stays_is_not_waited_for_ever() -> None:
    told = failed(FIRST, "azure.rate_limited", 0)
    assert choose([FIRST], [told] * 3, {}, remaining_s=9) == Try(FIRST, 0)
    assert choose([FIRST], [told] * 4, {}, remaining_s=9) == given_up("azure.rate_limited")


def test_a_limit_is_waited_for_where_the_routes_after_it_are_dead() -> None:
    failures = [failed(FIRST, "azure.rate_limited", 1), failed(SECOND, "azure.key_wrong")]
    step = choose(
        [FIRST, SECOND], failures, {"first": Closed("azure.rate_limited", is_permanent=False, wait_s=1)}, remaining_s=9
    )
    assert step == Try(FIRST, 1)


def test_a_stumble_gets_its_second_try_where_the_routes_after_it_are_dead() -> None:
    failures = [failed(FIRST, "net.reset"), failed(SECOND, "azure.key_wrong")]
    assert choose([FIRST, SECOND], failures, {"second": WRONG_KEY}, remaining_s=9) == Try(FIRST)


# ── all routes ill ──


def test_where_all_are_ill_the_preferred_one_is_tried_anyway() -> None:
    assert choose([FIRST, SECOND], [], {"first": DOWN, "second": DOWN}, remaining_s=9) == Try(FIRST)


def test_where_all_are_ill_what_passes_by_itself_goes_before_what_a_person_must_mend() -> None:
    assert choose([FIRST, SECOND], [], {"first": WRONG_KEY, "second": DOWN}, remaining_s=9) == Try(SECOND)
    after = choose([FIRST, SECOND], [failed(SECOND, "net.refused")], {"first": WRONG_KEY, "second": DOWN}, remaining_s=9)
    assert after == Try(FIRST)


def test_where_all_are_ill_a_told_wait_is_kept_if_it_fits() -> None:
    told = Closed("azure.rate_limited", is_permanent=False, wait_s=2)
    assert choose([FIRST], [], {"first": told}, remaining_s=9) == Try(FIRST, 2)
    assert choose([FIRST], [], {"first": told}, remaining_s=2.4) == Try(FIRST)


def test_where_all_have_failed_it_ends() -> None:
    failures = [failed(FIRST, "net.refused"), failed(SECOND, "net.refused")]
    assert choose([FIRST, SECOND], failures, {"first": DOWN, "second": DOWN}, remaining_s=9) == given_up("net.refused")


# ── how long to wait for first content ──


def test_a_route_has_its_own_limit_for_first_content() -> None:
    assert first_content_s(ROUTE, remaining_s=60, is_last=False) == ROUTE.first_content_s


def test_the_last_route_may_use_what_is_left() -> None:
    assert first_content_s(ROUTE, remaining_s=1, is_last=True) == 1


def test_a_limit_longer_than_what_is_left_leaves_half_of_it_to_the_others() -> None:
    assert first_content_s(replace(ROUTE, first_content_s=120), remaining_s=10, is_last=False) == 5


def test_a_limit_just_under_what_is_left_still_leaves_time_to_the_others() -> None:
    limit_s = first_content_s(replace(ROUTE, first_content_s=10), remaining_s=10.1, is_last=False)
    assert 10.1 - limit_s >= 1


# ── whatever happens ──

ROUTES = (replace(FIRST, context_window_tokens=8_000), replace(SECOND, context_window_tokens=128_000), THIRD, LARGEST)
CODES = st.sampled_from(sorted(CATALOGUE))
ILL = st.dictionaries(
    st.sampled_from([route.name for route in ROUTES]),
    st.builds(Closed, CODES, is_permanent=st.booleans(), wait_s=st.floats(0, 100_000)),
)
OUTCOMES = st.lists(
    st.tuples(CODES, st.one_of(st.none(), st.floats(0, 100_000)), st.floats(0, 5)), min_size=len(ROUTES) * 4 + 1, max_size=30
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a request, what was known before it, and what it failed with."""

    step: Try
    failures: Sequence[Failure]
    remaining_s: float
    code: str


def play(
    outcomes: Sequence[tuple[str, float | None, float]], ill: Mapping[str, Closed], remaining_s: float
) -> tuple[list[Step], GiveUp | None]:
    """Let every step fail as told, and return the steps with the end."""
    steps: list[Step] = []
    failures: list[Failure] = []
    for code, retry_after_s, took_s in outcomes:
        step = choose(ROUTES, failures, ill, remaining_s=remaining_s)
        if isinstance(step, GiveUp):
            return steps, step
        steps.append(Step(step, tuple(failures), remaining_s, code))
        failures.append(failed(step.route, code, retry_after_s))
        remaining_s -= step.after_s + took_s
    return steps, None


@given(outcomes=OUTCOMES, ill=ILL, remaining_s=st.floats(-1, 200))
def test_the_search_always_ends(
    outcomes: list[tuple[str, float | None, float]], ill: Mapping[str, Closed], remaining_s: float
) -> None:
    steps, end = play(outcomes, ill, remaining_s)
    assert end is not None
    assert len(steps) <= 4 * len(ROUTES)


@given(outcomes=OUTCOMES, ill=ILL, remaining_s=st.floats(0.1, 200))
def test_no_route_is_tried_twice_while_a_healthy_one_is_untried(
    outcomes: list[tuple[str, float | None, float]], ill: Mapping[str, Closed], remaining_s: float
) -> None:
    for one in play(outcomes, ill, remaining_s)[0]:
        tried = {failure.route for failure in one.failures}
        is_long = any(failure.cause.code == "request.context_length" for failure in one.failures)
        if one.step.route.name in tried and not is_long:
            assert all(route.name in tried or route.name in ill for route in ROUTES)


@given(outcomes=OUTCOMES, ill=ILL, remaining_s=st.floats(0.1, 200))
def test_no_wait_is_longer_than_what_is_left(
    outcomes: list[tuple[str, float | None, float]], ill: Mapping[str, Closed], remaining_s: float
) -> None:
    for one in play(outcomes, ill, remaining_s)[0]:
        assert 0 <= one.step.after_s < one.remaining_s or one.step.after_s == 0


@given(outcomes=OUTCOMES, ill=ILL, remaining_s=st.floats(0.1, 200))
def test_nothing_follows_a_terminal_cause(
    outcomes: list[tuple[str, float | None, float]], ill: Mapping[str, Closed], remaining_s: float
) -> None:
    steps, _ = play(outcomes, ill, remaining_s)
    assert all(one.code not in TERMINAL for one in steps[:-1])


@given(outcomes=OUTCOMES, ill=ILL, remaining_s=st.floats(0.1, 200))
def test_after_a_prompt_was_too_long_the_next_route_declares_more(
    outcomes: list[tuple[str, float | None, float]], ill: Mapping[str, Closed], remaining_s: float
) -> None:
    windows = {route.name: route.context_window_tokens or 0 for route in ROUTES}
    for one in play(outcomes, ill, remaining_s)[0]:
        if one.failures and one.failures[-1].cause.code == "request.context_length":
            assert windows[one.step.route.name] > windows[one.failures[-1].route] > 0
