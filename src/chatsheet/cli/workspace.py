"""`chatsheet workspace …`: which there are, and removing one with everything in it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import click

from chatsheet.cli.main import Options
from chatsheet.cli.tables import plain, show_rows
from chatsheet.core import loose

if TYPE_CHECKING:
    from chatsheet.upkeep.forgetting import Forgetting

_Found = TypeVar("_Found")


@click.group("workspace")
def command() -> None:
    """Say which workspaces there are, and remove one."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def listing(options: Options, *, as_json: bool) -> None:
    """List all workspaces."""
    kept = forget(options, lambda forgetting: forgetting.workspaces())
    if as_json:
        click.echo(loose.dumps([asdict(one) for one in kept]))
        return
    show_rows(["id", "name", "sheets", "members"], [list(asdict(one).values()) for one in kept])


@command.command("remove")
@click.argument("workspace")
@click.confirmation_option(prompt="All its sheets and chats go for good. Go on?")
@click.pass_obj
def remove(options: Options, workspace: str) -> None:
    """Remove WORKSPACE, an id, with its sheets, chats, glossaries, rules, shares, budgets and reports; members stay users."""
    gone = forget(options, lambda forgetting: forgetting.workspace(workspace))
    click.echo(f"{plain(workspace)} is removed, with {gone.sheets} sheets; their files go with `chatsheet retention apply`.")


def forget(options: Options, do: "Callable[[Forgetting], Awaitable[_Found]]") -> _Found:
    """Do something with what forgets."""
    from chatsheet.wiring import open_upkeep  # noqa: PLC0415  --help must stay fast

    async def run() -> _Found:
        async with open_upkeep(options.settings(may_lack_keys=True)) as (forgetting, _):
            return await do(forgetting)

    return asyncio.run(run())
