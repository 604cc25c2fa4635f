"""Asking back: readings are run, and only where they differ is a person asked."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat.events import Answered, Asked, Event, Live, ModelReplied, ToolAnswered
from chatsheet.chat.tools import asking, toolbox
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.llm.model import ToolCall
from chatsheet.sheets.model import Result, ResultColumn
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from tests.chat.test_driver import chatting, follow, last_turn, of_kind
from tests.chat.tools.workbook import moment
from tests.harness import Wire, azure_settings, runs, says

pytestmark = pytest.mark.anyio


def result(*rows: tuple[object, ...], names: str = "ab") -> Result:
    """Return a result of these rows."""
    columns = [ResultColumn(name=name, type="DOUBLE").model_dump() for name in names]
    return Result.model_validate({"columns": columns, "rows": rows, "row_count": len(rows), "truncated": False})


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (result((1, "x"), (2, "y")), result((2, "y"), (1, "x"), names="cd"), True),
        (result((0.1 + 0.2,)), result((0.3,)), True),
        (result((1,)), result((1.0,)), True),
        (result((1,), (1,)), result((1,)), True),
        (result((1_000_001,), (1_000_002,)), result((1_000_001,)), False),
        (result((1_000_001, "a"), (1_000_002, "b")), result((1_000_001, "b"), (1_000_002, "a")), False),
        (result((1, None)), result((1, 0)), False),
        (result((True,)), result((1,)), False),
        (result((1, 2)), result((2, 1)), False),
        (result(), result(), True),
        (result((1,)), result((1, 2)), False),
    ],
)
def test_results_are_the_same_as_sets_of_rows(one: Result, other: Result, *, is_same: bool) -> None:
    assert asking.same(one, other) == is_same
    assert asking.same(other, one) == is_same


CELLS = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.text(max_size=3) | st.none() | st.booleans()


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.randoms())
def test_neither_order_nor_the_last_digit_makes_a_difference(rows: list[tuple[object, ...]], random: Random) -> None:
    moved = [tuple(cell * (1 + 1e-15) if isinstance(cell, float) else cell for cell in row) for row in rows]
    random.shuffle(moved)
    assert asking.same(result(*rows), result(*moved))
    assert not asking.same(result(*rows), result(*moved, ("another", "row")))


def asks(*options: tuple[str, str], expect: str = "", text: str = "") -> Exchange:
    """Script a reply that asks back."""
    listed = [{"label": label, "sql": sql} for label, sql in options]
    arguments = {"question": "Which revenue?", "options": listed}
    call = ScriptedCall.model_validate({"name": "ask_user", "arguments": arguments})
    return Exchange(calls=(call,), text=text, expect=expect)


SOLD = "SELECT SUM(revenue) AS revenue FROM orders"
NORTH = "SELECT SUM(revenue) AS revenue FROM orders WHERE region = 'North'"


async def play(folder: Path, wire: Wire, sales: Path, *exchanges: Exchange) -> list[Event | Live]:
    """Ask one question, answered by the script, and return what happened."""
    wire.script("gpt-4o", *exchanges)
    async with chatting(azure_settings(folder, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "What is the revenue?")
        return await follow(services, chat_id)


async def test_readings_that_differ_end_the_turn_with_a_question(tmp_path: Path, wire: Wire, sales: Path) -> None:
    events = await play(tmp_path, wire, sales, asks(("all", SOLD), ("only the north", NORTH)))
    (answered,) = of_kind(events, Answered)
    assert answered.form == "which"
    assert answered.text.startswith("Which revenue?\n1. all: ")
    (asked,) = of_kind(events, ToolAnswered)
    assert [(option.label, option.sql) for option in asked.options] == [("all", SOLD), ("only the north", NORTH)]
    assert all(option.result.rows for option in asked.options)


async def test_readings_that_agree_are_answered_and_nobody_is_asked(tmp_path: Path, wire: Wire, sales: Path) -> None:
    same = f"{SOLD} WHERE region IS NOT NULL"
    script = (
        asks(("all", SOLD), ("known regions", same)),
        says("It is as computed.", expect="all readings give this same result"),
    )
    events = await play(tmp_path, wire, sales, *script)
    (answered,) = of_kind(events, Answered)
    assert answered.form == "answer"
    (shared,) = of_kind(events, ToolAnswered)
    assert (shared.handle, shared.options) == ("r1", ())
    assert shared.result is not None


async def test_of_three_readings_those_that_agree_are_one_option(tmp_path: Path, wire: Wire, sales: Path) -> None:
    script = asks(("all", SOLD), ("every one", f"{SOLD} WHERE TRUE"), ("only the north", NORTH))
    events = await play(tmp_path, wire, sales, script)
    (asked,) = of_kind(events, ToolAnswered)
    assert [option.label for option in asked.options] == ["all", "only the north"]


async def test_a_reading_that_fails_is_named_with_what_would_work(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wrong = "SELECT SUM(revenu) AS revenue FROM orders"
    script = asks(("all", SOLD), ("typo", wrong)), runs(SOLD, expect="nearest columns: revenue"), says("Done.")
    events = await play(tmp_path, wire, sales, *script)
    assert [answered.is_error for answered in of_kind(events, ToolAnswered)] == [True, False]
    assert of_kind(events, ToolAnswered)[0].content.startswith('{"error":"typo: there is no column revenu')


async def test_what_the_person_picks_is_an_ordinary_question(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", asks(("all", SOLD), ("only the north", NORTH)), runs(NORTH, expect="only the north"), says("Done."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "What is the revenue?")
        await follow(services, chat_id)
        await services.chats.ask(LOCAL, chat_id, "only the north")
        events = await last_turn(services, chat_id)
    assert isinstance(events[0], Asked)
    assert of_kind(events, ToolAnswered)[0].sql == NORTH
    assert len(of_kind(events, ModelReplied)) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([{"label": "a", "sql": "SELECT 1"}], "options: "),
        ([{"label": "a", "sql": "SELECT 1"}, {"label": "A ", "sql": "SELECT 2"}], "two options have one label"),
        ([{"label": "a", "sql": "SELECT 1"}, {"label": "b", "sql": "DROP TABLE orders"}], "b: DROP is not allowed"),
        ([{"label": "a", "sql": "SELECT 1"}, {"label": "b"}], "options.1.sql is missing"),
        ("all", "options: "),
    ],
)
async def test_options_that_cannot_be_asked_are_refused(tmp_path: Path, options: object, said: str) -> None:
    call = ToolCall(id="c", name="ask_user", arguments=loose.dumps({"question": "Which?", "options": options}))
    async with moment(tmp_path) as now:
        answered = await toolbox.offered().run(call, now, "t")
    assert answered.is_error
    assert said in answered.content
