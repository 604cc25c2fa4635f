"""`chatsheet ask FILE QUESTION`: progress on stderr, the answer on stdout."""

import asyncio
from pathlib import Path

import click

from chatsheet.ask import Answer, answer
from chatsheet.cli.main import Options
from chatsheet.cli.show import show
from chatsheet.cli.tables import plain
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.wiring import open_services


@click.command("ask")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.pass_obj
def command(options: Options, file: Path, question: str, *, as_json: bool) -> None:
    """Answer one QUESTION about the workbook FILE."""
    found = asyncio.run(_ask(options.settings(), file, question))
    show(found, as_json=as_json)


async def _ask(settings: Settings, file: Path, question: str) -> Answer:
    async with open_services(settings, has_page=False) as services:
        return await answer(services, LOCAL, file, question, progress=say)


def say(line: str) -> None:
    """Print a line of progress on stderr; SQL of a model and cells in errors are text there and nothing else."""
    click.echo(plain(line), err=True)
