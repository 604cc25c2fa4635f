"""Columns of a failed query that stand in another table, or in two: written with the only table that the joins leave. Pure.

A table is joined only along a key of it, so that no row is counted twice and none is lost; what has two readings is left
for an error with a hint (hints.py).
"""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlglot import exp

from chatsheet.chat.tools import nearest
from chatsheet.sheets.model import Column, Join, Table, Workbook

_FARTHEST = 3
"""How many joins away a column may stand."""


@dataclass(frozen=True, slots=True)
class Step:
    """A join that leads from a table to one whose key it names."""

    from_alias: str
    join: Join


@dataclass(slots=True)
class Sources:
    """What one SELECT reads: tables of the workbook by what they are called in it, and whether that is all."""

    select: exp.Select
    workbook: Workbook
    tables: dict[str, Table]
    is_all: bool

    def holding(self, name: str) -> list[str]:
        """Return the aliases of the tables that have a column."""
        return [alias for alias, table in self.tables.items() if _column(table, name) is not None]

    def called(self, table: str) -> list[str]:
        """Return the aliases of a table."""
        return [alias for alias, one in self.tables.items() if one.id.casefold() == table.casefold()]


def link(tree: exp.Expr, workbook: Workbook) -> list[str]:
    """Put columns with one place where it is, in the tree itself; returns what was done, a sentence each."""
    notes: dict[str, None] = {}
    for select in list(tree.find_all(exp.Select)):
        sources = _sources(select, workbook)
        if not sources.tables:
            continue
        for column in _columns_of(select):
            notes.update(dict.fromkeys(_place(column, sources)))
    return list(notes)


def _sources(select: exp.Select, workbook: Workbook) -> Sources:
    first: exp.From | None = select.args.get("from_")
    joined: list[exp.Join] = select.args.get("joins") or []
    read: list[object] = [first.this if first is not None else None, *(join.this for join in joined)]
    made = {cte.alias_or_name.casefold() for cte in select.root().find_all(exp.CTE)}
    tables: dict[str, Table] = {}
    for source in read:
        if isinstance(source, exp.Table) and source.name.casefold() not in made and (known := workbook.table(source.name)):
            tables[source.alias_or_name] = known
    return Sources(select, workbook, tables, len(tables) == len(read))


def _columns_of(select: exp.Select) -> list[exp.Column]:
    """Return the columns of a SELECT itself, and not of those inside of it."""
    return [one for one in select.find_all(exp.Column) if one.parent_select is select and not isinstance(one.this, exp.Star)]


def _place(column: exp.Column, sources: Sources) -> Iterator[str]:
    if column.table:
        yield from _place_qualified(column, sources)
        return
    holding = sources.holding(column.name)
    if len(holding) > 1 and (same := _equated(column.name, holding, sources.select)):
        column.set("table", exp.to_identifier(same))
        yield f"read {column.name} as {same}.{column.name}, which the join makes the same"
    if holding or not sources.is_all or column.name.casefold() in _made(sources.select) or _is_outer(column, sources):
        return
    yield from _reach(column, sources)


def _place_qualified(column: exp.Column, sources: Sources) -> Iterator[str]:
    alias = next((one for one in sources.tables if one.casefold() == column.table.casefold()), None)
    if alias is not None and _column(sources.tables[alias], column.name) is not None:
        return
    if alias is None and (_is_outer(column, sources) or sources.workbook.table(column.table) is None):
        return  # a subquery's name, or nobody's
    wrong = column.sql(dialect="duckdb")
    if column.find_ancestor(exp.Join, exp.Select) is not sources.select:  # what is joined on stands on its own side
        if alias is not None and sources.is_all:
            yield from _reach(column, sources, [alias])
        return
    called = [one for one in sources.called(column.table) if _column(sources.tables[one], column.name) is not None]
    holding = called if alias is None and called else sources.holding(column.name)
    if len(holding) == 1:
        column.set("table", exp.to_identifier(holding[0]))
        yield f"read {wrong} as {column.sql(dialect='duckdb')}"
    elif not holding and sources.is_all:
        yield from _reach(column, sources)


def _reach(column: exp.Column, sources: Sources, begin: Collection[str] = ()) -> Iterator[str]:
    """Join the one table that has a column, from where it may `begin`, or write the column as the tables read spell it."""
    spelled = {
        (alias, one.name)
        for alias in begin or sources.tables
        for one in sources.tables[alias].columns
        if nearest.is_same(column.name, one.name, one.label)
    }
    if len(spelled) == 1:
        alias, name = spelled.pop()
        yield f"read {column.name} as {name}"
        column.replace(exp.column(name, table=alias if column.table or len(sources.tables) > 1 else None))
        return
    ways = [
        (table, path)
        for table in sources.workbook.tables
        if _column(table, column.name) is not None and not sources.called(table.id)
        for path in _paths(table, sources, begin or sources.tables)
    ]
    if spelled:
        return
    if not ways:
        yield from () if begin else _reach_back(column, sources)
        return
    shortest = min(len(path) for _, path in ways)
    nearer = [(table, path) for table, path in ways if len(path) == shortest]
    if len(nearer) != 1:
        return
    table, path = nearer[0]
    _qualify(sources)
    for step in path:
        _add(step, sources)
        yield _said(step)
    column.set("table", exp.to_identifier(table.id))


