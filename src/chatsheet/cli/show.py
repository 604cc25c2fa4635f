"""An answer on the terminal: the text, the tables it stands on, their SQL and rows, what is proposed, and the way it took.

What a cell or a model says is text there and nothing else; numbers that are not from the data carry a mark.
"""

from collections.abc import Sequence

import click

from chatsheet.ask import Answer, Query
from chatsheet.chat import answers
from chatsheet.chat.events import AiColumnProposal, Chart, EditProposal, NumberFound, Option, Proposal
from chatsheet.cli.tables import plain, show_aligned
from chatsheet.sheets.model import Result

_ROWS_SHOWN = 20
_MARK = "[?]"


def show(answer: Answer, *, as_json: bool, locale: str = "en") -> None:
    """Print the answer on stdout, numbers of tables as the locale writes them."""
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
        return
    show_text(answer, locale)
    for query in answer.queries:
        click.echo()
        show_result(query.result, locale=locale)
        show_query(query)
    show_offers(answer)
    click.echo(f"\nRoute: {plain(answer.trail.line())}\nModel: {plain(answer.model)}")


def show_text(answer: Answer, locale: str = "en") -> None:
    """Print what is answered or asked back, with the numbers marked that are not from the data."""
    if answer.form == "not_in_workbook":
        click.secho("Not in this workbook.", bold=True)
    click.echo(marked(answer.text, answer.numbers))
    if answer.is_cut:
        click.echo("\nThe answer was cut at the model's token limit.")
    for warning in answer.warnings:
        click.secho(f"\n{plain(warning)}", fg="yellow")
    if strangers := [number.text for number in answer.numbers if number.handle is None]:
        click.secho(f"\n{_MARK} Not from your data: {plain(', '.join(strangers))}", fg="yellow")
    for number, option in enumerate(answer.options, 1):
        _show_option(number, option, locale)


def marked(text: str, numbers: Sequence[NumberFound]) -> str:
    """Return a text for the terminal, with a mark behind each number that is not from the data."""
    told, end = "", 0
    for number in sorted(numbers, key=lambda one: one.start):
        told += plain(text[end : number.end]) if number.handle is not None else plain(text[end : number.start])
        if number.handle is None:
            told += click.style(plain(text[number.start : number.end]) + f" {_MARK}", fg="yellow")
        end = number.end
    return told + plain(text[end:])


def show_result(result: Result, most: int = _ROWS_SHOWN, *, locale: str = "en") -> None:
    """Print the first rows of a result as a table."""
    show_aligned([column.name for column in result.columns], result.rows[:most], locale)
    if result.row_count > most:
        click.echo(f"… {result.row_count - most} more rows")


def show_query(query: Query) -> None:
    """Print a query's handle, SQL and what it stands on, less bright than the answer."""
    click.secho(f"\n[{query.handle}] {plain(query.sql)}", dim=True)
    click.secho(f"Stands on: {plain(answers.told(query.basis))}", dim=True)


def show_offers(answer: Answer) -> None:
    """Print what charts the answer has, and what it proposes."""
    for chart in answer.charts:
        click.echo(f"\nChart {chart_line(chart)}")
    for proposal in answer.proposals:
        click.echo(f"\nProposed, nothing is changed yet: {proposal_line(proposal)}")


def chart_line(chart: Chart) -> str:
    """Return a chart in one line."""
    return f"{chart.id} over {chart.handle}{f': {plain(chart.title)}' if chart.title else ''}"


def proposal_line(proposal: Proposal) -> str:
    """Return a proposal in one line: what would change, and why."""
    match proposal:
        case EditProposal():
            changes = proposal.preview.changes
            counts = ", ".join(f"{change.rows} rows and {change.cells} cells of {change.table}" for change in changes)
            what = f"{counts or 'no cells'}"
            needs = f"; needs consent to {', '.join(proposal.needs_consent)}" if proposal.needs_consent else ""
        case AiColumnProposal():
            what, needs = f"column {proposal.label} of {proposal.table}, {proposal.distinct} calls", ""
    return plain(f"{proposal.id}: {what}{f' ({proposal.reason})' if proposal.reason else ''}{needs}")


def _show_option(number: int, option: Option, locale: str) -> None:
    click.echo(f"\n{number}. {plain(option.label)}")
    show_result(option.result, 5, locale=locale)
    click.secho(plain(option.sql), dim=True)
