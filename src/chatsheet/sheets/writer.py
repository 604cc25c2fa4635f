"""Edits made: a copy of a version's delta is changed aside and left there complete, or compacted into a base of its own.

Runs in an edit worker, never in the server. Expressions of users are guarded SELECTs, run after the file system is closed.
"""

import contextlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
from pydantic import JsonValue

from chatsheet.core.errors import StorageUnavailable
from chatsheet.core.identity import Rules
from chatsheet.sheets import edits, following, profile, versions
from chatsheet.sheets import rules as ruling
from chatsheet.sheets.conflicts import Changed, ConflictCell, Met
from chatsheet.sheets.delta import Delta
from chatsheet.sheets.draft import Draft
from chatsheet.sheets.edits import RECALCULATED, STALE, Change, Edit, EditRefused, RetypeColumn, TypedValue
from chatsheet.sheets.following import Followed, Log, Places, Touched
from chatsheet.sheets.formulas.grammar import FormulaRefused
from chatsheet.sheets.formulas.translate import translate
from chatsheet.sheets.guard import SqlRefused
from chatsheet.sheets.model import ROW_ID, Table, Value
from chatsheet.sheets.versions import BASE, DELTA, WORKBOOK, Manifest

_TOLD = 20
_UNFIT = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError)
"""What DuckDB says of a rule's value that does not fit its column: then nothing of the table is seen."""


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
    is_logged: bool = False
    """Whether to tell what happens to cells that formulas of the workbook may read."""
    followed: Followed | None = None
    """What the edits mean for formulas, to be written with them."""


class Made(Value):
    """What was made: changes per edit, or the cells that somebody else changed meanwhile, and then nothing was."""

    changes: tuple[Change, ...] = ()
    conflicts: tuple[ConflictCell, ...] = ()
    digest: str = ""
    """A hash over the values written, so that equal edits of other days are other versions."""
    next_row: int = 1
    touched: Touched = Touched()


def make(order: Order, connection: duckdb.DuckDBPyConnection) -> Made:
    """Make the edits into `order.aside`, a folder that exists; raises EditRefused, SqlRefused and StorageUnavailable.

    `connection` is blank, and of no further use afterwards; `aside` is no longer open in it.
    """
    folder, aside = Path(order.versions), Path(order.aside)
    (aside / DELTA).unlink(missing_ok=True)  # of the same order, made before to see what follows from it
    with contextlib.ExitStack() as unfinished, _translated():
        # closed before anybody hears of the outcome: who does may remove the folder
        unfinished.callback(connection.close)
        draft = Draft(Delta.opened(connection, folder, order.head, aside, next_row=order.next_row))
        if order.since is not None:
            draft.changed = Changed(connection, folder, since=order.since, head=order.head)
        if order.is_logged:
            draft.log = Log()
        versions.lock(connection)
        connection.execute("BEGIN")
        try:
            changes = tuple(draft.make(edit) for edit in order.edits)
        except Met as met:
            return Made(conflicts=met.cells)
        if order.followed is not None:
            changes += _follow(draft, order.followed)
        changes += _compute(draft)
        if not order.is_preview:
            draft.finish(aside)
            if order.followed is not None:
                following.write(aside, order.followed.cells)
            unfinished.pop_all()  # it has let go of the folder, and closing it takes its time
        touched = draft.log.touched() if draft.log else Touched()
        return Made(changes=changes, digest=f"{draft.delta.digest:x}", next_row=draft.delta.next_row, touched=touched)


def _follow(draft: Draft, followed: Followed) -> tuple[Change, ...]:
    """Write what was recalculated into the tables, and say what was not."""
    changes: list[Change] = []
    told: list[str] = []
    by_column: dict[tuple[str, str], dict[int, JsonValue]] = {}
    places = Places(draft.workbook)
    for one in followed.impact.recalculated:
        if (place := places.find(one.tab, one.cell)) is not None:
            by_column.setdefault((place[0].id, place[1].name), {})[place[2]] = one.after
        else:
            told.append(f"{one.tab}!{one.cell}: {one.before} is now {one.after}")
    for (table, name), values in by_column.items():
        changes += _put(draft, table, name, values)
    if told:
        changes.append(Change(kind=RECALCULATED, table="", columns=(), rows=0, cells=len(told), notes=tuple(told[:_TOLD])))
    if stale := followed.impact.stale:
        notes = tuple(f"{one.tab}!{one.cell} is stale: {one.reason}" for one in stale[:_TOLD])
        changes.append(Change(kind=STALE, table="", columns=(), rows=0, cells=followed.impact.counts.stale, notes=notes))
    if followed.cells.lost:
        changes.append(Change(kind=STALE, table="", columns=(), rows=0, cells=0, notes=(followed.cells.lost,)))
    draft.mark(following.marked(draft.workbook, followed.cells, followed.impact))
    return tuple(changes)


