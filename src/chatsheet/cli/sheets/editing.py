"""`sheet edit`, `undo`, `redo` and `history`: changes are shown first and made when they are confirmed."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import click
from pydantic import JsonValue, ValidationError

from chatsheet.cli.changes import change_line, show_changes
from chatsheet.cli.main import Options
from chatsheet.cli.sheets import desk
from chatsheet.cli.tables import show_rows
from chatsheet.core import loose
from chatsheet.sheets.edits import EDITS, Change, Edit, EditRefused
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.ingest.grid import FileMissing
from chatsheet.sheets.model import Table

_CELLS_SHOWN = 20


class _Given(TypedDict):
    table: str | None
    set_: Sequence[str]
    fill: Sequence[str]
    formula: Sequence[str]
    insert: Sequence[str]
    after: int | None
    before: int | None
    delete_rows: str | None
    rows: str | None
    where: str
    add_column: Sequence[str]
    rename: Sequence[str]
    retype: Sequence[str]
    delete_column: Sequence[str]
    edits: Path | None


@click.command("edit")
@desk.FILE
@click.option("--table", help="The table to edit; left out, the file's only one.")
@click.option("--set", "set_", multiple=True, metavar="ROW.COLUMN=VALUE", help="Give a cell a value; empty clears it.")
@click.option("--fill", multiple=True, metavar="COLUMN=EXPRESSION", help="Give a column an SQL expression over its row.")
@click.option("--formula", multiple=True, metavar="COLUMN==FORMULA", help="Give a column a formula, such as total==[@Price]*2.")
@click.option("--insert", multiple=True, metavar="JSON", help='Insert a row, such as {"region": "North"}.')
@click.option("--after", type=int, metavar="ROW", help="Insert behind this row.")
@click.option("--before", type=int, metavar="ROW", help="Insert in front of this row.")
@click.option("--delete-rows", metavar="ROWS|matching", help="Delete these rows, such as 5,7-9, or those that match --where.")
@click.option("--rows", metavar="ROWS", help="Fill these rows only, such as 5,7-9.")
@click.option("--where", default="", metavar="SQL", help="Fill or delete only the rows that match.")
@click.option("--add-column", multiple=True, metavar="NAME[:TYPE][=EXPRESSION]", help="Add a column; ==FORMULA for a formula.")
@click.option("--rename", multiple=True, metavar="COLUMN=NAME", help="Rename a column.")
@click.option("--retype", multiple=True, metavar="COLUMN=TYPE", help="Read a column as another type.")
@click.option("--delete-column", multiple=True, metavar="COLUMN", help="Delete a column.")
@click.option("--edits", type=click.Path(path_type=Path, allow_dash=True), help="A JSON list of edits, as the API takes them.")
@click.option("--apply", "is_apply", is_flag=True, help="Make the edits, after confirmation.")
@click.option("--yes", "is_confirmed", is_flag=True, help="Confirm --apply beforehand.")
@click.option("--reason", default="", help="Why, for the history.")
@desk.JSON
@click.pass_obj
def edit(
    options: Options,
    file: Path,
    *,
    is_apply: bool,
    is_confirmed: bool,
    reason: str,
    as_json: bool,
    **given: Unpack[_Given],
) -> int:
    """Show what edits of FILE would change; with --apply, make them a new version.

    FILE itself is not written: see `sheet export`. ROW is the row's number, as `sheet show` lists it.
    """

    async def work() -> int:
        async with desk.at(options, file) as at:
            sheet = at.opened.sheet
            edits = _edits(at, given)
            preview = await at.library.preview(at.actor, sheet.id, edits, expected_version=sheet.version)
            if not is_apply or not as_json:
                _show(preview.changes, preview.formulas, version=preview.version, is_made=False, as_json=as_json)
            if not is_apply:
                return 0
            if not (is_confirmed or _confirmed()):
                click.echo("Nothing was changed.", err=True)
                return 1
            made = await at.library.edit(at.actor, sheet.id, edits, expected_version=sheet.version, reason=reason)
            if as_json:
                _show(made.changes, made.formulas, version=made.opened.sheet.version, is_made=True, as_json=True)
            else:
                click.echo(f"made version {made.opened.sheet.version}; `sheet undo` takes it back")
            return 0

    return asyncio.run(work())


@click.command("undo")
@desk.FILE
@click.option("--reason", default="", help="Why, for the history.")
@click.pass_obj
def undo(options: Options, file: Path, reason: str) -> None:
    """Take back the last change of FILE, and with each call the one before."""
    asyncio.run(_move(options, file, reason, is_redo=False))


@click.command("redo")
@desk.FILE
@click.option("--reason", default="", help="Why, for the history.")
@click.pass_obj
def redo(options: Options, file: Path, reason: str) -> None:
    """Make again what was last undone."""
    asyncio.run(_move(options, file, reason, is_redo=True))


@click.command("history")
@desk.FILE
@click.option("--table", help="Only changes of this table.")
@click.option("--row", type=int, help="With --table and --column: only changes of this cell.")
@click.option("--column", help="With --table: only changes of this column.")
@desk.JSON
@click.pass_obj
def history(options: Options, file: Path, table: str | None, row: int | None, column: str | None, *, as_json: bool) -> None:
    """Say who changed what in FILE, when and why, newest first."""

    async def work() -> None:
        async with desk.at(options, file) as at:
            moves = await at.library.history(at.actor, at.opened.sheet.id, table=table, row=row, column=column)
        if as_json:
            listed: list[JsonValue] = [one.model_dump(mode="json") for one in moves]
            click.echo(loose.dumps(listed))
            return
        rows = [
            (
                f"{m.created_at:%Y-%m-%d %H:%M}",
                m.created_by,
                m.kind,
                "; ".join(map(change_line, m.changes)),
                m.reason,
                m.to_version,
            )
            for m in moves
        ]
        show_rows(["at", "by", "what", "changed", "why", "to version"], rows)

    asyncio.run(work())


async def _move(options: Options, file: Path, reason: str, *, is_redo: bool) -> None:
    async with desk.at(options, file) as at:
        sheet = at.opened.sheet
        move = at.library.redo if is_redo else at.library.undo
        opened = await move(at.actor, sheet.id, expected_version=sheet.version, reason=reason)
        click.echo(f"now at version {opened.sheet.version}")


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("--apply asks back, and nobody is here: add --yes.")
    with contextlib.suppress(click.Abort):
        return click.confirm("Make this change?", err=True)
    return False


def _edits(at: desk.Desk, given: _Given) -> tuple[Edit, ...]:
    """Return the edits that the options name, in the order of the help."""
    path = given["edits"]
    found = _listed(path) if path is not None else list(_named(at.table(given["table"]), given))
    if not found:
        raise click.UsageError("say what to change, such as --set 5.price=3.5.")
    try:
        loose.dumps(found).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        raise EditRefused(f"the edits hold {half}, half of a character.", fix="write the character whole.") from None
    try:
        return EDITS.validate_python(tuple(found))
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"the edits are not valid: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _listed(path: Path) -> list[JsonValue]:
    """Return the edits of a JSON file, which may be one alone; `-` is stdin. Raises FileMissing and EditRefused."""
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}.", fix="check the path and its permissions.") from None
    parsed = loose.parse(content)
    if not isinstance(parsed, list | dict):
        raise EditRefused(f"{path} holds no JSON list of edits.", fix='write it as [{"kind": "set", …}], in UTF-8.')
    return parsed if isinstance(parsed, list) else [parsed]


def _named(table: Table, given: _Given) -> Iterator[JsonValue]:
    if given["set_"]:
        cells: list[JsonValue] = []
        for text in given["set_"]:
            place, value = _pair(text, "--set")
            row, _, column = place.partition(".")
            if not row.isdigit():
                raise click.UsageError(f"--set {text}: write it as ROW.COLUMN=VALUE.")
            cells.append({"row": int(row), "column": column, "value": value})
        yield {"kind": "set", "table": table.id, "cells": cells}
    yield from _filled(table, given)
    if given["insert"]:
        inserted = [loose.parse(text) for text in given["insert"]]
        yield {
            "kind": "insert_rows",
            "table": table.id,
            "rows": inserted,
            "after": given["after"],
            "before": given["before"],
        }
    if (deleted := given["delete_rows"]) is not None:
        named = None if deleted == "matching" else _rows(deleted)
        if named is None and not given["where"]:
            raise click.UsageError("--delete-rows matching needs --where.")
        yield {"kind": "delete_rows", "table": table.id, "rows": named, "where": "" if named is not None else given["where"]}
    for text in given["add_column"]:
        name, _, expression = text.partition("=")
        label, _, kind = name.partition(":")
        computed = "formula" if expression.startswith("=") else "expression"
        yield {"kind": "add_column", "table": table.id, "label": label, "type": kind or "text", computed: expression}
    for text in given["rename"]:
        column, label = _pair(text, "--rename")
        yield {"kind": "rename_column", "table": table.id, "column": column, "label": label}
    for text in given["retype"]:
        column, kind = _pair(text, "--retype")
        yield {"kind": "retype_column", "table": table.id, "column": column, "type": kind}
    for column in given["delete_column"]:
        yield {"kind": "delete_column", "table": table.id, "column": column}


def _filled(table: Table, given: _Given) -> Iterator[JsonValue]:
    listed = [("expression", text, "--fill") for text in given["fill"]]
    listed += [("formula", text, "--formula") for text in given["formula"]]
    for content, text, option in listed:
        column, written = _pair(text, option)
        where, rows = given["where"], _rows(given["rows"])
        yield {"kind": "fill", "table": table.id, "column": column, content: written, "where": where, "rows": rows}


def _pair(text: str, option: str) -> tuple[str, str]:
    before, separator, behind = text.partition("=")
    if not separator:
        raise click.UsageError(f"{option} {text}: an = is missing.")
    return before.strip(), behind


def _rows(text: str | None) -> list[JsonValue] | None:
    """Return the row numbers of `5,7-9`."""
    if text is None:
        return None
    numbers: list[JsonValue] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise click.UsageError(f"{text!r} is no list of rows, such as 5,7-9.")
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def _show(changes: Sequence[Change], formulas: Impact, *, version: str, is_made: bool, as_json: bool) -> None:
    if as_json:
        listed: list[JsonValue] = [change.model_dump(mode="json") for change in changes]
        told = formulas.model_dump(mode="json")
        click.echo(loose.dumps({"version": version, "applied": is_made, "changes": listed, "formulas": told}))
        return
    show_changes(changes, formulas)
