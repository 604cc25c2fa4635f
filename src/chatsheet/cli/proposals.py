"""`chatsheet proposals`: what a chat proposes, and a person's decision on it."""

import asyncio
from collections.abc import Sequence

import click
from pydantic import JsonValue

from chatsheet.chat.events import AiColumnProposal, EditProposal
from chatsheet.chat.proposals import Decision, Standing
from chatsheet.cli.changes import show_changes
from chatsheet.cli.main import Options
from chatsheet.cli.tables import plain
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.wiring import open_services

_CHAT = click.argument("chat")
_PROPOSAL = click.argument("proposal")


@click.group("proposals")
def command() -> None:
    """Decide on the changes that a chat proposes; a model never can."""


@command.command("list")
@_CHAT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.pass_obj
def list_(options: Options, chat: str, *, as_json: bool) -> None:
    """Show what CHAT proposes and what became of it."""

    async def work() -> tuple[Standing, ...]:
        async with open_services(options.settings(), has_page=False, is_local=True) as services:
            return await services.chats.proposals(LOCAL, chat)

    found = asyncio.run(work())
    if as_json:
        listed: list[JsonValue] = [one.model_dump(mode="json") for one in found]
        click.echo(loose.dumps(listed))
        return
    for standing in found:
        show(standing)


@command.command("apply")
@_CHAT
@_PROPOSAL
@click.option("--consent", multiple=True, metavar="NAME", help="Allow what reaches out of the sheet, such as HYPERLINK.")
@click.pass_obj
def apply(options: Options, chat: str, proposal: str, consent: Sequence[str]) -> None:
    """Make the change of PROPOSAL a new version of the sheet."""
    _decide(options, chat, proposal, "apply", consent)


@command.command("decline")
@_CHAT
@_PROPOSAL
@click.pass_obj
def decline(options: Options, chat: str, proposal: str) -> None:
    """Leave the sheet as it is."""
    _decide(options, chat, proposal, "decline")


@command.command("undo")
@_CHAT
@_PROPOSAL
@click.pass_obj
def undo(options: Options, chat: str, proposal: str) -> None:
    """Take the change of PROPOSAL back, where nothing came after it."""
    _decide(options, chat, proposal, "undo")


def _decide(options: Options, chat: str, proposal: str, decision: Decision, consent: Sequence[str] = ()) -> None:
    async def work() -> Standing:
        async with open_services(options.settings(), has_page=False, is_local=True) as services:
            return await services.chats.decide(LOCAL, chat, proposal, decision, consent)

    click.echo(line(asyncio.run(work())))


def show(standing: Standing) -> None:
    """Print a proposal as a card: what it changes, what to look out for, what became of it."""
    click.echo(line(standing))
    proposal = standing.proposal
    match proposal:
        case EditProposal():
            show_changes(proposal.preview.changes, proposal.preview.formulas)
            for warning in proposal.warnings:
                click.echo(f"  look: {plain(warning)}")
            if proposal.needs_consent:
                click.echo(f"  needs --consent: {', '.join(map(plain, proposal.needs_consent))}")
        case AiColumnProposal():
            click.echo(f"  fills {plain(proposal.label)} of {proposal.table} in {proposal.rows:,} rows")
            click.echo(f"  {proposal.distinct:,} calls, about {proposal.tokens:,} tokens: {plain(proposal.template)}")


def line(standing: Standing) -> str:
    """Return what became of a proposal in one line."""
    by = f" by {standing.by} at {standing.at:%Y-%m-%d %H:%M}" if standing.at else ""
    version = f", version {standing.version}" if standing.version else ""
    version += f", draft {standing.job}: `chatsheet job start {standing.job}`" if standing.job else ""
    reason = f": {plain(standing.proposal.reason)}" if standing.proposal.reason else ""
    return f"{standing.proposal.id} {standing.state}{by}{version}{reason}"
