"""A chart over a result: checked, and said in a closed subset of Vega-Lite without data, addresses or expressions. Pure.

The data is the result itself; `document` puts the two together for whoever draws. A chart says what the rows say: nothing is
aggregated, filtered or computed here.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from chatsheet.chat.events import Chart, Event, ToolAnswered
from chatsheet.chat.tools import nearest
from chatsheet.core import loose
from chatsheet.core.errors import BadInput, NotFound
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import Result, Unit

MOST_POINTS = 1_000
MOST_CATEGORIES = 60
MOST_COLORS = 12
MOST_SLICES = 12
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_FONT = "Liberation Sans"
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UINTEGER|DOUBLE|FLOAT|REAL|DECIMAL)\b")
_YEARS = range(1900, 2101)

Mark = Literal["bar", "line", "area", "point", "arc", "rect"]
Sort = Literal["data", "x", "-x", "y", "-y"]
Stack = Literal["zero", "normalize", "none"]
_Kind = Literal["quantitative", "temporal", "nominal"]


class ChartRefused(BadInput):
    """The result cannot be shown in this way."""

    code = "chart.refused"


class ChartNotFound(NotFound):
    """The chat has no such chart."""

    code = "chart.not_found"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MarkDef(_Part):
    """What is drawn."""

    type: Mark


class Scale(_Part):
    """How values become places; times are read as they are written, in no zone."""

    type: Literal["utc"] | None = None
    zero: bool | None = None


class Axis(_Part):
    """How an axis writes its numbers; `d` writes years without separators."""

    format: Literal["d"]


class Channel(_Part):
    """A column of the result and how it is shown; `field` is its name as the function `field` writes it."""

    field: str
    type: Literal["quantitative", "temporal", "nominal", "ordinal"]
    title: str
    sort: Literal["ascending", "descending", "x", "-x", "y", "-y"] | None = None
    """None: as the rows stand."""
    stack: Literal["zero", "normalize"] | None = None
    scale: Scale | None = None
    axis: Axis | None = None


class Encoding(_Part):
    """Which column is shown by what."""

    x: Channel | None = None
    y: Channel | None = None
    theta: Channel | None = None
    color: Channel | None = None
    xOffset: Channel | None = None  # noqa: N815  Vega-Lite's name
    yOffset: Channel | None = None  # noqa: N815  likewise


class Spec(_Part):
    """The whole of what a chart can say."""

    title: str | None = None
    mark: MarkDef
    encoding: Encoding

    def plain(self) -> JsonObject:
        """Return the spec as JSON: what was not said is left out."""
        return dict(loose.obj(self.model_dump(mode="json", exclude_unset=True)))  # pyright: ignore[reportReturnType]  JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a chart should show, by names of the result's columns."""

    mark: Mark
    x: str
    y: str
    color: str | None = None
    title: str = ""
    sort: Sort = "data"
    stack: Stack = "zero"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the result with its values."""

    name: str
    title: str
    kind: _Kind
    values: Sequence[JsonValue]

    @property
    def distinct(self) -> int:
        return len({str(value) for value in self.values})


def build(result: Result, wish: Wish, titles: Mapping[str, str] | None = None) -> Spec:
    """Return the spec; `titles` are what axes say for columns. Raises ChartRefused with what would work."""
    if result.truncated or result.row_count > MOST_POINTS:
        raise ChartRefused(
            f"the result has {result.row_count} rows and a chart shows at most {MOST_POINTS};",
            fix="aggregate with GROUP BY, or take the first with ORDER BY and LIMIT, and chart that result.",
        )
    if not result.rows:
        raise ChartRefused("the result has no rows;", fix="chart a result that has some.")
    columns = {name: _column(result, name, titles or {}) for name in (wish.x, wish.y, wish.color) if name is not None}
    _require_visible(columns.values())
    x, y = columns[wish.x], columns[wish.y]
    color = columns[wish.color] if wish.color is not None else None
    match wish.mark:
        case "arc":
            encoding = _slices(x, y, color)
        case "rect":
            encoding = _cells(x, y, color, wish)
        case "point":
            encoding = _points(x, y, color, wish)
        case "bar" | "line" | "area":
            encoding = _measured(x, y, color, wish)
    said = Spec(mark=MarkDef(type=wish.mark), encoding=encoding)
    return said.model_copy(update={"title": wish.title}) if wish.title else said


def axis_title(label: str, unit: Unit) -> str:
    """Return what an axis says: the label, and what its numbers count where that is known."""
    named = "share" if unit.is_percent else unit.currency or unit.symbol
    return f"{label} ({named})" if named and named.casefold() not in label.casefold() else label


def find(log: Sequence[Event], chart_id: str) -> tuple[Chart, Result]:
    """Return a chart of a chat with the result that is its data; raises ChartNotFound."""
    answered = [event for event in log if isinstance(event, ToolAnswered)]
    chart = next((event.chart for event in answered if event.chart is not None and event.chart.id == chart_id), None)
    result = next((event.result for event in answered if chart is not None and event.handle == chart.handle), None)
    if chart is None or result is None:
        known = [event.chart.id for event in answered if event.chart is not None]
        fix = f"the charts are {', '.join(known)}." if known else "ask for one: it shows the result of a query."
        raise ChartNotFound(f"there is no chart {chart_id}.", fix=fix)
    return chart, result


def document(chart: Chart, result: Result) -> JsonObject:
    """Return the chart with its data as a whole Vega-Lite document; raises ValidationError for a spec beyond the subset."""
    spec = Spec.model_validate(chart.spec)
    used = {channel.field: channel for _, channel in _channels(spec.encoding)}
    values: list[JsonValue] = [
        {
            column.name: _number(value) if used[field(column.name)].type == "quantitative" else _text(value)
            for column, value in zip(result.columns, row, strict=True)
            if field(column.name) in used
        }
        for row in result.rows
    ]
    return {
        "$schema": _SCHEMA,
        "background": "white",
        "width": 480,
        "height": 300,
        "data": {"values": values},
        **spec.plain(),
        "config": {"font": _FONT},
    }


def field(name: str) -> str:
    """Return a column's name as Vega-Lite reads it: a dot or bracket in it is no path."""
    return re.sub(r"([\\.\[\]\"'])", r"\\\1", name)


