"""Earlier results as tables: `FROM r3` stands for the SQL that gave r3, asked again of the version at hand. Pure.

A name is a table of the workbook first, then a WITH query, then a result. What is put in has no handles left in it, for that
is how it was stored: nothing nests, and nothing goes round in circles.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.chat.events import Event, ToolAnswered
from chatsheet.chat.tools import flattening, nearest
from chatsheet.chat.tools.flattening import Tables
from chatsheet.core.errors import BadInput
from chatsheet.sheets.model import Workbook

_PREFIXES = ("r", "q", "result_", "answer_")


class HandleRefused(BadInput):
    """No result of this chat has that handle, or it cannot stand where it does."""

    code = "chat.handle_refused"


@dataclass(frozen=True, slots=True)
class Expanded:
    """SQL over the workbook's tables alone, and the handles that were written out in it."""

    sql: str
    used: tuple[ToolAnswered, ...] = ()


def next_name(log: Sequence[Event], workbook: Workbook) -> str:
    """Return the handle of the next result: r1, r2 and so on, or with another letter where tables are called so."""
    return f"{_prefix(workbook)}{1 + len(results(log))}"


def _prefix(workbook: Workbook) -> str:
    tables = {table.id.casefold() for table in workbook.tables}
    free = (prefix for prefix in _PREFIXES if not any(re.fullmatch(rf"{prefix}\d+", table) for table in tables))
    return next(free, "handle_")


def results(log: Sequence[Event]) -> dict[str, ToolAnswered]:
    """Return the results of a chat by handle, in the order they came."""
    return {event.handle: event for event in log if isinstance(event, ToolAnswered) and event.handle and event.result}


def result(name: str, log: Sequence[Event], workbook: Workbook) -> ToolAnswered | None:
    """Return the result that a name means, or None where it means a table or nothing."""
    if name.casefold() in {table.id.casefold() for table in workbook.tables}:
        return None
    return next((one for known, one in results(log).items() if known.casefold() == name.casefold()), None)


def expand(sql: str, log: Sequence[Event], workbook: Workbook) -> Expanded:
    """Return the SQL with its handles written out; raises HandleRefused for a handle that is none.

    SQL that cannot be read comes back as it is: the guard says what is wrong with it.
    """
    known = {handle.casefold(): one for handle, one in results(log).items()}
    like_handle = re.compile(rf"{_prefix(workbook)}\d+")
    if not any(word in known or like_handle.fullmatch(word) for word in re.findall(r"\w+", sql.casefold())):
        return Expanded(sql)
    tables = {table.id.casefold() for table in workbook.tables}
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, RecursionError, TypeError, AttributeError, IndexError, KeyError, ValueError):
        return Expanded(sql)
    root = statements[0] if len(statements) == 1 else None
    if root is None:
        return Expanded(sql)
    used: dict[str, ToolAnswered] = {}
    for node in list(root.find_all(exp.Table)):
        name = node.name.casefold()
        if not isinstance(node.this, exp.Identifier) or node.db or name in tables or name in _shadowing(node):
            continue
        if name in known:
            root = _put_in(root, node, known[name], {table.id: [c.name for c in table.columns] for table in workbook.tables})
            used[name] = known[name]
        elif like_handle.fullmatch(name):
            raise unknown(node.name, log, workbook)
    return Expanded(root.sql(dialect="duckdb"), tuple(used.values())) if used else Expanded(sql)


def unknown(name: str, log: Sequence[Event], workbook: Workbook) -> HandleRefused:
    """Return the error for a handle that no result has, with those there are."""
    listed = list(results(log))
    if not listed:
        return HandleRefused(f"there is no result {name}: nothing was queried yet;", fix=nearest.tables(name, workbook))
    likely = nearest.choices(name, listed) or listed[-1:]
    return HandleRefused(f"there is no result {name};", fix=f"the results are {', '.join(listed[-8:])}; nearest: {likely[0]}.")


def _put_in(root: exp.Expr, node: exp.Table, answered: ToolAnswered, tables: Tables) -> exp.Expr:
    """Put the SQL of a result in the place of its name, as plain conditions where that is the same."""
    inner = sqlglot.parse_one(answered.sql or "", read="duckdb")
    taken = {name.casefold() for name in _with_names(root)} & {table.name.casefold() for table in inner.find_all(exp.Table)}
    if taken:
        raise HandleRefused(
            f"{', '.join(sorted(taken))} is a WITH query here and a table in {node.name};", fix="rename the WITH query."
        )
    _name_columns(inner, answered)
    outer = node.parent_select
    if outer is root and isinstance(root, exp.Select) and (flat := flattening.flatten(root, node, inner, tables)) is not None:
        return flat
    alias = exp.TableAlias(this=exp.to_identifier(node.alias_or_name))
    given: exp.TableAlias | None = node.args.get("alias")
    if given is not None and given.columns:
        alias.set("columns", given.columns)
    subquery = exp.Subquery(this=inner, alias=alias, joins=node.args.get("joins"))
    node.replace(subquery)
    return root


def _name_columns(inner: exp.Expr, answered: ToolAnswered) -> None:
    """Give computed columns the names that the result showed."""
    columns = answered.result.columns if answered.result is not None else ()
    select = inner if isinstance(inner, exp.Select) else None
    if select is None or len(select.expressions) != len(columns):
        return
    for made, column in zip(list(select.expressions), columns, strict=True):
        if not isinstance(made, exp.Alias | exp.Column) and not made.is_star:
            made.replace(exp.alias_(made.copy(), column.name, quoted=True))


def _shadowing(node: exp.Expr) -> Iterator[str]:
    """Yield the WITH names that a table reference can mean."""
    child: exp.Expr = node
    while (parent := child.parent) is not None:
        if isinstance(parent, exp.With):
            before = itertools.takewhile(lambda cte, child=child: cte is not child, parent.expressions)
            yield from (cte.alias_or_name.casefold() for cte in before)
            child = parent.parent or parent
        else:
            with_: exp.With | None = parent.args.get("with_")
            yield from (cte.alias_or_name.casefold() for cte in (with_.expressions if with_ is not None else ()))
            child = parent


def _with_names(root: exp.Expr) -> Iterator[str]:
    for cte in root.find_all(exp.CTE):
        yield cte.alias_or_name
