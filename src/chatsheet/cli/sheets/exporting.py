"""`sheet export`: a table or a query's rows as a file."""

import asyncio
from pathlib import Path
from typing import get_args

import click

from chatsheet.cli.main import Options
from chatsheet.cli.sheets import desk
from chatsheet.cli.tables import plain
from chatsheet.core import loose
from chatsheet.sheets import export as exports
from chatsheet.sheets.files import Format
from chatsheet.sheets.files import Options as FileOptions

_FORMATS: tuple[Format, ...] = get_args(Format)


@click.command("export")
@desk.FILE
@click.option("--table", help="The table to write; left out, the file's only one.")
@click.option("--sql", help="Write the rows of this SELECT instead of a table.")
@click.option("--format", "kind", type=click.Choice(_FORMATS), help="Left out, by the ending of --output, else csv.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to; left out, TABLE.FORMAT here.")
@click.option("--keep-formulas", is_flag=True, help="Leave texts that look like formulas in a CSV file as they are.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@desk.JSON
@click.pass_obj
def export(
    options: Options,
    file: Path,
    *,
    table: str | None,
    sql: str | None,
    kind: str | None,
    output: Path | None,
    keep_formulas: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write a table of FILE, as it is at its head, or a query's rows, as CSV, XLSX or Parquet."""
    ending = output.suffix[1:].lower() if output else ""
    shape = next((one for one in _FORMATS if one == (kind or ending)), "csv")

    async def work() -> None:
        async with desk.at(options, file) as at:
            opened = at.opened
            questions = at.library.questions(opened)
            name = "result" if sql else at.table(table).id
            plan = exports.of_query(opened.workbook, questions.check(sql)) if sql else exports.of_table(opened.workbook, name)
            target = output or Path(f"{name}.{shape}")
            if target.exists() and not force:
                raise click.UsageError(f"{target} is there already: add --force to write over it.")
            how = FileOptions.model_validate({"format": shape, "keeps_formulas": keep_formulas})
            done = await exports.write(questions.database, plan, target, how)
        if as_json:
            told = {"path": str(done.path), "rows": done.rows, "bytes": done.bytes, "notes": list(done.notes)}
            click.echo(loose.dumps(told))
            return
        click.echo(f"wrote {plain(str(done.path))}: {done.rows:,} rows, {done.bytes:,} bytes")
        for note in done.notes:
            click.echo(f"note: {plain(note)}", err=True)

    asyncio.run(work())
