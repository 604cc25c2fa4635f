"""What an actor under row and column rules sees of a workbook: which of its tables, columns and rows. Pure.

What a rule cannot be applied to is hidden: a table whose rule names a column that is not there or a condition that does not
fit, and, where a rule names a table that is not there, every table that has no rule, since it may be that one under another
name. What was written down around tables, and formulas, which name cells of others, are told of none of them; of a table with a
rule neither is what was written down of its columns.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from chatsheet.core.errors import BadInput
from chatsheet.core.identity import Rules, Scalar, TableRule
from chatsheet.sheets.model import Column, FormulaColumn, Table, Workbook
from chatsheet.sheets.windows import Filter, WindowInvalid, conditions

RULES: TypeAdapter[Rules] = TypeAdapter(Rules)
"""Reads and writes rules."""


class RulesInvalid(BadInput):
    """A rule does not fit the workbook, so that nothing of the table it names would be seen."""

    code = "rules.invalid"


@dataclass(frozen=True, slots=True)
class Seen:
    """A table as it is seen: its visible columns, and the condition over its rows `t`, hidden columns too, with parameters."""

    table: Table
    where: str = ""
    parameters: tuple[Scalar, ...] = ()
    is_ruled: bool = False


def check(workbook: Workbook, rules: Rules) -> None:
    """Raise RulesInvalid where a rule names what a workbook has not, or says nothing; see `check_applied` for the rest."""
    for number, rule in enumerate(rules.tables):
        table = workbook.table(rule.table)
        if table is None or rule.table in {one.table for one in rules.tables[:number]}:
            what = f"there is no table {rule.table}." if table is None else f"{rule.table} has two rules."
            raise RulesInvalid(what, fix=f"name each of {', '.join(one.id for one in workbook.tables)} once at most.")
        if unknown := sorted(set(rule.hidden) - set(table.names)):
            raise RulesInvalid(
                f"{table.id} has no column {', '.join(unknown)}.", fix=f"its columns are {', '.join(table.names)}."
            )
        if not rule.hidden and not rule.rows:
            raise RulesInvalid(f"the rule for {table.id} hides nothing.", fix="hide columns, or say which rows are seen.")
        try:
            list(_conditions(table, [rule], []))
        except WindowInvalid as error:
            raise RulesInvalid(error.what, fix=error.fix) from None


def check_applied(whole: Workbook, rules: Rules, shown: Workbook) -> None:
    """Raise RulesInvalid where a rule hid a whole table without saying so: its conditions do not fit the values there."""
    for rule in rules.tables:
        table = whole.table(rule.table)
        if shown.table(rule.table) is None and table is not None and not set(table.names) <= set(rule.hidden):
            raise RulesInvalid(f"the conditions on {rule.table} do not fit its values.", fix="look at the columns' types.")


def seen(workbook: Workbook, rules: Rules) -> Iterator[Seen]:
    """Yield the tables that are seen at all."""
    known = {table.id for table in workbook.tables}
    is_told_apart = all(rule.table in known for rule in rules.tables)
    for table in workbook.tables:
        of_table = [rule for rule in rules.tables if rule.table == table.id]
        if of_table:
            yield from _ruled(table, of_table)
        elif is_told_apart:
            yield Seen(_told(table, tuple(map(_without_formula, table.columns))))


def as_now(rules: Rules, then: Workbook, now: Workbook) -> Rules:
    """Return rules that hide of a workbook as it was also what it has not any more as it is seen now."""
    more: list[TableRule] = []
    for table in then.tables:
        left = now.table(table.id)
        known = {name for rule in rules.tables if rule.table == table.id for name in rule.hidden}
        if gone := sorted(set(table.names) - set(left.names if left is not None else ()) - known):
            more.append(TableRule(table.id, hidden=tuple(gone)))
    return Rules((*rules.tables, *more))


def _ruled(table: Table, rules: list[TableRule]) -> Iterator[Seen]:
    hidden = {name for rule in rules for name in rule.hidden}
    parameters: list[Scalar] = []
    try:
        where = " AND ".join(_conditions(table, rules, parameters))
    except (ValidationError, WindowInvalid):
        return
    columns = tuple(_told_less(column, hidden) for column in table.columns if column.name not in hidden)
    if columns and hidden <= set(table.names):
        yield Seen(_told(table, columns), where, tuple(parameters), is_ruled=True)


def _conditions(table: Table, rules: list[TableRule], parameters: list[Scalar]) -> Iterator[str]:
    """Yield the SQL of rules' conditions; raises ValidationError, WindowInvalid."""
    rows = [{"column": one.column, "test": one.test, "values": one.values} for rule in rules for one in rule.rows]
    return conditions(map(Filter.model_validate, rows), table, parameters)


def _told(table: Table, columns: tuple[Column, ...]) -> Table:
    return table.model_copy(update={"columns": columns, "evidence": "", "notes": (), "totals": (), "left_out": ()})


def _told_less(column: Column, hidden: set[str]) -> Column:
    """Return a column without what was written down of its cells, some of which may be hidden."""
    less: dict[str, object] = {"evidence": "", "readings": (), "unparsed_examples": ()}
    if column.raw in hidden:
        less |= {"raw": "", "unparsed": 0}
    return _without_formula(column.model_copy(update=less))


def _without_formula(column: Column) -> Column:
    formula = None
    if column.formula is not None and column.formula.stale:  # that values are out of date is told all the same
        formula = FormulaColumn(letter=column.formula.letter, formula="", formulas=0, stale=column.formula.stale)
    return column.model_copy(update={"formula": formula})


def counted(table: Table, *, rows: int, last: int, unparsed: tuple[int, ...]) -> Table:
    """Return a table with a rule as its visible rows are: how many, the last imported one, and by column what did not parse."""
    first = table.range.partition(":")[0]
    letters = [column.letter for column in table.columns if column.letter]
    top = "".join(filter(str.isdigit, first)) or "1"
    range_ = f"{letters[0]}{top}:{letters[-1]}{max(last, int(top))}" if letters else first
    columns = tuple(
        column.model_copy(update={"unparsed": count, "formula": _at_most(column.formula, rows)})
        for column, count in zip(table.columns, unparsed, strict=True)
    )
    return table.model_copy(update={"rows": rows, "range": range_, "columns": columns})


def _at_most(formula: FormulaColumn | None, rows: int) -> FormulaColumn | None:
    return formula and formula.model_copy(update={"stale": min(formula.stale, rows)})


def bottom(table: Table) -> int:
    """Return the last row of the range that a table was imported from; 0 where that is not known."""
    return int("".join(filter(str.isdigit, table.range.rpartition(":")[2])) or 0)


def told(workbook: Workbook, tables: Iterable[Table]) -> Workbook:
    """Return a workbook of these tables alone, without what is said of others."""
    return Workbook(parser=workbook.parser, content_sha256="", tables=tuple(tables))


def hidden(whole: Workbook, shown: Workbook) -> frozenset[str]:
    """Return the names and labels, casefolded, of tables and columns that a workbook has and what is shown of it has not."""
    return frozenset(_names(whole)) - frozenset(_names(shown))


def _names(workbook: Workbook) -> Iterator[str]:
    for table in workbook.tables:
        yield from (table.id.casefold(), table.tab.casefold())
        for column in table.columns:
            yield from (name.casefold().strip() for name in (column.name, column.label, column.raw) if name.strip())
