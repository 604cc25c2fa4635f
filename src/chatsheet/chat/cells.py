"""What a number of an answer can come from: the cells of a result, its row count, the rows used. Pure."""

import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cached_property

from pydantic import JsonValue

from chatsheet.chat import labels, words
from chatsheet.chat.events import Kept, Output, ToolAnswered
from chatsheet.chat.index import Index
from chatsheet.chat.numbers import Measure, Written
from chatsheet.sheets.model import ROW_ID

_PERCENT = frozenset({"share", "growth", "margin", "discount", "tax"})
_PERCENT_NAMES = frozenset({labels.stem(one) for one in ("pct", "percent", "percentage", "prozent", "perc", "pc")})
_FALLS = labels.stems(words.FALLS)
_LOSSES = labels.stems(words.LOSSES)
_RISES = labels.stems(words.RISES)
DIRECTIONS = _FALLS | _RISES
_FACTORS: dict[Measure, tuple[Decimal, ...]] = {
    "plain": (Decimal(1),),
    "percent": (Decimal(1), Decimal(100)),
    "bps": (Decimal(100), Decimal(10_000)),
}
"""What a percentage value, and a share, is multiplied with to be written so."""
_TIMED = re.compile(
    rf"\d{{4}}-\d\d|month|quarter|week|current_date|now\(|today|interval|{'|'.join(labels.MONTH_NAMES)}", re.IGNORECASE
)
_UNITS = (
    ("Wh", "kWh", "MWh", "GWh"),
    ("W", "kW", "MW"),
    ("mg", "g", "kg", "t"),
    ("mm", "m", "km"),
    ("ml", "l"),
    ("KB", "MB", "GB", "TB"),
)
"""Units that are each a thousand of the one before."""
_NO_MONEY = frozenset({"count", "distinct", "percent"})
_KEEPS_UNIT = frozenset({"value", "sum", "average", "median", "minimum", "maximum"})
_NEAR = Decimal("0.05")
_PERIOD = re.compile(r"(?<![^\W_])(?:(?:19|20)\d\d|[qh][1-4])(?![^\W_])", re.IGNORECASE)
_SIGNIFICANT = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with what it is called: `row` and `column` are None for a row count."""

    value: Decimal
    stored: Decimal
    row: int | None
    column: int | None
    called: frozenset[str]
    output: Output
    is_counted: bool = False
    """Whether it is the number of rows of a result or of the rows used."""


@dataclass(frozen=True)
class Source:
    """A query's answer with what its columns and rows are called."""

    answered: ToolAnswered

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """How each column was made, unknown where nothing says so."""
        columns = () if self.answered.result is None else self.answered.result.columns
        told = self.answered.basis.outputs
        return told if len(told) == len(columns) else tuple(Output(name=column.name) for column in columns)

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return 0 if self.answered.result is None else len(self.answered.result.rows)

    @cached_property
    def index(self) -> Index:
        """The labels of the rows."""
        result = self.answered.result
        names = [] if result is None else [column.name for column in result.columns]
        return Index(names, () if result is None else result.rows)

    @cached_property
    def kept(self) -> tuple[tuple[Kept, Index], ...]:
        """The texts that its conditions keep of columns, those left out behind them, each with its labels."""
        texts = [one for one in self.answered.basis.kept if not one.is_time]
        return tuple((one, Index([one.column], [(value,) for value in (*one.wanted, *one.others)])) for one in texts)

    def months(self, column: int | None) -> list[frozenset[str]]:
        """Return the months that the conditions on a column of the result keep, of each column of days."""
        times = [one for one in self.answered.basis.kept if one.is_time]
        return [frozenset(one.wanted) for one in times if one.output in {None, column}]

    @cached_property
    def called(self) -> tuple[frozenset[str], ...]:
        """What each column is called: its name, the stored columns behind it, its table where it counts rows."""
        named = tuple(self._called(output, self.own(column)) for column, output in enumerate(self.outputs))
        for name, also in (("price", "cost"), ("stock", "quantity")):  # what costs 5 has the price 5, pieces are the stock
            if not any(also in one for one in named):
                named = tuple(one | {also} if name in one else one for one in named)
        return named

    def own(self, column: int | None) -> tuple[str, ...]:
        """Return the texts that the conditions of one column of the result alone compare with or keep."""
        if column is None:
            return ()
        kept = [text for one in self.answered.basis.kept if one.output == column and not one.is_time for text in one.wanted]
        return (*self.outputs[column].texts, *kept)

    def _called(self, output: Output, own: Sequence[str]) -> frozenset[str]:
        behind = [column for _, column in output.columns]
        # what is made of several columns is none of them
        found = labels.meanings(" ".join([output.name, *(behind if len(behind) == 1 or output.kind == "value" else ())]))
        if output.kind == "count":
            found |= self.tables | {"row"} | labels.meanings(" ".join(own))
        if output.kind in {"ratio", "percent"}:
            return found | {"share"}
        if "age" in found:
            found |= {"year"}
        if "duration" in found:
            found |= {"day", "week", "month"}
        return found | {output.kind} if output.kind in {"average", "median", "minimum", "maximum"} else found

    @cached_property
    def measured(self) -> frozenset[str]:
        """What the columns of numbers are called."""
        numeric = [called for column, called in enumerate(self.called) if column not in self.index.columns]
        return frozenset[str]().union(*numeric)

    @cached_property
    def filtered(self) -> frozenset[str]:
        """What the conditions on all its rows speak of."""
        texts = labels.meanings(" ".join(text for output in self.outputs for text in output.texts))
        return labels.meanings(" ".join(self.answered.basis.filters)) - texts

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The texts that its conditions compare with."""
        return labels.meanings(" ".join(re.findall(r"'([^']*)'", " ".join(self.answered.basis.filters))))

    def may_be(self, column: int, written: Written) -> bool:
        """Return whether a column can be written with the percent sign or the currency that a number has."""
        if written.measure != "plain":
            return self.shares[column] is not None
        return not written.currency or (self.outputs[column].kind not in _NO_MONEY and self.is_money(column, written.currency))

    def covers(self, months: frozenset[str]) -> bool:
        """Return whether its numbers may be those of months; not where the query never asks for a time."""
        result = self.answered.result
        dated = [value for row in (() if result is None else result.rows) for value in row if isinstance(value, str)]
        return not months or _TIMED.search(" ".join([self.answered.sql or "", *dated])) is not None

    @cached_property
    def periods(self) -> tuple[frozenset[str], ...]:
        """The years, quarters and halves in the names of its columns."""
        return tuple(frozenset(periods(output.name)) for output in self.outputs)

    @cached_property
    def tables(self) -> frozenset[str]:
        """What the tables read are called."""
        return labels.meanings(" ".join(used.table for used in self.answered.basis.rows))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All numbers that it holds."""
        return tuple(self._cells())

    def _cells(self) -> Iterator[Cell]:
        result = self.answered.result
        if result is None:
            return
        for row, values in enumerate(result.rows):
            for column, value in enumerate(values):
                for number in decimals(value):
                    yield Cell(number[0], number[1], row, column, self.called[column], self.outputs[column])
        count = Decimal(result.row_count)
        yield Cell(count, count, None, None, self._row_words(), Output(name="", kind="count"), is_counted=True)
        for used in self.answered.basis.rows:
            rows = Decimal(used.rows)
            named = labels.meanings(used.table) | {"row"}
            yield Cell(rows, rows, None, None, named, Output(name="", kind="count"), is_counted=True)

    def _row_words(self) -> frozenset[str]:
        """Return what rows of the result are called: their label where each has its own, the table where they are its rows."""
        result = self.answered.result
        found = frozenset({"row", "result"})
        if result is None:
            return found
        for column in self.index.columns:
            values = [row[column] for row in result.rows]
            if len(set(map(str, values))) == len(values) and not result.truncated:
                found |= self.called[column]
        is_plain = all(output.kind == "value" for output in self.outputs) and bool(self.outputs)
        return found | self.tables if is_plain and self._lists_rows() else found

    def _lists_rows(self) -> bool:
        result = self.answered.result
        listed = result is not None and bool(result.row_ids)
        return listed or any(output.name == ROW_ID for output in self.outputs)

    @cached_property
    def _by_size(self) -> tuple[list[float], list[Cell]]:
        ordered = sorted(self.cells, key=lambda cell: abs(cell.value))
        return [abs(float(cell.value)) for cell in ordered], ordered

    def near(self, written: Written, captions: Sequence[Decimal]) -> Iterator[Cell]:
        """Yield the cells whose size a number may have: few of many, before they are looked at closely."""
        sizes, ordered = self._by_size
        for low, high in _spans(written, captions):
            yield from ordered[bisect_left(sizes, low) : bisect_right(sizes, high)]

    def beside(self, cell: Cell) -> list[int]:
        """Return the columns of numbers in a cell's row."""
        result = self.answered.result
        if result is None or cell.row is None:
            return []
        values = enumerate(result.rows[cell.row])
        return [column for column, value in values if column not in self.index.columns and decimals(value)]

    def is_money(self, column: int | None, currency: str) -> bool:
        """Return whether a column may be written in a currency: not where only its neighbours are stored in it."""
        if not currency or column is None or self.outputs[column].unit.currency:
            return True
        is_plain = self.outputs[column].kind in _KEEPS_UNIT and len(self.outputs[column].columns) == 1
        return not (is_plain and any(output.unit.currency == currency for output in self.outputs))

    def is_end(self, cell: Cell, end: str) -> bool:
        """Return whether a cell is the largest, or the smallest, of its column; unknown where rows are missing."""
        result = self.answered.result
        if cell.column is None or result is None or result.truncated:
            return True
        values = [one.value for one in self.cells if one.column == cell.column]
        is_fall = cell.value < 0 and "growth" in cell.called  # what fell the most has the lowest change
        return cell.value == (max(values) if end == "maximum" and not is_fall else min(values))

    def is_part(self, cell: Cell) -> bool:
        """Return whether a cell counts only what a condition of its own leaves, beside one that counts all."""
        counts = [column for column, one in enumerate(self.outputs) if one.kind == "count"]
        return cell.column in counts and bool(self.own(cell.column)) and not all(self.own(column) for column in counts)

    def is_cut(self, cell: Cell) -> bool:
        """Return whether rows beyond this one may be missing, so that it is no end of all that there are."""
        result = self.answered.result
        is_limited = re.search(r"\blimit\b", self.answered.sql or "", re.IGNORECASE) is not None
        return result is not None and (result.truncated or is_limited) and cell.row != 0

    @cached_property
    def shares(self) -> tuple[bool | None, ...]:
        """Whether each column holds shares of one (True) or percentages (False); None where it is neither."""
        return tuple(self._shares(column) for column in range(len(self.outputs)))

    def _shares(self, column: int) -> bool | None:
        output = self.outputs[column]
        if output.unit.is_percent or output.kind == "ratio":
            return True
        if output.kind == "percent":
            return False
        if output.kind in {"count", "distinct"} or output.unit.currency:
            return None
        is_small = all(abs(cell.value) <= 1 for cell in self.cells if cell.column == column)
        if self.called[column] & (_PERCENT | _PERCENT_NAMES):
            return is_small
        return True if is_small and output.kind in {"", "average", "median", "difference", "value"} else None