def _column(result: Result, name: str, titles: Mapping[str, str]) -> _Column:
    names = [column.name for column in result.columns]
    alike = [place for place, one in enumerate(names) if one == name] or [
        place for place, one in enumerate(names) if one.casefold() == name.casefold()
    ]
    if not alike:
        likely, _ = nearest.names(name, {one: (one,) for one in names}, limit=1)
        hint = f"did you mean {likely[0]}?" if likely else f"the columns are {', '.join(names)}."
        raise ChartRefused(f"the result has no column {name};", fix=hint)
    if len(alike) > 1:
        raise ChartRefused(f"the result has {len(alike)} columns {name};", fix="give each a name of its own with AS.")
    column = result.columns[alike[0]]
    kind: _Kind = "nominal"
    if _NUMBERS.match(column.type):
        kind = "quantitative"
    elif column.type.startswith(("DATE", "TIMESTAMP")):
        kind = "temporal"
    return _Column(column.name, titles.get(column.name, column.name), kind, [row[alike[0]] for row in result.rows])


def _measured(x: _Column, y: _Column, color: _Column | None, wish: Wish) -> Encoding:
    """Bars, lines and areas: one axis is a number, the other what it is measured by."""
    is_upright = y.kind == "quantitative"
    if not is_upright and (x.kind != "quantitative" or wish.mark != "bar"):
        raise ChartRefused(f"{y.name} holds no numbers;", fix=f"y of a {wish.mark} must be a number.")
    by, measure = (x, y) if is_upright else (y, x)
    _require_once((by, color), measure)
    series = _color(color) if color is not None else None
    along = _dimension(by, wish, is_discrete=wish.mark == "bar")
    told: dict[str, Channel | None] = {}
    number = _channel(measure, "quantitative")
    if series is not None:
        told["color"] = series
        if wish.mark == "bar" and wish.stack == "none":
            told["xOffset" if is_upright else "yOffset"] = series
        elif wish.mark != "line":
            number = number.model_copy(update={"stack": _stack(wish, measure)})
    told |= {"x": along, "y": number} if is_upright else {"x": number, "y": along}
    return Encoding.model_validate(told)


def _stack(wish: Wish, measure: _Column) -> str | None:
    if wish.stack == "normalize" and any((_number(value) or 0) < 0 for value in measure.values):
        raise ChartRefused(f"{measure.name} has negative values, which are no share of a whole;", fix="use stack zero or none.")
    return None if wish.stack == "none" else wish.stack


def _points(x: _Column, y: _Column, color: _Column | None, wish: Wish) -> Encoding:
    if "quantitative" not in {x.kind, y.kind}:
        raise ChartRefused(f"neither {x.name} nor {y.name} holds numbers;", fix="x or y of points must be a number.")
    told = {"x": _dimension(x, wish), "y": _dimension(y, wish)}
    if color is not None:
        told["color"] = _channel(color, "quantitative") if color.kind == "quantitative" else _color(color)
    return Encoding.model_validate(told)


