"""`sheet import`, `query` and `show`: what a file holds, with the evidence, and its rows."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import click
from pydantic import JsonValue

from chatsheet.cli.main import Options
from chatsheet.cli.sheets import desk
from chatsheet.cli.tables import plain, show_rows
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.follower import ShownCell
from chatsheet.sheets.library import OpenSheet
from chatsheet.sheets.model import Column, Result, Table, Unit
from chatsheet.sheets.query import Limits
from chatsheet.sheets.windows import Sort, Window

_NO_UNIT = Unit()
_MAX_BYTES = 100_000_000


@click.command("import")
@desk.FILE
@desk.JSON
@click.pass_obj
def import_(options: Options, file: Path, *, as_json: bool) -> None:
    """Bring FILE in and say which tables it holds, with the evidence of each decision."""

    async def work() -> None:
        async with desk.at(options, file) as at:
            tell(at.opened, as_json=as_json)

    asyncio.run(work())


@click.command("query")
@desk.FILE
@click.argument("sql")
@click.option("--rows", default=1_000, show_default=True, type=click.IntRange(1, 1_000_000), help="Rows to print at most.")
@desk.JSON
@click.pass_obj
def query(options: Options, file: Path, sql: str, *, rows: int, as_json: bool) -> None:
    """Run one SELECT over the tables of FILE."""

    async def work() -> None:
        async with desk.at(options, file) as at:
            questions = at.library.questions(at.opened)
            limits = Limits(max_rows=rows, max_bytes=_MAX_BYTES)
            guarded = questions.check(sql)
            result = await questions.run(guarded, limits)
            await at.library.note(at.actor, at.opened, "sheet.query", {"sql": guarded.sql, "rows": result.row_count})
            _show(result, as_json=as_json)

    asyncio.run(work())


class _Given(TypedDict):
    table: str | None
    rows: int
    offset: int
    sort: Sequence[str]
    search: str
    formulas: str | None
    as_json: bool


@click.command("show")
@desk.FILE
@click.option("--table", help="The table to show; left out, the only one, or a list of all.")
@click.option("--rows", default=20, show_default=True, type=click.IntRange(0, 1_000), help="Rows to show.")
@click.option("--offset", default=0, show_default=True, type=click.IntRange(0), help="Rows to pass over.")
@click.option("--sort", multiple=True, metavar="COLUMN[:desc]", help="Sort by a column; may be given several times.")
@click.option("--search", default="", metavar="TEXT", help="Only rows with this text in a text column.")
@click.option("--formulas", metavar="TAB!CELLS", help="Show the formulas in these cells instead, such as Orders!B2:D9.")
@desk.JSON
@click.pass_obj
def show(options: Options, file: Path, **given: Unpack[_Given]) -> None:
    """Show the rows of a table, each with its number in the tab."""
    table, as_json = given["table"], given["as_json"]

    async def work() -> None:
        async with desk.at(options, file) as at:
            if (cells := given["formulas"]) is not None:
                tab, _, area = cells.rpartition("!")
                _show_cells(await at.library.formula_cells(at.opened, tab, area), as_json=as_json)
                return
            if table is None and len(at.opened.workbook.tables) > 1 and not as_json:
                tell(at.opened)
                return
            window = Window(
                table=at.table(table).id,
                offset=given["offset"],
                limit=given["rows"],
                sort=tuple(map(Sort.parse, given["sort"])),
                search=given["search"],
            )
            if not as_json:
                _warn(at.table(table))
            _show(await at.library.questions(at.opened).window(window), as_json=as_json)

    asyncio.run(work())


def as_object(opened: OpenSheet) -> JsonObject:
    """Return a sheet at its head as `sheet import --json` says it."""
    return {
        "sheet": opened.sheet.id,
        "version": opened.sheet.version,
        "tables": [_table_object(table) for table in opened.workbook.tables],
        "warnings": list(opened.workbook.warnings),
    }


def _table_object(table: Table) -> JsonObject:
    said = loose.obj(table.model_dump(mode="json"))
    header_rows = table.header_rows or (() if table.header_row is None else (table.header_row,))
    listed: JsonObject = {"table": table.id, "header_rows": list(header_rows)}
    listed |= {key: _json(said[key]) for key in _TABLE_KEYS}
    listed["columns"] = [_column_object(column) for column in table.columns]
    return listed


def _column_object(column: Column) -> JsonObject:
    said = loose.obj(column.model_dump(mode="json"))
    unit = None if column.unit == _NO_UNIT else _json(said["unit"])
    return {key: _json(value) for key, value in said.items()} | {"unit": unit}


_TABLE_KEYS = ("tab", "range", "rows", "evidence", "confidence", "is_hidden", "is_pivoted", "notes", "totals", "left_out")


def _json(value: object) -> JsonValue:
    return value  # pyright: ignore[reportReturnType]  it comes from model_dump(mode="json")


def tell(opened: OpenSheet, *, as_json: bool = False) -> None:
    """Print what a sheet holds at its head."""
    if as_json:
        click.echo(loose.dumps(as_object(opened)))
        return
    click.echo(f"{plain(opened.sheet.name)}: sheet {opened.sheet.id}, version {opened.sheet.version}")
    for table in opened.workbook.tables:
        rows = "1 row" if table.rows == 1 else f"{table.rows:,} rows"
        click.echo(f"\n{table.id}: {rows} in {table.range} of {plain(table.tab)}. {plain(table.evidence)}")
        for note in table.notes:
            click.echo(f"  note: {plain(note)}")
        lines = [(c.name, c.type, unit(c.unit), _unparsed(c), formula(c), c.evidence) for c in table.columns]
        show_rows(["column", "type", "unit", "unparsed", "formula", "evidence"], lines)
    formulas = opened.workbook.formulas
    for one in formulas.special:
        click.echo(f"{one.trait} formula: {plain(one.tab)}!{one.cell} {plain(one.formula)}")
    if formulas.stale:
        click.echo(f"\nwarning: {formulas.stale:,} formulas are stale: edits changed what they read")
    for warning in opened.workbook.warnings:
        click.echo(f"\nwarning: {plain(warning)}")


def unit(of: Unit) -> str:
    """Return a unit as people write it: `EUR, thousands`."""
    scale = {1: "", 1_000: "thousands", 1_000_000: "millions", 1_000_000_000: "billions"}.get(of.scale, f"times {of.scale:,}")
    return ", ".join(part for part in (of.currency or of.symbol or ("%" if of.is_percent else ""), scale) if part)


def formula(column: Column) -> str:
    """Return what the formulas of a column are, in one line."""
    if (held := column.formula) is None:
        return ""
    said = [plain(held.named or held.formula) or f"{held.formulas:,} formulas of several kinds"]
    said += [f"{held.breaking:,} differ"] * bool(held.breaking)
    said += [f"{held.missing:,} without a value"] * bool(held.missing)
    said += [f"{held.stale:,} stale"] * bool(held.stale)
    return ", ".join(said)


def _warn(table: Table) -> None:
    for column in table.columns:
        if column.formula is not None and column.formula.stale:
            told = f"{column.formula.stale:,} values of {column.name} are stale"
            click.echo(f"warning: {told}: see --formulas {plain(table.tab)}!{column.letter}…", err=True)


def _show_cells(cells: Sequence[ShownCell], *, as_json: bool) -> None:
    if as_json:
        listed: list[JsonValue] = [one.model_dump(mode="json") for one in cells]
        click.echo(loose.dumps(listed))
        return
    rows = [(f"{c.tab}!{c.cell}", c.formula, c.value, ", ".join(c.traits), c.stale) for c in cells]
    show_rows(["cell", "formula", "value", "special", "stale because"], rows)


def _unparsed(column: Column) -> str:
    if not column.unparsed:
        return ""
    kept = f" (as written in {column.raw})" if column.raw else ""
    return f"{column.unparsed:,}: {', '.join(column.unparsed_examples)}{kept}"


def _show(result: Result, *, as_json: bool) -> None:
    for warning in result.warnings:
        click.echo(f"warning: {plain(warning)}", err=True)
    if as_json:
        click.echo(result.model_dump_json(include={"columns", "rows", "row_count", "truncated"}))
        return
    show_rows([column.name for column in result.columns], result.rows)
    if result.row_count > len(result.rows):
        click.echo(f"{len(result.rows):,} of {result.row_count:,} rows", err=True)
