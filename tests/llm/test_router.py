"""The router: each route once, in order, until one answers, nothing can help, or time is up."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatsheet.llm.causes import CATALOGUE, Cause
from chatsheet.llm.router import Failure, GiveUp, Try, choose
from chatsheet.llm.routes import Route
from tests.llm.rig import ROUTE

FIRST, SECOND = ROUTE, replace(ROUTE, name="second")
HELPED = [cause for cause in CATALOGUE.values() if cause.another_route_helps]
names = st.lists(st.text(min_size=1, max_size=4), max_size=5, unique=True)


def play(routes: list[Route], causes: list[Cause]) -> tuple[list[str], Cause]:
    """Let every route fail, with the causes in turn, until the router gives up."""
    failures: list[Failure] = []
    for cause in causes:
        step = choose(routes, failures, remaining_s=1)
        if isinstance(step, GiveUp):
            return [failure.route for failure in failures], step.cause
        failures.append(Failure(step.route.name, cause))
    raise AssertionError("more tries than routes")


def test_the_first_route_is_tried_first() -> None:
    assert choose([FIRST, SECOND], [], remaining_s=1) == Try(FIRST)


def test_the_next_route_follows_a_failure_that_it_can_mend() -> None:
    failures = [Failure("first", CATALOGUE["azure.rate_limited"])]
    assert choose([FIRST, SECOND], failures, remaining_s=1) == Try(SECOND)


def test_a_filtered_prompt_is_not_carried_to_another_route() -> None:
    failures = [Failure("first", CATALOGUE["content.filtered"])]
    assert choose([FIRST, SECOND], failures, remaining_s=1) == GiveUp(CATALOGUE["content.filtered"])


def test_no_time_left_ends_the_search() -> None:
    failures = [Failure("first", CATALOGUE["stream.cut"])]
    assert choose([FIRST, SECOND], failures, remaining_s=0) == GiveUp(CATALOGUE["deadline.exceeded"])


def test_no_routes_at_all_is_given_up_at_once() -> None:
    assert choose([], [], remaining_s=1) == GiveUp(CATALOGUE["unknown"])


@given(names=names, data=st.data())
def test_every_route_is_tried_once_and_in_order(names: list[str], data: st.DataObject) -> None:
    routes = [replace(ROUTE, name=name) for name in names]
    size = len(names) + 1
    causes = data.draw(st.lists(st.sampled_from(HELPED), min_size=size, max_size=size))
    assert play(routes, causes)[0] == names


@given(names=names, causes=st.lists(st.sampled_from(list(CATALOGUE.values())), min_size=6, max_size=6))
def test_nothing_is_tried_after_a_failure_that_no_route_can_mend(names: list[str], causes: list[Cause]) -> None:
    tried, _ = play([replace(ROUTE, name=name) for name in names], causes)
    assert all(cause.another_route_helps for cause in causes[: max(0, len(tried) - 1)])
    assert len(tried) == len(set(tried)) <= len(names)


@given(names=names, remaining_s=st.floats(max_value=0, allow_nan=False))
def test_without_time_no_route_is_tried(names: list[str], remaining_s: float) -> None:
    routes = [replace(ROUTE, name=name) for name in names]
    assert choose(routes, [], remaining_s=remaining_s) == GiveUp(CATALOGUE["deadline.exceeded"])
