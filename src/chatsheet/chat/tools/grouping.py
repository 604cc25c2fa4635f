"""Aggregates of a failed query beside columns that nothing groups by, in the select list or the sorting: put right. Pure."""

from collections.abc import Iterator

from sqlglot import exp


def group(tree: exp.Expr) -> list[str]:
    """Group by the columns that stand beside aggregates, in the tree itself; returns what was done, a sentence each."""
    notes: dict[str, None] = {}
    for select in list(tree.find_all(exp.Select)):
        if any(_is_own(one, select) for expression in select.expressions for one in expression.find_all(exp.AggFunc)):
            notes.update(dict.fromkeys([*_add(select), *_sort(select)]))
    return list(notes)


def _add(select: exp.Select) -> Iterator[str]:
    """Group by each column beside an aggregate."""
    grouped: exp.Group | None = select.args.get("group")
    if grouped is not None and (grouped.args.get("all") or not grouped.expressions):
        return
    written = {one.sql(dialect="duckdb").casefold() for one in grouped.expressions} if grouped is not None else set[str]()
    named = {one.name.casefold() for one in grouped.expressions} if grouped is not None else set[str]()
    for place, made in enumerate(select.expressions, 1):
        as_written = made.unalias().sql(dialect="duckdb").casefold()
        if made.alias_or_name.casefold() in named or str(place) in written or as_written in written:
            continue
        for column in made.find_all(exp.Column):
            if _is_loose(column, select) and column.name.casefold() not in named:
                select.group_by(column.copy(), copy=False)
                named.add(column.name.casefold())
                yield f"grouped by {column.sql(dialect='duckdb')} too"


def _sort(select: exp.Select) -> Iterator[str]:
    """Sort by the aggregate of a column that is there only summed up."""
    order: exp.Order | None = select.args.get("order")
    grouped: exp.Group | None = select.args.get("group")
    kept = {one.alias_or_name.casefold() for one in select.expressions}
    kept |= {one.name.casefold() for one in grouped.expressions} if grouped is not None else set[str]()
    for ordered in order.expressions if order is not None else ():
        column = ordered.this
        if not isinstance(column, exp.Column) or column.name.casefold() in kept:
            continue
        made = [one for one in select.find_all(exp.AggFunc) if _is_own(one, select) and _is_of(one, column)]
        if len({one.sql() for one in made}) == 1:
            column.replace(made[0].copy())
            yield f"sorted by {made[0].sql(dialect='duckdb')}"


def _is_of(made: exp.AggFunc, column: exp.Column) -> bool:
    return any(one.name.casefold() == column.name.casefold() for one in made.find_all(exp.Column))


def _is_loose(column: exp.Column, select: exp.Select) -> bool:
    """Tell whether a column of a SELECT stands in none of its aggregates."""
    return _is_own(column, select) and column.find_ancestor(exp.AggFunc, exp.Window, exp.Select) is select


def _is_own(node: exp.Expr, select: exp.Select) -> bool:
    return node.parent_select is select and node.find_ancestor(exp.Window, exp.Select) is select
