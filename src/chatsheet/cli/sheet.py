"""`chatsheet sheet …`: a workbook on a plain path, without a server; each command is imported when it runs."""

import click

from chatsheet.cli.main import LazyGroup

_IN = "chatsheet.cli.sheets"


class _Commands(LazyGroup):
    known = {  # noqa: RUF012  not changed
        "correct": (f"{_IN}.correcting:correct", "Say where a table stands, or what a column is."),
        "edit": (f"{_IN}.editing:edit", "Change cells, rows and columns; shows first, --apply makes it."),
        "export": (f"{_IN}.exporting:export", "Write a table or a query as CSV, XLSX or Parquet."),
        "glossary": (f"{_IN}.glossary:glossary", "Say what words mean, and pin SQL to questions."),
        "history": (f"{_IN}.editing:history", "Say who changed what, when and why."),
        "import": (f"{_IN}.reading:import_", "Bring a file in and say which tables it holds."),
        "query": (f"{_IN}.reading:query", "Run one SELECT over the tables of a file."),
        "redo": (f"{_IN}.editing:redo", "Make again what was last undone."),
        "show": (f"{_IN}.reading:show", "Show the rows of a table."),
        "undo": (f"{_IN}.editing:undo", "Take back the last change."),
    }


@click.group("sheet", cls=_Commands)
def command() -> None:
    """Import, read, query, edit and export a workbook.

    FILE is brought into the data folder, once for each content, and found there again.
    """
