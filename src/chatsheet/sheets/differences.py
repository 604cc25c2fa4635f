"""What edits made of an imported workbook, cell by cell, as its original package is to be patched. Runs in an export worker.

Cells are matched by row id and by the letter of their column; a stored value goes back in the scale that its tab writes.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from pydantic import JsonValue

from chatsheet.sheets import edits, following, versions
from chatsheet.sheets.files import ExportTooLarge
from chatsheet.sheets.following import Cells, given_formula, listed
from chatsheet.sheets.formulas import traits
from chatsheet.sheets.model import ROW_ID, Column, Table, Value, Workbook
from chatsheet.sheets.package import cells
from chatsheet.sheets.package.patch import Append, Edits
from chatsheet.sheets.package.values import Change
from chatsheet.sheets.scalars import scalar

MOST_CELLS = 500_000
"""Changed cells that an original workbook takes, in all."""


class Differences(Value):
    """Edits for the package, and what it cannot take."""

    edits: Edits
    notes: tuple[str, ...] = ()


def between(folder: Path, origin: str, head: str, *, most: int = MOST_CELLS) -> Differences:
    """Return how the version `head` differs from `origin`, the import it began with.

    Raises ExportTooLarge where more than `most` cells of tables do.
    """
    before, after = (versions.read_workbook(folder / one) for one in (origin, head))
    database = versions.location(folder / head)
    with versions.opened(database) as connection:
        versions.attach(connection, folder / origin / versions.BASE, as_="_origin")
        cells = following.read(folder / head) or Cells()
        return _Compared(connection, database, before, after, cells).differences(most)


class _Compared:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, database: Path, before: Workbook, after: Workbook, known: Cells
    ) -> None:
        self._known = known
        self._connection = connection
        self._database = database
        self._before = before
        self._after = after
        self._notes: list[str] = []

    def differences(self, most: int) -> Differences:
        changes: list[Change] = []
        appended: list[Append] = []
        inserted: list[str] = []
        deleted: list[str] = []
        for was in self._before.tables:
            if (now := self._after.table(was.id)) is None:
                continue
            pairs = self._pairs(was, now)
            changes += self._labels(was, pairs)
            changes += self._cells(was, pairs, most=most - len(changes))
            deleted += [f"{was.tab}!{row}" for row in self._rows(was.id, there="_origin.", not_in="")]
            if new := self._rows(was.id, there="", not_in="_origin."):
                last = self._last(now, len(new))
                if set(last) == set(new):
                    appended.append(self._append(was, pairs, last))
                else:
                    inserted += [f"{was.tab}!{row}" for row in new]
        changes = [change for change in changes if not self._is_computed(change.tab, change.cell)]
        made = Edits(
            changes=(*changes, *self._formulas()), appended=tuple(appended), inserted=tuple(inserted), deleted=tuple(deleted),
            stale=tuple(self._stale()), results=tuple(self._results()),
        )  # fmt: skip
        if self._known.stale or self._known.lost:
            self._notes.append("formulas whose values are stale have none in the file until a program computes them")
        return Differences(edits=made, notes=tuple(self._notes))

    def _is_computed(self, tab: str, cell: str) -> bool:
        """Tell whether what a cell holds comes from its formula."""
        given = self._known.all_given.get(tab, {})
        return isinstance(given[cell], dict) if cell in given else cell in self._known.holds.get(tab, {})

    def _formulas(self) -> Iterator[Change]:
        """Yield the formulas that edits gave, with their results where these are known."""
        for (tab, cell), value in listed(self._known.all_given).items():
            if formula := given_formula(value):
                is_stale = cell in self._known.stale.get(tab, {})
                held = None if is_stale else self._known.holds.get(tab, {}).get(cell)
                yield Change(tab=tab, cell=cell, type="formula", value=formula, result=held)

    def _stale(self) -> Iterator[tuple[str, str]]:
        """Yield the cells whose stored result is to be computed again; what no program can compute keeps it."""
        for (tab, cell), reason in listed(self._known.stale).items():
            if cell not in self._known.all_given.get(tab, {}) and reason not in traits.LASTING:
                yield tab, cell

    def _results(self) -> Iterator[tuple[str, str, JsonValue]]:
        """Yield what formulas of the workbook give now."""
        for (tab, cell), value in listed(self._known.holds).items():
            if cell not in self._known.all_given.get(tab, {}) and cell not in self._known.stale.get(tab, {}):
                yield tab, cell, value

    def _pairs(self, was: Table, now: Table) -> list[tuple[Column, Column]]:
        by_letter = {column.letter: column for column in now.columns if column.letter}
        for column in now.columns:
            if not column.letter:
                self._notes.append(f"column {column.label} of {was.tab} is new: it is not in the original workbook's layout")
        for column in was.columns:
            if column.letter not in by_letter:
                self._notes.append(f"column {column.label} of {was.tab} was deleted: the original workbook keeps it")
        return [(column, by_letter[column.letter]) for column in was.columns if column.letter in by_letter]

    @staticmethod
    def _labels(was: Table, pairs: list[tuple[Column, Column]]) -> Iterator[Change]:
        for old, new in pairs:
            if old.label != new.label and was.header_row is not None:
                yield Change(tab=was.tab, cell=f"{old.letter}{was.header_row}", type="text", value=new.label)

    def _cells(self, was: Table, pairs: list[tuple[Column, Column]], *, most: int) -> Iterator[Change]:
        """Yield the cells that differ; a text that a column's new type cannot hold is no difference while it is the old one.

        Raises ExportTooLarge where they are more than `most`.
        """
        for old, new in pairs:
            cast = "" if old.type == new.type else "::VARCHAR"
            left, right = f'h."{new.name}"{cast}', f'o."{old.name}"{cast}'
            text, kept = f'h."{new.raw}"' if new.raw else "NULL", _text(old)
            rows = self._connection.execute(
                f"SELECT h.{ROW_ID}, {_written(new)}, CASE WHEN {left} IS NULL THEN {text} END AS text, {kept} AS kept "  # noqa: S608  our own names
                f'FROM "{was.id}" AS h JOIN _origin.main."{was.id}" AS o USING ({ROW_ID}) '
                f"WHERE {left} IS DISTINCT FROM {right} OR ({left} IS NULL AND {text} IS DISTINCT FROM {kept}) "
                f"ORDER BY 1 LIMIT {most + 1}"
            ).fetchall()
            if len(rows) > most:
                raise ExportTooLarge(
                    f"edits changed more cells of {was.tab} than go into the original workbook: {MOST_CELLS:,} in all.",
                    fix="export the table instead.",
                )
            most -= len(rows)
            same = 0
            for row, value, unread, before in rows:
                if unread is not None and unread == before:
                    same += 1
                elif unread is not None:
                    yield Change(tab=was.tab, cell=f"{old.letter}{row}", type="text", value=unread)
                else:
                    yield Change(tab=was.tab, cell=f"{old.letter}{row}", type=new.type, value=_scalar(value))
            if same:
                cells = "1 cell is" if same == 1 else f"{same:,} cells are"
                self._notes.append(
                    f"{cells} no {new.type} in column {new.label} of {was.tab}: the original keeps them as they were"
                )

    def _rows(self, table: str, *, there: str, not_in: str) -> list[int]:
        main = [f'{place}main."{table}"' if place else f'"{table}"' for place in (there, not_in)]
        sql = f"SELECT {ROW_ID} FROM {main[0]} ANTI JOIN {main[1]} USING ({ROW_ID}) ORDER BY 1"  # noqa: S608  our own names
        return [int(row) for (row,) in self._connection.execute(sql).fetchall()]

    def _last(self, now: Table, count: int) -> list[int]:
        """Return the ids of the last rows, in the table's own order."""
        page = versions.page(self._database, now, offset=now.rows - count, limit=count)
        return [int(row[0]) for row in self._connection.execute(page).fetchall()]

    def _append(self, was: Table, pairs: list[tuple[Column, Column]], new: list[int]) -> Append:
        listed = ", ".join(_written(column) for _, column in pairs)
        named = ", ".join(map(str, new))
        found = self._connection.execute(
            f'SELECT {ROW_ID}, {listed} FROM "{was.id}" AS h WHERE {ROW_ID} IN ({named})'  # noqa: S608  our own names
        ).fetchall()
        rows = {row: values for row, *values in found}
        return Append(
            tab=was.tab,
            below=int("".join(c for c in was.range.rpartition(":")[2] if c.isdigit())),
            first_column=cells.place(f"{pairs[0][0].letter}1")[1],
            types=tuple(column.type for _, column in pairs),
            rows=tuple(tuple(map(_scalar, rows[row])) for row in new),
        )


def _text(old: Column) -> str:
    """Return the SQL of the text that retyping keeps of a value of the origin."""
    value = edits.written(old, f'o."{old.name}"')
    return f"nullif(coalesce(o.\"{old.raw}\", {value}), '')" if old.raw else f"nullif({value}, '')"


def _written(column: Column) -> str:
    """Return the SQL of a value as its tab writes it."""
    value = f'h."{column.name}"'
    return value if column.unit.scale == 1 else f"{value} / {column.unit.scale}"


def _scalar(value: object) -> JsonValue:
    return value if isinstance(value, str) else scalar(value)  # a text is not cut
