"""An answer on the terminal: the text, the tables it stands on, their SQL and rows, and the way it took."""

import unicodedata

import click

from chatsheet.ask import Answer, Query
from chatsheet.chat.events import RowsUsed

_ROWS_SHOWN = 20


def show(answer: Answer, *, as_json: bool) -> None:
    """Print the answer on stdout."""
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
        return
    click.echo(plain(answer.text))
    if answer.is_cut:
        click.echo("\nThe answer was cut at the model's token limit.")
    for query in answer.queries:
        _show_query(query)
    if strangers := [number.text for number in answer.numbers if number.handle is None]:
        click.echo(f"\nNot from your data: {', '.join(strangers)}")
    click.echo(f"\nRoute: {answer.trail.line()}\nModel: {answer.model}")


def _show_query(query: Query) -> None:
    from rich.console import Console  # noqa: PLC0415  0.1 s that --json need not pay
    from rich.table import Table  # noqa: PLC0415  likewise
    from rich.text import Text  # noqa: PLC0415  likewise

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(query.result.columns):
        is_number = any(isinstance(row[number], int | float) for row in query.result.rows)
        table.add_column(Text(plain(column.name)), justify="right" if is_number else "left")
    for row in query.result.rows[:_ROWS_SHOWN]:
        table.add_row(*(Text("" if value is None else plain(_written(value))) for value in row))
    click.echo()
    Console(highlight=False, soft_wrap=True).print(table)
    if query.result.row_count > _ROWS_SHOWN:
        click.echo(f"… {query.result.row_count - _ROWS_SHOWN} more rows")
    click.echo(f"\n[{query.handle}] {plain(query.sql)}")
    click.echo(f"Rows used: {'; '.join(map(_rows, query.rows_used)) or 'none'}")


def plain(text: str) -> str:
    """Return text without control characters: a cell must not move the cursor or name the window."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"} else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _written(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    # two places for amounts; small values keep four digits, so that nothing reads as zero that is not
    text = f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _rows(used: RowsUsed) -> str:
    span = f", rows {used.first} to {used.last} of the tab" if used.first is not None else ""
    return f"{used.rows} of {used.table}{span}"
