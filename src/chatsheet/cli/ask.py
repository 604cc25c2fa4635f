"""`chatsheet ask FILE QUESTION`: progress on stderr, the answer on stdout, a chart in a file."""

import asyncio
import signal
from pathlib import Path

import click

from chatsheet.ask import Answer, answer
from chatsheet.chat.charts import ChartNotFound
from chatsheet.chat.drawing import Format
from chatsheet.cli.arguments import LOCALE, free
from chatsheet.cli.main import Options
from chatsheet.cli.show import show
from chatsheet.cli.tables import plain
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.wiring import Services, open_services

EXIT_CODES = {"answer": 0, "not_in_workbook": 3, "which": 4}
_TERMINATED = 128 + signal.SIGTERM
_IMAGES: dict[str, Format] = {".svg": "svg", ".png": "png", ".json": "json"}


@click.command("ask")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@LOCALE
@click.option("--chart", type=click.Path(path_type=Path, dir_okay=False), help="Write the answer's chart: .svg, .png or .json.")
@click.pass_obj
def command(options: Options, file: Path, question: str, *, as_json: bool, locale: str, chart: Path | None) -> int:
    """Answer one QUESTION about the workbook FILE.

    Exit codes: 0 answered, 1 a route failed, 2 the input, 3 not in the workbook, 4 a question back with its readings,
    130 interrupted, 143 terminated.
    """
    form = None if chart is None else image_format(free(chart))
    try:
        found, drawn = asyncio.run(_ask(options.settings(), file, question, locale, form))
    except asyncio.CancelledError:
        return _TERMINATED
    show(found, as_json=as_json, locale=locale)
    if chart is not None:
        if drawn is None:
            raise ChartNotFound("the answer has no chart.", fix="ask for one: it shows the result of a query.")
        chart.write_bytes(drawn)
        click.echo(f"wrote {plain(str(chart))}", err=True)
    return EXIT_CODES[found.form]


def image_format(path: Path) -> Format:
    """Return how a chart is written to a path; raises UsageError."""
    if path.suffix.lower() not in _IMAGES:
        raise click.UsageError(f"a chart is written as .svg, .png or .json, not as {path.name}.")
    return _IMAGES[path.suffix.lower()]


async def _ask(settings: Settings, file: Path, question: str, locale: str, form: Format | None) -> tuple[Answer, bytes | None]:
    if (asking := asyncio.current_task()) is not None:  # as Ctrl-C does: the turn is stopped, nobody goes on with it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asking.cancel)
    async with open_services(settings, has_page=False, is_local=True) as services:
        found = await answer(services, LOCAL, file, question, locale=locale, progress=say)
        return found, await _drawn(services, found, form)


async def _drawn(services: Services, found: Answer, form: Format | None) -> bytes | None:
    if form is None or not found.charts:
        return None
    chart = found.charts[-1]
    return await services.drawings.draw(chart, found.result(chart.handle), form)


def say(line: str) -> None:
    """Print a line of progress on stderr; SQL of a model and cells in errors are text there and nothing else."""
    click.echo(plain(line), err=True)
