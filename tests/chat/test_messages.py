"""The log as messages: each call begins as the one before, every call is answered, and the same log is the same bytes."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat import messages
from chatsheet.chat.events import Answered, Asked, Cancelled, Decided, Event, Failed, ModelReplied, Nudged, Option, Selection
from chatsheet.chat.tools import toolbox
from chatsheet.context import budget
from chatsheet.context.glossary.model import Term
from chatsheet.context.prompt import Scope
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.llm.model import ToolCall
from tests.chat.talks import asked, ran, replied, talk, turn
from tests.context.books import SALES, numbers, table, wide, workbook

TOOLS = loose.dumps(toolbox.offered().schemas())
SCOPE = Scope(workbook=workbook(wide(60)), version="v", tools=TOOLS, glossary=(Term(term="turnover", meaning="revenue"),))
SMALL = Scope(workbook=SALES, version="v", budget_tokens=1_500, tools=loose.dumps(toolbox.offered(is_small=True).schemas()))


def calls(log: Sequence[Event], scope: Scope) -> Iterator[list[JsonObject]]:
    """Yield the messages of every call that led to this log."""
    for place, event in enumerate(log):
        if isinstance(event, ModelReplied):
            yield messages.build(log[:place], scope)


def cached_shares(log: Sequence[Event], scope: Scope) -> list[tuple[int, int]]:
    """Return for each call how many tokens it has, and how many of them the call before began with."""
    shares: list[tuple[int, int]] = []
    before: list[str] = []
    for built in calls(log, scope):
        texts = [scope.tools, *map(loose.dumps, built)]
        same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, texts, strict=False)))
        shares.append((sum(map(budget.count, texts)), sum(map(budget.count, texts[:same]))))
        before = texts
    return shares


@pytest.mark.parametrize(("turns", "scope"), [(6, SCOPE), (20, SCOPE), (60, SCOPE), (6, SMALL), (20, SMALL)])
def test_from_the_second_turn_on_85_percent_of_the_input_is_what_the_call_before_began_with(turns: int, scope: Scope) -> None:
    counted = cached_shares(talk(turns), scope)[2:]
    assert sum(cached for _, cached in counted) / sum(total for total, _ in counted) >= 0.85


def test_arguments_that_were_cut_are_told_as_json() -> None:
    cut = replied(1).model_copy(update={"calls": (ToolCall("a", "run_sql", '{"sql": "SELECT sum(am'),)})
    (call,) = loose.array(messages.build([asked(1), cut], SCOPE)[-2]["tool_calls"])
    arguments = loose.text(loose.obj(loose.obj(call)["function"])["arguments"])
    assert loose.obj(loose.parse(arguments)) == {"not_json": '{"sql": "SELECT sum(am'}


def test_everything_up_to_the_new_question_is_the_same_to_the_byte_over_20_turns() -> None:
    before: list[JsonObject] = []
    for built in calls(talk(20), SCOPE):
        assert loose.dumps(built[: len(before)]) == loose.dumps(before)
        before = built
    assert len(before) == 1 + 20 * 4 - 1


@pytest.mark.parametrize("scope", [SCOPE, SMALL])
def test_no_call_is_over_the_budget_of_its_route(scope: Scope) -> None:
    stable = budget.count(scope.tools) + budget.count(str(messages.build([asked(1)], scope)[0]["content"]))
    for built in calls(talk(40, rows=12), scope):
        assert stable + sum(budget.count(loose.dumps(one)) for one in built[1:]) <= (scope.budget_tokens or 25_000)


def test_a_pruned_turn_tells_question_handle_sql_and_columns_and_no_number_it_found() -> None:
    built = messages.build([*talk(30, rows=12), asked(31, "of those, only EMEA?")], SMALL)
    lines = str(built[1]["content"])
    assert '"What about number 29?" → r29 (region, total): SELECT region, SUM(revenue) AS total' in lines
    assert "770" not in lines
    assert built[-1] == {"role": "user", "content": "of those, only EMEA?"}


pieces = st.lists(
    st.sampled_from(["asked", "text", "calls", "ran", "ran2", "nudged", "answered", "failed", "cancelled", "decided"]),
    max_size=40,
)
DECIDED = Decided(proposal="p1", decision="applied", by="u", at=datetime(2026, 1, 1, tzinfo=UTC), version="abcdef0123")


def event_of(piece: str, number: int) -> Event:
    return {
        "asked": asked(number),
        "text": replied(number, "text"),
        "calls": replied(number, "", "c1", "c2"),
        "ran": ran(number, "c1"),
        "ran2": ran(number, "c2"),
        "nudged": Nudged(turn="t", reason="empty"),
        "answered": Answered(turn="t", text="text", numbers=()),
        "failed": Failed(turn="t", code="llm.no_route_answered", what="w", fix="f"),
        "cancelled": Cancelled(turn="t"),
        "decided": DECIDED,
    }[piece]


@given(pieces, st.sampled_from([None, 1_500, 3_000]))
def test_any_log_makes_messages_whose_calls_are_all_answered_in_order(pieces: list[str], tokens: int | None) -> None:
    log = [event_of(piece, number) for number, piece in enumerate(pieces)]
    built = messages.build(log, replace(SMALL, budget_tokens=tokens))
    open_calls: list[object] = []
    for message in built:
        assert message["role"] == "tool" or not open_calls
        if message["role"] == "tool":
            assert message["tool_call_id"] == open_calls.pop(0)
        open_calls += [loose.obj(call)["id"] for call in loose.array(message.get("tool_calls"))]
    assert not open_calls


@given(pieces)
def test_the_same_log_is_the_same_to_the_byte(pieces: list[str]) -> None:
    log = [event_of(piece, number) for number, piece in enumerate(pieces)]
    assert loose.dumps(messages.build(log, SMALL)) == loose.dumps(messages.build(list(log), SMALL))


def said(log: Sequence[Event], scope: Scope = SMALL) -> list[str]:
    return [str(message["content"]) for message in messages.build(log, scope)[1:]]


def test_what_a_person_decided_is_told_with_the_next_question() -> None:
    log = [*turn(1), DECIDED, DECIDED.model_copy(update={"decision": "undone", "version": ""}), asked(2, "And now?")]
    assert said(log)[-1] == ("(the person applied proposal p1: version abcdef01)\n(the person took back proposal p1)\nAnd now?")


def test_a_decision_in_the_middle_of_a_turn_does_not_come_between_a_call_and_its_answer() -> None:
    log: list[Event] = [asked(1), replied(1, "", "c1"), DECIDED, ran(1, "c1")]
    assert [one["role"] for one in messages.build(log, SMALL)] == ["system", "user", "assistant", "tool"]


@pytest.mark.parametrize("answer", ["Net revenue", "net revenue.", "2"])
def test_a_question_back_is_told_with_its_options_and_the_one_that_was_picked(answer: str) -> None:
    result = ran(1, "c1").result
    assert result is not None
    options = tuple(Option(label=label, sql=f"SELECT {label[0]}", result=result) for label in ("Gross revenue", "Net revenue"))
    which = ran(1, "c1").model_copy(update={"options": options})
    end = Answered(turn="t1", text="Which?", form="which", numbers=())
    told = said([asked(1), replied(1, "", "c1"), which, end, asked(2, answer)])
    assert told[-2] == 'Which one is meant? 1. "Gross revenue"; 2. "Net revenue"'
    assert told[-1] == f'(picked "Net revenue": SELECT N)\n{answer}'


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Cancelled(turn="t1"), "The person stopped this turn"),
        (Failed(turn="t1", code="chat.turn_limit", what="w", fix="f"), "failed (chat.turn_limit)"),
    ],
)
def test_a_turn_without_an_answer_says_so_and_its_open_call_is_answered(end: Event, words: str) -> None:
    told = said([asked(1), replied(1, "", "c1"), end, asked(2)])
    assert "not run" in told[2]
    assert words in told[3]
    assert words in said([asked(1), end, asked(2)])[1]


def test_a_nudge_is_a_message_of_the_person() -> None:
    built = messages.build([asked(1), replied(1, "42"), Nudged(turn="t1", reason="no_query")], SMALL)
    assert [one["role"] for one in built[1:]] == ["user", "assistant", "user"]


def test_day_locale_and_selection_stand_before_the_question_and_stay_there() -> None:
    marked = Selection(table="orders", rows=(3,))
    first = Asked(turn="t1", question="This one?", day=date(2026, 11, 23), locale="de", selection=marked)
    told = said([first, *turn(1)[1:], asked(2)], SCOPE)
    assert told[0] == "(today is 2026-11-23; locale de; selected in the grid: table orders, _row 3)\nThis one?"


def test_in_a_wide_workbook_each_question_brings_its_columns_and_keeps_them() -> None:
    book = workbook(wide(160), table(numbers("net_amount"), id="deliveries"))
    scope = Scope(workbook=book, version="v", tools=TOOLS)
    told = said([asked(1, "the net amount?"), *turn(1)[1:], asked(2, "value number 3?")], scope)
    assert "deliveries.net_amount" in told[0]
    assert "orders.c0" in told[-1]
