"""What a model is told of a workbook in each run of an ablation. Pure."""

from collections.abc import Callable
from dataclasses import replace

from chatsheet.context.prompt import Scope
from chatsheet.evals.model import Context
from chatsheet.evals.pack import Pack
from chatsheet.sheets.model import Column, Profile, Table, Unit, Workbook

Shape = Callable[[Scope], Scope]
"""Changes what a prompt is about, before it is written."""


def shape(context: Context, pack: Pack) -> Shape:
    """Return what makes every prompt one of this context."""
    match context:
        case "names":
            return lambda scope: replace(scope, workbook=bare(scope.workbook))
        case "cards":
            return lambda scope: scope
        case "cards+glossary":
            said = pack.glossaries
            return lambda scope: replace(scope, glossary=said.get(scope.workbook.content_sha256, ()))


def bare(workbook: Workbook) -> Workbook:
    """Return a workbook of which only the names, types and row counts are known."""
    return workbook.model_copy(update={"tables": tuple(map(_bare_table, workbook.tables))})


def _bare_table(table: Table) -> Table:
    nothing = {"notes": (), "totals": (), "keys": (), "joins": (), "oddities": (), "is_pivoted": False}
    return table.model_copy(update={**nothing, "columns": tuple(map(_bare_column, table.columns))})


def _bare_column(column: Column) -> Column:
    nothing = {"label": column.name, "unit": Unit(), "readings": (), "unparsed": 0, "unparsed_examples": (), "evidence": ""}
    return column.model_copy(update={**nothing, "profile": Profile(nulls=0, distinct=0)})
