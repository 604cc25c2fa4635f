"""`chatsheet sheet …`: a workbook on a plain path, without a server; each command is imported when it runs."""

import click

from chatsheet.cli.main import LazyGroup

_IN = "chatsheet.cli.sheets"


class _Commands(LazyGroup):
    known = {  # noqa: RUF012  not changed
        "import": (f"{_IN}.reading:import_", "Bring a file in and say which tables it holds."),
        "query": (f"{_IN}.reading:query", "Run one SELECT over the tables of a file."),
        "show": (f"{_IN}.reading:show", "Show the rows of a table."),
    }


@click.group("sheet", cls=_Commands)
def command() -> None:
    """Import, read, query, edit and export a workbook.

    FILE is brought into the data folder, once for each content, and found there again.
    """
