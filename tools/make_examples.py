"""Writes the sample workbooks under examples/, the same bytes each time: made-up shops, no real people or firms."""

import datetime as dt
import random
from pathlib import Path

import xlsxwriter

EXAMPLES = Path(__file__).parents[1] / "examples"
REGIONS = {"North": 1.0, "South": 1.35, "East": 0.8, "West": 1.1}
PRODUCTS = {"Desk": 310.0, "Chair": 129.5, "Lamp": 45.9, "Shelf": 88.0, "Monitor": 219.0}
CHANNELS = ("Online", "Store", "Partner")


def sales() -> None:
    """Write sales.xlsx: orders, yearly targets under a title, and returns; three tabs that join."""
    rng = random.Random(2025)  # noqa: S311  a sample, not a secret
    with xlsxwriter.Workbook(EXAMPLES / "sales.xlsx") as book:
        book.set_properties({"title": "Sample sales", "created": dt.datetime(2026, 1, 1)})  # noqa: DTZ001  sheets have no time zone
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        bold = book.add_format({"bold": True})
        orders = book.add_worksheet("Orders")
        orders.write_row(0, 0, ["Order ID", "Order date", "Region", "Product", "Channel", "Quantity", "Revenue"], bold)
        returned: list[tuple[str, int]] = []
        for number in range(1, 601):
            region = rng.choices(list(REGIONS), weights=list(REGIONS.values()))[0]
            product, price = rng.choice(list(PRODUCTS.items()))
            quantity = rng.randint(1, 9)
            date = dt.date(2025, 1, 1) + dt.timedelta(days=rng.randrange(365))
            order = f"{number:05}"
            orders.write_string(number, 0, order)
            orders.write_datetime(number, 1, dt.datetime(date.year, date.month, date.day), day)  # noqa: DTZ001  sheets have no time zone
            orders.write_row(number, 2, [region, product, rng.choice(CHANNELS), quantity, round(price * quantity, 2)])
            if rng.random() < 0.07:  # noqa: PLR2004
                returned.append((order, rng.randint(1, quantity)))
        orders.set_column(0, 6, 12)
        targets = book.add_worksheet("Targets")
        targets.write(0, 0, "Revenue targets 2025, EUR", bold)
        targets.write_row(2, 0, ["Region", "Target"], bold)
        for number, (region, weight) in enumerate(REGIONS.items(), 3):
            targets.write_row(number, 0, [region, round(88_000 * weight / 1_000) * 1_000])
        returns = book.add_worksheet("Returns")
        returns.write_row(0, 0, ["Order ID", "Pieces", "Reason"], bold)
        for number, (order, pieces) in enumerate(returned, 1):
            returns.write_row(number, 0, [order, pieces, rng.choice(["Damaged", "Too late", "Wrong item"])])


def messy_workbook() -> None:
    """Write messy.xlsx: titles, headers of two rows, tables side by side, totals, decimal commas, units in captions."""
    with xlsxwriter.Workbook(EXAMPLES / "messy.xlsx") as book:
        book.set_properties({"title": "Sample of a mess", "created": dt.datetime(2026, 1, 1)})  # noqa: DTZ001  sheets have no time zone
        bold = book.add_format({"bold": True})
        quarters = book.add_worksheet("Quarters")
        quarters.write(0, 0, "Revenue by branch 2025", bold)
        quarters.write(1, 0, "in thousands of EUR")
        quarters.merge_range(3, 1, 3, 2, "First half", bold)
        quarters.merge_range(3, 3, 3, 4, "Second half", bold)
        quarters.write_row(4, 0, ["Branch", "Q1", "Q2", "Q3", "Q4"], bold)
        branches = {"Aachen": [120.5, 98.0, 131.2, 140.1], "Basel": [80.0, 85.5, 79.9, 91.3], "Cork": [45.2, 51.0, 48.8, 60.0]}
        for number, (branch, revenues) in enumerate(branches.items(), 5):
            quarters.write_row(number, 0, [branch, *revenues])
        sums = [round(sum(quarter), 1) for quarter in zip(*branches.values(), strict=True)]
        quarters.write_row(8, 0, ["Total", *sums], bold)
        quarters.write(10, 0, "Figures are provisional.")
        beside = book.add_worksheet("Stock and shifts")
        beside.write_row(0, 0, ["Article", "Pieces", "Price", "", "Shift", "Since", "Hours"], bold)
        stock = [("00017", 12, "1.299,00"), ("00018", 7, "349,50"), ("00019", 120, "12,95"), ("00020", 3, "2.450,00")]
        shifts = [("Early", "13.02.2019", "38,5"), ("Late", "01.07.2021", "20,0"), ("Night", "24.11.2023", "32,25")]
        for number, row in enumerate(stock, 1):
            beside.write_row(number, 0, row)
        for number, row in enumerate(shifts, 1):
            beside.write_row(number, 4, row)
        hidden = book.add_worksheet("Codes")
        hidden.write_row(0, 0, ["Code", "Meaning"], bold)
        for number, row in enumerate([("A", "active"), ("X", "closed")], 1):
            hidden.write_row(number, 0, row)
        hidden.hide()


def messy_csv() -> None:
    """Write messy.csv: Windows-1252, semicolons, a preamble, decimal commas, negatives in parentheses and a total."""
    lines = [
        "Umsätze der Filialen",
        "Stand: 31.12.2025",
        "",
        "Filiale;Datum;Betrag (EUR);Anteil;Bemerkung",
        'Aachen;13.02.2025;1.234,50;12,5 %;"Möbel; Küche"',
        "Basel;01.03.2025;(99,90);4,0 %;Rückgabe",
        "Köln;24.03.2025;2.000,00;20,1 %;",
        "Aachen;02.04.2025;310,00;3,1 %;Lampen",
        "Summe;;3.444,60;;",
    ]
    (EXAMPLES / "messy.csv").write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))


if __name__ == "__main__":
    EXAMPLES.mkdir(exist_ok=True)
    sales()
    messy_workbook()
    messy_csv()
