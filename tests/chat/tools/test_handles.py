"""Earlier results as tables of later queries."""

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat.events import Asked, ToolAnswered
from chatsheet.chat.tools import handles, querying, toolbox
from chatsheet.chat.tools.handles import HandleRefused
from chatsheet.chat.tools.model import Moment
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.llm.model import ToolCall
from chatsheet.sheets.model import Column, Result, ResultColumn, Table, Workbook
from tests.chat.test_driver import chatting, follow, last_turn, of_kind
from tests.chat.tools.workbook import after, moment
from tests.harness import Wire, azure_settings, runs, says

pytestmark = pytest.mark.anyio


def book(*names: str) -> Workbook:
    """Return a workbook with tables of these names, each with region and amount."""
    columns = tuple(Column(name=n, label=n, letter="A", type="text", evidence="") for n in ("region", "amount"))
    one = Table(id="", tab="T", range="A1:B3", header_row=1, evidence="", rows=2, columns=columns)
    return Workbook(parser="p", content_sha256="c", tables=tuple(one.model_copy(update={"id": name}) for name in names))


def gave(handle: str, sql: str, *columns: str) -> ToolAnswered:
    """Return the event of a query that gave a result."""
    result = Result(columns=tuple(ResultColumn(name=c, type="VARCHAR") for c in columns), rows=(), row_count=0, truncated=False)
    return ToolAnswered(turn="t", call_id="c", tool="run_sql", content="", handle=handle, sql=sql, result=result, version="v1")


PLAIN = gave("r1", "SELECT region, amount FROM orders WHERE amount > 5", "region", "amount")
GROUPED = gave("r2", "SELECT region, SUM(amount) FROM orders GROUP BY region", "region", "sum(amount)")
BOOK = book("orders")


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        (
            "SELECT region FROM r1 WHERE region = 'EMEA'",
            "SELECT region FROM orders WHERE amount > 5 AND region = 'EMEA'",
        ),
        (
            "SELECT region, sum(amount) AS s FROM R1 AS x GROUP BY x.region",
            "SELECT region, SUM(amount) AS s FROM orders WHERE amount > 5 GROUP BY region",
        ),
        (
            'SELECT "sum(amount)" FROM r2',
            'SELECT "sum(amount)" FROM (SELECT region, SUM(amount) AS "sum(amount)" FROM orders GROUP BY region) AS r2',
        ),
        (
            "SELECT x.region FROM orders AS x JOIN r1 USING (region)",
            "SELECT x.region FROM orders AS x JOIN (SELECT region, amount FROM orders WHERE amount > 5) AS r1 USING (region)",
        ),
        ("WITH r1 AS (SELECT 1 AS a) SELECT a FROM r1", "WITH r1 AS (SELECT 1 AS a) SELECT a FROM r1"),
        ("SELECT region FROM orders", "SELECT region FROM orders"),
        ("SELECT (((", "SELECT ((("),
    ],
)
def test_a_handle_is_written_out_as_the_query_that_gave_it(sql: str, written: str) -> None:
    assert handles.expand(sql, [PLAIN, GROUPED], BOOK).sql == written


def test_the_inner_of_two_queries_of_one_name_is_the_result() -> None:
    expanded = handles.expand("WITH r1 AS (SELECT region FROM r1) SELECT region FROM r1", [PLAIN], BOOK)
    assert expanded.sql.count("FROM orders") == 1


def test_a_table_of_the_workbook_goes_before_a_handle_and_new_handles_get_another_letter() -> None:
    workbook = book("orders", "R1")
    assert handles.expand("SELECT region FROM r1", [PLAIN], workbook).sql == "SELECT region FROM r1"
    assert handles.next_name([PLAIN], workbook) == "q2"
    assert handles.next_name([PLAIN], BOOK) == "r2"


def test_a_handle_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(HandleRefused) as refused:
        handles.expand("SELECT * FROM r7", [PLAIN, GROUPED], BOOK)
    assert refused.value.fix.startswith("the results are r1, r2;")
    with pytest.raises(HandleRefused, match="nothing was queried"):
        handles.expand("SELECT * FROM r7", [], BOOK)


