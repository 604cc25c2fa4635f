"""`chatsheet doctor`: why does a route fail? Every route layer by layer, compared, with the cause, the fix and a decision."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

import click

from chatsheet.cli import beside, board
from chatsheet.cli.main import Options
from chatsheet.core import processes
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import Settings
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.doctor import examination, report
from chatsheet.doctor.examination import Known, Order
from chatsheet.doctor.model import Report
from chatsheet.llm import litellm_proxy
from chatsheet.llm.records import RemoteRecords

_START_S = 120.0
_WATCH_S = 30.0


class _Given(TypedDict):
    route: str
    as_json: bool
    watch: bool
    start_litellm: bool
    probes: int


@click.command("doctor")
@click.option("--route", default="", help="Examine this route of settings only.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--watch", is_flag=True, help="Examine again every 30 s until interrupted.")
@click.option("--start-litellm", is_flag=True, help="Start the LiteLLM of settings for the examination, where none runs.")
@click.option("--probes", default=3, show_default=True, type=click.IntRange(1, 50), help="Calls per path for the medians.")
@click.pass_obj
def command(options: Options, **given: Unpack[_Given]) -> int:
    """Examine every route: which layer is broken, why, and what mends it.

    Exit codes: 0 all healthy, 1 answers arrive but a route is ill, 2 no route answers, 3 settings wrong.
    """
    try:
        settings = options.settings()
    except SettingsInvalid as error:
        found = examination.refused(error.problems, SystemClock())
    else:
        found = asyncio.run(_examine(settings, options, given))
    _print(found, as_json=given["as_json"])
    return found.exit_code


async def _examine(settings: Settings, options: Options, given: _Given) -> Report:
    order = Order(probes=given["probes"], only=given["route"])
    order.check(settings)
    async with _litellm(settings, options, is_wanted=given["start_litellm"]):
        while True:
            with board.shown(is_quiet=given["as_json"]) as on_rung:
                records = RemoteRecords(settings.data)
                try:
                    found = await examination.examine(
                        settings,
                        order,
                        environment=processes.whole_environment(),
                        records=records,
                        clock=SystemClock(),
                        known=Known(),
                        on_rung=on_rung,
                    )
                finally:
                    await records.close()
            if not given["watch"]:
                return found
            _print(found, as_json=given["as_json"])
            await asyncio.sleep(_WATCH_S)


@asynccontextmanager
async def _litellm(settings: Settings, options: Options, *, is_wanted: bool) -> AsyncGenerator[None, None]:
    """Run the LiteLLM of settings while the body runs, if that is wanted and there is one."""
    ours = litellm_proxy.ours(settings.llm)
    if not is_wanted or ours is None:
        yield
        return
    async with beside.litellm(settings, options.config):
        records = RemoteRecords(settings.data)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while not records.is_ready():  # noqa: ASYNC110  a file of another process says it
                    await asyncio.sleep(0.25)
        yield


def _print(found: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in report.lines(found):
        click.echo(line)
