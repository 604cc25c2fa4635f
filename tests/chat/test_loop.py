"""The loop: one next thing for every log, always an end."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat import loop
from chatsheet.chat.events import (
    Answered,
    Asked,
    Cancelled,
    Decided,
    Event,
    Failed,
    ModelReplied,
    Nudged,
    Option,
    ToolAnswered,
)
from chatsheet.chat.loop import Answer, AskBack, CallModel, Command, GiveUp, Limits, Nudge, RefuseTool, Rest, RunTool
from chatsheet.llm.model import ToolCall, Trail, Usage
from chatsheet.sheets.model import Result

ASKED = Asked(turn="t", question="How many?")
LIMITS = Limits(model_steps=3, calls_per_step=2)
EMPTY = Result(columns=(), rows=(), row_count=0, truncated=False)


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


calls_of_a_step = st.lists(st.sampled_from(["c1", "c2", "c3", "c4", "c5"]), unique=True, max_size=5).map(tuple)
usages = st.builds(Usage, input_tokens=st.integers(0, 600), output_tokens=st.integers(0, 100), cached_tokens=st.just(0))
replies = st.builds(
    ModelReplied,
    turn=st.just("t"),
    text=st.sampled_from(["", "It is 42.", "The table lists orders.", "[not in workbook] No costs."]),
    calls=calls_of_a_step.map(lambda ids: tuple(ToolCall(id=one, name="run_sql", arguments="{}") for one in ids)),
    model=st.just("m"),
    route=st.just("azure"),
    usage=usages,
    trail=st.just(Trail()),
    cost=st.sampled_from([None, 0.0, 0.4]),
    milliseconds=st.integers(0, 900),
)
tool_answers = st.builds(
    ToolAnswered,
    turn=st.just("t"),
    call_id=st.just(""),
    tool=st.just("run_sql"),
    content=st.just("{}"),
    is_error=st.booleans(),
    result=st.sampled_from([None, EMPTY]),
    options=st.sampled_from([(), (), (), (Option(label="net", sql="SELECT 1", result=EMPTY),)]),
    milliseconds=st.integers(0, 900),
)
all_limits = st.builds(
    Limits,
    model_steps=st.integers(1, 5),
    calls_per_step=st.integers(1, 4),
    tool_calls=st.integers(1, 6),
    tokens=st.integers(1, 3_000),
    cost=st.sampled_from([None, 0.5]),
    seconds=st.floats(0.5, 5),
)
DECIDED = Decided(proposal="p1", decision="declined", by="u", at=datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(slots=True)
class Played:
    """A turn, obeyed to its end: whatever the model and the tools say is drawn."""

    log: list[Event]
    commands: list[Command]


@st.composite
def played(draw: st.DrawFn, limits: st.SearchStrategy[Limits] = all_limits) -> tuple[Played, Limits]:
    """Obey the loop over what hypothesis draws; a person may decide on a proposal at any moment."""
    held, turn = draw(limits), Played([ASKED], [])
    while not isinstance(command := loop.step(turn.log, held), Rest):
        assert loop.step([*turn.log, DECIDED], held) == command
        turn.commands.append(command)
        turn.log.append(_obeyed(draw, command))
        turn.log += draw(st.sampled_from([[], [], [DECIDED]]))
    return turn, held


def _obeyed(draw: st.DrawFn, command: loop.Work) -> Event:
    match command:
        case CallModel():
            return draw(replies)  # a model need not obey: it may call tools that it was not given
        case RunTool(call):
            return draw(tool_answers).model_copy(update={"call_id": call.id})
        case RefuseTool(call):
            return answered(call.id)
        case Answer(text):
            return Answered(turn="t", text=text, numbers=())
        case AskBack(text):
            return Answered(turn="t", text=text, form="which", numbers=())
        case GiveUp():
            return Failed(turn="t", code="c", what="w", fix="f")
        case Nudge(reason):
            return Nudged(turn="t", reason=reason)


def count(turn: Played, *kinds: type[Command]) -> int:
    return sum(isinstance(command, kinds) for command in turn.commands)


@given(played())
def test_every_turn_ends_within_its_limits_with_one_end(case: tuple[Played, Limits]) -> None:
    turn, limits = case
    assert count(turn, CallModel) <= limits.model_steps
    assert count(turn, RunTool) <= limits.tool_calls
    assert count(turn, Nudge) <= 1
    assert count(turn, Answer, AskBack, GiveUp) == 1
    assert sum(isinstance(event, Answered | Failed) for event in turn.log) == 1


@given(played())
def test_after_a_limit_is_reached_neither_model_nor_tool_is_called(case: tuple[Played, Limits]) -> None:
    turn, limits = case
    replied = [event for event in turn.log if isinstance(event, ModelReplied)]
    before = replied[:-1]  # the last one may have reached it
    assert sum(one.usage.input_tokens + one.usage.output_tokens for one in before) <= limits.tokens
    assert limits.cost is None or sum(one.cost or 0.0 for one in before) <= limits.cost
    timed = [event for event in turn.log if isinstance(event, ModelReplied | ToolAnswered)]
    assert sum(one.milliseconds for one in timed[:-1]) <= 1000 * limits.seconds or any(
        isinstance(event, ToolAnswered) and event.options for event in turn.log
    )


@given(played())
def test_nothing_begins_before_what_was_begun_has_its_answer(case: tuple[Played, Limits]) -> None:
    """Each call is answered once, in order, before the model is asked again; a turn given up answers no call twice."""
    turn, _ = case
    open_calls: list[str] = []
    for event in turn.log:
        match event:
            case ModelReplied(calls=calls):
                assert not open_calls
                open_calls = [call.id for call in calls]
            case ToolAnswered(call_id=call_id):
                assert call_id == open_calls.pop(0)
            case Answered() | Nudged():
                assert not open_calls
            case _:
                pass


@given(played())
def test_of_one_step_only_so_many_calls_are_run(case: tuple[Played, Limits]) -> None:
    turn, limits = case
    ran = 0
    for command in turn.commands:
        ran = 0 if isinstance(command, CallModel) else ran + isinstance(command, RunTool)
        assert ran <= limits.calls_per_step


@given(played())
def test_a_turn_interrupted_anywhere_goes_on_as_it_would_have(case: tuple[Played, Limits]) -> None:
    """What a restarted process does next is what the first one did."""
    turn, limits = case
    again = [loop.step(turn.log[:end], limits) for end in range(1, len(turn.log) + 1)]
    without_repeats = [one for place, one in enumerate(again) if not isinstance(turn.log[place], Decided)]
    assert without_repeats == [*turn.commands, Rest()]
