"""Large tabs come by column, and nothing of them is lost that comes by cell."""

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from chatsheet.sheets.ingest import load
from chatsheet.sheets.model import Column, Workbook

ROWS = 30_000
LATE = 25_000
"""A row that neither the head nor the tail of a large tab shows."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Workbook]:
    """A tab of more cells than are read one by one, with a surprise late in each column."""
    folder = tmp_path_factory.mktemp("large")
    book = xlsxwriter.Workbook(folder / "large.xlsx", {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    tab = book.add_worksheet("Large")
    tab.write_row(0, 0, ["code", "day", "share", "count", "paid", "seen", "broken", "name"])
    for n in range(1, ROWS):
        is_late = n == LATE
        tab.write_string(n, 0, f"{n:06d}")
        tab.write(n, 1, "unknown" if is_late else date(2025, 1, 1) + timedelta(days=n % 300))
        tab.write(n, 2, "n/a" if is_late else 1 / 3)
        tab.write(n, 3, n)
        tab.write(n, 4, n % 2 == 0)
        tab.write(n, 5, None if is_late else datetime(2025, 1, 1, 10, 30))  # noqa: DTZ001  sheets have no time zone
        if is_late:
            tab.write_formula(n, 6, "=1/0", None, "#DIV/0!")
        else:
            tab.write(n, 6, n * 1.5)
        tab.write(n, 7, f"name {n}")
    book.close()
    return folder / "base.duckdb", load.load(folder / "large.xlsx", folder / "base.duckdb")


def column(workbook: Workbook, name: str) -> Column:
    return next(one for one in workbook.tables[0].columns if one.name == name)


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as database:
        return database.execute(sql).fetchall()


def test_every_row_is_there_under_its_own_number(large: tuple[Path, Workbook]) -> None:
    assert ask(large[0], "SELECT count(*), min(_row), max(_row) FROM large") == [(ROWS - 1, 2, ROWS)]
    assert ask(large[0], f"SELECT code, count FROM large WHERE _row = {LATE + 1}") == [(f"{LATE:06d}", LATE)]  # noqa: S608  our own number


def test_a_text_among_dates_is_kept_and_counted(large: tuple[Path, Workbook]) -> None:
    path, workbook = large
    day = column(workbook, "day")
    assert (day.type, ask(path, "SELECT day FROM large WHERE _row = 2")) == ("date", [(date(2025, 1, 2),)])
    assert day.unparsed == 1 or "1 cell says there is no value" in day.evidence


def test_numbers_beside_a_text_keep_all_their_digits(large: tuple[Path, Workbook]) -> None:
    assert ask(large[0], "SELECT DISTINCT share FROM large WHERE share IS NOT NULL") == [(1 / 3,)]


def test_blank_dates_do_not_cost_the_column_its_type(large: tuple[Path, Workbook]) -> None:
    assert column(large[1], "seen").type == "datetime"
    assert ask(large[0], "SELECT count(*) - count(seen) FROM large") == [(1,)]


def test_an_error_cell_is_empty_and_said(large: tuple[Path, Workbook]) -> None:
    assert any("1 cells hold an error" in warning and f"G{LATE + 1}" in warning for warning in large[1].warnings)
    assert column(large[1], "broken").type == "decimal"