def test_a_with_query_cannot_take_the_place_of_a_table_inside_a_handle() -> None:
    with pytest.raises(HandleRefused) as refused:
        handles.expand("WITH orders AS (SELECT 1 AS region) SELECT * FROM orders, r2", [PLAIN, GROUPED], book("sales"))
    assert refused.value.fix == "rename the WITH query."


PIECES = st.sampled_from(
    ["SELECT", "*", "FROM", "r1", "r2", "r9", "orders", "(", ")", "WITH", "AS", ",", "JOIN", "x", "'", ";", "WHERE"]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=15).map(" ".join))
def test_whatever_is_written_it_is_expanded_or_refused(sql: str) -> None:
    try:
        expanded = handles.expand(sql, [PLAIN, GROUPED], BOOK)
    except HandleRefused:
        return
    assert expanded.used or expanded.sql == sql


INNER = (
    "SELECT region, quantity, net_amount_eur FROM orders WHERE quantity > 2",
    "SELECT * FROM orders WHERE status = 'Paid' ORDER BY order_id DESC",
    "SELECT o.region, quantity * 2 AS quantity, country FROM orders o JOIN customers c USING (customer_id) WHERE quantity > 1",
    "SELECT status AS region, order_id AS quantity FROM orders",
    "SELECT region, count(*) AS quantity FROM orders GROUP BY region",
    "SELECT DISTINCT region, quantity FROM orders",
    "SELECT region, quantity FROM orders ORDER BY order_id LIMIT 5",
    "SELECT region, row_number() OVER (ORDER BY order_id) AS quantity FROM orders",
    "SELECT region, quantity FROM orders WHERE quantity > (SELECT avg(quantity) FROM orders)",
)
OUTER = (
    "SELECT * FROM r1",
    "SELECT region, quantity FROM r1 WHERE region = 'EMEA' OR quantity = 3",
    "SELECT x.region, sum(x.quantity) AS s FROM r1 AS x GROUP BY x.region HAVING sum(x.quantity) > 3",
    "SELECT count(*) AS n FROM r1",
    "SELECT region AS quantity FROM r1 ORDER BY quantity",
    "SELECT upper(region) AS region, count(*) AS n FROM r1 GROUP BY region",
    "SELECT DISTINCT region FROM r1",
    "SELECT region, quantity AS q FROM r1 WHERE q > 2",
    "SELECT region, rank() OVER (ORDER BY quantity) AS place FROM r1 QUALIFY place = 1",
    "SELECT a.region FROM r1 AS a JOIN r1 AS b ON a.region = b.region AND a.quantity = b.quantity",
    "SELECT region FROM r1 WHERE quantity = (SELECT max(quantity) FROM r1)",
    "SELECT CASE WHEN quantity > 2 THEN 'many' ELSE 'few' END AS size, count(*) AS n FROM r1 GROUP BY ALL",
)


IN_ORDER = (
    "SELECT region, quantity FROM r1 LIMIT 3",
    "SELECT upper(region) AS u FROM r1 LIMIT 3",
    "SELECT string_agg(region) AS listed, max(quantity) AS q FROM r1",
)


def over_subquery(outer: str, inner: str) -> str:
    """Return the outer query with the inner one where r1 stands."""
    named = re.sub(r"(FROM|JOIN) r1 AS", rf"\1 ({inner}) AS", outer)
    return re.sub(r"(FROM|JOIN) r1(?! AS)", rf"\1 ({inner}) AS r1", named)


async def test_a_query_over_a_result_gives_what_it_gives_over_a_subquery(tmp_path: Path) -> None:
    async with moment(tmp_path) as now:
        for inner, outer in [*product(INNER, OUTER), *product(INNER[:2], IN_ORDER)]:
            first = await querying.query(inner, now)
            event = gave("r1", first.guarded.sql, *(c.name for c in first.result.columns))
            over = await querying.query(outer, after(now, [event]))
            plain = await querying.query(over_subquery(outer, inner), now)
            assert sorted(map(repr, over.result.rows)) == sorted(map(repr, plain.result.rows)), (inner, outer)
            assert [c.name for c in over.result.columns] == [c.name for c in plain.result.columns], (inner, outer)


