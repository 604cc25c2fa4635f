"""The model makes a chart of a result; the person gets it beside the answer."""

from pathlib import Path

import pytest

from chatsheet.ask import answer
from chatsheet.core.identity import LOCAL
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from chatsheet.wiring import open_services
from tests.harness import Wire, azure_settings, runs, says

pytestmark = pytest.mark.anyio
SQL = "SELECT region, SUM(revenue) AS total FROM orders GROUP BY region ORDER BY total DESC"


def charts(*, expect: str = "", **arguments: str) -> Exchange:
    """Script a reply that calls make_chart."""
    return Exchange(calls=(ScriptedCall(name="make_chart", arguments=dict(arguments)),), expect=expect)


async def test_a_chart_names_its_result_and_holds_no_data(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(SQL), charts(handle="r1", mark="bar", x="region", y="total"), says("See the chart."))
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        answered = await answer(services, LOCAL, sales, "Show revenue by region")
    (chart,) = answered.charts
    assert (chart.id, chart.handle, set(chart.spec)) == ("c1", "r1", {"mark", "encoding"})


async def test_a_wrong_handle_or_column_is_mended_by_what_the_tool_says(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script(
        "gpt-4o",
        runs(SQL),
        charts(handle="r9", mark="bar", x="region", y="total"),
        charts(handle="r1", mark="bar", x="regio", y="total", expect="the results are r1"),
        charts(handle="r1", mark="bar", x="region", y="total", expect="did you mean region"),
        says("Here."),
    )
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o"), has_page=False) as services:
        answered = await answer(services, LOCAL, sales, "Show revenue by region")
    assert [chart.id for chart in answered.charts] == ["c1"]
