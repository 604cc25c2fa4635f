"""The Python door: one value with the answer and everything that leads to it."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.ask import MOST_ROWS, TurnStopped, answer, ask, collect
from chatsheet.chat.events import Answered, Asked, Cancelled, Failed, ModelReplied, Option, ToolAnswered
from chatsheet.chat.questions import LocaleInvalid
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.llm.model import Trail, Usage
from chatsheet.sheets.model import Result
from chatsheet.wiring import open_services
from tests.harness import Wire, azure_settings, runs, says

pytestmark = pytest.mark.anyio
ASKED = Asked(turn="t", question="How much?")
EMPTY = Result(columns=(), rows=(), row_count=0, truncated=False)


def replied(cost: float | None = None, cached: int = 0) -> ModelReplied:
    usage = Usage(input_tokens=100, output_tokens=10, cached_tokens=cached)
    return ModelReplied(turn="t", text="", calls=(), model="m", route="azure", usage=usage, trail=Trail(), cost=cost)


def answered(form: JsonValue = "answer") -> Answered:
    return Answered.model_validate({"turn": "t", "text": "There.", "form": form, "numbers": []})


async def test_an_answer_has_its_steps_queries_and_what_it_took(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT COUNT(*) AS n FROM returns"), says("There are 45, or 99."))
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        made = await answer(services, LOCAL, sales, "How many?", locale="de-CH")
        (asked, *_) = await services.chats.log(LOCAL, made.chat)
    assert isinstance(asked, Asked)
    assert (asked.locale, made.question, made.form, len(made.steps)) == ("de-CH", "How many?", "answer", 2)
    assert [(number.text, number.handle) for number in made.numbers] == [("45", "r1"), ("99", None)]
    assert made.result("r1").rows == ((45,),)
    assert made.queries[0].version == made.version
    assert made.seconds > 0


async def test_a_locale_that_is_none_is_told_before_anything_is_done(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        with pytest.raises(LocaleInvalid, match="de_CH"):
            await answer(services, LOCAL, sales, "How many?", locale="de_CH")
        assert await services.library.listing(LOCAL) == []


async def test_an_empty_question_leaves_no_chat_behind(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        with pytest.raises(ChatSheetError) as caught:
            await answer(services, LOCAL, sales, " ")
        opened = await services.library.bring_in(LOCAL, sales)
        chats = await services.chats.listing(LOCAL, opened.sheet.id)
    assert (caught.value.code, chats) == ("chat.question_invalid", [])


async def test_each_number_of_an_answer_leads_to_its_query_rows_and_cells(tmp_path: Path, wire: Wire, sales: Path) -> None:
    sql = "SELECT region, SUM(revenue) AS revenue FROM orders GROUP BY region ORDER BY revenue DESC LIMIT 2"
    wire.script("gpt-4o", runs(sql), says("South made 155,288.70, and 155,288.70 is most; 7 is not from here."))
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        made = await answer(services, LOCAL, sales, "Which region made most?")
    (citation,) = made.citations
    (table,) = citation.tables
    assert [made.citation(number) for number in made.numbers] == [citation, citation, None]
    assert (citation.handle, citation.row, citation.column, citation.version) == ("r1", 0, "revenue", made.version)
    assert (table.table, table.columns, len(table.rows)) == ("orders", ("revenue",), MOST_ROWS)
    assert (table.more, bool(table.ranges)) == (96, True)


async def test_what_the_workbook_lacks_is_an_answer_of_its_own_kind(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", says("[not in workbook] It has no costs."))
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        made = await answer(services, LOCAL, sales, "What did it cost?")
    assert (made.form, made.text, made.queries) == ("not_in_workbook", "It has no costs.", ())


def test_ask_works_from_plain_code_without_a_loop(tmp_path: Path, sales: Path) -> None:
    with pytest.raises(ChatSheetError) as caught:
        ask(sales, "How many?", settings=Settings(data=tmp_path))
    assert caught.value.code == "llm.not_configured"


def test_a_question_back_has_its_readings() -> None:
    option = Option(label="net", sql="SELECT 1", result=EMPTY)
    asks = ToolAnswered(turn="t", call_id="1", tool="ask_user", content="net or gross?", options=(option,))
    made = collect([ASKED, replied(), asks, answered("which")])
    assert (made.form, made.options) == ("which", (option,))


@pytest.mark.parametrize(("costs", "total"), [((0.25, 0.5), 0.75), ((0.25, None), None)])
def test_the_cost_is_known_where_every_step_has_a_price(costs: tuple[float | None, ...], total: float | None) -> None:
    made = collect([ASKED, *map(replied, costs), answered()], seconds=1.5)
    assert (made.cost, made.seconds, made.usage.input_tokens) == (total, 1.5, 200)


def test_a_turn_without_an_answer_raises_what_ended_it() -> None:
    with pytest.raises(TurnStopped):
        collect([ASKED, Cancelled(turn="t")])
    with pytest.raises(ChatSheetError, match="the model is gone") as caught:
        collect([ASKED, Failed(turn="t", code="chat.turn_limit", what="the model is gone", fix="ask again")])
    assert caught.value.code == "chat.turn_limit"
