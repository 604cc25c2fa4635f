"""Precedents, dependents and circles: as a plain search over single cells finds them."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets.formulas import pattern
from chatsheet.sheets.formulas.graph import Graph
from chatsheet.sheets.formulas.model import FormulaBook, FormulaSheet, NamedTable, Position
from chatsheet.sheets.ingest.grid import letter
from tests.sheets.formulas import books


def at(*cells: str, tab: str = "S") -> list[Position]:
    return [(tab, *pattern.cell(name)) for name in cells]


def names(cells: tuple[Position, ...]) -> list[str]:
    return [f"{letter(column)}{row}" for _, row, column in cells]


def test_dependents_come_in_the_order_of_calculation() -> None:
    found = Graph(books.book({"S": {"D1": "C1+B1", "C1": "SUM(B1:B200)", "B1": "A1*2", "E1": "7"}}))
    assert names(found.dependents(at("A1"))) == ["B1", "C1", "D1"]
    assert found.precedents(("S", 1, 3)) == (("S", 1, 2, 200, 2),)


def test_other_tabs_names_and_whole_columns_are_followed() -> None:
    tabs = {"S": {"B1": "'My tab'!A1+rate", "C1": "SUM(b:b)"}, "My tab": {"A1": "S!Z9"}, "T": {"A1": "SUM('my TAB:T'!Q1)"}}
    found = Graph(books.book(tabs, {"rate": "S!$H$1+more", "more": "S!$H$2"}))
    assert names(found.dependents(at("Z9"))) == ["A1", "B1", "C1"]
    assert names(found.dependents(at("H2"))) == ["B1", "C1"]
    assert found.dependents(at("Q1", tab="T")) == (("T", 1, 1),)


def test_rows_of_tables_are_followed_one_by_one() -> None:
    cells = {"C2": "Sales[[#This Row],[Price]]*2", "C3": "Sales[[#This Row],[Price]]*2", "E1": "SUM(Sales[Twice])"}
    plain = books.book({"S": cells})
    table = NamedTable(("S", 1, 1, 3, 3), 1, 0, ("price", "qty", "twice"))
    found = Graph(FormulaBook(plain.sheets, {}, {"sales": table}))
    assert names(found.dependents(at("A2"))) == ["C2", "E1"]
    assert not found.ordered([("S", *cell) for cell in plain.sheets["S"].cells]).circles


def test_circles_are_found_and_nothing_else() -> None:
    cells = {"A1": "A1+1", "B1": "C1", "C1": "SUM(D1:D90)", "D5": "B1", "E1": "D5+A1", "F1": "1"}
    found = books.book({"S": cells})
    order = Graph(found).ordered([("S", *cell) for cell in found.sheets["S"].cells])
    assert [names(circle) for circle in order.circles] == [["A1"], ["B1", "C1", "D5"]]
    assert len(order.cells) == len(cells)


def test_formulas_that_choose_their_cells_depend_on_everything() -> None:
    cells = {"A1": 'INDIRECT("Z9")', "A2": "SUM(B1:INDEX(B:B,3))", "A3": "far", "A4": "B1"}
    found = Graph(books.book({"S": cells}, {"far": "OFFSET(S!$A$9,0,0)"}))
    assert set(names(found.dependents(at("Q7")))) == {"A1", "A2", "A3"}


def test_what_an_array_fills_changes_with_it() -> None:
    plain = books.book({"S": {"B1": "A1:A3*2", "C1": "B3+1"}})
    formula = plain.sheets["S"].cells[1, 2]
    filled = type(formula)(1, 2, formula.pattern, fills=(1, 2, 3, 2))
    found = Graph(FormulaBook({"S": FormulaSheet("S", {**plain.sheets["S"].cells, (1, 2): filled})}))
    assert names(found.dependents(at("A2"))) == ["B1", "C1"]


def test_running_totals_cost_no_square() -> None:
    count = 3_000
    cells = {f"B{n}": f"A{n}+1" for n in range(1, count)} | {f"C{n}": f"SUM(B$1:B{n})" for n in range(1, count)}
    found = Graph(books.book({"S": cells}))
    assert len(found.dependents(at("A5"))) == count - 5 + 1
    assert len(found.dependents(at(*(f"A{n}" for n in range(1, count))))) == 2 * (count - 1)


@st.composite
def sheets(draw: st.DrawFn) -> Mapping[str, str]:
    cell = st.sampled_from([f"{name}{row}" for name in "ABCD" for row in range(1, 10)])
    area = st.tuples(cell, cell).map(lambda ends: f"{ends[0]}:{ends[1]}")
    formula = st.lists(cell | area, min_size=1, max_size=2).map("+".join)
    return draw(st.dictionaries(cell, formula, min_size=1, max_size=12))


@given(sheets())
def test_reaching_and_ordering_agree_with_a_plain_search(cells: Mapping[str, str]) -> None:
    found = books.book({"S": cells})
    by_area = Graph(found)
    edges = {("S", *pattern.cell(name)): reads(by_area, name) for name in cells}
    reached = {position for position, read in edges.items() if ("S", 1, 1) in read}
    while more := {position for position, read in edges.items() if read & reached} - reached:
        reached |= more
    order = by_area.ordered(by_area.reached(at("A1")))
    assert set(order.cells) == reached == set(by_area.dependents(at("A1")))
    circular = {position for circle in order.circles for position in circle}
    for number, position in enumerate(order.cells):
        assert not edges[position] & set(order.cells[number:]) - circular or position in circular
    assert circular == {position for position in reached if position in closure(edges, position)}


def reads(found: Graph, name: str) -> set[Position]:
    areas = found.precedents(("S", *pattern.cell(name)))
    return {
        ("S", r, c) for _, top, left, bottom, right in areas for r in range(top, bottom + 1) for c in range(left, right + 1)
    }


def closure(edges: Mapping[Position, set[Position]], position: Position) -> set[Position]:
    seen: set[Position] = set()
    todo = list(edges[position])
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo.extend(edges.get(one, ()))
    return seen
