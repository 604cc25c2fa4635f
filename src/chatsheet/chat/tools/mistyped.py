"""Values of the wrong type in SQL, each with the comparison or cast that its column needs. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from sqlglot import exp

from chatsheet.sheets.model import Column, Table

_COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.Between, exp.In)
_SIGNS = {"neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OF_DATES = frozenset({
    "year", "quarter", "month", "week", "day", "date_trunc", "datetrunc", "date_part", "extract", "strftime", "monthname",
    "dayname", "last_day", "date_diff", "datediff", "timestamptrunc", "dayofweek", "weekday", "isodow", "timetostr",
    "date_add", "date_sub", "dayofmonth", "dayofyear", "hour", "timestamp_trunc", "time_to_str", "day_of_week", "day_of_month",
})  # fmt: skip
_OF_NUMBERS = frozenset({"year", "quarter", "month", "week", "day", "extract", "dayofweek", "day_of_week", "hour"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = frozenset({"integer", "decimal"})
_DATES = frozenset({"date", "datetime"})
_YEARS = range(1900, 2101)
_SHAPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"9{4}-99-99", ("%Y-%m-%d",)),
    (r"9{1,2}\.9{1,2}\.9{4}", ("%d.%m.%Y",)),
    (r"9{1,2}\.9{1,2}\.99", ("%d.%m.%y",)),
    (r"9{1,2}/9{1,2}/9{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"9{1,2}-9{1,2}-9{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"9{4}/99/99", ("%Y/%m/%d",)),
    (r"9{8}", ("%Y%m%d",)),
    (r"AAA 9{4}", ("%b %Y",)),
)
_WRITTEN = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")


def advise(tree: exp.Expr | None, tables: Sequence[Table]) -> str:
    """Return what each wrong comparison and call should be, or nothing where none is found."""
    if tree is None:
        return ""
    known = {column.name.casefold(): column for table in tables for column in table.columns}
    found = dict.fromkeys([*_comparisons(tree, known), *_parts(tree), *_calls(tree, known)])
    return " ".join(list(found)[:3])


def _comparisons(tree: exp.Expr, known: dict[str, Column]) -> Iterator[str]:
    for node in tree.find_all(*_COMPARING):
        sides = [node.this, *node.expressions, *(node.args.get(part) for part in ("expression", "low", "high"))]
        columns = [(known[s.name.casefold()], s) for s in sides if isinstance(s, exp.Column) and s.name.casefold() in known]
        literals = [side for side in sides if isinstance(side, exp.Literal)]
        for column, written in columns:
            for literal in literals:
                yield from _mismatch(column, written.sql(dialect="duckdb"), literal, node)


def _mismatch(column: Column, written: str, literal: exp.Literal, node: exp.Expr) -> Iterator[str]:
    text = literal.name
    sign = _SIGNS.get(node.key, "=")
    if column.type == "text" and not literal.is_string:
        if isinstance(node, exp.EQ | exp.NEQ | exp.In):
            yield f"{written} is text: write '{text}', or TRY_CAST({written} AS DOUBLE) {sign} {text}."
        else:
            yield f"{written} is text: write TRY_CAST({written} AS DOUBLE) {sign} {text}."
    elif column.type in _DATES and isinstance(node, exp.Like | exp.ILike):
        yield f"{written} is a date: write strftime({written}, '%Y-%m-%d') LIKE '{text}'."
    elif column.type in _DATES and not literal.is_string and text.isdigit() and int(text) in _YEARS:
        yield f"{written} is a date: write year({written}) {sign} {text}."
    elif column.type in _DATES and literal.is_string and (part := re.fullmatch(r"(\d{4})(-\d\d)?", text)):
        said = f"strftime({written}, '%Y-%m') {sign} '{text}'" if part[2] else f"year({written}) {sign} {text}"
        yield f"{written} is a date: write {said}."
    elif column.type in _DATES and literal.is_string and not _is_iso(text):
        yield f"{written} is a date: {_dates(text) or 'write dates as YYYY-MM-DD'}."
    elif column.type in _NUMBERS and literal.is_string and not _is_number(text):
        low, high = column.profile.minimum, column.profile.maximum
        yield f"{written} holds numbers from {low} to {high}: compare it with a number, not with '{text}'."
    elif column.type == "boolean" and literal.is_string:
        yield f"{written} is true or false: write {written} = true."


def _parts(tree: exp.Expr) -> Iterator[str]:
    """Name the number for a part of a date that is compared with a text, such as the name of a month."""
    for node in tree.find_all(exp.EQ, exp.NEQ):
        part, text = node.this, node.args.get("expression")
        if isinstance(part, exp.Func) and _called(part) in _OF_NUMBERS and isinstance(text, exp.Literal) and text.is_string:
            written = part.sql(dialect="duckdb")
            month = next((number for number, name in enumerate(_MONTHS, 1) if name == text.name[:3].casefold()), None)
            if not _is_number(text.name):
                yield f"{written} is a number: write {written} = {month or 'a number'}."


def _calls(tree: exp.Expr, known: dict[str, Column]) -> Iterator[str]:
    for node in tree.find_all(exp.Func, exp.Binary):
        texts = [
            (known[side.name.casefold()], side.sql(dialect="duckdb"))
            for side in (node.this, node.args.get("expression"), *node.expressions)
            if isinstance(side, exp.Column) and side.name.casefold() in known and known[side.name.casefold()].type == "text"
        ]
        if not texts:
            continue
        column, written = texts[0]
        if isinstance(node, exp.Cast | exp.TryCast):
            if node.to.this in {exp.DType.DATE, exp.DType.TIMESTAMP}:
                yield f"{written} is text: {_parsed(column, written)}."
        elif isinstance(node, exp.Add):
            yield "join texts with ||, or convert numbers with TRY_CAST(x AS DOUBLE)."
        elif isinstance(node, exp.Func) and _called(node) in _OF_DATES:
            yield f"{written} is text, not a date: {_parsed(column, written)}."
        elif isinstance(node, exp.AggFunc | exp.Sub | exp.Mul | exp.Div | exp.Round | exp.Abs):
            yield f"{written} is text: write TRY_CAST({written} AS DOUBLE)."


def _called(node: exp.Func) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).casefold()


def _parsed(column: Column, written: str) -> str:
    """Return how texts of a column become dates, by the shapes they have."""
    for pattern in column.profile.patterns:
        for shape, formats in _SHAPES:
            if re.fullmatch(shape, pattern.value):
                ways = " or ".join(f"try_strptime({written}, '{one}')" for one in formats)
                return f"use {ways}, such as year(try_strptime({written}, '{formats[0]}'))"
    examples = ", ".join(f"'{one.value}'" for one in column.profile.top[:2])
    return f"its values are like {examples}; use try_strptime({written}, '%d.%m.%Y') with the format that they have"


def _dates(text: str) -> str:
    """Return a written date as ISO, both ways where there are two."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return ""
    first, second, year = (int(part) for part in found.groups())
    ways = {"day first": (second, first), "month first": (first, second)}
    right = {name: f"'{year:04}-{month:02}-{day:02}'" for name, (month, day) in ways.items() if _is_day(year, month, day)}
    if not right:
        return ""
    return "write " + " or ".join(f"{day} ({name})" if len(right) > 1 else day for name, day in right.items())


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_iso(text: str) -> bool:
    try:
        date.fromisoformat(text.strip()[:10])
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
