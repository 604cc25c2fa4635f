"""A row-wise Excel formula as one SQL expression over the columns of a table. Pure; what it cannot do exactly it refuses.

In the SQL, NULL means an error: blank cells are 0, FALSE or empty text where Excel takes them so, a blank date is an error.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chatsheet.sheets.formulas import grammar, pattern
from chatsheet.sheets.formulas.grammar import Call, FormulaRefused, Literal, Named, Node, Operation
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.model import SQL_TYPES, Column, ColumnType

_LONGEST_SQL = 15_000
_NUMBERS = ("integer", "decimal")
_DAYS = ("date", "datetime")
_FINITE = "1.7976931348623157e308"
_KIND = {"integer": "a number", "decimal": "a number", "text": "text", "boolean": "TRUE or FALSE", "time": "a time"}


@dataclass(frozen=True, slots=True)
class Translation:
    """SQL for the value of a new column, its type, and the SQL names of the columns that it reads."""

    sql: str
    type: ColumnType
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sql:
    """An expression; `column` is the bare column where it is nothing else, `text` the literal, blanks not yet replaced."""

    sql: str
    type: ColumnType
    column: str = ""
    text: str | None = None


def translate(formula: str, columns: Sequence[Column], row: int) -> Translation:
    """Return SQL for a formula written for the table's row number `row`; raises FormulaRefused naming what stands in the way.

    Columns are named by their cells in that row (`C2`, `$C2`, `C2:E2`), as `[@Price]`, or by label or name (`price`).
    """
    translator = _Translator(columns, row)
    made = translator.tail(grammar.parse(formula))
    sql = made.sql
    if made.type in _NUMBERS:
        sql = f"CASE WHEN abs({sql}) <= {_FINITE} THEN {sql} END"
    if len(sql) > _LONGEST_SQL:
        raise _too_long()
    return Translation(f"TRY_CAST({sql} AS {SQL_TYPES[made.type]})", made.type, tuple(sorted(translator.used)))


class _Translator:
    def __init__(self, columns: Sequence[Column], row: int) -> None:
        self._row = row
        self._by_letter = {pattern.cell(f"{column.letter}1")[1]: column for column in columns}
        self._by_name = {key.casefold(): column for column in reversed(columns) for key in (column.label, column.name)}
        self.used: set[str] = set()
        self._functions: Mapping[str, Callable[[str, Sequence[Node]], _Sql]] = {
            "SUM": self._sum, "AVERAGE": self._average, "MIN": self._extreme, "MAX": self._extreme, "ROUND": self._round,
            "ABS": self._abs, "INT": self._int, "MOD": self._mod, "CONCAT": self._concat, "CONCATENATE": self._concat,
            "LEFT": self._side, "RIGHT": self._side, "MID": self._mid, "LEN": self._len, "UPPER": self._case,
            "LOWER": self._case, "TRIM": self._trim, "DATE": self._date, "YEAR": self._part, "MONTH": self._part,
            "DAY": self._part, "AND": self._logic, "OR": self._logic, "NOT": self._not, "ISBLANK": self._is_blank,
            "TRUE": self._constant, "FALSE": self._constant,
        }  # fmt: skip

    # what a node is

    def tail(self, node: Node) -> _Sql:
        """Translate where the value is the formula's own: there, empty text beside numbers is a blank cell."""
        if not isinstance(node, Call) or node.function not in {"IF", "IFERROR"}:
            return self._bound(self._any(node))
        return self._branches(node, self.tail)

    def _value(self, node: Node) -> _Sql:
        """Translate with blank cells replaced."""
        return self._bound(self._any(node))

    def _any(self, node: Node) -> _Sql:
        made = self._of(node)
        if len(made.sql) > _LONGEST_SQL:  # at every step: some functions repeat their argument
            raise _too_long()
        return made

    def _of(self, node: Node) -> _Sql:
        match node:
            case Literal(value=bool() as value):
                return _Sql("TRUE" if value else "FALSE", "boolean")
            case Literal(value=float() as value):
                return _Sql(_number(value), "integer" if value.is_integer() and abs(value) < 2**53 else "decimal")
            case Literal(value=str() as value):
                return _Sql(_quoted(value), "text", text=value)
            case Named():
                return self._column(node)
            case Operation():
                return self._operation(node)
            case Call():
                return self._call(node)
            case _:
                raise AssertionError(node)

    def _column(self, node: Named) -> _Sql:
        listed = self._columns(node)
        if len(listed) != 1:
            raise FormulaRefused(f"{node.text} is a range where one cell is needed.", fix="name one cell of the row.")
        return self._cell(listed[0])

    def _cell(self, column: Column) -> _Sql:
        self.used.add(column.name)
        name = '"' + column.name.replace('"', '""') + '"'
        return _Sql(f"CAST({name} AS DOUBLE)" if column.type in _NUMBERS else name, column.type, column=name)

    def _columns(self, node: Named) -> list[Column]:
        """Return the columns of the cells that a reference names, all of them in the formula's own row."""
        if not node.is_area:
            written = node.text.partition("[")[2].removesuffix("]") if "[" in node.text else node.text
            items = re.findall(r"\[([^\[\]#][^\[\]]*)\]", written)
            name = (items[-1] if items else written).removeprefix("@").casefold()
            if name not in self._by_name:
                known = ", ".join(sorted({column.label for column in self._by_name.values()}))
                raise FormulaRefused(f"there is no column {node.text}.", fix=f"the columns are {known}.")
            return [self._by_name[name]]
        if "!" in node.text:
            raise FormulaRefused(f"{node.text} names another tab.", fix="use cells of the same row.")
        (reference,) = pattern.of(node.text, self._row, 1).references
        rows = {corner.row for corner in (reference.first, reference.last or reference.first)}
        is_other = any(corner.is_row_fixed for corner in (reference.first, reference.last or reference.first))
        area = reference.area(self._row, 1)
        if rows != {0} or is_other or area is None:
            raise FormulaRefused(
                f"{node.text} is not in row {self._row} alone.", fix=f"use cells of row {self._row}, such as A{self._row}."
            )
        missing = [number for number in range(area[1], area[3] + 1) if number not in self._by_letter]
        if missing:
            cell = f"{letter(missing[0])}{self._row}"
            raise FormulaRefused(f"{cell} is in no column of this table.", fix="use cells of its columns.")
        return [self._by_letter[number] for number in range(area[1], area[3] + 1)]

    @staticmethod
    def _bound(made: _Sql) -> _Sql:
        """Replace a blank cell by what Excel takes it for; dates and times have nothing to stand for them."""
        blank = {"integer": "0e0", "decimal": "0e0", "text": "''", "boolean": "FALSE"}.get(made.type)
        return replace(made, sql=f"coalesce({made.sql}, {blank})", column="") if made.column and blank else made

    # operators

    def _operation(self, node: Operation) -> _Sql:
        if node.operator in {"=", "<>", "<", ">", "<=", ">="}:
            return self._comparison(node.operator, *node.operands)
        if node.operator == "&":
            return self._concat("&", node.operands)
        if node.operator == "%":
            return _Sql(f"({self._number(node.operands[0], '%').sql} / 100e0)", "decimal")
        if node.operator == "negative":
            made = self._number(node.operands[0], "-")
            return replace(made, sql=f"(- {made.sql})")
        if node.operator in {"+", "-"} and (days := self._days(node)) is not None:
            return days
        left, right = (self._number(operand, node.operator) for operand in node.operands)
        if node.operator == "/":
            return _Sql(f"({left.sql} / nullif({right.sql}, 0e0))", "decimal")
        if node.operator == "^":
            return _power(left, right)
        is_whole = left.type == right.type == "integer"
        return _Sql(f"({left.sql} {node.operator} {right.sql})", "integer" if is_whole else "decimal")

    def _days(self, node: Operation) -> _Sql | None:
        """Translate a date plus or minus days, and the days between dates; None where no date is involved."""
        left, right = (self._value(operand) for operand in node.operands)
        if left.type == right.type == "date" and node.operator == "-":
            return _Sql(f"CAST(({left.sql} - {right.sql}) AS DOUBLE)", "integer")
        if "date" not in {left.type, right.type}:
            return None
        if right.type == "date":
            left, right = right, left
            if node.operator == "-":
                raise FormulaRefused("a date cannot be taken from a number.", fix="write the date first.")
        if right.type != "integer":
            raise FormulaRefused(f"a date {node.operator} {_kind(right)} is not a date.", fix="add whole days.")
        return _Sql(f"CAST({left.sql} {node.operator} {_to_days(right.sql)} AS DATE)", "date")

    def _comparison(self, operator: str, first: Node, second: Node) -> _Sql:
        left, right = self._any(first), self._any(second)
        for one, other in ((left, right), (right, left)):
            if other.text == "" and one.column and operator in {"=", "<>"}:
                empty = f"({one.column} IS NULL" + (f" OR {one.column} = '')" if one.type == "text" else ")")
                return _Sql(empty if operator == "=" else f"(NOT {empty})", "boolean")
        left, right = self._bound(left), self._bound(right)
        if left.type == right.type == "text":
            if operator not in {"=", "<>"}:
                raise FormulaRefused(f"text cannot be compared with {operator}.", fix="use = or <>.")
            return _Sql(f"(lower({left.sql}) {operator} lower({right.sql}))", "boolean")
        if not any({left.type, right.type} <= set(group) for group in (_NUMBERS, _DAYS, ("boolean",), ("time",))):
            raise FormulaRefused(f"{_kind(left)} cannot be compared with {_kind(right)}.", fix="compare values of one kind.")
        return _Sql(f"({left.sql} {operator} {right.sql})", "boolean")

    def _number(self, node: Node, needed_by: str) -> _Sql:
        made = self._value(node)
        if made.type == "boolean":
            return _Sql(f"CAST(CAST({made.sql} AS INTEGER) AS DOUBLE)", "integer")
        if made.type not in _NUMBERS:
            raise FormulaRefused(f"{needed_by} needs a number, and {_told(node)} is {_kind(made)}.", fix="use a number column.")
        return made

    def _text(self, node: Node) -> str:
        """Translate to text; a blank cell is empty text, whatever its column holds."""
        made = self._any(node)
        text = _as_text(made, node)
        return f"coalesce({text}, '')" if made.column else text

    # functions

    def _call(self, node: Call) -> _Sql:
        if node.function in {"IF", "IFERROR"}:
            return self._branches(node, self._value)
        function = self._functions.get(node.function)
        if function is None:
            known = ", ".join(sorted((*self._functions, "IF", "IFERROR")))
            raise FormulaRefused(f"the function {node.function} cannot be used here.", fix=f"use one of {known}.")
        arguments = [argument for argument in node.arguments if argument is not None]
        least, most = _ARGUMENTS[node.function]
        if len(arguments) != len(node.arguments) or not least <= len(arguments) <= most:
            raise _wrong_count(node)
        return function(node.function, arguments)

    def _branches(self, node: Call, translate: Callable[[Node], _Sql]) -> _Sql:
        given = [argument for argument in node.arguments if argument is not None]
        needed = 3 if node.function == "IF" else 2
        if len(given) != needed or len(node.arguments) != needed:
            raise _wrong_count(node)
        is_tail = translate == self.tail
        # an error inside the first argument must be told from a blank, so it is never at the tail
        first = translate(given[1]) if node.function == "IF" else self._value(given[0])
        second = translate(given[-1])
        made_type = _one_type(node.function, first, second, is_tail=is_tail)
        if made_type != "text":
            first, second = (replace(one, sql="NULL") if one.text == "" else one for one in (first, second))
        if node.function == "IFERROR":
            return _Sql(f"coalesce({first.sql}, {second.sql})", made_type)
        return _Sql(
            f"CASE TRUE AND {self._condition(given[0], 'IF')} WHEN TRUE THEN {first.sql} WHEN FALSE THEN {second.sql} END",
            made_type,
        )

    def _condition(self, node: Node, needed_by: str) -> str:
        made = self._value(node)
        if made.type in _NUMBERS:
            return f"({made.sql} <> 0e0)"
        if made.type != "boolean":
            raise FormulaRefused(f"{needed_by} needs a condition, and {_told(node)} is {_kind(made)}.", fix="compare it.")
        return made.sql

    def _listed(self, name: str, arguments: Sequence[Node]) -> tuple[list[_Sql], list[_Sql]]:
        """Return the number cells and the computed values among arguments; text and truth values in cells do not count."""
        cells: list[_Sql] = []
        values: list[_Sql] = []
        for argument in arguments:
            if isinstance(argument, Call) and argument.function in {"IF", "IFERROR"} and name != "SUM":
                # it may hand on a blank cell, which does not count, where a computed 0 does
                raise FormulaRefused(f"{name} over {argument.function} is not supported.", fix="make a column of it first.")
            if not isinstance(argument, Named):
                values.append(self._number(argument, name))
                continue
            for made in map(self._cell, self._columns(argument)):
                if made.type in _DAYS or made.type == "time":
                    raise FormulaRefused(f"{name} over dates and times is not supported.", fix="use number columns.")
                if made.type in _NUMBERS:
                    cells.append(made)
        return cells, values

    def _sum(self, name: str, arguments: Sequence[Node]) -> _Sql:
        cells, values = self._listed(name, arguments)
        parts = [*(self._bound(one).sql for one in cells), *(one.sql for one in values)]
        is_whole = all(one.type == "integer" for one in (*cells, *values))
        return _Sql(f"({' + '.join(parts) or '0e0'})", "integer" if is_whole else "decimal")

    def _average(self, name: str, arguments: Sequence[Node]) -> _Sql:
        cells, values = self._listed(name, arguments)
        filled = [f"CAST({one.column} IS NOT NULL AS INTEGER)" for one in cells]
        count = " + ".join([*filled, str(len(values))])
        return _Sql(f"({self._sum(name, arguments).sql} / nullif(CAST(({count}) AS DOUBLE), 0e0))", "decimal")

    def _extreme(self, name: str, arguments: Sequence[Node]) -> _Sql:
        cells, values = self._listed(name, arguments)
        parts = ", ".join(one.sql for one in (*cells, *values))
        is_whole = all(one.type == "integer" for one in (*cells, *values))
        best = f"coalesce({'least' if name == 'MIN' else 'greatest'}({parts}), 0e0)" if parts else "0e0"
        failed = " OR ".join(f"{one.sql} IS NULL" for one in values)
        return _Sql(f"CASE WHEN {failed} THEN NULL ELSE {best} END" if failed else best, "integer" if is_whole else "decimal")

    def _round(self, name: str, arguments: Sequence[Node]) -> _Sql:
        x, digits = (self._number(argument, name).sql for argument in arguments)
        places = f"CAST(trunc({digits}) AS INTEGER)"
        # one step of the last bit up, for decimals that binary numbers miss from below: 1.005 is 1.01
        rounded = f"WHEN abs({x}) < 1e12 THEN round({x} * 1.0000000000000002e0, {places}) ELSE round({x}, {places})"
        return _Sql(f"CASE WHEN NOT coalesce(abs({digits}) <= 15, FALSE) THEN NULL {rounded} END", "decimal")

    def _abs(self, name: str, arguments: Sequence[Node]) -> _Sql:
        made = self._number(arguments[0], name)
        return replace(made, sql=f"abs({made.sql})")

    def _int(self, name: str, arguments: Sequence[Node]) -> _Sql:
        return _Sql(f"floor({self._number(arguments[0], name).sql})", "integer")

    def _mod(self, name: str, arguments: Sequence[Node]) -> _Sql:
        left, right = (self._number(argument, name) for argument in arguments)
        divisor = f"nullif({right.sql}, 0e0)"
        is_whole = left.type == right.type == "integer"
        return _Sql(f"({left.sql} - {right.sql} * floor({left.sql} / {divisor}))", "integer" if is_whole else "decimal")

    def _concat(self, _: str, arguments: Sequence[Node]) -> _Sql:
        return _Sql(f"({' || '.join(self._text(argument) for argument in arguments)})", "text")

    def _side(self, name: str, arguments: Sequence[Node]) -> _Sql:
        count = self._number(arguments[1], name).sql if len(arguments) > 1 else "1e0"
        return _Sql(f"CASE WHEN {count} >= 0 THEN {name.lower()}({self._text(arguments[0])}, {_whole(count)}) END", "text")

    def _mid(self, name: str, arguments: Sequence[Node]) -> _Sql:
        start, count = (self._number(argument, name).sql for argument in arguments[1:])
        part = f"substring({self._text(arguments[0])}, {_whole(start)}, {_whole(count)})"
        return _Sql(f"CASE WHEN {start} >= 1 AND {count} >= 0 THEN {part} END", "text")

    def _len(self, _: str, arguments: Sequence[Node]) -> _Sql:
        return _Sql(f"CAST(length({self._text(arguments[0])}) AS DOUBLE)", "integer")

    def _case(self, name: str, arguments: Sequence[Node]) -> _Sql:
        return _Sql(f"{name.lower()}({self._text(arguments[0])})", "text")

    def _trim(self, _: str, arguments: Sequence[Node]) -> _Sql:
        return _Sql(f"regexp_replace(trim({self._text(arguments[0])}), ' +', ' ', 'g')", "text")

    def _date(self, name: str, arguments: Sequence[Node]) -> _Sql:
        year, month, day = (f"trunc({self._number(argument, name).sql})" for argument in arguments)
        start = f"make_date(CAST({year} AS BIGINT), 1, 1)"
        moved = f"{start} + to_months(CAST({month} - 1 AS INTEGER)) + to_days(CAST({day} - 1 AS INTEGER))"
        limits = f"{year} BETWEEN 1900 AND 9999 AND abs({month}) < 10000 AND abs({day}) < 100000"
        return _Sql(f"CASE WHEN {limits} THEN CAST({moved} AS DATE) END", "date")

    def _part(self, name: str, arguments: Sequence[Node]) -> _Sql:
        made = self._value(arguments[0])
        if made.type not in _DAYS:
            raise FormulaRefused(f"{name} needs a date, and {_told(arguments[0])} is {_kind(made)}.", fix="use a date column.")
        return _Sql(f"CAST({name.lower()}({made.sql}) AS DOUBLE)", "integer")

    def _logic(self, name: str, arguments: Sequence[Node]) -> _Sql:
        # as numbers, so that an error is an error whatever the others say
        numbers = [f"CAST({self._condition(argument, name)} AS INTEGER)" for argument in arguments]
        return _Sql(f"({' * '.join(numbers)} = 1)" if name == "AND" else f"({' + '.join(numbers)} > 0)", "boolean")

    def _not(self, name: str, arguments: Sequence[Node]) -> _Sql:
        return _Sql(f"(NOT {self._condition(arguments[0], name)})", "boolean")

    def _is_blank(self, name: str, arguments: Sequence[Node]) -> _Sql:
        made = self._any(arguments[0])
        if not made.column:
            raise FormulaRefused(f"{name} needs a cell.", fix="name one column.")
        return _Sql(f"({made.column} IS NULL)", "boolean")

    def _constant(self, name: str, _: Sequence[Node]) -> _Sql:
        return _Sql(name, "boolean")


