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
        book.set_properties({"title": "Sample sales", "created": dt.datetime(2026, 1, 1)})  # noqa: DTZ001
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
            orders.write_datetime(number, 1, dt.datetime(date.year, date.month, date.day), day)  # noqa: DTZ001
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


if __name__ == "__main__":
    EXAMPLES.mkdir(exist_ok=True)
    sales()