def periods(text: str) -> list[str]:
    """Return the years, quarters and halves that a text or a name has."""
    return [one.group().casefold() for one in _PERIOD.finditer(text)]


def _spans(written: Written, captions: Sequence[Decimal]) -> Iterator[tuple[float, float]]:
    thousands = [Decimal(1000) ** n for n in range(-2, 3)] if any(written.unit in units for units in _UNITS) else [Decimal(1)]
    scales = [caption * one for caption in captions for one in thousands]
    for mantissa, scale, factor in itertools.product(written.mantissas, scales, _FACTORS[written.measure]):
        unit = float(written.scale * scale / factor)
        size, step = abs(float(mantissa)) * unit, 10.0 ** int(mantissa.as_tuple().exponent) * unit
        slack = max(step, size * (1e-12 if written.bound == "exact" and written.scale == 1 else 2 * float(_NEAR)))
        yield size - slack, size + slack


def decimals(value: JsonValue) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return a cell as the decimal that is shown and the one that is stored; empty for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ()
    try:
        shown = Decimal(str(value))
    except InvalidOperation:
        return ()
    stored = Decimal(value) if isinstance(value, float) else shown
    return ((shown, stored),) if shown.is_finite() else ()


def says(
    written: Written, cell: Cell, *, is_share: bool | None, context: frozenset[str], is_scaled: Decimal = Decimal(1)
) -> bool:
    """Return whether a number, as it was written, is the number of a cell.

    `context` are the meanings of the words around it, which tell falls from rises; `is_scaled` is what a caption beside it
    multiplies it with.
    """
    factor = Decimal(1)
    if written.measure != "plain":
        if is_share is None:
            return False
        factor = _FACTORS[written.measure][is_share]
    unit = cell.output.unit
    if written.currency and cell.output.kind == "ratio" and labels.meanings(cell.output.name) & _PERCENT:
        return False
    if written.currency and (cell.output.kind in _NO_MONEY or unit.currency not in {"", written.currency}):
        return False
    if written.unit and (cell.output.kind in _NO_MONEY or unit.currency):
        return False
    if written.unit and unit.symbol not in {"", written.unit}:
        if (thousands := _thousands(unit.symbol, written.unit)) is None:
            return False
        is_scaled *= thousands
    return any(
        _equal(mantissa, target * factor / (written.scale * is_scaled), written)
        for mantissa in written.mantissas
        for target in {sign * value for sign in _signs(written, cell, context) for value in (cell.value, cell.stored)}
    )