_MANY = 255
_ARGUMENTS = {
    **dict.fromkeys(("SUM", "AVERAGE", "MIN", "MAX", "CONCAT", "CONCATENATE", "AND", "OR"), (1, _MANY)),
    **dict.fromkeys(("ABS", "INT", "LEN", "UPPER", "LOWER", "TRIM", "YEAR", "MONTH", "DAY", "NOT", "ISBLANK"), (1, 1)),
    **dict.fromkeys(("LEFT", "RIGHT"), (1, 2)),
    **dict.fromkeys(("ROUND", "MOD"), (2, 2)),
    **dict.fromkeys(("MID", "DATE"), (3, 3)),
    **dict.fromkeys(("TRUE", "FALSE"), (0, 0)),
}


def _as_text(made: _Sql, node: Node) -> str:
    if made.type == "text":
        return made.sql
    if made.type == "boolean":
        return f"CASE TRUE AND ({made.sql}) WHEN TRUE THEN 'TRUE' WHEN FALSE THEN 'FALSE' END"
    if made.type == "date":
        return f"CAST(({made.sql} - DATE '1899-12-30') AS VARCHAR)"
    if made.type not in _NUMBERS:
        raise FormulaRefused(f"{_told(node)} is {_kind(made)} and cannot become text.", fix="use YEAR, MONTH or DAY.")
    # 15 digits, as spreadsheets write numbers
    x = made.sql
    whole = f"WHEN {x} = floor({x}) AND abs({x}) < 1e15 THEN CAST(CAST({x} AS BIGINT) AS VARCHAR)"
    digits = f"round({x}, CAST(14 - floor(log10(abs({x}))) AS INTEGER))"
    return f"CASE {whole} ELSE CAST({digits} AS VARCHAR) END"


