"""Charts as images: drawn offline by a process that is killed when it takes too long."""

import importlib.util

import pytest

from chatsheet.chat import charts
from chatsheet.chat.charts import Wish
from chatsheet.chat.drawing import DrawingFailed, Drawings
from chatsheet.chat.events import Chart
from chatsheet.sheets.model import Result, ResultColumn

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(importlib.util.find_spec("vl_convert") is None, reason="the extra `charts` is not installed"),
]
REGIONS = Result(
    columns=(ResultColumn(name="region", type="VARCHAR"), ResultColumn(name="total", type="DOUBLE")),
    rows=(("<script>EMEA</script>", 3.0), ("日本", 1.0)),
    row_count=2,
    truncated=False,
)
SPEC = charts.build(REGIONS, Wish(mark="bar", x="region", y="total", title="Totals"), {"total": "Total (EUR)"})
CHART = Chart(id="c1", handle="r1", spec=SPEC.plain())


async def test_an_svg_holds_the_values_as_text_and_nothing_that_runs() -> None:
    drawn = (await Drawings().draw(CHART, REGIONS, "svg")).decode()
    assert drawn.startswith("<svg")
    assert "<script" not in drawn
    for text in ("&lt;script&gt;EMEA", "日本", "Total (EUR)", "Totals"):
        assert text in drawn


async def test_a_png_is_a_png() -> None:
    assert (await Drawings().draw(CHART, REGIONS, "png")).startswith(b"\x89PNG")


async def test_a_document_holds_the_rows() -> None:
    assert b'"values":[{"region":"<script>' in await Drawings().draw(CHART, REGIONS, "json")


async def test_who_takes_too_long_is_killed() -> None:
    with pytest.raises(DrawingFailed, match=r"not drawn in 0\.01 s"):
        await Drawings(deadline_s=0.01).draw(CHART, REGIONS, "svg")
