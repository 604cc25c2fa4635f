"""`chatsheet backup`: everything in one file, also while the server runs."""

from pathlib import Path

import click

from chatsheet.cli.main import Options
from chatsheet.cli.tables import plain


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(options: Options, file: Path) -> int:
    """Write everything into FILE; settings and secrets are not in it. In a folder, it gets a name by the time.

    Exit code 1 where files of sheets were gone or damaged before: they are named, and the rest is in it.
    """
    from chatsheet.core.clock import SystemClock  # noqa: PLC0415  --help must stay fast
    from chatsheet.upkeep import backup  # noqa: PLC0415  likewise
    from chatsheet.wiring import database_at, stored_of  # noqa: PLC0415  likewise

    settings, clock = options.settings(may_lack_keys=True), SystemClock()
    if file.is_dir():
        file /= f"chatsheet-{clock.now():%Y%m%dT%H%M%SZ}.tar"
    made = backup.write(database_at(settings), settings.data, file, clock, stored_of(settings))
    megabytes = file.stat().st_size / 10**6
    click.echo(f"{plain(str(file))}: {sum(made.rows.values()):,} rows, {len(made.versions):,} versions, {megabytes:,.1f} MB")
    for said, ones in (("are gone", made.missing), ("are not what was imported", made.damaged)):
        for one in ones:
            click.echo(f"warning: files of version {one} {said}", err=True)
    return 1 if made.missing or made.damaged else 0
