"""Questions to begin with: what the profile of a workbook makes of them."""

from chatsheet.context.suggestions import suggest
from chatsheet.sheets.model import Column, Profile, Table, TopValue, Unit, Workbook


def column(label: str, kind: str, distinct: int, *, nulls: int = 0, top: str = "", unit: Unit | None = None) -> Column:
    profile = Profile(nulls=nulls, distinct=distinct, top=(TopValue(value=top, rows=3),) if top else ())
    name = label.casefold().replace(" ", "_")
    body = {
        "name": name,
        "label": label,
        "letter": "A",
        "type": kind,
        "evidence": "",
        "unit": unit or Unit(),
        "profile": profile,
    }
    return Column.model_validate(body)


def workbook(*columns: Column, rows: int = 100, tabs: tuple[str, ...] = ("Orders",)) -> Workbook:
    tables = tuple(
        Table(id=tab.lower(), tab=tab, range="A1:B9", header_row=1, evidence="", rows=rows, columns=columns) for tab in tabs
    )
    return Workbook(parser="1", content_sha256="0", tables=tables)


def test_amounts_are_summed_by_group_and_followed_in_time() -> None:
    group, day = column("Region", "text", 4, top="South"), column("Day", "date", 80)
    book = workbook(column("Order ID", "integer", 100), group, column("Revenue", "decimal", 90), day)
    assert suggest(book) == (
        "What is the total Revenue by Region?",
        "How did Revenue develop by month?",
        "How many rows have Region South?",
    )


def test_prices_and_shares_are_averaged() -> None:
    share = column("Margin", "decimal", 50, unit=Unit(is_percent=True))
    assert suggest(workbook(share)) == ("What is the average Margin?",)
    assert suggest(workbook(column("Unit price", "decimal", 50))) == ("What is the average Unit price?",)


def test_each_table_has_its_turn_and_is_named() -> None:
    book = workbook(column("Revenue", "decimal", 50, nulls=3), tabs=("Orders", "Returns"))
    assert suggest(book)[:2] == ("What is the total Revenue in Orders?", "What is the total Revenue in Returns?")
    assert "Which rows have no Revenue in Orders?" in suggest(book)


def test_a_table_of_names_is_counted_and_an_empty_workbook_asks_nothing() -> None:
    assert suggest(workbook(column("Name", "text", 100))) == ("How many rows are there?",)
    assert suggest(workbook()) == ("How many rows are there?",)
    assert suggest(Workbook(parser="1", content_sha256="0", tables=())) == ()
