"""What a workbook's number formats show reaches the columns' types: percent, currencies, hidden thousands, zeros in front."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from chatsheet.sheets.ingest import load, number_formats
from chatsheet.sheets.ingest.grid import Cell
from chatsheet.sheets.ingest.types_model import NO_FORMAT
from chatsheet.sheets.model import Column, Workbook

ACCOUNTING = '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'
Formatted = Mapping[str, tuple[str, Sequence[Cell]]]


def book(folder: Path, columns: Formatted, *, title: str = "") -> Workbook:
    """Import a workbook whose columns have these number formats and cells."""
    file = xlsxwriter.Workbook(folder / "a.xlsx", {"constant_memory": False})
    tab = file.add_worksheet("T")
    top = 2 if title else 0
    if title:
        tab.write(0, 0, title)
    for place, (label, (code, cells)) in enumerate(columns.items()):
        tab.write(top, place, label)
        shown = file.add_format({"num_format": code})
        for row, cell in enumerate(cells, top + 1):
            tab.write(row, place, cell, shown)
    file.close()
    return load.load(folder / "a.xlsx", folder / "base.duckdb")


def column(folder: Path, code: str, cells: Sequence[Cell], *, label: str = "Net", title: str = "") -> Column:
    names: Sequence[Cell] = [f"n{place}" for place in range(len(cells))]
    return book(folder, {"Name": ("General", names), label: (code, cells)}, title=title).tables[0].columns[1]


def values(folder: Path, name: str) -> list[object]:
    with duckdb.connect(folder / "base.duckdb", read_only=True) as database:
        return [value for (value,) in database.execute(f"SELECT {name} FROM t ORDER BY _row").fetchall()]  # noqa: S608  our own name


@pytest.mark.parametrize(
    ("code", "currency", "symbol"),
    [
        ("#,##0.00 [$€-407]", "EUR", "€"),
        ("[$$-409]#,##0.00", "USD", "$"),
        ("[$CHF-807] #,##0", "CHF", "CHF"),
        (ACCOUNTING, "EUR", "€"),
        ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "USD", "$"),
        ('#,##0 "zł";[Red]-#,##0 "zł"', "PLN", "zł"),
        ("£#,##0", "GBP", "£"),
        ('0.0 "kg"', "", "kg"),
    ],
)
def test_a_format_with_a_currency_or_unit_gives_the_column_it(tmp_path: Path, code: str, currency: str, symbol: str) -> None:
    net = column(tmp_path, code, [12.5, -7.25, 100.0])
    assert (net.type, net.unit.currency, net.unit.symbol, net.confidence) == ("decimal", currency, symbol, 1.0)
    assert repr(code) in net.evidence


def test_a_share_shown_as_percent_is_a_percentage_and_keeps_its_value(tmp_path: Path) -> None:
    net = column(tmp_path, "0%", [0.25, 0.5, 1])
    assert (net.type, net.unit.is_percent, net.unit.symbol, net.confidence) == ("decimal", True, "%", 1.0)
    assert values(tmp_path, "net") == [0.25, 0.5, 1.0]


def test_a_header_that_says_percent_does_not_divide_what_is_shown_as_percent(tmp_path: Path) -> None:
    assert column(tmp_path, "0.0%", [0.25, 1.5, 2.0], label="Growth %").unit.is_percent
    assert values(tmp_path, "growth") == [0.25, 1.5, 2.0]


def test_percentages_with_a_gap_word_are_not_divided_either(tmp_path: Path) -> None:
    net = column(tmp_path, "0%", [0.25, "n/a", 0.5, 1.5])
    assert (net.type, net.unit.is_percent, values(tmp_path, "net")) == ("decimal", True, [0.25, None, 0.5, 1.5])


def test_ids_shown_with_zeros_in_front_are_texts_as_shown(tmp_path: Path) -> None:
    net = column(tmp_path, "00000", [1067, 8010, 99999])
    assert (net.type, values(tmp_path, "net")) == ("text", ["01067", "08010", "99999"])
    assert "zeros in front" in net.evidence


def test_numbers_that_fill_their_zeros_stay_numbers(tmp_path: Path) -> None:
    assert column(tmp_path, "000", [100, 250, 999]).type == "integer"


def test_thousands_that_the_format_hides_are_not_multiplied_again(tmp_path: Path) -> None:
    net = column(tmp_path, "#,##0,", [1_200_000, 3_400_000], title="EUR thousand")
    assert (values(tmp_path, "net"), net.unit.scale) == ([1_200_000, 3_400_000], 1)
    assert "the cells hold the whole amounts" in net.evidence


def test_several_currencies_in_one_column_are_said_and_none_is_chosen(tmp_path: Path) -> None:
    file = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    tab = file.add_worksheet("T")
    tab.write_row(0, 0, ["Name", "Net"])
    for row in range(1, 7):
        tab.write(row, 0, f"n{row}")
        tab.write(row, 1, row * 1.5, file.add_format({"num_format": ("[$€-407] 0.00", "[$$-409] 0.00")[row % 2]}))
    file.close()
    net = load.load(tmp_path / "a.xlsx", tmp_path / "base.duckdb").tables[0].columns[1]
    assert (net.unit.currency, net.confidence) == ("", 0.6)
    assert "several currencies ($ / €)" in net.evidence


@pytest.mark.parametrize("code", ["[$-407]d. mmmm yyyy", "dd/mm/yyyy", "[$-F800]dddd, mmmm dd, yyyy", "yyyy\\-mm\\-dd;@"])
def test_dates_shown_in_the_words_of_a_country_are_dates(tmp_path: Path, code: str) -> None:
    net = column(tmp_path, code, [date(2025, 3, 1), date(2025, 12, 24)])
    assert (net.type, values(tmp_path, "net")) == ("date", [date(2025, 3, 1), date(2025, 12, 24)])


@pytest.mark.parametrize(
    "code",
    ["[h]:mm", "0.00E+00", "# ?/?", "000-00-0000", '"Nr. "0', "#,##0.00\\ _€", "", "[Red]0", ";;;", "General", "#,##0.00"],
)
def test_formats_that_say_nothing_of_a_unit_say_nothing(code: str) -> None:
    assert number_formats.read(code) == NO_FORMAT


def test_a_large_tab_is_judged_by_the_formats_of_its_head(tmp_path: Path) -> None:
    file = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": True})
    tab, share, money = (
        file.add_worksheet("T"),
        file.add_format({"num_format": "0%"}),
        file.add_format({"num_format": ACCOUNTING}),
    )
    tab.write_row(0, 0, ["Name", "Share", "Net", *(f"v{n}" for n in range(8))])
    for row in range(1, 20_000):
        tab.write(row, 0, f"n{row}")
        tab.write(row, 1, row / 20_000, share)
        tab.write(row, 2, row * 1.5, money)
        tab.write_row(row, 3, range(8))
    file.close()
    _, shown, net, *_ = load.load(tmp_path / "a.xlsx", tmp_path / "base.duckdb").tables[0].columns
    assert (shown.unit.is_percent, net.unit.currency) == (True, "EUR")
