"""`chatsheet retention apply`: what a server does once a day, now."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from chatsheet.cli.main import Options
from chatsheet.core import loose

if TYPE_CHECKING:
    from chatsheet.upkeep.retention import Over


@click.group("retention")
def command() -> None:
    """Let go of what settings keep no longer."""


@command.command("apply")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def apply(options: Options, *, dry_run: bool, as_json: bool) -> None:
    """Remove chats, reports and files that are older than [retention] says; a server does so once a day."""
    over = asyncio.run(_apply(options, is_dry=dry_run))
    if as_json:
        click.echo(loose.dumps(asdict(over)))
        return
    size = over.files.bytes / 10**6
    done = "would go" if dry_run else "removed"
    click.echo(f"{done}: {over.chats} chats, {over.reports} reports, files of {over.files.versions} versions ({size:,.1f} MB)")


async def _apply(options: Options, *, is_dry: bool) -> "Over":
    from chatsheet.wiring import open_upkeep  # noqa: PLC0415  --help must stay fast

    async with open_upkeep(options.settings(may_lack_keys=True)) as (_, retention):
        return await (retention.look() if is_dry else retention.apply())
