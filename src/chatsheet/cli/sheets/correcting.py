"""`sheet correct`: say where a table stands or what a column is; it holds for files of the same form from then on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from chatsheet.cli.main import Options
from chatsheet.cli.sheets import desk, reading
from chatsheet.sheets.ingest.corrections import Correction, NoTable, TableAt
from chatsheet.sheets.ingest.said import TabSaid, TypeSaid
from chatsheet.sheets.model import ColumnType, Table

_TYPES: tuple[str, ...] = get_args(ColumnType)


@click.command("correct")
@desk.FILE
@click.option("--range", "cells", metavar="A4:D120", help="A table stands in these cells; A4:D ends where the data end.")
@click.option("--headers", default=1, show_default=True, type=click.IntRange(0, 20), help="Its header rows.")
@click.option("--no-table", metavar="CELLS", help="No table stands in these cells.")
@click.option("--type", "types", multiple=True, metavar="COLUMN=TYPE", help="What a column is; may be given several times.")
@click.option("--tab", help="The tab; left out, the file's only one, or the one with these columns.")
@click.option("--reason", default="", help="Why, for the history.")
@desk.JSON
@click.pass_obj
def correct(
    options: Options,
    file: Path,
    cells: str | None,
    *,
    headers: int,
    no_table: str | None,
    types: Sequence[str],
    tab: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Correct what was read from FILE: a table's range and header rows, or a column's type.

    TYPE is one of text, integer, decimal, boolean, date, datetime, time; a reading may follow, as in `date:day first`.
    """
    tables: tuple[Correction, ...] = (
        *((TableAt(cells=cells, header_rows=headers),) if cells else ()),
        *((NoTable(cells=no_table),) if no_table else ()),
    )
    if not tables and not types:
        raise click.UsageError("say what to correct: --range, --no-table or --type.")

    async def work() -> None:
        async with desk.at(options, file) as at:
            named = [_split(one) for one in types]
            place = tab or _tab(at, [column for column, _ in named])
            said = TabSaid(tables=tables, types=tuple(_type(at, place, column, kind) for column, kind in named))
            sheet = at.opened.sheet
            opened = await at.library.correct(at.actor, sheet.id, place, said, expected_version=sheet.version, reason=reason)
            reading.tell(opened, as_json=as_json)

    asyncio.run(work())


def _split(text: str) -> tuple[str, str]:
    column, separator, kind = text.rpartition("=")
    if not separator:
        raise click.UsageError(f"--type {text}: write it as COLUMN=TYPE.")
    return column, kind


def _type(at: desk.Desk, tab: str, column: str, kind: str) -> TypeSaid:
    """Return what is said of a column, which may be named by its header or its SQL name."""
    name, _, way = kind.partition(":")
    known = next((one for one in _TYPES if one == name), None)
    if known is None:
        raise click.UsageError(f"--type {column}={kind}: the types are {', '.join(_TYPES)}.")
    columns = [one for table in at.opened.workbook.tables if table.tab == tab for one in table.columns]
    label = next((one.label for one in columns if column in {one.name, one.label}), column)
    return TypeSaid.model_validate({"column": label, "type": known, "reading": way})


def _tab(at: desk.Desk, columns: Sequence[str]) -> str:
    """Return the only tab, or the only one that has all these columns."""
    tabs = list(at.opened.workbook.shapes)
    if columns:
        tabs = [t.tab for t in at.opened.workbook.tables if all(_has(t, column) for column in columns)] or tabs
    tabs = list(dict.fromkeys(tabs))
    if len(tabs) != 1:
        raise click.UsageError(f"say which tab with --tab: {', '.join(tabs)}.")
    return tabs[0]


def _has(table: Table, column: str) -> bool:
    return any(column in {one.name, one.label} for one in table.columns)
