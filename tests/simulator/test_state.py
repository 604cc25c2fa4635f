"""What the wire plays next, and what it remembers of calls."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chatsheet.simulator.fault import Tuning
from chatsheet.simulator.state import Mix, Order, State

MAX_TOKENS: dict[str, object] = {"max_tokens": 5}


def state(order: Order | Mix) -> State:
    """Return a state with one order."""
    made = State("sk", {"gpt-4o"})
    made.orders["gpt-4o"] = order
    return made


def played(one: State, body: dict[str, object] | None = None) -> str:
    """Return what is played for a call."""
    play = one.next_play("gpt-4o", "", body or {}, [])
    return play.name if play else ""


def test_an_order_counts_down_and_goes() -> None:
    one = state(Order("503", 2))
    assert [played(one) for _ in range(3)] == ["503", "503", ""]
    assert one.orders == {}


def test_a_call_that_a_fault_is_not_for_does_not_count() -> None:
    one = state(Order("D6", 1))
    assert [played(one), played(one, MAX_TOKENS), played(one, MAX_TOKENS)] == ["", "D6", ""]


def test_a_fault_in_the_deployments_name_goes_before_an_order_and_leaves_it() -> None:
    one = state(Order("503", 1))
    play = one.next_play("gpt-4o", "A1", {}, [])
    assert play is not None
    assert play.name == "A1"
    assert played(one) == "503"


def test_a_play_is_tuned_as_ordered() -> None:
    one = state(Order("cut", None, Tuning(after=7)))
    play = one.next_play("gpt-4o", "", {}, [])
    assert play is not None
    assert play.tuning.after == 7


@given(seed=st.integers())
def test_a_mix_plays_the_same_again_for_the_same_seed(seed: int) -> None:
    runs = [[Mix({"cut": 1, "500": 1}, percent=30, seed=seed).draw() for _ in range(5)] for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_mix_keeps_to_its_percentage_and_weights() -> None:
    mix = Mix({"cut": 3, "500": 1}, percent=20, seed=7)
    drawn = Counter(mix.draw() for _ in range(10_000))
    assert 1_800 < drawn["cut"] + drawn["500"] < 2_200
    assert 2 < drawn["cut"] / drawn["500"] < 4


def test_a_call_is_remembered_by_names_and_ids_only() -> None:
    one = State("sk", set())
    headers = {"x-chatsheet-attempt": "att_1", "traceparent": "00-a-b-01", "api-key": "canary"}
    seen = one.saw("/p", "gpt-4o", headers, {"stream": True, "messages": ["canary"], "model": "canary"})
    assert (seen["fields"], seen["stream"]) == (["messages", "model", "stream"], True)
    assert (seen["attempt"], seen["traceparent"]) == ("att_1", "00-a-b-01")
    assert "canary" not in str(seen)


def test_only_the_last_thousand_calls_are_remembered() -> None:
    one = State("sk", set())
    for number in range(1_005):
        one.saw(str(number), "", {}, {})
    assert len(one.requests) == 1_000
    assert one.requests[0]["path"] == "5"