def _thousands(stored: str, written: str) -> Decimal | None:
    """Return what a unit is of another: a MWh is 1000 kWh; None where they do not measure the same."""
    for units in _UNITS:
        if stored in units and written in units:
            return Decimal(1000) ** (units.index(written) - units.index(stored))
    return None


def _signs(written: Written, cell: Cell, context: frozenset[str]) -> tuple[int, ...]:
    """Return with which signs a cell may be written: a loss of 5 is -5, a fall by 5 is not +5."""
    falls, rises = bool(context & _FALLS), bool(context & _RISES)
    is_change = "growth" in cell.called
    if written.sign == "()":
        return (1, -1)
    if written.sign:
        return (1,)
    if cell.value < 0:
        return (-1,) if falls and not rises else ()
    is_fall = (is_change and falls and not rises) or bool(context & _LOSSES)
    return () if is_fall and not cell.called & _FALLS else (1,)


def _equal(mantissa: Decimal, exact: Decimal, written: Written) -> bool:
    places = Decimal(1).scaleb(int(mantissa.as_tuple().exponent))
    if any(mantissa == _rounded(exact, places, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)):
        return written.scale == 1 or _is_near(mantissa, exact)
    if written.bound == "exact" or mantissa == 0:
        return False
    rounding = {"about": ROUND_HALF_UP, "over": ROUND_FLOOR, "under": ROUND_CEILING}[written.bound]
    return any(mantissa == _rounded(exact, step, rounding) for step in _steps(mantissa)) and _is_near(mantissa, exact)


