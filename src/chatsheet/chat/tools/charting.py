"""The tool that shows a result as a chart: the person sees it beside the answer, the model is told that it is there."""

from chatsheet.chat import charts
from chatsheet.chat.charts import Mark, Sort, Stack, Wish
from chatsheet.chat.events import Chart, ToolAnswered
from chatsheet.chat.tools.model import Arguments, Moment, Outcome, ToolRefused, tool
from chatsheet.sheets.model import Workbook


class MakeChart(Arguments):
    """Show a result as a chart. Only where a picture says more than the numbers."""

    handle: str
    mark: Mark
    x: str
    y: str
    color: str | None = None
    title: str | None = None
    sort: Sort | None = None
    stack: Stack | None = None


async def _make_chart(arguments: MakeChart, moment: Moment) -> Outcome:
    answered = _result(arguments.handle, moment)
    if answered.result is None:
        raise AssertionError("a handle has a result")
    wish = Wish(
        mark=arguments.mark,
        x=arguments.x,
        y=arguments.y,
        color=arguments.color or None,
        title=(arguments.title or "")[:120],
        sort=arguments.sort or "data",
        stack=arguments.stack or "zero",
    )
    spec = charts.build(answered.result, wish, _titles(answered, moment.opened.workbook))
    number = 1 + sum(isinstance(event, ToolAnswered) and event.chart is not None for event in moment.log)
    chart = Chart(id=f"c{number}", handle=answered.handle or "", title=wish.title, spec=spec.plain())
    return Outcome(told={"chart": chart.id, "note": "the person sees it; do not describe it"}, chart=chart)


def _result(handle: str, moment: Moment) -> ToolAnswered:
    known = {event.handle: event for event in moment.log if isinstance(event, ToolAnswered) and event.result is not None}
    if handle not in known:
        listed = ", ".join(str(one) for one in known) or "none yet: run a query first"
        raise ToolRefused(f"there is no result {handle};", fix=f"the results are {listed}.")
    return known[handle]


def _titles(answered: ToolAnswered, workbook: Workbook) -> dict[str, str]:
    """Return what axes say for columns that are a table's own: header and unit."""
    used = {(one.table, one.column): one.unit for one in answered.basis.columns}
    return {
        column.name: charts.axis_title(column.label or column.name, used.get((table.id, column.name), column.unit))
        for table in workbook.tables
        if table.id in {one.table for one in answered.basis.rows} | {one.table for one in answered.basis.columns}
        for column in table.columns
    }


TOOL = tool("make_chart", MakeChart, _make_chart)
"""Shows a result."""
