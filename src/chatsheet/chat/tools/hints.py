"""What to write instead: for SQL that was refused or failed, the nearest right names, types and forms. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.chat.tools import foreign, mistyped, nearest
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.model import Table, Workbook

_MOST = 4
_PARTS = frozenset({"year", "quarter", "month", "week", "day", "dow", "weekday", "hour", "minute", "second"})
_COMPARISONS = (exp.EQ, exp.NEQ, exp.In, exp.Like, exp.ILike, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)


@dataclass(frozen=True, slots=True)
class Wrong:
    """SQL that was refused or failed; `tree` is None where it cannot be read."""

    sql: str
    tree: exp.Expr | None
    workbook: Workbook

    @property
    def tables(self) -> list[Table]:
        """The workbook's tables that it reads; all of them where that is not known."""
        named = {one.name.casefold() for one in self.tree.find_all(exp.Table)} if self.tree is not None else set[str]()
        return [table for table in self.workbook.tables if table.id.casefold() in named] or list(self.workbook.tables)

    @property
    def aliases(self) -> dict[str, str]:
        """What the sources of the query are called in it, and what they are."""
        found = {} if self.tree is None else {t.alias_or_name: t.name for t in self.tree.find_all(exp.Table)}
        inner = [] if self.tree is None else [*self.tree.find_all(exp.Subquery)]
        return found | {one.alias: "a subquery" for one in inner if one.alias}


def advise(sql: str, error: ChatSheetError, workbook: Workbook) -> str:
    """Return what would work instead of the SQL that gave this error."""
    if slips := list(foreign.slips(sql)):
        return f"{'; '.join(slips[:_MOST])}."
    wrong = Wrong(sql, _tree(sql), workbook)
    for pattern, advice in _ADVICE:
        found = re.search(pattern, error.what)
        if found is not None and (said := advice(wrong, found.groups(default=""))):
            return said
    return error.fix


def doubts(sql: str) -> Iterator[str]:
    """Yield what in SQL that runs is hardly meant."""
    tree = _tree(sql)
    if tree is not None and any(
        isinstance(side, exp.Null) for node in tree.find_all(exp.EQ, exp.NEQ) for side in node.args.values()
    ):
        yield "= NULL and <> NULL fit no row: write IS NULL or IS NOT NULL."
    if re.search(r"str[fp]time\s*\([^()]*,\s*'[^%']*'", sql, re.IGNORECASE):
        yield "formats of dates are written with %, such as '%Y-%m'."


