"""What a user says of a tab's tables holds, for this file and for the next one of the same shape."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chatsheet.sheets.ingest import corrections, regions
from chatsheet.sheets.ingest.corrections import Correction, CorrectionInvalid, Join, NoTable, Split, TableAt
from chatsheet.sheets.ingest.grid import Cell, Grid
from tests.sheets import corpus

ROWS: list[list[Cell]] = [
    ["Stock list of May"],
    [],
    ["Item", "Qty", "Price"],
    ["Pen", 10, 1.5],
    ["Ink", 4, 2.5],
    ["Pad", 7, 3.5],
    [],
    ["Shelf", "Length"],
    ["A", 12.5],
    ["B", 13.5],
]


def grid(rows: Sequence[Sequence[Cell]] = ROWS, *, tab: str = "Stock 5") -> Grid:
    return Grid(tab, rows, 1, 1, is_hidden=False, evidence="test", width=max(map(len, rows)))


def ranges(*said: TableAt | NoTable | Split | Join, rows: Sequence[Sequence[Cell]] = ROWS) -> list[str]:
    return [region.range for region in corrections.correct(grid(rows), *said)]


def test_without_a_correction_what_was_found_stands() -> None:
    assert corrections.correct(grid()) == regions.find_all(grid())
    assert ranges() == ["A3:C6", "A8:B10"]


def test_a_given_range_and_its_header_rows_replace_what_was_found_there() -> None:
    first, second = corrections.correct(grid(), TableAt(cells="A4:C6", header_rows=0))
    assert (first.range, first.header_rows, first.labels) == ("A4:C6", (), ("Column A", "Column B", "Column C"))
    assert (first.evidence, first.confidence) == ("you said that a table with 0 header rows stands here", 1.0)
    assert second.range == "A8:B10"


def test_a_range_may_cover_what_looked_like_two_tables() -> None:
    region = corrections.correct(grid(), TableAt(cells="$a$3:$c$10"))[0]
    assert (region.range, region.left_out) == ("A3:C10", (7,))


def test_an_open_range_ends_where_the_data_end() -> None:
    assert ranges(TableAt(cells="A3:C")) == ["A3:C6", "A8:B10"]


def test_there_may_be_no_table_in_a_range_or_in_the_whole_tab() -> None:
    assert ranges(NoTable(cells="A8:B10")) == ["A3:C6"]
    assert ranges(NoTable()) == []


def test_a_table_is_split_at_a_row() -> None:
    first, second = corrections.correct(grid(ROWS[2:6]), Split(cells="A1:C4", at="3"))
    assert (first.range, second.range, second.header_rows) == ("A1:C2", "A3:C4", ())


def test_a_table_is_split_at_a_column_and_both_keep_their_header() -> None:
    first, second = corrections.correct(grid(ROWS[2:6]), Split(cells="A1:C4", at="c"))
    assert (first.labels, second.labels, second.header_rows) == (("Item", "Qty"), ("Price",), (1,))


def test_joined_tables_have_the_header_of_the_first() -> None:
    rows = [*ROWS[2:6], [], ["Article", "Count", "Cost"], ["Cap", 3, 4.5], ["Mug", 5, 6.5]]
    (region,) = corrections.correct(grid(rows), Join(cells=("A1:C4", "A6:C8")))
    assert (region.range, region.labels, region.left_out) == ("A1:C8", ("Item", "Qty", "Price"), (5, 6))


CAPTIONED: list[list[Cell]] = [["Costs"], ["in thousands of EUR"], [], *ROWS[2:6], [], ["Figures are provisional."]]


@pytest.mark.parametrize(
    "said",
    [
        TableAt(cells="A4:C6"),
        TableAt(cells="A4:C"),
        Split(cells="A4:C7", at="C"),
        Split(cells="A4:C7", at="6"),
        Join(cells=("A4:C7",)),
    ],
)
def test_captions_stay_with_a_corrected_table(said: TableAt | Split | Join) -> None:
    (found,) = regions.find_all(grid(CAPTIONED))
    assert found.notes == ("Costs", "in thousands of EUR", "Figures are provisional.")
    assert {region.notes for region in corrections.correct(grid(CAPTIONED), said)} == {found.notes}


def test_a_caption_that_is_now_in_the_table_is_none_any_more() -> None:
    (region,) = corrections.correct(grid(CAPTIONED), TableAt(cells="A2:C7", header_rows=0))
    assert region.notes == ("Costs", "Figures are provisional.")


def test_corrections_follow_one_after_the_other() -> None:
    assert ranges(NoTable(), TableAt(cells="A8:B10")) == ["A8:B10"]


def test_a_range_of_a_large_tab_may_end_where_no_row_was_looked_at() -> None:
    head: list[list[Cell]] = [["Name", "Age"], *([f"P{i}", i * 7] for i in range(20))]
    large = Grid("Tab", head, 1, 1, is_hidden=False, evidence="", tail=[["Q", 3]], height=9_000, width=2)
    assert corrections.correct(large, TableAt(cells="A1:B500"))[0].range == "A1:B500"


@pytest.mark.parametrize(
    "wrong",
    [
        TableAt(cells="A3"),
        TableAt(cells="C3:A6"),
        TableAt(cells="A6:C3"),
        TableAt(cells="A50:C60"),
        TableAt(cells="K3:M6"),
        TableAt(cells="A3:C6", header_rows=4),
        Split(cells="A3:C6", at="3"),
        Split(cells="A3:C6", at="A"),
        Split(cells="A3:C6", at="?"),
        Split(cells="F30:G40", at="35"),
        Join(cells=("F30:G40",)),
    ],
)
def test_a_correction_that_does_not_fit_says_what_to_give_instead(wrong: TableAt | Split | Join) -> None:
    with pytest.raises(CorrectionInvalid) as caught:
        corrections.correct(grid(), wrong)
    assert caught.value.fix.endswith(".")


def test_corrections_are_json_and_back() -> None:
    adapter: TypeAdapter[TableAt | NoTable | Split | Join] = TypeAdapter(Correction)
    for said in (TableAt(cells="A1:B2"), NoTable(), Split(cells="A1:B9", at="5"), Join(cells=("A1:B2", "A4:B5"))):
        assert adapter.validate_json(said.model_dump_json()) == said


def test_a_correction_holds_for_a_longer_file_of_the_same_shape() -> None:
    said = corrections.for_next(grid(), TableAt(cells="A3:C6"))
    longer = [*ROWS[:6], ["Cap", 3, 4.5], ["Mug", 5, 6.5], *ROWS[6:]]
    assert said == TableAt(cells="A3:C")
    assert ranges(said, rows=longer)[0] == "A3:C8"


def test_a_range_that_ends_inside_the_data_keeps_its_end() -> None:
    assert corrections.for_next(grid(), TableAt(cells="A3:C5")) == TableAt(cells="A3:C5")
    assert corrections.for_next(grid(), NoTable()) == NoTable()


def test_files_of_one_form_have_one_shape_whatever_their_data_and_month() -> None:
    other = [["Stock list of June"], [], ROWS[2], ["Mug", 5, 6.5], ["Cup", 6, 7.5]]
    assert corrections.shape(grid(other, tab="Stock 12")) == corrections.shape(grid())


@pytest.mark.parametrize("row", [["Item", "Qty", "Cost"], ["Item", None, "Price"]])
def test_another_header_is_another_shape(row: list[Cell]) -> None:
    assert corrections.shape(grid([*ROWS[:2], row, *ROWS[3:]])) != corrections.shape(grid())


def test_another_tab_or_width_is_another_shape() -> None:
    assert corrections.shape(grid(tab="Prices")) != corrections.shape(grid())
    assert corrections.shape(replace(grid(), width=9)) != corrections.shape(grid())


def test_a_tab_of_texts_has_the_shape_of_its_first_full_row() -> None:
    texts: list[list[Cell]] = [["Name", "City"], ["Ann", "Rome"]]
    assert corrections.shape(grid(texts)) == corrections.shape(grid([texts[0], ["Bob", "Oslo"], ["Cem", "Graz"]]))
    assert corrections.shape(grid([["a"], ["b"]])) == corrections.shape(grid([["a"], ["b"], ["c"]]))


@given(st.integers(0, 10_000))
def test_saying_what_was_found_changes_no_row(seed: int) -> None:
    mess = corpus.build(corpus.seeded(seed))
    for region in regions.find_all(mess.grid):
        said = TableAt(cells=region.range, header_rows=len(region.header_rows))
        again = next(one for one in corrections.correct(mess.grid, said) if one.range == region.range)
        assert set(again.notes) >= set(region.notes)
        assert (again.first_row, again.last_row, again.columns, again.labels) == (
            region.first_row, region.last_row, region.columns, region.labels,
        )  # fmt: skip
