"""`chatsheet litellm config|install|run`: the proxy's config, generated or checked, and the proxy with our egress beside it."""

import asyncio
import functools
import signal
from collections.abc import Iterable
from pathlib import Path

import click

from chatsheet.cli.follow import follow
from chatsheet.cli.main import Options
from chatsheet.core import processes
from chatsheet.core.clock import SystemClock
from chatsheet.core.problem import Problem
from chatsheet.core.settings import Settings
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.core.tasks import Tasks
from chatsheet.llm import litellm_file, litellm_proxy
from chatsheet.llm.litellm_file import Checked
from chatsheet.llm.litellm_proxy import LitellmProxy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WRONG = 3
"""The exit code of settings that are wrong, as the doctor's."""


@click.group("litellm")
def command() -> None:
    """Generate LiteLLM's config, or run it with its egress."""


@command.command("config")
@click.option("--output", type=click.Path(path_type=Path), default=Path("litellm.config.yaml"), show_default=True)
@click.option("--check", "checked", type=_FILE, help="Lint this hand-written config instead; exit code 3 where it has errors.")
@click.option(
    "--corrected", type=click.Path(path_type=Path), help="With --check: write it here with what is certain put right."
)
@click.pass_obj
def config(options: Options, output: Path, checked: Path | None, corrected: Path | None) -> int:
    """Write litellm.config.yaml from chatsheet.toml, or check one that was written by hand."""
    if checked is not None:
        return _check(options, checked, corrected)
    if corrected is not None:
        raise click.UsageError("--corrected goes with --check FILE")
    output.write_text(litellm_proxy.config_text(options.settings().llm), encoding="utf-8")
    click.echo(f"wrote {output}")
    return 0


def _check(options: Options, file: Path, corrected: Path | None) -> int:
    """Print every problem of a config, as LiteLLM would read it in this environment."""
    environment, settings = processes.whole_environment(), None
    try:
        settings = options.settings().llm
    except SettingsInvalid as error:
        click.echo(f"{error.line()} Alias and deployments are not compared with it.", err=True)
    look = functools.partial(
        litellm_file.check,
        environment=environment,
        asked_for=litellm_file.alias(settings) if settings else None,
        settings=settings,
    )
    found = look(file)
    _show(found.problems)
    click.echo(f"{file}: {_counted(found)}")
    if corrected is not None and found.text:
        corrected.touch(mode=0o600)  # it may hold keys
        corrected.write_text(found.corrected, encoding="utf-8")
        left = look(corrected)
        click.echo(f"wrote {corrected}: {_counted(left)}{', left to you:' if left.problems else ''}")
        _show(left.problems)
    return _WRONG if found.errors else 0


def _show(problems: Iterable[Problem]) -> None:
    for problem in problems:
        kind = "warning" if problem.is_warning else "error"
        end = "" if problem.fix.endswith("?") else "."
        click.echo(f"{kind}[{problem.cause}]: {problem.key}: {problem.reason}. Fix: {problem.fix}{end}")


def _counted(checked: Checked) -> str:
    errors = len(checked.errors)
    return f"{errors} error{'s' * (errors != 1)}, {len(checked.problems) - errors} to know"


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
