"""Ranked columns: the words of a question against names, labels, values and what the glossary says; typos are forgiven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.context import search
from chatsheet.context.glossary.model import Term
from chatsheet.sheets.model import Workbook
from tests.context.books import SALES, numbers, table, texts, wide, workbook

WIDE = workbook(
    wide(200),
    table(texts("lieferland", "Österreich", "Schweiz"), numbers("net_amount", "Net amount (EUR)"), id="deliveries"),
    table(texts("warehouse_city", "Lyon", "Gdańsk"), numbers("stock_level"), id="stock"),
)


def names(workbook: Workbook, query: str) -> list[str]:
    return [f"{one.table.id}.{one.column.name}" for one in search.search(workbook, query, 5)]


@pytest.mark.parametrize(
    ("question", "column"),
    [
        ("What is the net amount?", "deliveries.net_amount"),
        ("total NET AMOUNTS per country", "deliveries.net_amount"),
        ("wich warehous has most stock", "stock.warehouse_city"),
        ("deliveries to osterreich", "deliveries.lieferland"),
        ("what is in Gdansk", "stock.warehouse_city"),
        ("Welches Land", "deliveries.lieferland"),
        ("stockLevel by city", "stock.stock_level"),
    ],
)
def test_the_column_that_is_meant_is_among_the_first_two(question: str, column: str) -> None:
    assert column in names(WIDE, question)[:2]


def test_the_glossary_says_what_a_word_means() -> None:
    glossary = [Term(term="turnover", meaning="the net amount of deliveries")]
    assert search.search(WIDE, "turnover?", 3) == ()
    assert search.search(WIDE, "turnover?", 3, glossary)[0].column.name == "net_amount"


def test_what_fits_nothing_finds_nothing() -> None:
    assert search.search(WIDE, "", 5) == ()
    assert search.search(WIDE, "zzzzz qqqqq", 5) == ()
    assert search.search(workbook(), "revenue", 5) == ()


def test_ties_stand_in_the_workbooks_order() -> None:
    assert names(WIDE, "value number 3")[:3] == ["orders.c0", "orders.c1", "orders.c2"]


@given(st.text(max_size=80), st.integers(0, 10))
def test_any_question_gives_the_same_columns_again_best_first(query: str, limit: int) -> None:
    found = search.search(SALES, query, limit)
    assert found == search.search(Workbook.model_validate_json(SALES.model_dump_json()), query, limit)
    assert len(found) <= limit
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