def _tree(sql: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except (SqlglotError, RecursionError, TypeError, AttributeError, IndexError, KeyError, ValueError):
        return None


def _column(wrong: Wrong, said: Sequence[str]) -> str:
    name = said[0]
    if texts := _texts(wrong):
        return f"texts stand in single quotes: {', '.join(texts)}."
    if name.casefold() in _PARTS:
        dates = [c.name for table in wrong.tables for c in table.columns if c.type in {"date", "datetime"}]
        if dates:
            return f"write {name.casefold()}({dates[0]}); as an argument a part stands in quotes: '{name.casefold()}'."
    return " ".join(_places(wrong, name)) or " ".join(_likely(wrong, name))


def _places(wrong: Wrong, name: str) -> Iterator[str]:
    """Say where a column is that some table has."""
    holding = list(nearest.holders(name, wrong.workbook))
    read = {table.id for table in wrong.tables}
    called = {table.casefold(): alias for alias, table in wrong.aliases.items()}
    here = [(table, column) for table, column in holding if table.id in read]
    if not here:
        for table, column in holding[:2]:
            yield f"table {table.id} has {column.name}{_join(wrong, table)}."
        return
    exact = [(table, column) for table, column in here if column.name.casefold() == name.casefold()]
    if exact and wrong.tree is not None and wrong.tree.find(exp.Subquery, exp.CTE) is not None:
        yield f"{name} is not passed on by the inner query: select it there too."
        return
    prefix = len(read) > 1
    listed = [f"{called.get(table.id.casefold(), table.id)}.{column.name}" if prefix else column.name for table, column in here]
    yield f"write {' or '.join(listed)}."


def _likely(wrong: Wrong, name: str) -> Iterator[str]:
    """Say which column of another spelling may be meant, of another table where none is like it here."""
    if nearest.column_of(name, wrong.tables) is None:
        made = {} if wrong.tree is None else {one.alias: (one.alias,) for one in wrong.tree.find_all(exp.Alias)}
        best, is_sure = nearest.names(name, made)
        others = [table for table in wrong.workbook.tables if table not in wrong.tables]
        if is_sure:
            yield f"this query makes {', '.join(best)}."
        elif (found := nearest.column_of(name, others)) is not None:
            yield f"table {found[0].id} has {found[1].name}{_join(wrong, found[0])}."
    for value in _compared_with(wrong, name):
        yield from (f"{holder} has '{value}'." for holder in nearest.columns_with(value, wrong.workbook)[:1])
    yield nearest.columns(name, wrong.tables)


def _compared_with(wrong: Wrong, name: str) -> Iterator[str]:
    for column in wrong.tree.find_all(exp.Column) if wrong.tree is not None else ():
        other = column.parent.args.get("expression") if isinstance(column.parent, exp.EQ) else None
        if column.name.casefold() == name.casefold() and isinstance(other, exp.Literal) and other.is_string:
            yield other.name


def _join(wrong: Wrong, table: Table) -> str:
    """Say how a table joins to those that are read."""
    for read in wrong.tables:
        pairs = [(j.column, j.to_column) for j in read.joins if j.to_table == table.id]
        pairs += [(j.to_column, j.column) for j in table.joins if j.to_table == read.id]
        pairs += [(c.name, c.name) for c in read.columns if c.name in {other.name for other in table.columns}]
        if pairs:
            return f": JOIN {table.id} ON {read.id}.{pairs[0][0]} = {table.id}.{pairs[0][1]}"
    return ""


def _texts(wrong: Wrong) -> list[str]:
    """Return the names of no column that are compared with one: texts in the wrong quotes, or in none."""
    if wrong.tree is None:
        return []
    known = {nearest.folded(text) for table in wrong.tables for c in table.columns for text in (c.name, c.label)}
    values = {top.value.casefold() for table in wrong.tables for c in table.columns for top in c.profile.top}
    found: list[str] = []
    for column in wrong.tree.find_all(exp.Column):
        identifier = column.this
        if column.table or not isinstance(identifier, exp.Identifier) or nearest.folded(column.name) in known:
            continue
        is_compared = isinstance(column.parent, _COMPARISONS) and column.arg_key != "this"
        if identifier.quoted + is_compared + (column.name.casefold() in values) > 1:  # two of three make it a text
            found.append(f"'{column.name.replace(chr(39), chr(39) * 2)}'")
    return found


def _table(wrong: Wrong, said: Sequence[str]) -> str:
    name = said[0]
    return nearest.tables(name.rpartition(".")[2].strip('"'), wrong.workbook)


def _alias(wrong: Wrong, said: Sequence[str]) -> str:
    name = said[0]
    aliases = wrong.aliases
    if known := [alias for alias, table in aliases.items() if table.casefold() == name.casefold()]:
        return f"{name} is called {known[0]} here: write {known[0]}."
    if is_table := wrong.workbook.table(name):
        return f"join {is_table.id}{_join(wrong, is_table)}."
    return f"the sources of this query are called {', '.join(aliases)}."


def _near(wrong: Wrong, said: Sequence[str]) -> str:
    line, column = said
    lines = wrong.sql.splitlines()
    text = lines[int(line) - 1] if int(line) <= len(lines) else ""
    at = max(0, int(column) - 1)
    if (apart := re.search(r"\w+\s+\w+$", text[: at + 1])) is not None:
        words = nearest.folded(apart[0])
        for column in (c for table in wrong.tables for c in table.columns):
            if " " in words and words in nearest.folded(column.name):
                return f"names are one word: write {column.name} for {apart[0]}."
    around = text[max(0, at - 25) : at + 15].strip()
    return f"correct the syntax near {around!r}: check commas, brackets and quotes." if around else ""


def _ambiguous(_: Wrong, said: Sequence[str]) -> str:
    return f"write {said[0].replace(chr(39), '')}."


def _group(wrong: Wrong, said: Sequence[str]) -> str:
    tree, column = wrong.tree, said[0]
    if tree is not None and any(_is_column(one.this, column) for one in tree.find_all(exp.Ordered)):
        made = (one.sql(dialect="duckdb") for one in tree.find_all(exp.AggFunc) if _is_column(one.this, column))
        return f"sort by an aggregate, ORDER BY {next(made, f'sum({column})')}, or add {column} to GROUP BY."
    return f"add {said[0]} to GROUP BY, or write GROUP BY ALL, or take any_value({said[0]})."


def _is_column(node: object, name: str) -> bool:
    return isinstance(node, exp.Column) and node.name == name


def _types(wrong: Wrong, _: Sequence[str]) -> str:
    return mistyped.advise(wrong.tree, wrong.tables)


def _window(_: Wrong, __: Sequence[str]) -> str:
    return "write QUALIFY instead of WHERE for conditions on window functions."


def _nested(_: Wrong, __: Sequence[str]) -> str:
    return "compute the inner one first: SELECT max(s) FROM (SELECT sum(x) AS s FROM … GROUP BY …)."


def _type(_: Wrong, said: Sequence[str]) -> str:
    name = said[0].casefold()
    if name in _PARTS:
        return f"write {name}(x)."
    return "the types are BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP, BOOLEAN."


def _open(_: Wrong, __: Sequence[str]) -> str:
    return "close the quotes; a quote inside a text is doubled: 'it''s'."


def _unreadable(_: Wrong, said: Sequence[str]) -> str:
    return f"correct the syntax near {said[0]!r}."


_ADVICE: tuple[tuple[str, Callable[[Wrong, Sequence[str]], str]], ...] = (
    (r"there is no column (.+) in ", _column),
    (r"does not have a column named \"(.+?)\"", _column),
    (r"Column \"(.+?)\" does not exist on", _column),
    (r"Referenced column \"(.+?)\" (?:not found|was not found)", _column),
    (r"there is no table (.+)\.$", _table),
    (r"^(\S+) is not a table of this workbook", _table),
    (r"Referenced table \"(.+?)\" not found", _alias),
    (r"Ambiguous reference to column name .*?\(use: (.*?)\)", _ambiguous),
    (r"column \"(.*?)\" must appear in the GROUP BY", _group),
    (
        r"No function matches|Cannot (?:compare|mix)|Could not (?:convert|choose|parse)|invalid (?:date|time)|out of range",
        _types,
    ),
    (r"cannot contain window", _window),
    (r"calls cannot be nested", _nested),
    (r"Type with name (\w+) does not exist", _type),
    (r"Error tokenizing", _open),
    (r"Line (\d+), Col: (\d+)", _near),
    (r"syntax error at or near \"(.*)\"", _unreadable),
)
"""What was said, and what helps; an empty advice leaves it to the next."""
