"""Dates of a failed query that are compared as texts, in part or by name: written as DuckDB compares them. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

from chatsheet.sheets.model import Table

_DATES = frozenset({"date", "datetime"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = re.compile(r"(\d{4})(-\d\d)?(-\d\d)?")
_FORMATS = {4: "%Y", 7: "%Y-%m"}
_TRUNCATED = (exp.TimestampTrunc, exp.DateTrunc)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def date(tree: exp.Expr, tables: Sequence[Table]) -> list[str]:
    """Rewrite what compares dates with texts, in the tree itself; returns what was done, a sentence each."""
    names = {column.name.casefold() for table in tables for column in table.columns if column.type in _DATES}
    others = {column.name.casefold() for table in tables for column in table.columns if column.type not in _DATES}
    known = names - others
    notes: dict[str, None] = {}
    for change in (_likes, _truncations, _parts, _months):
        notes.update(dict.fromkeys(change(tree, lambda side: isinstance(side, exp.Column) and side.name.casefold() in known)))
    return list(notes)


IsDate = Callable[[object], bool]


def _likes(tree: exp.Expr, is_date: IsDate) -> Iterator[str]:
    """Let LIKE read a date as its text."""
    for node in tree.find_all(exp.Like, exp.ILike):
        if is_date(node.this):
            node.set("this", exp.cast(node.this.copy(), exp.DType.VARCHAR))
            yield "compared dates as texts like 2025-03-31"


def _truncations(tree: exp.Expr, is_date: IsDate) -> Iterator[str]:
    """Read texts that are cut to a month or year, or compared with dates so cut, as dates."""
    for node in list(tree.find_all(*_TRUNCATED)):
        around = node.parent if isinstance(node.parent, _COMPARISONS) else None
        beside = None if around is None else around.args.get("expression" if node.arg_key == "this" else "this")
        if (whole := _day(node.this)) is not None:
            node.set("this", whole)
            yield "read texts as dates"
            if isinstance(around, exp.EQ) and isinstance(beside, exp.Column) and is_date(beside):
                cut = node.copy()
                cut.set("this", beside.copy())
                beside.replace(cut)
        elif isinstance(beside, exp.Expr) and (whole := _day(beside)) is not None:
            beside.replace(whole)
            yield "read texts as dates"


def _parts(tree: exp.Expr, is_date: IsDate) -> Iterator[str]:
    """Compare a date with a year by its year, with a month by its month."""
    for node in tree.find_all(*_COMPARISONS, exp.Between, exp.In):
        literals = [node.args.get("expression"), node.args.get("low"), node.args.get("high"), *node.expressions]
        given = [one for one in literals if one is not None]
        lengths = {len(one.name) for one in given if isinstance(one, exp.Literal) and _PART.fullmatch(one.name)}
        if not is_date(node.this) or len(lengths) != 1 or not all(isinstance(one, exp.Literal) for one in given):
            continue
        if (form := _FORMATS.get(lengths.pop())) is None:
            continue
        for one in given:
            one.replace(exp.Literal.string(one.name))
        column = node.this.copy()
        node.set("this", exp.func("strftime", column, exp.Literal.string(form), dialect="duckdb"))
        yield f"compared {column.name} by its {'year' if form == '%Y' else 'month'}"


def _months(tree: exp.Expr, is_date: IsDate) -> Iterator[str]:
    """Write the name of a month as its number."""
    del is_date
    for node in tree.find_all(exp.EQ, exp.NEQ):
        part, text = node.this, node.args.get("expression")
        is_month = isinstance(part, exp.Month) or (isinstance(part, exp.Extract) and part.name.casefold() == "month")
        if is_month and isinstance(text, exp.Literal) and text.is_string and not text.name.isdigit():
            number = next((place for place, month in enumerate(_MONTHS, 1) if text.name.casefold().startswith(month)), None)
            if number is not None:
                text.replace(exp.Literal.number(number))
                yield f"read {text.name} as month {number}"


def _day(node: object) -> exp.Expr | None:
    """Return the first day of what a text names: a year, a month or a day."""
    found = _PART.fullmatch(node.name) if isinstance(node, exp.Literal) and node.is_string else None
    if found is None:
        return None
    return exp.cast(exp.Literal.string(f"{found[1]}{found[2] or '-01'}{found[3] or '-01'}"), exp.DType.DATE)
