"""An answer on the terminal: the text, the tables it stands on, their SQL and rows, and the way it took."""

import click

from chatsheet.ask import Answer, Query
from chatsheet.chat import answers
from chatsheet.cli.tables import plain, show_aligned

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
    click.echo(plain(f"\nRoute: {answer.trail.line()}\nModel: {answer.model}"))


def _show_query(query: Query) -> None:
    click.echo()
    result = query.result
    show_aligned([column.name for column in result.columns], result.rows[:_ROWS_SHOWN])
    if result.row_count > _ROWS_SHOWN:
        click.echo(f"… {result.row_count - _ROWS_SHOWN} more rows")
    click.echo(f"\n[{query.handle}] {plain(query.sql)}")
    click.echo(f"Stands on: {plain(answers.told(query.basis))}")
