"""Edits made: a copy of a version's delta is changed aside and left there complete, or compacted into a base of its own.

Runs in an edit worker, never in the server. Expressions of users are guarded SELECTs, run after the file system is closed.
"""

import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from chatsheet.core.errors import StorageUnavailable
from chatsheet.sheets import versions
from chatsheet.sheets.conflicts import Changed, ConflictCell, Met
from chatsheet.sheets.draft import Draft
from chatsheet.sheets.edits import Change, Edit, EditRefused
from chatsheet.sheets.model import ROW_ID, Value
from chatsheet.sheets.versions import BASE, DELTA


class Order(Value):
    """What to do: `edits` on the version `head`, made into the folder `aside`.

    `since` is the version that their author looked at, where it is another; `next_row` the first row id never used.
    """

    versions: str
    head: str
    aside: str
    edits: tuple[Edit, ...]
    since: str | None = None
    next_row: int = 1
    is_preview: bool = False


class Made(Value):
    """What was made: changes per edit, or the cells that somebody else changed meanwhile, and then nothing was."""

    changes: tuple[Change, ...] = ()
    conflicts: tuple[ConflictCell, ...] = ()
    digest: str = ""
    """A hash over the values written, so that equal edits of other days are other versions."""
    next_row: int = 1


def make(order: Order, connection: duckdb.DuckDBPyConnection) -> Made:
    """Make the edits into `order.aside`, a folder that exists; raises EditRefused, SqlRefused and StorageUnavailable.

    `connection` is blank, and of no further use afterwards; `aside` is no longer open in it.
    """
    folder, aside = Path(order.versions), Path(order.aside)
    with contextlib.ExitStack() as unfinished, _translated():
        # closed before anybody hears of the outcome: who does may remove the folder
        unfinished.callback(connection.close)
        draft = Draft.opened(connection, folder, order.head, aside, next_row=order.next_row)
        if order.since is not None:
            draft.changed = Changed(connection, folder, since=order.since, head=order.head)
        versions.lock(connection)
        connection.execute("BEGIN")
        try:
            changes = tuple(draft.make(edit) for edit in order.edits)
        except Met as met:
            return Made(conflicts=met.cells)
        if not order.is_preview:
            draft.finish(aside)
            unfinished.pop_all()  # it has let go of the folder, and closing it takes its time
        return Made(changes=changes, digest=f"{draft.digest:x}", next_row=draft.next_row)


def compact(folder: Path, version: str, aside: Path) -> None:
    """Write the tables of a version, whole and in order, into `aside`'s new base."""
    manifest = versions.read_manifest(folder / version)
    if manifest is None:
        raise AssertionError("an import has a base")
    with duckdb.connect(aside / BASE, config=versions.writer_config()) as connection:
        versions.attach(connection, folder / manifest.base / BASE, as_="_base")
        versions.attach(connection, folder / version / DELTA, as_="_delta")
        versions.lock(connection)
        for table_id, state in manifest.tables.items():
            names = ", ".join(f'"{name}"' for name in state.columns)
            rows = versions.merged(table_id, state, delta="_delta.", position=True)
            connection.execute(
                f'CREATE TABLE main."{table_id}" AS SELECT {ROW_ID}, {names} FROM ({rows}) ORDER BY _pos'  # noqa: S608
            )


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except (duckdb.IOException, OSError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise StorageUnavailable(f"the new version could not be written: {reason}", fix="make room on the disk.") from None
    except duckdb.Error as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise EditRefused(f"the edit cannot be computed: {reason}", fix="correct the expression.") from None
