"""What a version answers through its worker: results with handles and rows, values like a text, windows of a table."""

import pytest
from pydantic import JsonValue

from chatsheet.sheets.complaints import ValueNotConverted
from chatsheet.sheets.model import RowIds
from chatsheet.sheets.query import Engine
from chatsheet.sheets.questions import Questions
from chatsheet.sheets.windows import Filter, Scalar, Sort, Test, Window, WindowInvalid
from tests.sheets.conftest import Sample

pytestmark = pytest.mark.anyio


@pytest.fixture
def questions(sample: Sample, engine: Engine) -> Questions:
    """The sample workbook, behind worker processes."""
    return Questions(version="v1", workbook=sample.workbook, database=sample.path, engine=engine)


async def ids(questions: Questions, window: Window) -> tuple[list[JsonValue], int]:
    page = await questions.window(window)
    return [row[0] for row in page.rows], page.row_count


async def test_a_result_has_a_handle_and_the_rows_it_stands_for(questions: Questions) -> None:
    checked = questions.check("SELECT order_id FROM orders WHERE region = 'North' ORDER BY order_id LIMIT 2")
    one, two = await questions.run(checked), await questions.run(checked)
    assert one.handle == two.handle != ""
    assert [column.name for column in one.columns] == ["order_id"]
    assert [row.table for row in one.row_ids] == ["orders"]
    again = await questions.run(questions.check(f"SELECT order_id FROM orders WHERE _row = {one.row_ids[0].ids[1]}"))  # noqa: S608  our own names
    assert again.rows[0] == one.rows[1]


async def test_the_rows_behind_a_group_are_told_on_demand(questions: Questions) -> None:
    checked = questions.check("SELECT region, count(*) AS n FROM orders GROUP BY region ORDER BY region")
    result = await questions.run(checked)
    (behind,) = await questions.rows_behind(checked, result, 1)
    assert (behind.table, len(behind.ids)) == ("orders", result.rows[1][1])
    (few,) = await questions.rows_behind(checked, result, 1, limit=3)
    assert (few.ids, few.more) == (behind.ids[:3], len(behind.ids) - 3)


async def test_the_row_behind_a_listed_row_is_itself(questions: Questions) -> None:
    checked = questions.check("SELECT region FROM targets ORDER BY region")
    result = await questions.run(checked)
    assert await questions.rows_behind(checked, result, 0) == (RowIds(table="targets", ids=(result.row_ids[0].ids[0],)),)


@pytest.mark.parametrize(
    ("sql", "warned"),
    [
        (
            "SELECT sum(revenue) AS s FROM orders WHERE region = 'Nort'",
            ["orders.region has no 'Nort'; nearest: 'North' (133 rows)"],
        ),
        (
            "SELECT 1 AS x FROM orders WHERE region IN ('North', 'south')",
            ["orders.region has no 'south'; nearest: 'South' (196 rows)"],
        ),
        ("SELECT 1 AS x FROM orders WHERE product LIKE 'chairs'", ["orders.product has no 'chairs'; nearest: 'Chair'"]),
        ("SELECT 1 AS x FROM orders WHERE product <> 'qqqqqq'", ["orders.product has no 'qqqqqq'; nearest: nothing like it."]),
        ("SELECT 1 AS x FROM orders WHERE region = 'North' AND order_date = '2025-01-01'", []),
    ],
)
async def test_a_text_that_a_column_does_not_have_is_warned_of(questions: Questions, sql: str, warned: list[str]) -> None:
    result = await questions.run(questions.check(sql))
    assert len(result.warnings) == len(warned)
    assert all(said.startswith(begin) for said, begin in zip(result.warnings, warned, strict=True))


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("NORTH", "North"),
        ("nrth", "North"),
        (" Sóuth ", "South"),
        ("chiar", "Chair"),
        ("monit", "Monitor"),
        ("late", "Too late"),
    ],
)
async def test_values_are_found_whatever_their_case_accents_and_typos(questions: Questions, text: str, nearest: str) -> None:
    found = await questions.find_values(text)
    assert found[0].value == nearest
    assert found[0].rows > 0


