"""`sheet glossary`: what words mean in a sheet, and questions with the SQL that answers them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click
from pydantic import ValidationError

from chatsheet.cli.main import Options
from chatsheet.cli.sheets import desk
from chatsheet.cli.tables import plain
from chatsheet.context.glossary.imports import Format
from chatsheet.context.glossary.model import ENTRY, Entry, Kept, Pinned, Term
from chatsheet.core import loose
from chatsheet.core.errors import BadInput


class GlossaryUnreadable(BadInput):
    """The file with a glossary cannot be read."""

    code = "glossary.unreadable"


@click.group("glossary")
def glossary() -> None:
    """Say what words mean in FILE, and pin SQL to questions; chats about it are told."""


@glossary.command("list")
@desk.FILE
@desk.JSON
@click.pass_obj
def list_(options: Options, file: Path, *, as_json: bool) -> None:
    """Print the glossary of FILE; as JSON it can be imported elsewhere."""

    async def work(at: desk.Desk) -> None:
        kept = await at.glossary.listing(at.actor, at.opened.sheet.id)
        if as_json:
            click.echo(loose.dumps([one.entry.model_dump(mode="json") for one in kept]))
        else:
            _show(kept)

    _run(options, file, work)


@glossary.command("add")
@desk.FILE
@click.argument("term")
@click.argument("meaning")
@click.pass_obj
def add(options: Options, file: Path, term: str, meaning: str) -> None:
    """Say that TERM means MEANING."""
    _keep(options, file, {"kind": "term", "term": term, "meaning": meaning})


@glossary.command("pin")
@desk.FILE
@click.argument("question")
@click.argument("sql")
@click.pass_obj
def pin(options: Options, file: Path, question: str, sql: str) -> None:
    """Say that SQL answers QUESTION; it is checked against the sheet."""
    _keep(options, file, {"kind": "pinned", "question": question, "sql": sql})


@glossary.command("change")
@desk.FILE
@click.argument("entry_id", metavar="ENTRY")
@click.argument("text")
@click.pass_obj
def change(options: Options, file: Path, entry_id: str, text: str) -> None:
    """Give ENTRY another meaning, or other SQL."""

    async def work(at: desk.Desk) -> None:
        known = await at.glossary.listing(at.actor, at.opened.sheet.id)
        old = next((one.entry for one in known if one.id == entry_id), Term(term="?", meaning="?"))  # the store refuses it
        said = {"meaning": text} if isinstance(old, Term) else {"sql": text}
        kept = Kept(id=entry_id, entry=_read({**old.model_dump(), **said}))
        _show([await at.glossary.change(at.actor, at.opened.sheet.id, kept)])

    _run(options, file, work)


@glossary.command("remove")
@desk.FILE
@click.argument("entry_id", metavar="ENTRY")
@click.pass_obj
def remove(options: Options, file: Path, entry_id: str) -> None:
    """Remove ENTRY."""

    async def work(at: desk.Desk) -> None:
        await at.glossary.remove(at.actor, at.opened.sheet.id, entry_id)

    _run(options, file, work)


@glossary.command("import")
@desk.FILE
@click.argument("source", type=click.Path(path_type=Path))
@click.pass_obj
def import_(options: Options, file: Path, source: Path) -> None:
    """Add the entries of SOURCE, a CSV (`term,meaning` or `question,sql`) or a JSON list: all of them or none."""
    form: Format = "json" if source.suffix.casefold() == ".json" else "csv"
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = f"{source} cannot be read ({type(error).__name__})."
        raise GlossaryUnreadable(what, fix="name a CSV or JSON file in UTF-8.") from None

    async def work(at: desk.Desk) -> None:
        _show(await at.glossary.bring_in(at.actor, at.opened.sheet.id, text, form))

    _run(options, file, work)


def _keep(options: Options, file: Path, said: dict[str, str]) -> None:
    entry = _read(said)

    async def work(at: desk.Desk) -> None:
        _show([await at.glossary.add(at.actor, at.opened.sheet.id, entry)])

    _run(options, file, work)


def _read(said: dict[str, str]) -> Entry:
    """Return an entry as it was typed; raises UsageError."""
    try:
        return ENTRY.validate_python(said)
    except ValidationError as error:
        reasons = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
        raise click.UsageError(f"that is no entry: {reasons}.") from None


def _show(kept: Sequence[Kept]) -> None:
    for one in kept:
        said = one.entry
        line = f"{said.question} → {said.sql}" if isinstance(said, Pinned) else f"{said.term}: {said.meaning}"
        click.echo(f"{one.id}  {plain(line)}")


def _run(options: Options, file: Path, work: Callable[[desk.Desk], Awaitable[None]]) -> None:
    async def at_desk() -> None:
        async with desk.at(options, file) as at:
            await work(at)

    asyncio.run(at_desk())
