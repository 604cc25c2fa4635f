"""`chatsheet doctor`: why does a route fail? Every route layer by layer, compared, with the cause, the fix and a decision."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import click

from chatsheet.cli import beside, board
from chatsheet.cli.main import Options
from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.doctor import changes, edits, examination, records, report
from chatsheet.doctor.model import Report
from chatsheet.doctor.order import Order
from chatsheet.doctor.rehearsal import rehearsal
from chatsheet.llm import litellm_proxy
from chatsheet.llm.records import RemoteRecords
from chatsheet.wiring import open_doctor

_START_S = 120.0
_WATCH_S = 30.0
_ROADMAP = Path("ROADMAP.md")
_ENOUGH = 0.95
_COULD_NOT = 4


class _Given(TypedDict):
    route: str
    as_json: bool
    watch: bool
    start_litellm: bool
    probes: int
    record: Path | None
    apply: bool
    yes: bool
    rehearse: bool
    which: rehearsal.Which


@click.command("doctor")
@click.option("--route", default="", help="Examine this route of settings only.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--watch", is_flag=True, help="Examine again every 30 s until interrupted.")
@click.option("--start-litellm", is_flag=True, help="Start the LiteLLM of settings for the examination, where none runs.")
@click.option("--probes", default=3, show_default=True, type=click.IntRange(1, 50), help="Calls per path for the medians.")
@click.option("--record", type=click.Path(path_type=Path, file_okay=False), help="Write the decision as a dated record there.")
@click.option("--apply", is_flag=True, help="Write the settings that the verdict asks for, after confirmation.")
@click.option("--yes", is_flag=True, help="Confirm --apply beforehand.")
@click.option("--rehearse", is_flag=True, help="Examine the doctor: play every known failure, count what it names.")
@click.option("--set", "which", type=click.Choice(["catalogue", "altered"]), default="catalogue", help="What --rehearse plays.")
@click.pass_obj
def command(options: Options, **given: Unpack[_Given]) -> int:
    """Examine every route: which layer is broken, why, and what mends it.

    Exit codes: 0 all healthy, 1 answers arrive but a route is ill, 2 no route answers, 3 settings wrong or nothing
    configured, 4 nothing could be examined, recorded or changed.
    """
    _check_usage(given)
    try:
        if given["rehearse"]:
            return asyncio.run(_rehearse(given["which"], as_json=given["as_json"]))
        return _doctor(options, given)
    except ChatSheetError as error:
        click.echo(error.line(), err=True)
        return _COULD_NOT


def _check_usage(given: _Given) -> None:
    if given["route"] and given["record"]:
        raise click.UsageError("--record is for all routes: a decision needs each of them.")
    if given["rehearse"] and (given["route"] or given["record"] or given["apply"] or given["watch"]):
        raise click.UsageError("--rehearse goes with --set and --json only.")


def _doctor(options: Options, given: _Given) -> int:
    config = settings_file.path_of(options.config)
    try:
        settings = options.settings(may_lack_keys=True)
    except SettingsInvalid as error:
        found = _refused(error, config, given)
    else:
        found = asyncio.run(_examine(settings, options, config, given))
    if given["apply"]:
        _apply(found, config, is_confirmed=given["yes"])
    return found.exit_code


def _refused(error: SettingsInvalid, config: Path | None, given: _Given) -> Report:
    text = ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = config.read_text(encoding="utf-8") if config is not None else ""
    found = examination.refused(error.problems, SystemClock(), text)
    _give(found, given)
    return found


async def _examine(settings: Settings, options: Options, config: Path | None, given: _Given) -> Report:
    order = Order(probes=given["probes"], only=given["route"])
    order.check(settings)
    async with _litellm(settings, config, is_wanted=given["start_litellm"]), open_doctor(settings, config) as (doctor, clinic):
        before = records.latest(given["record"]) if given["record"] is not None else None
        if before is None and clinic is not None and (kept := await clinic.latest(LOCAL)) is not None:
            before = kept.report
        while True:
            with board.shown(is_quiet=given["as_json"]) as on_rung:
                found = await doctor.examine(on_rung, before, order)
            if clinic is not None and not order.only:
                await clinic.keep(LOCAL, found)
            _give(found, given)
            if not given["watch"]:
                return found
            before = found
            await asyncio.sleep(_WATCH_S)
            try:
                doctor.settings = options.settings(may_lack_keys=True)
            except SettingsInvalid as error:  # in the middle of being mended
                _refused(error, config, given)


@asynccontextmanager
async def _litellm(settings: Settings, config: Path | None, *, is_wanted: bool) -> AsyncGenerator[None, None]:
    """Run the LiteLLM of settings while the body runs, if that is wanted and there is one."""
    ours = litellm_proxy.ours(settings.llm)
    if not is_wanted or ours is None or ours.route.key.value is None:
        yield
        return
    async with beside.litellm(settings, config):
        sidecar = RemoteRecords(settings.data)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while not sidecar.is_ready():  # noqa: ASYNC110  a file of another process says it
                    await asyncio.sleep(0.25)
        yield


def _give(found: Report, given: _Given) -> None:
    """Print a report, and write its record where one is wanted."""
    if given["as_json"]:
        click.echo(found.model_dump_json(indent=2))
    else:
        for line in report.lines(found):
            click.echo(line)
    if given["record"] is not None:
        page, _ = records.write(given["record"], found)
        click.echo(f"recorded in {page}", err=given["as_json"])
        if _ROADMAP.is_file() and records.refresh(_ROADMAP, given["record"]):
            click.echo(f"brought {_ROADMAP} up to date", err=given["as_json"])


def _apply(found: Report, config: Path | None, *, is_confirmed: bool) -> None:
    """Write the changes that a report asks for; raises ChangeRefused."""
    if config is None or found.decision is None or not found.decision.settings_diff:
        click.echo("The verdict asks for no change of settings.", err=True)
        return
    if not is_confirmed:
        click.echo(found.decision.settings_diff, err=True)
        with contextlib.suppress(click.Abort):  # nobody is there to say it
            is_confirmed = click.confirm(f"Write this to {config}?", err=True)
    if not is_confirmed:
        click.echo("Nothing was written.", err=True)
        return
    backup = changes.apply(config, edits.wanted(found.decision, found.paths, found.problems))
    click.echo(f"wrote {config}; as it was: {backup}", err=True)


async def _rehearse(which: rehearsal.Which, *, as_json: bool) -> int:
    """Play a set of failures; 0 where enough are named right and, of the catalogue, every one."""
    played = await rehearsal.rehearse(which)
    click.echo(played.model_dump_json(indent=2) if as_json else rehearsal.table(played))
    is_enough = played.right == played.total if which == "catalogue" else played.right >= _ENOUGH * played.total
    return 0 if is_enough else 1
