"""`sheet export`: a table or a query's rows as a file."""

import asyncio
from pathlib import Path
from typing import TypedDict, Unpack, get_args

import click

from chatsheet.cli.main import Options
from chatsheet.cli.sheets import desk
from chatsheet.cli.tables import plain
from chatsheet.core import loose
from chatsheet.sheets import export as exports
from chatsheet.sheets.files import Options as FileOptions
from chatsheet.sheets.model import Format

_FORMATS: tuple[Format, ...] = get_args(Format)


class _Given(TypedDict):
    table: str | None
    sql: str | None
    kind: Format | None
    output: Path | None
    keep_formulas: bool
    into_original: bool
    force: bool
    as_json: bool


@click.command("export")
@desk.FILE
@click.option("--table", help="The table to write; left out, the file's only one.")
@click.option("--sql", help="Write the rows of this SELECT instead of a table.")
@click.option("--format", "kind", type=click.Choice(_FORMATS), help="Left out, by the ending of --output, else csv.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to; left out, TABLE.FORMAT here.")
@click.option("--keep-formulas", is_flag=True, help="Leave texts that look like formulas in a CSV file as they are.")
@click.option("--into-original", is_flag=True, help="Write the original workbook with the edits in it, all else untouched.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@desk.JSON
@click.pass_obj
def export(options: Options, file: Path, **given: Unpack[_Given]) -> None:
    """Write a table of FILE, as it is at its head, or a query's rows, as CSV, XLSX or Parquet."""
    table, sql, output, force = given["table"], given["sql"], given["output"], given["force"]
    if table and sql:
        raise click.UsageError("give --table or --sql, not both.")
    if given["into_original"] and (table or sql or given["kind"]):
        raise click.UsageError("--into-original writes the whole workbook: leave --table, --sql and --format out.")
    shape = given["kind"] or _named(output)
    how = FileOptions.model_validate({"format": shape, "keeps_formulas": given["keep_formulas"]})

    async def work() -> None:
        async with desk.at(options, file) as at:
            if given["into_original"]:
                done = await _into_original(at, output or Path(f"{file.stem}-edited{file.suffix}"), force=force)
                await at.library.note(at.actor, at.opened, "sheet.export", {"format": "original", "rows": done.rows})
            else:
                name = "result" if sql else at.table(table).id
                target = _free(output or Path(f"{name}.{shape}"), force=force)
                plan = _plan(at, name, sql)
                done = await exports.write(at.library.questions(at.opened).database, plan, target, how)
                said = {"table": table or "", "sql": sql or "", "format": shape, "rows": done.rows}
                await at.library.note(at.actor, at.opened, "sheet.export", said)
        if given["as_json"]:
            told = {"path": str(done.path), "rows": done.rows, "bytes": done.bytes, "notes": list(done.notes)}
            if given["into_original"]:
                told["cells"] = done.cells
            click.echo(loose.dumps(told))
            return
        rows = f"{done.rows:,} {'new ' * given['into_original']}row{'s' * (done.rows != 1)}"
        cells = f"{done.cells:,} cell{'s' * (done.cells != 1)}, " if given["into_original"] else ""
        click.echo(f"wrote {plain(str(done.path))}: {cells}{rows}, {done.bytes:,} bytes")
        for note in done.notes:
            click.echo(f"note: {plain(note)}", err=True)

    asyncio.run(work())


def _named(output: Path | None) -> Format:
    """Return the format that a file's ending names; raises UsageError for another ending."""
    ending = output.suffix[1:].lower() if output else ""
    for known in _FORMATS:
        if (ending or "csv") == known:
            return known
    raise click.UsageError(f"{output}: the ending names no format; give one with --format: {', '.join(_FORMATS)}.")


def _plan(at: desk.Desk, name: str, sql: str | None) -> exports.Plan:
    workbook = at.opened.workbook
    if sql is None:
        return exports.of_table(workbook, name)
    return exports.of_query(workbook, at.library.questions(at.opened).check(sql))


async def _into_original(at: desk.Desk, target: Path, *, force: bool) -> exports.Exported:
    found = await at.library.differences(at.opened)
    for note in found.notes:
        click.echo(f"note: {plain(note)}", err=True)
    return await exports.patch(at.library.original(at.opened), found.edits, _free(target, force=force))


def _free(target: Path, *, force: bool) -> Path:
    if target.exists() and not force:
        raise exports.TargetUnwritable(f"{target} is there already.", fix="add --force to write over it.")
    return target
