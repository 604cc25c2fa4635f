"""A number of an answer leads to its query, rows and cells, at the version that the query ran on."""

from pathlib import Path

import pytest

from chatsheet.chat import basis, citations
from chatsheet.chat.citations import Citation, CitationNotFound, CitedTable
from chatsheet.chat.events import ToolAnswered
from chatsheet.core.identity import LOCAL
from chatsheet.sheets.edits import Fill
from chatsheet.sheets.query import Engine
from chatsheet.sheets.questions import Questions
from tests.chat.test_driver import chatting, follow
from tests.harness import Wire, azure_settings, runs, says
from tests.sheets.conftest import Sample

pytestmark = pytest.mark.anyio

GROUPED = "SELECT region, sum(revenue) AS revenue, count(*) AS orders FROM orders GROUP BY region ORDER BY revenue DESC"


@pytest.fixture
def questions(sample: Sample, engine: Engine) -> Questions:
    """The sample workbook, behind worker processes."""
    return Questions(version="v1", workbook=sample.workbook, database=sample.path, engine=engine)


async def asked(questions: Questions, sql: str) -> ToolAnswered:
    guarded = questions.check(sql)
    result = await questions.run(guarded)
    told = basis.of(guarded.sql, questions.workbook, names=[column.name for column in result.columns])
    common = {"turn": "t", "call_id": "c", "tool": "run_sql", "content": "", "handle": "r1", "sql": guarded.sql}
    return ToolAnswered.model_validate(common | {"version": "v1", "result": result, "basis": told})


async def cite(questions: Questions, sql: str, row: int | None, column: str | None) -> Citation:
    return await citations.cite(questions, await asked(questions, sql), row=row, column=column)


async def test_a_sum_leads_to_the_cells_that_were_added(questions: Questions) -> None:
    cited = await cite(questions, GROUPED, 0, "revenue")
    (table,) = cited.tables
    assert (cited.value, cited.version, cited.not_traced) == (pytest.approx(155288.7), "v1", None)
    assert (table.table, table.tab, table.columns, table.is_certain) == ("orders", "Orders", ("revenue",), True)
    ids = ", ".join(map(str, table.rows))
    summed = await questions.run(questions.check(f"SELECT sum(revenue) AS s, count(*) AS n FROM orders WHERE _row IN ({ids})"))  # noqa: S608
    assert summed.rows[0] == (pytest.approx(155288.7), len(table.rows))
    letter = next(column.letter for column in questions.workbook.tables[0].columns if column.name == "revenue")
    assert table.ranges[0].startswith(f"{letter}{table.rows[0]}")


async def test_a_count_leads_to_whole_rows(questions: Questions) -> None:
    (table,) = (
        await cite(questions, "SELECT count(*) AS n FROM orders WHERE region = 'South' AND quantity > 5", 0, "n")
    ).tables
    assert table.columns == ()
    assert table.ranges[0].startswith("A")
    assert len(table.rows) + table.more > 0


async def test_many_rows_are_counted_and_the_first_are_listed(questions: Questions) -> None:
    (table,) = (await cite(questions, "SELECT sum(revenue) AS s FROM orders", 0, "s")).tables
    assert (len(table.rows), table.more) == (citations.MOST_ROWS, 600 - citations.MOST_ROWS)


async def test_a_listed_row_leads_to_its_one_cell(questions: Questions) -> None:
    cited = await cite(questions, "SELECT order_id, revenue FROM orders ORDER BY revenue DESC LIMIT 2", 1, "revenue")
    (table,) = cited.tables
    assert len(table.rows) == len(table.ranges) == 1
    assert table.ranges[0].endswith(str(table.rows[0]))


async def test_a_column_of_one_table_leaves_the_joined_one_to_its_rows(questions: Questions) -> None:
    sql = "SELECT o.region, sum(o.revenue) AS s FROM orders o JOIN targets t USING (region) GROUP BY 1"
    by_table = {table.table: table for table in (await cite(questions, sql, 0, "s")).tables}
    assert by_table["orders"].columns == ("revenue",)
    assert by_table["targets"].columns == ()


async def test_what_cannot_be_traced_says_why_and_still_names_query_and_tables(questions: Questions) -> None:
    sql = "SELECT max(s) AS m FROM (SELECT region, sum(revenue) AS s FROM orders GROUP BY region) AS x"
    cited = await cite(questions, sql, 0, "m")
    assert cited.not_traced is not None
    assert cited.not_traced.code == "sql.not_traceable"
    assert cited.tables == (CitedTable(table="orders", tab="Orders", more=600, columns=("revenue",)),)


async def test_a_row_count_leads_to_the_rows_of_the_query(questions: Questions) -> None:
    (listed,) = (await cite(questions, "SELECT order_id FROM orders ORDER BY revenue LIMIT 3", None, None)).tables
    assert len(listed.rows) == 3
    (counted,) = (await cite(questions, GROUPED, None, None)).tables
    assert (counted.rows, counted.more) == ((), 600)


@pytest.mark.parametrize(("row", "column"), [(99, "revenue"), (0, "nothing")])
async def test_a_cell_that_is_not_there_is_not_found(questions: Questions, row: int, column: str) -> None:
    with pytest.raises(CitationNotFound):
        await cite(questions, GROUPED, row, column)


async def test_a_citation_reads_the_version_that_the_query_ran_on(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(GROUPED), says("South sold most: 155,288.70."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        await follow(services, chat_id)
        before = await services.chats.citation(LOCAL, chat_id, "r1", row=0, column="revenue")
        sheet = (await services.chats.get(LOCAL, chat_id)).sheet_id
        edit = Fill(table="orders", column="region", value="North", rows=before.tables[0].rows)
        edited = await services.library.edit(LOCAL, sheet, [edit], expected_version=before.version)
        assert edited.opened.sheet.version != before.version
        assert await services.chats.citation(LOCAL, chat_id, "r1", row=0, column="revenue") == before
        with pytest.raises(CitationNotFound):
            await services.chats.citation(LOCAL, chat_id, "r9")
