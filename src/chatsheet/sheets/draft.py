"""A version in the making: edits made one after the other on a delta, each answered with what it changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chatsheet.sheets import edits, versions
from chatsheet.sheets.conflicts import Changed
from chatsheet.sheets.delta import Delta, missing, require_same
from chatsheet.sheets.edits import (
    SHOWN_CELLS,
    AddColumn,
    CellChange,
    Change,
    DeleteColumn,
    DeleteRows,
    Edit,
    EditRefused,
    Fill,
    InsertRows,
    RenameColumn,
    RetypeColumn,
    SetCells,
    TypedValue,
)
from chatsheet.sheets.following import MOST_CHANGED, Log
from chatsheet.sheets.formulas import columns as formulas
from chatsheet.sheets.formulas import pattern
from chatsheet.sheets.formulas.columns import filled
from chatsheet.sheets.formulas.translate import translate
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column, FormulaColumn, Table, Unit, Workbook
from chatsheet.sheets.scalars import scalar
from chatsheet.sheets.versions import SLOT

_EXAMPLES = 5


class Draft:
    """A version in the making, and what edits do to its cells, rows and columns."""

    def __init__(self, delta: Delta) -> None:
        self.delta = delta
        self.changed: Changed | None = None
        self._formulas = {table: dict(columns) for table, columns in delta.manifest.formulas.items()}
        self._changed: set[str] = set()
        self.log: Log | None = None
        """Where cells are noted that formulas of the workbook may read; None where it has none that are followed."""

    def make(self, edit: Edit) -> Change:
        """Make one edit; raises EditRefused, SqlRefused, and Met where somebody else changed the same."""
        table = edits.table_of(self.delta.workbook, edit.table)
        match edit:
            case SetCells():
                change = self._set(table, edit)
            case Fill():
                change = self._fill(table, edit)
            case InsertRows():
                change = self._insert(table, edit)
            case DeleteRows():
                change = self._delete(table, edit)
            case AddColumn():
                change = self._add(table, edit)
            case RenameColumn():
                change = self._rename(table, edit)
            case RetypeColumn():
                change = self._retype(table, edit)
            case DeleteColumn():
                change = self._drop(table, edit)
        return change

    @property
    def workbook(self) -> Workbook:
        """The workbook as the edits so far leave it."""
        return self.delta.workbook

    def mark(self, workbook: Workbook) -> None:
        """Let the version say this of itself: the same tables, told otherwise."""
        self.delta.workbook = workbook

    def put(self, table_id: str, name: str, values: Mapping[int, TypedValue], *, kind: str) -> Change:
        """Write values by row id that follow from the edits, whoever else changed them; rows that are gone are passed over."""
        table = edits.table_of(self.delta.workbook, table_id)
        column = edits.column_of(table, name)
        self.delta.hit(list(values), list(values.values()), SQL_TYPES[column.type])
        self.delta.connection.execute(f'DELETE FROM _hit WHERE {ROW_ID} NOT IN (SELECT {ROW_ID} FROM "{table_id}")')  # noqa: S608  our own names
        return self._write(table, column, kind=kind, is_given=False)

    def compute(self, table_id: str, name: str, expression: str, *, kind: str) -> Change:
        """Write what an expression gives in the rows that changed; raises EditRefused and SqlRefused."""
        table = edits.table_of(self.delta.workbook, table_id)
        column = edits.column_of(table, name)
        notes = self._compute(table, column, Fill(table=table_id, column=name, expression=expression), among="_changed")
        return self._write(table, column, kind=kind, is_given=False, notes=notes)

    def finish(self, aside: Path) -> None:
        """Commit, and write what the version says of itself beside its delta."""
        self.delta.finish(aside, self._formulas)

    def kept(self) -> list[tuple[str, str, str]]:
        """Return the formulas that the store computes: table, column, formula; of tables whose rows changed."""
        return [(t, name, text) for t, listed in self._formulas.items() if t in self._changed for name, text in listed.items()]

    def forget(self, table_id: str, name: str) -> None:
        """Keep a column's formula no longer: its values stay."""
        self._formulas.get(table_id, {}).pop(name, None)
        self._tell_formula(table_id, name, None)

    # cells

    def _set(self, table: Table, edit: SetCells) -> Change:
        by_column: dict[str, dict[int, TypedValue]] = {}
        for name in dict.fromkeys(cell.column for cell in edit.cells):
            self._check_column(table, name)
        for cell in edit.cells:
            column = edits.column_of(table, cell.column)
            by_column.setdefault(column.name, {})[cell.row] = edits.parse(cell.value, column)
        changes: list[Change] = []
        for name, values in by_column.items():
            column = edits.column_of(table, name)
            self.delta.hit(list(values), list(values.values()), SQL_TYPES[column.type])
            changes.append(self._write(table, column, kind=edit.kind))
        return self._by_hand(_joined(changes))

    def _fill(self, table: Table, edit: Fill) -> Change:
        self._check_column(table, edit.column)
        column = edits.column_of(table, edit.column)
        edits.one_target(edit.rows, edit.where)
        edits.one_content(edit)
        if edit.formula:
            return self._fill_formula(table, column, edit)
        notes: tuple[str, ...] = ()
        if edit.expression:
            notes = self._compute(table, column, edit)
        elif edit.rows is not None:
            value = edits.parse(edit.value, column)
            rows = list(dict.fromkeys(edit.rows))
            self.delta.hit(rows, [value] * len(rows), SQL_TYPES[column.type])
        else:
            chosen = edits.selection(self.delta.workbook, table, where=edit.where).sql
            self.delta.hit_table(f"SELECT {ROW_ID}, CAST($1 AS {SQL_TYPES[column.type]}) AS _new FROM ({chosen})",  # noqa: S608  our own names
                            [edits.parse(edit.value, column)])  # fmt: skip
        if edit.is_formula and edit.expression:
            self._keep(table, column, edit.expression)
            return self._write(table, column, kind=edit.kind, notes=notes)
        return self._by_hand(self._write(table, column, kind=edit.kind, notes=notes))

    def _by_hand(self, change: Change) -> Change:
        """Return the change of cells by hand: a column whose formula the store computes is one of values from now on."""
        for name in set(change.columns) & set(self._formulas.get(change.table, {})):
            self.forget(change.table, name)
            change = change.model_copy(update={"notes": (*change.notes, f"{name} is not computed any more: it holds values")})
        return change

    def _fill_formula(self, table: Table, column: Column, edit: Fill) -> Change:
        """Give cells a formula, which what follows computes; a column without cells in a tab is computed here, row by row."""
        chosen = edits.selection(self.delta.workbook, table, where=edit.where).sql
        if edit.rows is not None:
            self.delta.temporary("_chosen", f"SELECT unnest($1::BIGINT[]) AS {ROW_ID}", [list(dict.fromkeys(edit.rows))])
            chosen = f"SELECT * FROM ({chosen}) SEMI JOIN _chosen USING ({ROW_ID})"  # noqa: S608  guarded
        self.delta.hit_table(f"SELECT {ROW_ID}, NULL AS _new FROM ({chosen})")  # noqa: S608  guarded
        rows = self.delta.ids(f"SELECT {ROW_ID} FROM _hit ORDER BY 1 LIMIT {MOST_CHANGED + 1}")  # noqa: S608  our own names
        if edit.rows is not None:
            self.delta.refuse_missing(table, edit.rows, "_hit")
        if not rows:
            return Change(kind=edit.kind, table=table.id, columns=(column.name,), rows=0, cells=0)
        here = [] if self.log is None or not column.letter else [row for row in rows if row in self.log.rows(table)]
        if not here or self.log is None:
            translated = translate(edit.formula, table.columns, rows[0])
            notes = self._compute(table, column, edit.model_copy(update={"expression": translated.sql}))
            if edit.rows is None and not edit.where:
                self._keep(table, column, edit.formula, row=rows[0])
            return self._write(table, column, kind=edit.kind, notes=notes)
        if len(rows) > MOST_CHANGED:
            raise EditRefused(f"a formula fills {MOST_CHANGED:,} rows at most.", fix="name rows, or give an expression.")
        if self.changed is not None:
            self.changed.check_cells(table.id, [column.name], rows="_hit")
        written = formulas.in_cells(edit.formula, table.columns, here[0])
        at = pattern.cell(f"{column.letter}1")[1]
        shared = pattern.of(written.removeprefix("="), here[0], at)
        self.log.formula(table, column, {row: f"={shared.at(row, at)}" for row in here})
        self._tell_formula(table.id, column.name, filled(table, column, shared, here))
        notes = (f"{column.label}: {edit.formula}",)
        if len(here) < len(rows):
            notes += (f"{len(rows) - len(here)} inserted rows have no cell for a formula and keep their values",)
        return Change(
            kind=edit.kind, table=table.id, columns=(column.name,), rows=len(here), cells=len(here), is_complete=False,
            notes=notes,
        )  # fmt: skip

    def _keep(self, table: Table, column: Column, formula: str, *, row: int = 0) -> None:
        """Keep a formula that the store computes; one of Excel is kept for the row 1."""
        if formula.startswith("="):
            shared = pattern.of(formula.removeprefix("="), row, 1)
            formula = f"={shared.at(1, 1)}"
        self._formulas.setdefault(table.id, {})[column.name] = formula
        told = FormulaColumn(letter=column.letter, formula=formula, formulas=table.rows)
        self._tell_formula(table.id, column.name, told)

    def _tell_formula(self, table_id: str, name: str, told: FormulaColumn | None) -> None:
        table = edits.table_of(self.delta.workbook, table_id)
        columns = tuple(c.model_copy(update={"formula": told}) if c.name == name else c for c in table.columns)
        self.delta.tell(table.model_copy(update={"columns": columns}))

    def _compute(self, table: Table, column: Column, edit: Fill, *, among: str = "") -> tuple[str, ...]:
        """Put what the expression gives into `_hit`; raises EditRefused for what the column's type cannot hold.

        Infinity and what is no number at all become empty cells; returns what is to be said of them.
        `among` names a table of (table, row id) pairs to which the rows are confined.
        """
        chosen = edits.selection(self.delta.workbook, table, where=edit.where, expression=edit.expression).sql
        if among:
            rows = f"(SELECT {ROW_ID} FROM {among} WHERE _table = '{table.id}')"  # noqa: S608  our own names
            chosen = f"SELECT * FROM ({chosen}) WHERE {ROW_ID} IN {rows}"  # noqa: S608  guarded
        if edit.rows is not None:
            self.delta.temporary("_chosen", f"SELECT unnest($1::BIGINT[]) AS {ROW_ID}", [list(dict.fromkeys(edit.rows))])
            chosen = f"SELECT * FROM ({chosen}) SEMI JOIN _chosen USING ({ROW_ID})"  # noqa: S608  guarded
        self.delta.temporary("_computed", chosen)
        given = self.delta.connection.execute(
            "SELECT data_type FROM duckdb_columns() WHERE table_name = '_computed'"
        ).fetchall()
        notes = self._drop_infinite() if given[1][0] in {"DOUBLE", "FLOAT"} else ()
        text = edits.from_text(column.type, "CAST(_new AS VARCHAR)")
        new = "_new" if given[1][0] == SQL_TYPES[column.type] else text
        self.delta.hit_table(f"SELECT {ROW_ID}, {new} AS _new FROM _computed")  # noqa: S608  our own names
        unfit = self.delta.connection.execute(
            "SELECT CAST(c._new AS VARCHAR), count(*) OVER () FROM _computed c JOIN _hit h "  # noqa: S608  our own names
            f"USING ({ROW_ID}) WHERE h._new IS NULL AND nullif(CAST(c._new AS VARCHAR), '') IS NOT NULL LIMIT 1"
        ).fetchall()
        if unfit:
            raise EditRefused(
                f"{unfit[0][1]} results are no {column.type}, the type of {column.name}, such as {unfit[0][0]!r}.",
                fix="round or cast in the expression, or retype the column first.",
            )
        if edit.rows is not None:
            self.delta.refuse_missing(table, edit.rows, "_computed")
        return notes

    def _drop_infinite(self) -> tuple[str, ...]:
        """Empty the computed cells that spreadsheets have no number for, and say how many there were."""
        count = self.delta.one("UPDATE _computed SET _new = NULL WHERE NOT isfinite(_new)")
        if not count:
            return ()
        told = "1 result is no finite number" if count == 1 else f"{count:,} results are no finite numbers"
        cells = "is an empty cell" if count == 1 else "are empty cells"
        return (f"{told}, as of a division by zero, and {cells}",)

    def _write(self, table: Table, column: Column, *, kind: str, is_given: bool = True, notes: tuple[str, ...] = ()) -> Change:
        """Write `_hit` (row id, new value) into one column: only cells that change count.

        What is not `is_given` by the user but follows from it meets nobody, and is no input of formulas.
        """
        if self.changed is not None and is_given:
            self.changed.check_cells(table.id, [column.name], rows="_hit", new=True)
        asked, span = self.delta.extent("_hit")
        self.delta.temporary(
            "_cell",
            f'SELECT {ROW_ID}, t."{column.name}" AS _old, h._new FROM "{table.id}" AS t JOIN _hit AS h USING ({ROW_ID}) '  # noqa: S608  our own names
            f"WHERE t.{ROW_ID} BETWEEN {span}",
        )
        if self.delta.count("_cell") < asked:
            absent = self.delta.connection.execute(f"SELECT {ROW_ID} FROM _hit ANTI JOIN _cell USING ({ROW_ID})").fetchall()  # noqa: S608  our own names
            raise missing(table, [int(row[0]) for row in absent])
        self.delta.connection.execute("DELETE FROM _cell WHERE _old IS NOT DISTINCT FROM _new")
        change = self._change_of_cells(table, column.name, kind=kind).model_copy(update={"notes": notes})
        if change.cells:
            self.delta.digest_of("_cell", ROW_ID, "_new")
            self.delta.lift(table, "_cell")
            raw = f', "{column.raw}" = CAST(c._new AS VARCHAR)' if column.raw else ""
            updated = self.delta.one(
                f'UPDATE _over."{table.id}" AS o SET "{column.name}" = c._new{raw} '  # noqa: S608  our own names
                f"FROM _cell AS c WHERE o.{ROW_ID} = c.{ROW_ID}"
            )
            require_same(updated, change.cells)
            self.delta.settle(table.id, column.name)
            self._note_rows(table.id, "_cell")
            if is_given:
                self._note(table, column)
        return change

    def _note(self, table: Table, column: Column) -> None:
        """Tell the log which cells of `_cell` change."""
        if self.log is not None and column.letter:
            changed = f"SELECT {ROW_ID}, _new FROM _cell LIMIT {MOST_CHANGED + 1}"  # noqa: S608  our own names
            self.log.values(table, column, self.delta.connection.execute(changed).fetchall())

    def _note_rows(self, table_id: str, rows: str) -> None:
        """Remember rows in which the store must compute formulas again."""
        if self._formulas.get(table_id):
            self._changed.add(table_id)
            self.delta.connection.execute("CREATE TEMP TABLE IF NOT EXISTS _changed (_table VARCHAR, _row BIGINT)")
            self.delta.connection.execute(f"INSERT INTO _changed SELECT '{table_id}', {ROW_ID} FROM {rows}")  # noqa: S608  our own

    def _change_of_cells(self, table: Table, column: str, *, kind: str) -> Change:
        rows = self.delta.connection.execute(
            f"SELECT {ROW_ID}, _old, _new FROM _cell ORDER BY {ROW_ID} LIMIT {SHOWN_CELLS + 1}"  # noqa: S608  our own names
        ).fetchall()
        count = len(rows) if len(rows) <= SHOWN_CELLS else self.delta.count("_cell")
        sample = tuple(
            CellChange(row=int(r), column=column, before=scalar(old), after=scalar(new)) for r, old, new in rows[:SHOWN_CELLS]
        )
        return Change(
            kind=kind,
            table=table.id,
            columns=(column,),
            rows=count,
            cells=count,
            sample=sample,
            is_complete=count == len(sample),
        )

    # rows

    def _insert(self, table: Table, edit: InsertRows) -> Change:
        if edit.after is not None and edit.before is not None:
            raise EditRefused("a place is given twice, by the row before and the row behind it.", fix="give one of the two.")
        parsed: dict[str, list[TypedValue]] = {}
        for number, values in enumerate(edit.rows):
            for name, value in values.items():
                self._check_column(table, name)
                column = edits.column_of(table, name)
                if value is not None:
                    parsed.setdefault(name, [None] * len(edit.rows))[number] = edits.parse(value, column)
        self.delta.ensure(table)
        places = self._places(table, edit)
        first = self.delta.reserve(len(edit.rows))
        ids = list(range(first, first + len(edit.rows)))
        listed = [(name, edits.column_of(table, name)) for name in parsed]
        names = "".join(f', "{name}"' for name, _ in listed) + "".join(f', "{c.raw}"' for _, c in listed if c.raw)
        lists = "".join(f", unnest(${at}::{SQL_TYPES[c.type]}[])" for at, (_, c) in enumerate(listed, 3))
        lists += "".join(
            f", CAST(unnest(${at}::{SQL_TYPES[c.type]}[]) AS VARCHAR)" for at, (_, c) in enumerate(listed, 3) if c.raw
        )
        self.delta.connection.execute(
            f'INSERT INTO _over."{table.id}" (_pos, {ROW_ID}{names}) SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]){lists}',
            [places, ids, *parsed.values()],
        )
        self.delta.digest ^= first
        self.delta.settle(table.id)
        self.delta.hit(ids, [None] * len(ids), "BIGINT")
        self._note_rows(table.id, "_hit")
        if self.log is not None:
            self.log.rows_moved(table, self._neighbours(table, edit))
        cells = [
            CellChange(row=ids[i], column=name, before=None, after=values[i])
            for i in range(min(len(ids), SHOWN_CELLS))
            for name, values in parsed.items()
            if values[i] is not None
        ]
        count = sum(value is not None for values in parsed.values() for value in values)
        return Change(
            kind=edit.kind, table=table.id, columns=tuple(parsed), rows=len(ids), cells=count,
            sample=tuple(cells[:SHOWN_CELLS]), is_complete=count <= SHOWN_CELLS,
            notes=(f"New row {ids[0]}." if len(ids) == 1 else f"New rows {ids[0]} to {ids[-1]}.",),
        )  # fmt: skip

    def _neighbours(self, table: Table, edit: InsertRows) -> list[int]:
        """Return the row that new ones stand beside: the last one where no place was given."""
        if (anchor := edit.after if edit.after is not None else edit.before) is not None:
            return [anchor]
        here = self.log.rows(table) if self.log else ()
        return [max(here)] if here else []

    def _places(self, table: Table, edit: InsertRows) -> list[int]:
        """Return a position for each new row, moving earlier inserted ones where there is no room."""
        over, wanted = f'_over."{table.id}"', len(edit.rows)
        behind = self._place_behind(table, edit)
        slot = behind // SLOT
        following = self.delta.one(f"SELECT min(_pos) FROM {over} WHERE _pos > {behind}")  # noqa: S608  our own names
        until = (slot + 1) * SLOT if following is None else min(following, (slot + 1) * SLOT)
        if step := (until - behind) // (wanted + 1):
            return [behind + step * (number + 1) for number in range(wanted)]
        inside = [int(row[0]) for row in self.delta.connection.execute(
            f"SELECT _pos FROM {over} WHERE _pos > {slot * SLOT} AND _pos < {(slot + 1) * SLOT} ORDER BY _pos"  # noqa: S608  our own names
        ).fetchall()]  # fmt: skip
        step = SLOT // (len(inside) + wanted + 1)
        if not step:
            raise EditRefused("too many rows were inserted at one place.", fix="wait a moment and try again.")
        left = sum(place <= behind for place in inside)
        spread = [slot * SLOT + step * (number + 1) for number in range(len(inside) + wanted)]
        self.delta.connection.execute(
            f"UPDATE {over} AS o SET _pos = m.new FROM (SELECT unnest($1::BIGINT[]) AS old, unnest($2::BIGINT[]) AS new) AS m "  # noqa: S608  our own names
            "WHERE o._pos = m.old",
            [inside, spread[:left] + spread[left + wanted :]],
        )
        return spread[left : left + wanted]

    def _place_behind(self, table: Table, edit: InsertRows) -> int:
        """Return the position that the new rows follow."""
        over = f'_over."{table.id}"'
        anchor = edit.after if edit.after is not None else edit.before
        if anchor is None:
            last = self.delta.one(f"SELECT max(_pos) FROM {over}")  # noqa: S608  our own names
            end = (self.delta.states[table.id].base_rows - 1) * SLOT
            return end if last is None else max(last, end)
        if self.changed is not None:
            self.changed.check_row(table.id, anchor)
        rows = versions.merged(table.id, self.delta.states[table.id], position=True)
        place = self.delta.one(f"SELECT _pos FROM ({rows}) WHERE {ROW_ID} = {anchor}")  # noqa: S608  our own names
        if place is None:
            raise missing(table, [anchor])
        if edit.after is not None:
            return place
        previous = self.delta.one(f"SELECT max(_pos) FROM {over} WHERE _pos < {place}")  # noqa: S608  our own names
        slot = (place - 1) // SLOT * SLOT
        return slot if previous is None else max(previous, slot)

    def _delete(self, table: Table, edit: DeleteRows) -> Change:
        edits.one_target(edit.rows, edit.where)
        if edit.rows is None and not edit.where:
            raise EditRefused("no rows are named.", fix="give row ids, or a condition.")
        if edit.rows is not None:
            self.delta.hit_table(f"SELECT unnest($1::BIGINT[]) AS {ROW_ID}", [list(dict.fromkeys(edit.rows))])
        else:
            self.delta.hit_table(edits.selection(self.delta.workbook, table, where=edit.where).sql)
        if self.changed is not None:
            self.changed.check_cells(table.id, [column.name for column in table.columns], rows="_hit")
        if edit.rows is not None:
            self.delta.temporary("_here", f'SELECT {ROW_ID} FROM "{table.id}" SEMI JOIN _hit USING ({ROW_ID})')  # noqa: S608  our own names
            self.delta.refuse_missing(table, edit.rows, "_here")
        change = self._change_of_rows(table, edit)
        if change.rows:
            self.delta.reserve(0)
            self.delta.digest_of("_hit", ROW_ID)
            self.delta.lift(table, "_hit")
            if self.log is not None:
                self.log.rows_moved(table, self.delta.ids(f"SELECT {ROW_ID} FROM _hit LIMIT {MOST_CHANGED + 1}"))  # noqa: S608  our own names
            over, gone = f'_over."{table.id}"', f'_gone."{table.id}"'
            self.delta.connection.execute(
                f"UPDATE {gone} SET is_deleted = true WHERE ord IN "  # noqa: S608  our own names
                f"(SELECT _pos // {SLOT} FROM {over} SEMI JOIN _hit USING ({ROW_ID}) WHERE _pos % {SLOT} = 0)"
            )
            removed = self.delta.one(f"DELETE FROM {over} WHERE {ROW_ID} IN (SELECT {ROW_ID} FROM _hit)")  # noqa: S608  our own names
            require_same(removed, change.rows)
            self.delta.settle(table.id)
        return change

    def _change_of_rows(self, table: Table, edit: DeleteRows) -> Change:
        names = [column.name for column in table.columns]
        listed = ", ".join(f'"{name}"' for name in names)
        count = self.delta.count("_hit")
        found = self.delta.connection.execute(
            f'SELECT {ROW_ID}, {listed} FROM "{table.id}" SEMI JOIN _hit USING ({ROW_ID}) ORDER BY 1 LIMIT {SHOWN_CELLS}'  # noqa: S608  our own names
        ).fetchall()
        cells = [
            CellChange(row=int(row[0]), column=name, before=scalar(value), after=None)
            for row in found
            for name, value in zip(names, row[1:], strict=True)
        ]
        return Change(
            kind=edit.kind, table=table.id, columns=tuple(names), rows=count, cells=count * len(names),
            sample=tuple(cells[:SHOWN_CELLS]), is_complete=count * len(names) <= SHOWN_CELLS,
        )  # fmt: skip

    # columns

    def _add(self, table: Table, edit: AddColumn) -> Change:
        edits.one_content(edit)
        if edit.formula and edit.type == "text":
            first = self.delta.one(f'SELECT min({ROW_ID}) FROM "{table.id}"') or 0  # noqa: S608  our own names
            edit = edit.model_copy(update={"type": translate(edit.formula, table.columns, first).type})
        after = edits.after(table, edit)
        column = after.columns[-1]
        value = edits.parse(edit.value, column)
        kind, literal = SQL_TYPES[column.type], "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
        state = self.delta.states[table.id]
        self.delta.alter(table, f'ADD COLUMN "{column.name}" {kind}')
        if state.has_delta and value is not None:
            self.delta.connection.execute(f'UPDATE _over."{table.id}" SET "{column.name}" = {literal}')  # noqa: S608  quoted
        self.delta.reshape(after, {**state.columns, column.name: f"CAST({literal} AS {kind})"})
        change = Change(
            kind=edit.kind, table=table.id, columns=(column.name,), rows=table.rows if value is not None else 0,
            cells=table.rows if value is not None else 0, is_complete=value is None,
            notes=(f"{column.label}: {column.type}{'' if value is None else f', {value!r} in every row'}",),
        )  # fmt: skip
        if edit.expression or edit.formula:
            fill = Fill(
                table=table.id, column=column.name, expression=edit.expression, formula=edit.formula,
                is_formula=bool(edit.expression),
            )  # fmt: skip
            filled = self._fill(edits.table_of(self.delta.workbook, table.id), fill)
            change = filled.model_copy(update={"kind": edit.kind, "notes": (*change.notes, *filled.notes)})
        self.delta.settle(table.id, column.name)
        return change

    def _rename(self, table: Table, edit: RenameColumn) -> Change:
        self._check_column(table, edit.column)
        after = edits.after(table, edit)
        old = edits.column_of(table, edit.column)
        new = after.columns[table.columns.index(old)]
        columns = self.delta.states[table.id].columns
        if new.name != old.name:
            self.delta.alter(table, f'RENAME COLUMN "{old.name}" TO "{new.name}"')
        self.delta.reshape(after, {new.name if name == old.name else name: source for name, source in columns.items()})
        kept = self._formulas.get(table.id, {})
        if old.name in kept:
            kept[new.name] = kept.pop(old.name)
        if self.log is not None:
            self.log.label(table, old, new.label)
        renamed = CellChange(row=0, column=old.name, before=old.label, after=new.label)
        return Change(
            kind=edit.kind, table=table.id, columns=(old.name, new.name), rows=0, cells=0, sample=(renamed,),
            notes=(f"{old.label} ({old.name}) is now {new.label} ({new.name})",),
        )  # fmt: skip

    def _retype(self, table: Table, edit: RetypeColumn) -> Change:
        """Read the column's texts as another type; a text that is lost in it stays in a column beside."""
        self._check_column(table, edit.column)
        old = edits.column_of(table, edit.column)
        state, over = self.delta.states[table.id], f'_over."{table.id}"'
        raw = old.raw or edits.named(table, f"{old.name} raw")
        self.delta.temporary("_before", f'SELECT {ROW_ID}, "{old.name}" AS _old FROM "{table.id}"')  # noqa: S608  our own names

        def text(value: str, kept: str) -> str:
            return f"coalesce({kept}, {edits.written(old, value)})" if old.raw else edits.written(old, value)

        on_base = text(state.columns[old.name], state.columns.get(old.raw, "NULL"))
        columns = {name: source for name, source in state.columns.items() if name != old.raw}
        columns |= {old.name: edits.from_text(edit.type, on_base), raw: on_base}
        if state.has_delta:
            mine = text(f'"{old.name}"', f'"{old.raw}"')
            others = ", ".join(f'"{name}"' for name in state.columns if name not in {old.name, old.raw})
            others += ", " if others else ""
            self.delta.temporary("_lifted", f"SELECT _pos, {ROW_ID}, {others}{mine} AS _text FROM {over}")  # noqa: S608  our own names
            listed = ", ".join(
                {old.name: f'{edits.from_text(edit.type, "_text")} AS "{old.name}"', raw: f'_text AS "{raw}"'}.get(n, f'"{n}"')
                for n in columns
            )
            self.delta.connection.execute(f"CREATE OR REPLACE TABLE {over} AS SELECT _pos, {ROW_ID}, {listed} FROM _lifted")  # noqa: S608  our own names
        self.delta.reshape(table, columns, is_derived=True)
        lost = self.delta.connection.execute(
            f'SELECT "{raw}", count(*) OVER () FROM "{table.id}" WHERE "{old.name}" IS NULL AND "{raw}" <> \'\' '  # noqa: S608  our own names
            f"ORDER BY {ROW_ID} LIMIT {_EXAMPLES}"
        ).fetchall()
        unparsed, examples = (int(lost[0][1]) if lost else 0), tuple(str(row[0])[:100] for row in lost)
        self._retyped(table, old, edit, raw=raw, unparsed=unparsed, examples=examples)
        self.delta.temporary(
            "_cell",
            f'SELECT {ROW_ID}, b._old, t."{old.name}" AS _new FROM "{table.id}" t JOIN _before b USING ({ROW_ID}) '  # noqa: S608  our own names
            f'WHERE b._old IS NOT NULL OR t."{old.name}" IS NOT NULL',
        )
        change = self._change_of_cells(table, old.name, kind=edit.kind)
        notes = (f"{old.type} to {edit.type}",)
        if unparsed:
            notes += (f"{unparsed} did not parse and keep their text, such as {examples[0]!r}",)
        return change.model_copy(update={"notes": notes})

    def _retyped(
        self, table: Table, old: Column, edit: RetypeColumn, *, raw: str, unparsed: int, examples: tuple[str, ...]
    ) -> None:
        """Record the column's new type; the texts beside it go where nothing is lost without them."""
        state = self.delta.states[table.id]
        if not unparsed:
            self.delta.alter(table, f'DROP COLUMN "{raw}"')
        kept = {name: source for name, source in state.columns.items() if unparsed or name != raw}
        is_number = edit.type in {"integer", "decimal"}
        new = old.model_copy(update={
            "type": edit.type, "evidence": "retyped by a person", "confidence": 1.0, "readings": (),
            "raw": raw if unparsed else "", "unparsed": unparsed, "unparsed_examples": examples,
            "unit": old.unit if is_number else Unit(),
        })  # fmt: skip
        after = table.model_copy(update={"columns": tuple(new if c.name == old.name else c for c in table.columns)})
        self.delta.reshape(after, kept, is_derived=True)
        self.delta.settle(table.id, old.name)

    def _drop(self, table: Table, edit: DeleteColumn) -> Change:
        self._check_column(table, edit.column)
        old, after = edits.column_of(table, edit.column), edits.after(table, edit)
        if self.changed is not None:
            self.changed.check_cells(table.id, [old.name], rows=None)
        self.delta.temporary("_cell", f'SELECT {ROW_ID}, "{old.name}" AS _old, NULL AS _new FROM "{table.id}" '  # noqa: S608  our own names
                                 f'WHERE "{old.name}" IS NOT NULL')  # fmt: skip
        change = self._change_of_cells(table, old.name, kind=edit.kind)
        gone = {old.name, old.raw} - {""}
        for name in gone:
            self.delta.alter(table, f'DROP COLUMN "{name}"')
        self.delta.reshape(
            after, {name: source for name, source in self.delta.states[table.id].columns.items() if name not in gone}
        )
        self._formulas.get(table.id, {}).pop(old.name, None)
        return change

    def _check_column(self, table: Table, column: str) -> None:
        if self.changed is not None:
            self.changed.check_column(table.id, column)


def _joined(changes: Sequence[Change]) -> Change:
    """Return the changes of several columns as one."""
    cells = tuple(cell for change in changes for cell in change.sample)
    return changes[0].model_copy(update={
        "columns": tuple(change.columns[0] for change in changes),
        "rows": len({cell.row for cell in cells}) if all(c.is_complete for c in changes) else max(c.rows for c in changes),
        "cells": sum(change.cells for change in changes),
        "sample": cells[:SHOWN_CELLS],
        "is_complete": all(change.is_complete for change in changes) and len(cells) <= SHOWN_CELLS,
    })  # fmt: skip
