"""What a chart can be: checked against the result, and said in the closed subset."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from chatsheet.chat import charts
from chatsheet.chat.charts import ChartNotFound, ChartRefused, Mark, Sort, Spec, Stack, Wish
from chatsheet.chat.events import Chart, ToolAnswered
from chatsheet.core import loose
from chatsheet.sheets.model import Result, ResultColumn, Unit

TYPES = {"region": "VARCHAR", "month": "DATE", "year": "BIGINT", "total": "DOUBLE", "kind": "VARCHAR"}


def result_of(*rows: tuple[JsonValue, ...], columns: str = "region total", row_count: int | None = None) -> Result:
    named = tuple(ResultColumn(name=name, type=TYPES.get(name, "VARCHAR")) for name in columns.split())
    return Result(columns=named, rows=rows, row_count=len(rows) if row_count is None else row_count, truncated=False)


def spec_of(
    result: Result, mark: Mark = "bar", x: str = "region", y: str = "total", color: str | None = None, stack: Stack = "zero"
) -> Spec:
    return charts.build(result, Wish(mark=mark, x=x, y=y, color=color, stack=stack))


REGIONS = result_of(("EMEA", 3.0), ("APAC", 1.0))


def test_bars_keep_the_order_of_the_rows_and_start_at_zero() -> None:
    assert spec_of(REGIONS).plain() == {
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "region", "type": "nominal", "title": "region", "sort": None},
            "y": {"field": "total", "type": "quantitative", "title": "total"},
        },
    }


@pytest.mark.parametrize("empty", [None, "Infinity", "-inf"])
@pytest.mark.parametrize("mark", get_args(Mark))
def test_a_chart_without_one_finite_number_is_refused(empty: JsonValue, mark: Mark) -> None:
    result = result_of(("EMEA", "a", empty), ("APAC", "b", empty), columns="region kind total")
    x, y, color = ("region", "kind", "total") if mark == "rect" else ("region", "total", None)
    with pytest.raises(ChartRefused, match="no row has a finite value of total: the picture would be empty"):
        spec_of(result, mark, x=x, y=y, color=color)
    assert spec_of(result_of(("EMEA", empty), ("APAC", 1.0)), "bar")


def test_numbers_on_x_make_bars_lie() -> None:
    encoding = spec_of(REGIONS, x="total", y="region").encoding
    assert (encoding.x and encoding.x.type, encoding.y and encoding.y.type) == ("quantitative", "nominal")


def test_days_on_a_line_are_read_in_no_time_zone() -> None:
    encoding = spec_of(result_of(("2024-01-01", 1.0), ("2024-02-01", 2.0), columns="month total"), "line", x="month").encoding
    assert encoding.x is not None
    assert (encoding.x.type, encoding.x.scale and encoding.x.scale.type) == ("temporal", "utc")


def test_years_are_categories_of_bars_and_plain_numbers_on_a_line() -> None:
    years = result_of((2023, 1.0), (2024, 2.0), columns="year total")
    bar, line = spec_of(years, "bar", x="year").plain(), spec_of(years, "line", x="year").plain()
    assert '"ordinal"' in json.dumps(bar)
    assert '"format": "d"' in json.dumps(line)


def test_unstacked_bars_of_several_colors_stand_side_by_side() -> None:
    both = result_of(("EMEA", "a", 1.0), ("EMEA", "b", 2.0), columns="region kind total")
    assert spec_of(both, color="kind", stack="none").encoding.xOffset is not None
    stacked = spec_of(both, color="kind").encoding.y
    assert stacked is not None
    assert stacked.stack == "zero"


@pytest.mark.parametrize(
    ("wish", "hint"),
    [
        (Wish(mark="bar", x="regin", y="total"), "did you mean region?"),
        (Wish(mark="bar", x="zzz", y="total"), "the columns are region, total."),
        (Wish(mark="bar", x="total", y="total"), ""),
        (Wish(mark="line", x="total", y="region"), "y of a line must be a number"),
        (Wish(mark="arc", x="region", y="total", color="region"), "leave color out"),
        (Wish(mark="rect", x="region", y="region"), "numeric column as color"),
        (Wish(mark="point", x="region", y="region"), "must be a number"),
    ],
)
def test_a_wish_that_does_not_fit_says_what_does(wish: Wish, hint: str) -> None:
    if not hint:
        assert charts.build(REGIONS, wish)
        return
    with pytest.raises(ChartRefused) as caught:
        charts.build(REGIONS, wish)
    assert hint in f"{caught.value.what} {caught.value.fix}"


@pytest.mark.parametrize(
    ("result", "mark", "hint"),
    [
        (result_of(), "bar", "no rows"),
        (result_of(("a", 1.0), row_count=1_001), "bar", "GROUP BY"),
        (result_of(*((str(n), 1.0) for n in range(61))), "bar", "LIMIT"),
        (result_of(*((str(n), 1.0) for n in range(13))), "arc", "show bars"),
        (result_of(("a", 1.0), ("b", -1.0)), "arc", "bars"),
        (result_of(("a", 1.0), ("a", 2.0)), "bar", "GROUP BY region"),
        (result_of(("a", 1.0, 2.0), columns="region total total"), "bar", "AS"),
    ],
)
def test_data_that_a_mark_cannot_show_is_refused_with_the_way_out(result: Result, mark: Mark, hint: str) -> None:
    with pytest.raises(ChartRefused) as caught:
        spec_of(result, mark)
    assert hint in f"{caught.value.what} {caught.value.fix}"


def test_too_many_colors_are_refused() -> None:
    with pytest.raises(ChartRefused, match="12 colors"):
        spec_of(result_of(*(("a", str(n), 1.0) for n in range(13)), columns="region kind total"), color="kind")


def test_shares_of_negative_values_are_refused() -> None:
    both = result_of(("EMEA", "a", -1.0), ("EMEA", "b", 2.0), columns="region kind total")
    with pytest.raises(ChartRefused, match="negative"):
        spec_of(both, color="kind", stack="normalize")


@pytest.mark.parametrize(
    ("label", "unit", "title"),
    [
        ("Revenue", Unit(currency="EUR", symbol="€"), "Revenue (EUR)"),
        ("Margin", Unit(is_percent=True), "Margin (share)"),
        ("Weight in kg", Unit(symbol="kg"), "Weight in kg"),
        ("Region", Unit(), "Region"),
    ],
)
def test_axes_name_units_once(label: str, unit: Unit, title: str) -> None:
    assert charts.axis_title(label, unit) == title


@pytest.mark.parametrize(
    "more",
    [
        {"data": {"url": "http://x"}},
        {"transform": [{"calculate": "1", "as": "x"}]},
        {"params": []},
        {"mark": {"type": "image", "url": "http://x"}},
        {"encoding": {"href": {"field": "a", "type": "nominal", "title": ""}}},
        {"encoding": {"x": {"field": "a", "type": "nominal", "title": "", "axis": {"labelExpr": "1"}}}},
    ],
)
def test_nothing_beyond_the_subset_is_drawn(more: dict[str, JsonValue]) -> None:
    made = Chart.model_validate({"id": "c1", "handle": "r1", "spec": {**spec_of(REGIONS).plain(), **more}})
    with pytest.raises(ValidationError):
        charts.document(made, REGIONS)


def test_the_data_is_the_result_and_names_are_no_paths() -> None:
    strange = Result(
        columns=(ResultColumn(name="a.b[0]", type="VARCHAR"), ResultColumn(name="total", type="HUGEINT")),
        rows=(("x\x1by", "12345678901234567890"),),
        row_count=1,
        truncated=False,
    )
    spec = charts.build(strange, Wish(mark="bar", x="a.b[0]", y="total"))
    document = charts.document(Chart(id="c1", handle="r1", spec=spec.plain()), strange)
    assert spec.encoding.x is not None
    assert spec.encoding.x.field == r"a\.b\[0\]"
    assert document["data"] == {"values": [{"a.b[0]": "x y", "total": 12345678901234567890.0}]}


def test_a_chart_is_found_with_the_result_of_its_handle() -> None:
    spec = spec_of(REGIONS).plain()
    query = ToolAnswered(turn="t", call_id="1", tool="run_sql", content="", handle="r1", result=REGIONS)
    made = ToolAnswered(turn="t", call_id="2", tool="make_chart", content="", chart=Chart(id="c1", handle="r1", spec=spec))
    assert charts.find([query, made], "c1")[1] == REGIONS
    with pytest.raises(ChartNotFound, match="c2") as caught:
        charts.find([query, made], "c2")
    assert "c1" in caught.value.fix


CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, st.one_of(st.none(), st.integers(), st.floats(-1e9, 1e9))), max_size=20),
    mark=st.sampled_from(get_args(Mark)),
    color=st.sampled_from(["region", "kind", "total", None]),
    sort=st.sampled_from(get_args(Sort)),
    stack=st.sampled_from(get_args(Stack)),
)
def test_any_wish_over_any_rows_is_refused_or_makes_a_spec_of_the_subset(
    rows: list[tuple[JsonValue, ...]], mark: Mark, color: str | None, sort: Sort, stack: Stack
) -> None:
    result = result_of(*rows, columns="region kind total")
    try:
        spec = charts.build(result, Wish(mark=mark, x="region", y="total", color=color, sort=sort, stack=stack))
    except ChartRefused:
        return
    document = charts.document(Chart(id="c1", handle="r1", spec=json.loads(json.dumps(spec.plain()))), result)
    assert Spec.model_validate(spec.plain()) == spec
    assert len(loose.array(loose.obj(document["data"])["values"])) == len(rows)
