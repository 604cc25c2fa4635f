"""`chatsheet restore`: a backup into an empty data folder, and an empty database where one is named."""

from pathlib import Path

import click

from chatsheet.cli.main import Options
from chatsheet.cli.tables import plain


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", "is_check", is_flag=True, help="Only read the file to its end, and say whether it is whole.")
@click.pass_obj
def command(options: Options, file: Path, *, is_check: bool) -> None:
    """Bring the backup FILE back into the data folder and the database that settings name; both must be empty.

    A backup of SQLite can be restored into Postgres, and the other way round.
    """
    from chatsheet.upkeep import restore  # noqa: PLC0415  --help must stay fast
    from chatsheet.wiring import database_at, stored_of  # noqa: PLC0415  likewise

    settings = options.settings(may_lack_keys=True)
    to = (database_at(settings), settings.data)
    made = restore.check(file) if is_check else restore.read(file, *to, stored_of(settings))
    done = "is whole" if is_check else f"is restored in {plain(str(settings.data))}"
    click.echo(
        f"{plain(str(file))} of {made.at:%Y-%m-%d %H:%M} UTC {done}: "
        f"{sum(made.rows.values()):,} rows, {len(made.versions):,} versions"
    )