def _slices(x: _Column, y: _Column, color: _Column | None) -> Encoding:
    if color is not None:
        raise ChartRefused("the slices of an arc are colored by x;", fix="leave color out.")
    if y.kind != "quantitative" or any((_number(value) or 0) < 0 for value in y.values):
        raise ChartRefused(f"{y.name} is not a number of zero or more in each row;", fix="show it as bars.")
    if x.distinct > MOST_SLICES:
        raise ChartRefused(f"{x.name} has {x.distinct} values and an arc shows at most {MOST_SLICES};", fix="show bars.")
    _require_once((x,), y)
    return Encoding(theta=_channel(y, "quantitative"), color=_channel(x, "nominal").model_copy(update={"sort": None}))


def _cells(x: _Column, y: _Column, color: _Column | None, wish: Wish) -> Encoding:
    if color is None or color.kind != "quantitative":
        raise ChartRefused("the color of a rect must be a number;", fix="give the numeric column as color.")
    _require_once((x, y), color)
    told = [_dimension(one, wish, is_discrete=True) for one in (x, y)]
    return Encoding(x=told[0], y=told[1], color=_channel(color, "quantitative"))


def _dimension(column: _Column, wish: Wish, *, is_discrete: bool = False) -> Channel:
    """Return an axis: of categories where the mark needs them, else as the values are."""
    if column.kind == "nominal" or is_discrete:
        if column.distinct > MOST_CATEGORIES:
            raise ChartRefused(
                f"{column.name} has {column.distinct} values and an axis shows at most {MOST_CATEGORIES};",
                fix="take the largest with ORDER BY and LIMIT, group them (dates by month or year), or draw a line.",
            )
        sort = {"data": None, "x": "ascending", "-x": "descending", "y": "y", "-y": "-y"}[wish.sort]
        return _channel(column, "nominal" if column.kind == "nominal" else "ordinal").model_copy(update={"sort": sort})
    if column.kind == "temporal":
        return _channel(column, "temporal").model_copy(update={"scale": Scale(type="utc")})
    channel = _channel(column, "quantitative").model_copy(update={"scale": Scale(zero=False)})
    is_year = all(isinstance(value, int) and value in _YEARS for value in column.values if value is not None)
    return channel.model_copy(update={"axis": Axis(format="d")}) if is_year else channel


def _color(column: _Column) -> Channel:
    if column.distinct > MOST_COLORS:
        raise ChartRefused(
            f"{column.name} has {column.distinct} values and {MOST_COLORS} colors can be told apart;",
            fix="filter or group them, or leave color out.",
        )
    return _channel(column, "nominal").model_copy(update={"sort": None})


def _channel(column: _Column, kind: Literal["quantitative", "temporal", "nominal", "ordinal"]) -> Channel:
    return Channel(field=field(column.name), type=kind, title=column.title)


def _require_once(keys: Sequence[_Column | None], measure: _Column) -> None:
    """Refuse rows that would be drawn one over the other."""
    named = [column for column in keys if column is not None]
    if len(set(zip(*([str(v) for v in column.values] for column in named), strict=True))) < len(measure.values):
        listed = ", ".join(column.name for column in named)
        raise ChartRefused(
            f"several rows have the same {listed}, and would hide each other;",
            fix=f"aggregate {measure.name} with GROUP BY {listed}, or color by what tells them apart.",
        )


def _require_visible(columns: Iterable[_Column]) -> None:
    """Refuse rows of which none has a place: an empty number or day has none, nor has an infinite one."""
    placed = [column for column in columns if column.kind != "nominal"]
    if placed and not any(
        all(_is_finite(column, value) for column, value in zip(placed, row, strict=True))
        for row in zip(*(column.values for column in placed), strict=True)
    ):
        listed = " and ".join(dict.fromkeys(column.name for column in placed))
        told = f"no row has a finite value of {listed}: the picture would be empty;"
        raise ChartRefused(told, fix="chart a result that has some.")


def _is_finite(column: _Column, value: JsonValue) -> bool:
    if column.kind == "temporal":
        return value is not None and "inf" not in str(value)
    number = _number(value)
    return number is not None and math.isfinite(number)


def _channels(encoding: Encoding) -> Iterator[tuple[str, Channel]]:
    for name in Encoding.model_fields:
        if isinstance(channel := getattr(encoding, name), Channel):
            yield name, channel


def _number(value: JsonValue) -> float | int | None:
    if isinstance(value, str):  # what is too large for JSON's numbers comes as a text
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) else None


def _text(value: JsonValue) -> JsonValue:
    """Return a value without characters that no image may hold."""
    if not isinstance(value, str):
        return value
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cs"} else " " for c in value)