def _put(draft: Draft, table: str, name: str, values: Mapping[int, JsonValue]) -> Iterator[Change]:
    column = edits.column_of(edits.table_of(draft.workbook, table), name)
    if any(following.is_wider(column, value) for value in values.values()):
        yield draft.make(RetypeColumn(table=table, column=name, type="decimal"))
        column = edits.column_of(edits.table_of(draft.workbook, table), name)
    typed: dict[int, TypedValue] = {}
    unfit: list[str] = []
    for row, value in values.items():
        try:
            typed[row] = following.as_value(column, value)
        except EditRefused:
            typed[row] = None
            unfit.append(f"{column.letter}{row} is {value}, no {column.type}, and empty here")
    change = draft.put(table, name, typed, kind=RECALCULATED)
    yield change.model_copy(update={"notes": (*change.notes, *unfit[:_TOLD])})


def _compute(draft: Draft) -> tuple[Change, ...]:
    """Compute the formulas that the store keeps again, in rows that changed; one that cannot be is kept no longer."""
    changes: list[Change] = []
    for table, name, formula in draft.kept():
        try:
            expression = formula
            if formula.startswith("="):
                expression = translate(formula, edits.table_of(draft.workbook, table).columns, 1).sql
            change = draft.compute(table, name, expression, kind=RECALCULATED)
        except (EditRefused, FormulaRefused, SqlRefused) as error:
            draft.forget(table, name)
            note = f"{name} is not computed any more, its values stay: {error.what}"
            change = Change(kind=STALE, table=table, columns=(name,), rows=0, cells=0, notes=(note,))
        if change.cells or change.notes:
            changes.append(change)
    return tuple(changes)


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
                f'CREATE TABLE main."{table_id}" AS SELECT {ROW_ID}, {names} FROM ({rows}) ORDER BY _pos'  # noqa: S608  our own names
            )


def excerpt(folder: Path, version: str, aside: Path, rules: Rules) -> None:
    """Write what is seen of a version under rules into `aside`, as a version of its own, measured anew.

    What a rule hides is not in the file, so that no SQL, message or statistic can tell of it.
    """
    whole = versions.read_workbook(folder / version)
    manifest = versions.current_manifest(folder / version)
    with duckdb.connect(aside / BASE, config=versions.writer_config()) as connection:
        versions.attach(connection, folder / (manifest.base if manifest else version) / BASE, as_="_base")
        if manifest is not None:
            versions.attach(connection, folder / version / DELTA, as_="_delta")
        versions.lock(connection)
        tables: list[Table] = []
        for seen in ruling.seen(whole, rules):
            with contextlib.suppress(*_UNFIT):
                tables.append(_excerpt(connection, seen, manifest))
        shown = ruling.told(whole, profile.measure(connection, tables))
    (aside / WORKBOOK).write_text(shown.model_dump_json(), encoding="utf-8")


def _excerpt(connection: duckdb.DuckDBPyConnection, seen: ruling.Seen, manifest: Manifest | None) -> Table:
    table = seen.table
    rows, order = f'SELECT * FROM _base.main."{table.id}"', ""  # noqa: S608  our own names
    if manifest is not None:
        rows, order = versions.merged(table.id, manifest.tables[table.id], delta="_delta.", position=True), " ORDER BY t._pos"
    names = ", ".join(f't."{name}"' for name in (ROW_ID, *table.names))
    where = f" WHERE {seen.where}" if seen.where else ""
    connection.execute(
        f'CREATE TABLE main."{table.id}" AS SELECT {names} FROM ({rows}) AS t{where}{order}',  # noqa: S608  our own names
        list(seen.parameters),
    )
    if not seen.is_ruled:
        return table
    unparsed = [f'count("{c.raw}") FILTER ("{c.name}" IS NULL AND "{c.raw}" <> \'\')' if c.raw else "0" for c in table.columns]
    last = f"max({ROW_ID}) FILTER ({ROW_ID} <= {ruling.bottom(table)})"
    counts = connection.execute(f'SELECT count(*), {last}, {", ".join(unparsed)} FROM main."{table.id}"').fetchall()[0]  # noqa: S608  likewise
    return ruling.counted(table, rows=counts[0], last=counts[1] or 0, unparsed=counts[2:])


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