async def test_values_are_looked_for_where_asked(questions: Questions) -> None:
    assert {(one.table, one.column) for one in await questions.find_values("North", table="targets")} == {("targets", "region")}
    assert await questions.find_values("North", table="orders", column="channel") == ()
    assert (await questions.find_values("2025-01-01", table="orders", column="order_date"))[0].value == "2025-01-01"
    assert await questions.find_values("  ") == ()
    assert len(await questions.find_values("0000", column="order_id", limit=4)) == 4


async def test_a_page_may_begin_anywhere(questions: Questions) -> None:
    whole, count = await ids(questions, Window(table="orders", limit=600))
    assert (whole, count) == (list(range(2, 602)), 600)
    assert (await ids(questions, Window(table="orders", offset=100, limit=5)))[0] == whole[100:105]
    assert await ids(questions, Window(table="orders", offset=600)) == ([], 600)


async def test_pages_of_an_order_join_without_gap_or_repetition(questions: Questions) -> None:
    sort = (Sort(column="region"), Sort(column="revenue", is_descending=True))
    pages = [(await ids(questions, Window(table="orders", offset=at, limit=70, sort=sort)))[0] for at in range(0, 600, 70)]
    expected = await questions.run(questions.check("SELECT _row FROM orders ORDER BY lower(region), revenue DESC, _row"))
    assert [one for page in pages for one in page] == [row for (row,) in expected.rows]


@pytest.mark.parametrize(
    ("column", "test", "values", "where"),
    [
        ("region", "equals", ("north",), "region = 'North'"),
        ("region", "not_equals", ("North",), "region <> 'North'"),
        ("region", "one_of", ("NORTH", "South"), "region IN ('North', 'South')"),
        ("product", "contains", ("HAI",), "product = 'Chair'"),
        ("product", "starts_with", ("de",), "product = 'Desk'"),
        ("product", "contains", ("%",), "false"),
        ("revenue", "above", (1000,), "revenue > 1000"),
        ("revenue", "at_most", (620.0,), "revenue <= 620"),
        ("quantity", "between", (2, 3), "quantity IN (2, 3)"),
        ("order_date", "below", ("2025-02-01",), "order_date < '2025-02-01'"),
        ("order_date", "at_least", ("2025-12-01",), "order_date >= '2025-12-01'"),
        ("region", "empty", (), "region IS NULL"),
        ("region", "filled", (), "true"),
        ("region", "equals", ("' OR true --",), "false"),
    ],
)
async def test_a_filter_leaves_what_the_same_sql_leaves(
    questions: Questions, column: str, test: Test, values: tuple[Scalar, ...], where: str
) -> None:
    window = Window(table="orders", limit=600, filters=(Filter(column=column, test=test, values=values),))
    expected = await questions.run(questions.check(f"SELECT _row FROM orders WHERE {where} ORDER BY _row"))  # noqa: S608  our own names
    assert await ids(questions, window) == ([row for (row,) in expected.rows], expected.row_count)


async def test_a_search_counts_its_hits_in_all_texts(questions: Questions) -> None:
    found, count = await ids(questions, Window(table="orders", search="chair", limit=3, offset=1))
    assert (len(found), count) == (3, 102)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Window(table="ordrs"), "the tables are orders"),
        (Window(table="orders", sort=(Sort(column="regio"),)), "nearest columns: region"),
        (Window(table="orders", filters=(Filter(column="region", test="between", values=("a",)),)), "give as many"),
    ],
)
async def test_a_window_that_does_not_fit_the_table_says_how(questions: Questions, window: Window, said: str) -> None:
    with pytest.raises(WindowInvalid) as refused:
        await questions.window(window)
    assert said in refused.value.fix


async def test_a_filter_value_of_another_type_is_a_typed_error(questions: Questions) -> None:
    window = Window(table="orders", filters=(Filter(column="revenue", test="above", values=("much",)),))
    with pytest.raises(ValueNotConverted, match="much"):
        await questions.window(window)
