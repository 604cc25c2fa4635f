"""An answer on the terminal: the text, the tables it stands on, their SQL and rows, and the way it took."""

import click

from chatsheet.ask import Answer, Query
from chatsheet.chat.events import RowsUsed

_ROWS_SHOWN = 20


def show(answer: Answer, *, as_json: bool) -> None:
    """Print the answer on stdout."""
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
        return
    click.echo(answer.text)
    for query in answer.queries:
        _show_query(query)
    if strangers := [number.text for number in answer.numbers if number.handle is None]:
        click.echo(f"\nNot from your data: {', '.join(strangers)}")
    click.echo(f"\nRoute: {answer.trail.line()}\nModel: {answer.model}")


def _show_query(query: Query) -> None:
    from rich.console import Console  # noqa: PLC0415  0.1 s that --json need not pay
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(query.result.columns):
        is_number = any(isinstance(row[number], int | float) for row in query.result.rows)
        table.add_column(column.name, justify="right" if is_number else "left")
    for row in query.result.rows[:_ROWS_SHOWN]:
        table.add_row(*("" if value is None else _written(value) for value in row))
    click.echo()
    Console(highlight=False, soft_wrap=True).print(table)
    if query.result.row_count > _ROWS_SHOWN:
        click.echo(f"… {query.result.row_count - _ROWS_SHOWN} more rows")
    click.echo(f"\n[{query.handle}] {query.sql}")
    click.echo(f"Rows used: {'; '.join(map(_rows, query.rows_used)) or 'none'}")


def _written(value: object) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _rows(used: RowsUsed) -> str:
    span = f", rows {used.first} to {used.last} of the tab" if used.first is not None else ""
    return f"{used.rows} of {used.table}{span}"
