"""`chatsheet litellm config|run`: the proxy's generated config, and the proxy itself with our egress beside it."""

import asyncio
import signal
from pathlib import Path

import click

from chatsheet.cli.follow import follow
from chatsheet.cli.main import Options
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import Settings
from chatsheet.core.tasks import Tasks
from chatsheet.llm import litellm_proxy
from chatsheet.llm.litellm_proxy import LitellmProxy


@click.group("litellm")
def command() -> None:
    """Generate LiteLLM's config, or run it with its egress."""


@command.command("config")
@click.option("--output", type=click.Path(path_type=Path), default=Path("litellm.config.yaml"), show_default=True)
@click.pass_obj
def config(options: Options, output: Path) -> None:
    """Write litellm.config.yaml from chatsheet.toml."""
    output.write_text(litellm_proxy.config_text(options.settings().llm), encoding="utf-8")
    click.echo(f"wrote {output}")


@command.command("install")
def install() -> None:
    """Make LiteLLM's isolated environment, if it is not there yet."""
    click.echo(litellm_proxy.install(lambda line: click.echo(line, err=True)))


@command.command("run")
@click.pass_obj
def run(options: Options) -> None:
    """Run LiteLLM and its egress until interrupted; it is started again whenever it dies."""
    settings = options.settings()
    proxy = LitellmProxy(llm=settings.llm, data=settings.data, clock=SystemClock(), say=lambda line: click.echo(line, err=True))
    asyncio.run(_until_signalled(proxy, options, settings))


async def _until_signalled(proxy: LitellmProxy, options: Options, settings: Settings) -> None:
    async def change(changed: Settings) -> None:
        await proxy.change(changed.llm)

    tasks = Tasks()
    tasks.spawn(follow(options.settings, options.config, settings, change), name="follow settings")
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(proxy.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        click.echo("stopped", err=True)
    finally:
        await tasks.close()
