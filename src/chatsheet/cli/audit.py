"""`chatsheet audit …`: the audit log as JSON lines, and whether it is still as it was written."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatsheet.cli.main import Options
from chatsheet.core import loose

if TYPE_CHECKING:
    from chatsheet.audit.chain import Walk

_BROKEN = {
    "changed": "it is not what was written",
    "removed": "it is gone",
    "reordered": "it stands in another place",
    "truncated": "the log ends before the expected head",
}


@click.group("audit")
def command() -> None:
    """Export the audit log, and check that nobody changed it."""


@command.command("export")
@click.option("--output", type=click.Path(path_type=Path), help="Where to; left out, the terminal.")
@click.option("--workspace", help="Only what was done in this workspace.")
@click.pass_obj
def export(options: Options, output: Path | None, workspace: str | None) -> None:
    """Write the entries as JSON lines, the oldest first."""
    asyncio.run(_export(options, output, workspace))


async def _export(options: Options, output: Path | None, workspace: str | None) -> None:
    from chatsheet.audit.model import Wanted  # noqa: PLC0415  --help must stay fast
    from chatsheet.wiring import open_audit  # noqa: PLC0415  likewise

    async with open_audit(options.settings()) as audit:
        with ExitStack() as stack:
            file = sys.stdout if output is None else stack.enter_context(output.open("x", encoding="utf-8"))
            async for entry in audit.entries(Wanted(workspace_id=workspace)):
                file.write(loose.dumps(entry.told()) + "\n")


@command.command("verify")
@click.option(
    "--expect-head", default="", help="A hash that was noted earlier and must be in the log: else its end was cut off."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def verify(options: Options, *, expect_head: str, as_json: bool) -> int:
    """Follow the chain from the first entry to the last; exit code 1 where it is broken."""
    walked = asyncio.run(_verify(options, expect_head.strip().lower()))
    broken = walked.broken
    if as_json:
        told = None if broken is None else {"seq": broken.seq, "how": broken.how}
        click.echo(loose.dumps({"entries": walked.entries, "head": walked.head, "broken": told}))
    elif broken is None:
        click.echo(f"{walked.entries:,} entries, all as they were written; the head is {walked.head}")
    else:
        click.echo(f"entry {broken.seq} is {broken.how}: {_BROKEN[broken.how]}", err=True)
        click.echo(f"the {walked.entries:,} entries before it are as they were written; their head is {walked.head}", err=True)
    return 0 if broken is None else 1


async def _verify(options: Options, expected: str) -> "Walk":
    from chatsheet.wiring import open_audit  # noqa: PLC0415  --help must stay fast

    async with open_audit(options.settings()) as audit:
        return await audit.verify(expected=expected)