def _steps(mantissa: Decimal) -> Iterator[Decimal]:
    """Yield the roundings that the zeros at the end of a number allow."""
    exponent = int(mantissa.as_tuple().exponent)
    step = Decimal(1).scaleb(exponent)
    while mantissa % step == 0 and step <= abs(mantissa):
        yield step
        step = step.scaleb(1)


def _is_near(mantissa: Decimal, exact: Decimal) -> bool:
    return abs(mantissa - exact) <= _NEAR * abs(exact)


def _rounded(value: Decimal, places: Decimal, rounding: str) -> Decimal | None:
    try:
        return value.quantize(places, rounding=rounding)
    except InvalidOperation:
        return None  # more digits than a decimal holds: not the number that was written


def is_weak(written: Written) -> bool:
    """Return whether a number says so little that an equal cell may well be another thing."""
    digits = "".join(map(str, written.mantissas[0].as_tuple().digits)).lstrip("0")
    significant = digits if written.mantissas[0] != written.mantissas[0].to_integral_value() else digits.rstrip("0")
    return len(significant) < _SIGNIFICANT


def found_in(sources: Sequence[Source]) -> frozenset[str]:
    """Return everything that columns, rows and tables of the sources are called."""
    return frozenset(word for source in sources for called in (*source.called, source.tables) for word in called)