def _too_long() -> FormulaRefused:
    return FormulaRefused("the formula is too long for one column.", fix="split it into several columns.")


def _number(value: float) -> str:
    if value - value != 0:
        raise FormulaRefused("a number of the formula is too large.", fix="write a smaller one.")
    written = repr(value)
    return written if "e" in written else f"{written}e0"


def _quoted(text: str) -> str:
    if "\0" in text:
        raise FormulaRefused("a text of the formula holds a character that cannot be stored.", fix="remove it.")
    return "'" + text.replace("'", "''") + "'"


def _whole(sql: str) -> str:
    return f"CAST(least(trunc({sql}), 32767e0) AS BIGINT)"


def _to_days(sql: str) -> str:
    return f"to_days(CASE WHEN abs({sql}) < 3000000 THEN CAST({sql} AS INTEGER) END)"


def _power(left: _Sql, right: _Sql) -> _Sql:
    failed = f"({left.sql} = 0 AND {right.sql} <= 0) OR ({left.sql} < 0 AND {right.sql} <> floor({right.sql}))"
    return _Sql(f"CASE WHEN {failed} THEN NULL ELSE pow({left.sql}, {right.sql}) END", "decimal")


def _one_type(function: str, first: _Sql, second: _Sql, *, is_tail: bool) -> ColumnType:
    if first.type == second.type:
        return first.type
    if {first.type, second.type} == set(_NUMBERS):
        return "decimal"
    for one, other in ((first, second), (second, first)):
        if is_tail and one.text == "":
            return other.type
    raise FormulaRefused(f"{function} gives {_kind(first)} or {_kind(second)}.", fix="give values of one kind.")


def _kind(made: _Sql) -> str:
    return _KIND.get(made.type, "a date")


def _told(node: Node) -> str:
    return node.text if isinstance(node, Named) else "it"


def _wrong_count(node: Call) -> FormulaRefused:
    return FormulaRefused(f"{node.function} cannot take {len(node.arguments)} arguments here.", fix="give every argument.")
