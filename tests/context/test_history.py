"""A conversation inside its tokens: append-only, pruned in one big step, never in the middle of a step."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsheet.context import history
from chatsheet.context.history import Step, Turn
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject, JsonValue


def step(number: int, *sizes: int) -> Step:
    """Return a step with one call per size, answered by so many words; without sizes the text that answers."""
    if not sizes:
        return Step(({"role": "assistant", "content": f"answer {number}"},))
    ids = [f"call_{number}_{place}" for place in range(len(sizes))]
    calls: list[JsonValue] = [
        {"id": one, "type": "function", "function": {"name": "run_sql", "arguments": "{}"}} for one in ids
    ]
    results: list[JsonObject] = [
        {"role": "tool", "tool_call_id": one, "content": "word " * size} for one, size in zip(ids, sizes, strict=True)
    ]
    return Step(({"role": "assistant", "content": None, "tool_calls": calls}, *results), f"r{number}: SELECT {number}")


def turn(number: int, *steps: tuple[int, ...]) -> Turn:
    made = tuple(step(10 * number + place, *sizes) for place, sizes in enumerate(steps))
    return Turn({"role": "user", "content": f"question {number}"}, f'"question {number}"', made)


turns = st.lists(
    st.lists(st.lists(st.integers(0, 120), max_size=3).map(tuple), max_size=4).map(tuple), min_size=1, max_size=14
).map(lambda listed: [turn(number, *steps) for number, steps in enumerate(listed)])
budgets = st.integers(800, 3_000)


def size(messages: list[JsonObject]) -> int:
    return sum(map(history.weight, messages))


def prompts(turns: list[Turn], tokens: int) -> list[list[JsonObject]]:
    """Return the messages of every call that a conversation makes, in order."""
    return [
        history.told([*turns[:number], replace(one, steps=one.steps[:steps])], tokens)
        for number, one in enumerate(turns)
        for steps in range(len(one.steps) + 1)
    ]


@given(turns)
def test_everything_is_told_verbatim_where_it_fits(turns: list[Turn]) -> None:
    whole = [message for one in turns for message in (one.opening, *itertools.chain(*(step.messages for step in one.steps)))]
    assert history.told(turns, 1_000_000) == whole


@given(turns, budgets)
def test_every_call_has_its_answer_right_behind_it_and_no_answer_stands_alone(turns: list[Turn], tokens: int) -> None:
    for told in prompts(turns, tokens):
        open_calls: list[object] = []
        for message in told:
            if message["role"] == "tool":
                assert message["tool_call_id"] == open_calls.pop(0)
            else:
                assert not open_calls
            open_calls += [loose.obj(call)["id"] for call in loose.array(message.get("tool_calls"))]
        assert not open_calls


@given(turns, budgets)
def test_no_call_is_over_its_tokens(turns: list[Turn], tokens: int) -> None:
    assert all(size(told) <= tokens for told in prompts(turns, tokens))


@given(turns, budgets)
def test_the_order_is_that_of_the_conversation_and_the_running_turn_is_whole(turns: list[Turn], tokens: int) -> None:
    told = history.told(turns, tokens)
    questions = [message["content"] for message in told if message["role"] == "user"]
    kept = [one.opening["content"] for one in turns]
    pruned = len(kept) - sum(one in questions for one in kept)
    assert [one for one in questions if one in kept] == kept[pruned:]
    assert turns[-1].opening in told


def lined(told: list[JsonObject], turns: list[Turn]) -> int:
    """Return how many turns are not told whole."""
    return next(place for place, one in enumerate(turns) if one.opening in told)


@given(turns, budgets)
def test_what_is_pruned_stays_pruned(turns: list[Turn], tokens: int) -> None:
    numbers = [lined(told, turns) for told in prompts(turns, tokens)]
    assert numbers == sorted(numbers)


@given(turns, budgets)
@settings(max_examples=50)
def test_each_call_begins_as_the_one_before_unless_it_was_pruned(turns: list[Turn], tokens: int) -> None:
    for before, after in itertools.pairwise(prompts(turns, tokens)):
        if lined(before, turns) == lined(after, turns) and after[: len(before)] != before:
            assert "Earlier steps of this turn" in str(after)


@given(turns, budgets)
def test_the_same_conversation_is_the_same_to_the_byte(turns: list[Turn], tokens: int) -> None:
    assert loose.dumps(history.told(turns, tokens)) == loose.dumps(history.told(list(turns), tokens))


def test_pruning_frees_half_of_the_room_at_once() -> None:
    talk = [turn(number, (60,), ()) for number in range(60)]
    told = prompts(talk, 2_000)
    prunings = [after for before, after in itertools.pairwise(told) if lined(after, talk) > lined(before, talk)]
    assert 0 < len(prunings) < 12
    assert all(size(one) <= 1_000 for one in prunings)


def test_a_turn_begins_with_as_much_room_as_the_ones_before_it_took() -> None:
    talk = [turn(number, (60,), ()) for number in range(60)]
    for before, after in itertools.pairwise(prompts(talk, 2_000)):
        assert lined(after, talk) == lined(before, talk) or after[-1]["role"] == "user"


def test_a_pruned_turn_is_a_line_with_its_handle_and_none_of_its_rows() -> None:
    talk = [turn(number, (100,), ()) for number in range(20)]
    first, *_ = history.told(talk, 2_000)
    assert '"question 12" → r120: SELECT 120' in str(first["content"])
    assert "word" not in str(first["content"])
    assert "answer" not in str(first["content"]).replace("without their answers", "")


def test_a_turn_too_long_for_itself_keeps_its_question_its_last_step_and_all_handles() -> None:
    opening, steps, *rest = history.told([turn(1, *[(100,)] * 12)], 1_000)
    assert size([opening, steps, *rest]) <= 1_000
    assert opening["content"] == "question 1"
    assert "r10: SELECT 10\n- r11: SELECT 11" in str(steps["content"])
    assert "word" in str(rest[-1]["content"])


@pytest.mark.parametrize("results", [1, 3])
def test_a_result_longer_than_half_of_the_room_is_cut_and_says_so(results: int) -> None:
    told = history.told([turn(1, (5_000,) * results)], 1_000)
    assert all(str(message["content"]).endswith("(cut)") for message in told if message["role"] == "tool")
    assert size(told) <= 1_000


def test_nothing_said_is_nothing_told() -> None:
    assert history.told([], 1_000) == []


def test_steps_without_a_result_leave_no_line() -> None:
    silent = turn(1, *[(100,)] * 8)
    talk = [replace(silent, steps=tuple(replace(one, line="") for one in silent.steps)), turn(2, (200,), (200,), (200,))]
    for told in prompts(talk, 700):
        assert "Earlier steps of this turn; results that are named are still tables:]" not in str(told)
        assert size(told) <= 700
