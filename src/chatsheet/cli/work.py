"""`chatsheet work`: a worker on jobs beside a server, or several of them, on the same database and data folder."""

import asyncio
import signal
from pathlib import Path

import click

from chatsheet.cli import beside
from chatsheet.cli.main import Options
from chatsheet.core.settings import Settings
from chatsheet.wiring import open_services


@click.command("work")
@click.option(
    "--alive",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that is touched every two seconds while the database answers, for a liveness probe.",
)
@click.pass_obj
def command(options: Options, *, alive: Path | None) -> None:
    """Work on jobs until interrupted; what runs then is waited for, or handed over."""
    asyncio.run(work(options.settings(), options.config, alive))


async def work(settings: Settings, config: Path | None, alive: Path | None = None) -> None:
    """Work until interrupted."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    async with open_services(settings, has_page=False) as services, beside.litellm(settings, config):
        worker = services.worker(alive=alive)
        worker.start()
        click.echo(f"{worker.id} works on jobs, at most {settings.jobs.at_once} calls at once")
        await told.wait()
        await worker.close()
