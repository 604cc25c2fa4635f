"""Follows edits through the formulas of a workbook: what they touched goes to the recalculator, what comes back is kept."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from chatsheet.core.errors import BadInput, ChatSheetError
from chatsheet.sheets import export, following, versions
from chatsheet.sheets.edits import SHOWN_CELLS, AddColumn, Edit, Fill
from chatsheet.sheets.files import ExportTooLarge
from chatsheet.sheets.following import Cells, Followed, Touched
from chatsheet.sheets.formulas.cells import MOST_FORMULAS
from chatsheet.sheets.formulas.engine import Asked, FormulasTimedOut, Recalculator
from chatsheet.sheets.formulas.markup import FormulasUnreadable
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.formulas.package import SUFFIXES
from chatsheet.sheets.formulas.pattern import cell
from chatsheet.sheets.model import Trait, Value, Workbook
from chatsheet.sheets.package.patch import Edits
from chatsheet.sheets.query import Engine

log = logging.getLogger(__name__)

_MOST_SHOWN = 1_000
_TOO_MUCH = f"{following.LOST} any more: more than {following.MOST_CHANGED:,} cells changed since the import"


class AreaRefused(BadInput):
    """The cells asked for are no area of a tab, or too many."""

    code = "cells.area"
    status = 422


class ShownCell(Value):
    """A cell with a formula: what it holds at a version, and whether that is out of date."""

    tab: str
    cell: str
    formula: str
    value: JsonValue = None
    stale: str = ""
    """Why its value is out of date; empty where it is not."""
    traits: tuple[Trait, ...] = ()


class Follower:
    """Knows the versions of sheets on disk, and the process that recalculates."""

    def __init__(self, engine: Engine, recalculator: Recalculator, folder: Path) -> None:
        self._engine = engine
        self._recalculator = recalculator
        self._folder = folder

    @staticmethod
    def concerns(workbook: Workbook, name: str, edits: Sequence[Edit]) -> bool:
        """Tell whether formulas of the workbook may read what edits change, or edits give it formulas."""
        if Path(name).suffix.lower() not in SUFFIXES:
            return False
        return workbook.formulas.cells > 0 or any(isinstance(edit, Fill | AddColumn) and edit.formula for edit in edits)

    async def follow(self, name: str, head: str, workbook: Workbook, touched: Touched) -> Followed:
        """Return what it means for formulas that `touched` happens to the version `head` of the file `name`.

        Where they cannot be followed, the version says so, and no edit fails for it.
        """
        before = await self._cells(head)
        if not (lost := _lost(workbook, before, touched)):
            now = touched.model_copy(update={"given": following.merged(before.pending, touched.given)})
            asked = Asked(
                changes=following.listed(now.given),
                earlier=following.listed(before.given),
                holds=following.listed(before.holds),
                was_stale=tuple(following.listed(before.stale)),
                moved=touched.moved,
                moved_earlier=before.moved,
            )
            try:
                impact = await self._recalculator.impact(self._source(head, name), asked, workbook.formulas.tabs)
                return Followed(impact=impact, cells=following.after(before, now, impact))
            except (FormulasTimedOut, FormulasUnreadable) as error:
                return Followed(
                    cells=following.late(before, touched, f"{following.LOST}, the next edit tries again: {error.what}")
                )
        return Followed(cells=following.after(before, touched, Impact(), lost=lost))

    async def _cells(self, head: str) -> Cells:
        """Return what a version knows of cells; where nobody asked before, from its differences to the import."""
        known = await asyncio.to_thread(following.read, self._folder / head)
        manifest = await asyncio.to_thread(versions.read_manifest, self._folder / head)
        if known is not None or manifest is None:
            return known or Cells()
        try:
            found = await self._engine.differences(self._folder, manifest.origin, head)
        except ExportTooLarge as error:
            return Cells(lost=f"{following.LOST}: {error.what}")
        given: dict[str, dict[str, JsonValue]] = {}
        for change in found.edits.changes:
            given.setdefault(change.tab, {})[change.cell] = change.value
        return Cells(given=given)

    async def completed(self, source: Path, target: Path, workbook: Workbook) -> Cells | None:
        """Write `source` to `target` with the values that its formulas have none of, and return those; None where none is."""
        formulas = workbook.formulas
        if not (formulas.missing and formulas.is_followed):
            return None
        try:
            impact = await self._recalculator.missing(source, formulas.tabs)
            results = tuple((one.tab, one.cell, one.after) for one in impact.recalculated)
            if not results:
                return None
            await export.patch(source, Edits(results=results), target)
        except ChatSheetError as error:  # the file is as good as it was
            log.info("formulas of a file have no values, and were not calculated: %s", error.code)
            return None
        return following.after(Cells(), Touched(), impact.model_copy(update={"stale": ()}))

    async def shown(self, name: str, head: str, workbook: Workbook, tab: str, area: str) -> tuple[ShownCell, ...]:
        """Return the cells of an area such as `B2:D9` that hold formulas, at the version `head`."""
        top, left, bottom, right = _area(area)
        cells = await self._cells(head)
        source = self._source(head, name)
        held = await self._recalculator.formulas(source, tab, (top, left, bottom, right), workbook.formulas.tabs)
        found = {one.cell: ShownCell(tab=tab, **one.model_dump()) for one in held.cells}
        for at, value in cells.all_given.get(tab, {}).items():
            row, column = cell(at)
            if top <= row <= bottom and left <= column <= right:
                found.pop(at, None)
                if isinstance(value, dict):
                    found[at] = ShownCell(tab=tab, cell=at, formula=str(value.get("formula")))
        holds, stale = cells.holds.get(tab, {}), cells.stale.get(tab, {})
        return tuple(
            found[at].model_copy(update={"value": holds.get(at, found[at].value), "stale": stale.get(at, cells.lost)})
            for at in sorted(found, key=cell)
        )

    def _source(self, head: str, name: str) -> Path:
        manifest = versions.read_manifest(self._folder / head)
        return self._folder / (manifest.origin if manifest else head) / name


def calculated(workbook: Workbook, before: Workbook) -> Workbook:
    """Return the workbook read from a completed copy of the file that `before` was read from."""
    done = before.formulas.missing - workbook.formulas.missing
    said = f"{done:,} formulas have no value in the file: they were calculated here"
    return workbook.model_copy(update={
        "content_sha256": before.content_sha256,
        "formulas": workbook.formulas.model_copy(update={"calculated": done}),
        "warnings": (*workbook.warnings, said),
    })  # fmt: skip


def first(impact: Impact) -> Impact:
    """Return an impact with its first cells; its counts count all."""
    return impact.model_copy(update={
        "recalculated": impact.recalculated[:SHOWN_CELLS],
        "stale": impact.stale[:SHOWN_CELLS],
        "overwritten": impact.overwritten[:SHOWN_CELLS],
    })  # fmt: skip


def _lost(workbook: Workbook, before: Cells, touched: Touched) -> str:
    """Return why formulas are not followed, empty where they are, or where that is to be tried again."""
    if workbook.formulas.cells > MOST_FORMULAS:
        return f"{following.LOST}: the workbook has more than {MOST_FORMULAS:,}"
    if before.lost and not before.pending:
        return before.lost
    is_too_much = touched.is_too_much or before.size + touched.size > following.MOST_CHANGED
    return _TOO_MUCH if is_too_much else ""


def _area(text: str) -> tuple[int, int, int, int]:
    head, _, tail = text.replace("$", "").partition(":")
    (top, left), (bottom, right) = sorted((cell(head), cell(tail or head)))
    left, right = sorted((left, right))
    if not top or not left or (bottom - top + 1) * (right - left + 1) > _MOST_SHOWN:
        raise AreaRefused(f"{text!r} is no area of up to {_MOST_SHOWN:,} cells.", fix="name one such as B2 or B2:D9.")
    return top, left, bottom, right
