"""The loop: one next thing for every log, always an end."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat import loop
from chatsheet.chat.events import Answered, Asked, Cancelled, Event, Failed, ModelReplied, Nudged, ToolAnswered
from chatsheet.chat.loop import Answer, AskBack, CallModel, GiveUp, Limits, Nudge, RefuseTool, Rest, RunTool
from chatsheet.llm.model import ToolCall, Trail, Usage

ASKED = Asked(turn="t", question="How many?")
LIMITS = Limits(model_steps=3, calls_per_step=2)


def replied(*calls: str, text: str = "") -> ModelReplied:
    made = tuple(ToolCall(id=call, name="run_sql", arguments="{}") for call in calls)
    return ModelReplied(turn="t", text=text, calls=made, model="m", route="azure", usage=Usage(), trail=Trail())


def answered(call: str) -> ToolAnswered:
    return ToolAnswered(turn="t", call_id=call, tool="run_sql", content="{}")


def test_a_question_is_put_to_the_model_with_tools() -> None:
    assert loop.step([ASKED], LIMITS) == CallModel(with_tools=True)


def test_a_call_is_run_and_its_result_goes_back_to_the_model() -> None:
    assert isinstance(loop.step([ASKED, replied("a")], LIMITS), RunTool)
    assert loop.step([ASKED, replied("a"), answered("a")], LIMITS) == CallModel(with_tools=True)


def test_several_calls_are_run_one_after_the_other() -> None:
    command = loop.step([ASKED, replied("a", "b"), answered("a")], LIMITS)
    assert isinstance(command, RunTool)
    assert command.call.id == "b"


def test_calls_over_the_limit_are_answered_but_not_run() -> None:
    command = loop.step([ASKED, replied("a", "b", "c"), answered("a"), answered("b")], LIMITS)
    assert isinstance(command, RefuseTool)


def test_the_last_step_gets_no_tools_so_that_it_has_to_answer() -> None:
    log = [ASKED, replied("a"), answered("a"), replied("b"), answered("b")]
    assert loop.step(log, LIMITS) == CallModel(with_tools=False)


def test_a_call_whose_id_was_used_in_an_earlier_step_is_run_all_the_same() -> None:
    assert isinstance(loop.step([ASKED, replied("a"), answered("a"), replied("a")], LIMITS), RunTool)


def test_a_model_that_calls_tools_to_the_last_step_is_given_up() -> None:
    log = [ASKED, replied("a"), answered("a"), replied("b"), answered("b"), replied("c")]
    assert loop.step(log, LIMITS) == GiveUp("steps")


def test_a_refusal_that_does_not_say_what_is_missing_is_sent_back_once() -> None:
    bare = replied(text="[not in workbook]")
    assert loop.step([ASKED, bare], LIMITS) == Nudge("empty")
    assert loop.step([ASKED, bare, Nudged(turn="t", reason="empty"), bare], LIMITS) == Answer("[not in workbook]")


def test_text_without_calls_is_the_answer() -> None:
    assert loop.step([ASKED, replied(text="The table lists orders.")], LIMITS) == Answer("The table lists orders.")


def test_numbers_without_a_query_are_sent_back_once() -> None:
    log = [ASKED, replied(text="It is 42.")]
    assert loop.step(log, LIMITS) == Nudge("no_query")
    assert loop.step([*log, Nudged(turn="t", reason="no_query")], LIMITS) == CallModel(with_tools=True)
    assert loop.step([*log, Nudged(turn="t", reason="no_query"), replied(text="It is 42.")], LIMITS) == Answer("It is 42.")


def test_what_is_not_in_the_workbook_may_name_numbers_without_a_query() -> None:
    text = "[not in workbook] The orders end in 2024."
    assert loop.step([ASKED, replied(text=text)], LIMITS) == Answer(text)


def test_a_turn_that_is_over_rests() -> None:
    for end in (
        Answered(turn="t", text="42", numbers=()),
        Failed(turn="t", code="c", what="w", fix="f"),
        Cancelled(turn="t"),
    ):
        assert loop.step([ASKED, end], LIMITS) == Rest()
    assert loop.step([], LIMITS) == Rest()


def test_only_the_current_turn_counts() -> None:
    old = [ASKED, replied("a"), answered("a"), replied("b"), answered("b"), Answered(turn="t", text="1", numbers=())]
    assert loop.step([*old, ASKED], LIMITS) == CallModel(with_tools=True)


@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True, max_size=5), max_size=12))
def test_whatever_the_model_replies_the_turn_ends_within_its_limits(replies: list[list[str]]) -> None:
    """Play a model that calls what hypothesis chooses, then answers; obey the loop to its end."""
    log: list[Event] = [ASKED]
    upcoming: Iterator[list[str]] = iter([*replies, []])
    asked_model = 0
    while not isinstance(command := loop.step(log, LIMITS), Rest):
        match command:
            case CallModel(with_tools):
                asked_model += 1
                del with_tools  # a model need not obey
                nothing: list[str] = []
                calls = next(upcoming, nothing)
                log.append(replied(*(f"{asked_model}{call}" for call in calls), text="done"))
            case RunTool(call) | RefuseTool(call):
                log.append(answered(call.id))
            case Answer(text):
                log.append(Answered(turn="t", text=text, numbers=()))
            case GiveUp():
                log.append(Failed(turn="t", code="c", what="w", fix="f"))
            case Nudge(reason):
                log.append(Nudged(turn="t", reason=reason))
            case AskBack(text):
                log.append(Answered(turn="t", text=text, form="which", numbers=()))
    assert asked_model <= LIMITS.model_steps
    assert isinstance(log[-1], Answered | Failed)
