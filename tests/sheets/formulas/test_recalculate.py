"""Recalculation: right where the engine agrees with the file, the stored value and a reason everywhere else."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import formualizer
import pytest
import xlsxwriter
from pydantic import JsonValue

from chatsheet.sheets.formulas import pattern, recalculate
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.formulas.recalculate import Asked
from tests.sheets.formulas import books, known

Cells = Mapping[str, "books.Cached | str | float | bool"]


def impact(path: Path, changes: Mapping[str, JsonValue], earlier: Mapping[str, JsonValue] | None = None) -> Impact:
    placed = [{("S", *pattern.cell(name)): value for name, value in made.items()} for made in (changes, earlier or {})]
    return recalculate.impact(recalculate.open_book(path), Asked(placed[0], placed[1]))


def moved(found: Impact) -> dict[str, tuple[JsonValue, JsonValue]]:
    return {one.cell: (one.before, one.after) for one in found.recalculated}


def reasons(found: Impact) -> dict[str, str]:
    return {one.cell: one.reason for one in found.stale}


CHAIN: Cells = {
    "A1": 2,
    "A2": 3,
    "B1": ("=A1*10", 20),
    "B2": ("=A2*10", 30),
    "C1": ("=B1+B2", 50),
    "D1": ('=IF(C1>0,"y","n")', "y"),
}


def test_an_edit_lists_what_it_recalculates_in_order(tmp_path: Path) -> None:
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": CHAIN}), {"A1": 7})
    assert [(one.tab, one.cell, one.before, one.after) for one in found.recalculated] == [
        ("S", "B1", 20, 70),
        ("S", "C1", 50, 100),
    ]
    assert (found.counts.recalculated, found.counts.unchanged, found.counts.stale) == (2, 1, 0)
    assert all(one.is_checked for one in found.recalculated)


def test_an_edit_that_no_formula_reads_recalculates_nothing(tmp_path: Path) -> None:
    assert impact(books.cached(tmp_path / "a.xlsx", {"S": CHAIN}), {"Z9": 7}) == Impact()


def test_earlier_edits_are_where_the_change_starts_from(tmp_path: Path) -> None:
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": CHAIN}), {"A1": 7}, {"A2": 4})
    assert moved(found) == {"B1": (20, 70), "C1": (60, 110)}


def test_a_formula_that_an_edit_replaces_is_told_and_its_dependents_follow(tmp_path: Path) -> None:
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": CHAIN}), {"B1": -90})
    assert found.overwritten == ("S!B1",)
    assert moved(found) == {"C1": (50, -60), "D1": ("y", "n")}


def test_values_without_a_cache_are_computed_and_marked_unchecked(tmp_path: Path) -> None:
    found = impact(books.uncached(tmp_path / "a.xlsx", {"S": {"A1": 2, "B1": "=A1*10"}}), {"A1": 3})
    assert [(one.before, one.after, one.is_checked) for one in found.recalculated] == [(20, 30, False)]


def test_a_cell_on_which_engine_and_file_differ_keeps_its_value_and_so_does_what_follows(tmp_path: Path) -> None:
    cells: Cells = {"A1": 2, "B1": ("=A1*10", 21), "C1": ("=B1+A1", 23), "D1": ("=A1+1", 3)}
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": cells}), {"A1": 3})
    assert moved(found) == {"D1": (3, 4)}
    assert reasons(found) == {
        "B1": "not recalculated: our engine disagrees with the cached value",
        "C1": "it depends on S!B1, which is not recalculated",
    }
    assert {one.cell: one.value for one in found.stale} == {"B1": 21, "C1": 23}


def test_what_only_reads_a_differing_cell_is_computed_from_the_stored_value(tmp_path: Path) -> None:
    cells: Cells = {"A1": 2, "Q1": ("=1+1", 5), "B1": ("=A1*Q1", 10)}
    assert moved(impact(books.cached(tmp_path / "a.xlsx", {"S": cells}), {"A1": 3})) == {"B1": (10, 15)}


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=A1+TODAY()", "another value at every"),
        ("=A1+[1]Prices!B2", "another workbook"),
        ('=COPILOT("sum",A1)', "AI function"),
        ("=WEBSERVICE(A1)", "calls out"),
        ("=A1+B1", "its own result"),
    ],
)
def test_what_cannot_be_recalculated_is_stale_with_its_reason(tmp_path: Path, formula: str, reason: str) -> None:
    cells: Cells = {"A1": 2, "B1": (formula, 7), "C1": ("=B1+1", 8), "D1": ("=A1+1", 3)}
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": cells}), {"A1": 3})
    assert reason in reasons(found)["B1"]
    assert "depends on S!B1" in reasons(found)["C1"]
    assert moved(found) == {"D1": (3, 4)}


def test_an_unknown_function_that_an_edit_wakes_is_stale(tmp_path: Path) -> None:
    cells: Cells = {"A1": 1, "B1": ("=IF(A1>5,MYADDIN(A1),0)", 0), "C1": ("=B1", 0)}
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": cells}), {"A1": 9})
    assert reasons(found)["B1"] == "our engine answers #NAME?"
    assert set(reasons(found)) == {"B1", "C1"}


def test_an_error_of_the_data_is_a_result(tmp_path: Path) -> None:
    cells: Cells = {"A1": 1, "B1": ("=10/A1", 10), "C1": ("=IFERROR(B1,-1)", 10), "D1": ('="#"&A1', "#1")}
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": cells}), {"A1": 0})
    assert moved(found) == {"B1": (10, "#DIV/0!"), "C1": (10, -1), "D1": ("#1", "#0")}


def test_dates_are_iso_texts_in_and_out(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet("S")
        day = workbook.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_datetime(0, 0, dt.datetime(2024, 1, 5), day)  # noqa: DTZ001  sheets have no time zone
        sheet.write_formula(0, 1, "=A1+30", day, 45326)
        sheet.write_formula(0, 2, "=YEAR(A1)", None, 2024)
    found = impact(tmp_path / "a.xlsx", {"A1": "2025-02-01"})
    assert moved(found) == {"B1": ("2024-02-04", "2025-03-03"), "C1": (2024, 2025)}


def test_arrays_that_fill_cells_are_stale_with_what_reads_them(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f t="array" ref="B1:B2">A1:A2*2</f><v>2</v></c></row>'
        '<row r="2"><c r="A2"><v>2</v></c><c r="B2"><v>4</v></c><c r="C2"><f>B2+1</f><v>5</v></c></row>'
    )
    found = impact(books.by_hand(tmp_path / "a.xlsx", rows), {"A1": 9})
    assert "fills several cells" in reasons(found)["B1"]
    assert "depends on S!B1" in reasons(found)["C2"] or "depends on S!B2" in reasons(found)["C2"]


def test_a_book_that_the_engine_cannot_load_is_all_stale(tmp_path: Path) -> None:
    opened = recalculate.open_book(books.cached(tmp_path / "a.xlsx", {"S": CHAIN}))
    (tmp_path / "a.xlsx").unlink()
    found = recalculate.impact(opened, Asked({("S", 1, 1): 3}))
    assert found.counts.stale == 3
    assert "our engine cannot compute this workbook" in found.stale[0].reason


def test_the_engine_computes_common_functions_as_excel_does(tmp_path: Path) -> None:
    cells = {**known.DATA, **{f"J{number}": held for number, held in enumerate(known.RESULTS.items(), 1)}}
    workbook = formualizer.load_workbook(str(books.cached(tmp_path / "a.xlsx", {"S": cells})))  # pyright: ignore[reportUnknownMemberType]
    workbook.set_temporal_egress("serial")
    workbook.evaluate_all()
    wrong = [
        formula
        for number, (formula, result) in enumerate(known.RESULTS.items(), 1)
        if not result_of(workbook.get_value("S", number, 10), result)
    ]
    assert not wrong


def result_of(computed: object, result: object) -> bool:
    if isinstance(computed, dict):
        return str(result).startswith("#")
    one, other = (value if isinstance(value, bool | int | float | str) else None for value in (computed, result))
    return recalculate.agree(one, other)


def test_an_edit_that_changes_nothing_recalculates_nothing(tmp_path: Path) -> None:
    cells = {**known.DATA, **{f"J{number}": held for number, held in enumerate(known.RESULTS.items(), 1)}}
    found = impact(books.cached(tmp_path / "a.xlsx", {"S": cells}), dict(known.DATA))
    assert found.counts.unchanged > 100
    assert (found.counts.recalculated, found.counts.stale) == (0, 0)


def test_what_the_engine_says_of_a_blank_is_what_excel_shows() -> None:
    assert recalculate.agree(None, 0)
    assert recalculate.agree(None, "")
    assert not recalculate.agree(None, cached=False)
    assert not recalculate.agree(1, cached=True)
    assert recalculate.agree(0.1 + 0.2, 0.3)
    assert not recalculate.agree(0.3, 0.3001)