def _reach_back(column: exp.Column, sources: Sources) -> Iterator[str]:
    """Join the one table that has a column and names a key of what is read, where aggregates are of its columns alone."""
    ways = [
        (table, join, alias)
        for table in sources.workbook.tables
        if _column(table, column.name) is not None and not sources.called(table.id)
        for join in table.joins
        for alias in sources.called(join.to_table)
    ]
    if len(ways) != 1:
        return
    table, join, alias = ways[0]
    if not (made := list(sources.select.find_all(exp.AggFunc))):
        return
    summed = [one.name for aggregate in made for one in aggregate.find_all(exp.Column)]
    if not summed or any(_column(table, name) is None or sources.holding(name) for name in summed):
        return  # what stands once in a row here would be counted once for each row there
    _qualify(sources)
    back = Join(column=join.to_column, to_table=table.id, to_column=join.column, overlap=join.overlap)
    _join(table, Step(alias, back), sources)
    column.set("table", exp.to_identifier(table.id))
    yield _said(Step(alias, back))


def _said(step: Step) -> str:
    to = step.join.to_table
    return f"joined {to} on {step.from_alias}.{step.join.column} = {to}.{step.join.to_column}"


def _paths(goal: Table, sources: Sources, begin: Collection[str]) -> Iterator[list[Step]]:
    """Yield the shortest ways along keys from what is read to a table, one for each table and column they begin with."""
    for alias in begin:
        waiting = deque([[Step(alias, join)] for join in sources.tables[alias].joins])
        found = _FARTHEST
        while waiting:
            path = waiting.popleft()
            if len(path) > found:
                continue
            at = path[-1].join.to_table
            if at.casefold() == goal.id.casefold():
                found = len(path)
                yield path
                continue
            reached = sources.workbook.table(at)
            passed = {step.join.to_table for step in path}
            if reached is not None and not sources.called(at):
                waiting.extend([*path, Step(at, join)] for join in reached.joins if join.to_table not in passed)


def _add(step: Step, sources: Sources) -> None:
    table = sources.workbook.table(step.join.to_table)
    if table is not None and not sources.called(table.id):
        _join(table, step, sources)


def _join(table: Table, step: Step, sources: Sources) -> None:
    join = step.join
    on = exp.EQ(this=exp.column(join.column, table=step.from_alias), expression=exp.column(join.to_column, table=join.to_table))
    side = {} if join.overlap >= 1 else {"side": "LEFT"}
    joined: list[exp.Join] = sources.select.args.get("joins") or []
    place = next((number for number, one in enumerate(joined, 1) if one.alias_or_name == step.from_alias), 0)
    made = exp.Join(this=exp.to_table(table.id), on=on, **side)  # before what may be joined to it
    sources.select.set("joins", [*joined[:place], made, *joined[place:]])
    sources.tables[table.id] = table


def _qualify(sources: Sources) -> None:
    """Name the table of each column that has only one, before another table comes."""
    for column in _columns_of(sources.select):
        holding = sources.holding(column.name)
        if not column.table and len(holding) == 1:
            column.set("table", exp.to_identifier(holding[0]))


def _equated(name: str, holding: Collection[str], select: exp.Select) -> str:
    """Return the first of some tables where the joins make their columns of one name the same, or nothing."""
    same = [{alias} for alias in holding]
    for pair in _pairs(select):
        sides = [side for side in (pair.this, pair.expression) if isinstance(side, exp.Column)]
        aliases = {side.table for side in sides if side.name.casefold() == name.casefold()}
        if len(aliases) > 1:
            touched = [one for one in same if one & aliases]
            same = [one for one in same if not one & aliases] + [set[str]().union(*touched)]
    return next(iter(holding)) if len(same) == 1 else ""


def _pairs(select: exp.Select) -> Iterator[exp.EQ]:
    """Yield what the joins make equal in each row."""
    joined: list[exp.Join] = select.args.get("joins") or []
    for join in joined:
        on = join.args.get("on")
        if isinstance(on, exp.Expr) and not on.find(exp.Or, exp.Not) and join.args.get("side") not in {"LEFT", "RIGHT", "FULL"}:
            yield from on.find_all(exp.EQ)


def _made(select: exp.Select) -> set[str]:
    return {one.alias.casefold() for one in select.expressions if isinstance(one, exp.Alias)}


def _is_outer(column: exp.Column, sources: Sources) -> bool:
    """Tell whether a column is one of a query around this one."""
    outer = sources.select.parent_select
    while outer is not None:
        around = _sources(outer, sources.workbook)
        if any(alias.casefold() == column.table.casefold() for alias in around.tables):
            return True
        if not column.table and (around.holding(column.name) or not around.is_all):
            return True
        outer = outer.parent_select
    return False


def _column(table: Table, name: str) -> Column | None:
    return next((one for one in table.columns if one.name.casefold() == name.casefold()), None)