async def asked(sql: str, now: Moment) -> tuple[ToolAnswered, Moment]:
    """Run SQL as a model does, and return the answer and the moment after it."""
    call = ToolCall(id="c", name="run_sql", arguments=loose.dumps({"purpose": "", "sql": sql}))
    answered = await toolbox.offered().run(call, now, "t")
    return answered, after(now, [answered])


async def test_of_those_only_emea_leads_to_the_rows_of_the_table(tmp_path: Path) -> None:
    async with moment(tmp_path) as start:
        _, now = await asked("SELECT order_id, region, quantity FROM orders WHERE quantity >= 4", start)
        some, now = await asked("SELECT order_id FROM r1 WHERE region = 'EMEA'", now)
        assert some.result is not None
        assert [one.table for one in some.result.row_ids] == ["orders"]
        total, now = await asked("SELECT region, sum(quantity) AS s FROM r1 GROUP BY region ORDER BY region", now)
        assert (total.basis.rows[0].table, total.basis.rows[0].rows) == ("orders", 9)
        assert total.result is not None
        behind = await now.questions.rows_behind(now.questions.check(total.sql or ""), total.result, 0)
        apac, _ = await asked("SELECT order_id FROM r1 WHERE region = 'APAC'", now)
        assert apac.result is not None
        assert list(behind[0].ids) == sorted(one for one in apac.result.row_ids[0].ids if one is not None)


async def test_handles_of_handles_hold_the_whole_query(tmp_path: Path) -> None:
    async with moment(tmp_path) as start:
        _, now = await asked("SELECT region, sum(quantity) AS s FROM orders GROUP BY region", start)
        _, now = await asked("SELECT region FROM r1 WHERE s > 17", now)
        last, _ = await asked("SELECT count(*) AS n FROM r2", now)
        assert last.result is not None
        assert last.result.rows == ((2,),)
        assert "r2" in (last.sql or "")
        assert handles.expand(last.sql or "", [], now.opened.workbook).sql == last.sql


async def test_a_result_of_another_version_is_asked_again_and_that_is_said(tmp_path: Path) -> None:
    async with moment(tmp_path) as now:
        old, _ = await asked("SELECT region FROM orders WHERE quantity = 5", now)
        log = [Asked(turn="t0", question="?"), old.model_copy(update={"version": "before"})]
        answered, _ = await asked("SELECT count(*) AS n FROM r1", after(now, log))
        assert "the sheet changed since r1" in answered.content


async def test_describe_and_get_rows_take_a_handle(tmp_path: Path) -> None:
    async with moment(tmp_path) as start:
        _, now = await asked("SELECT order_id, region FROM orders ORDER BY order_id", start)
        box = toolbox.offered()
        described = await box.run(ToolCall(id="c", name="describe", arguments='{"table":"r1"}'), now, "t")
        assert '"order_id BIGINT"' in described.content
        some = await box.run(ToolCall(id="c", name="get_rows", arguments='{"table":"r1","rows":"3-4"}'), now, "t")
        assert some.result is not None
        assert [row[0] for row in some.result.rows] == [1003, 1004]
        unknown = await box.run(ToolCall(id="c", name="get_rows", arguments='{"table":"r9"}'), now, "t")
        assert "the results are r1" in unknown.content


async def test_a_later_question_asks_the_result_of_an_earlier_one(tmp_path: Path, wire: Wire, sales: Path) -> None:
    """The simulator's script expects what the model must have been told, and says so where it was not."""
    large = "SELECT region, product, revenue FROM orders WHERE revenue > 1000"
    wire.script("gpt-4o", runs(large), says("There they are."), runs("SELECT count(*) AS n FROM r1 WHERE region = 'North'"))
    wire.script("gpt-4o", says("As counted.", expect='"handle":"r2"'))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which orders are large?")
        await follow(services, chat_id)
        await services.chats.ask(LOCAL, chat_id, "Of those, only the north?")
        (counted,) = of_kind(await last_turn(services, chat_id), ToolAnswered)
    assert counted.sql == "SELECT COUNT(*) AS n FROM orders WHERE revenue > 1000 AND region = 'North'"
    assert counted.result is not None
    assert counted.basis.rows[0].rows == counted.result.rows[0][0]
