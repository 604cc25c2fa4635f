"""A small workbook to ask, and a moment of a chat about it: two joined tables, a third tab, texts that look like dates."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from chatsheet.chat.events import Event
from chatsheet.chat.tools.model import Moment
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.wiring import open_services

_REGIONS = ("EMEA", "APAC", "LATAM", "North America")
_PRODUCTS = ("Widget", "Gadget", "Café Set")
_STATUS = ("Paid", "Open", "Paid", "Cancelled")
_DUE = ("12.03.2024", "at once", "05.04.2024", "unknown", "on demand")
_BATCH = ("17", "18", "x9", "n7", "20", "b4", "c5")
_CUSTOMERS = (
    ("C-001", "Ada Ltd", "Germany", "Retail"),
    ("C-002", "Bolt AG", "France", "Wholesale"),
    ("C-003", "Citron", "Brazil", "Retail"),
    ("C-004", "Delta Co", "Japan", "Online"),
)


def write(path: Path) -> Path:
    """Write the workbook: 24 orders, 4 customers, 8 targets."""
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        orders = book.add_worksheet("Orders")
        heads = "Order ID,Order Date,Region,Customer ID,Product,Quantity,Net Amount (EUR),Status,Due,Batch,Is Gift"
        orders.write_row(0, 0, heads.split(","))
        for n in range(24):
            orders.write_number(n + 1, 0, 1001 + n)
            orders.write_datetime(n + 1, 1, datetime(2024, 1 + n % 12, 1 + n, tzinfo=UTC).replace(tzinfo=None), day)
            place = (_REGIONS[n % 4], _CUSTOMERS[n % 3][0], _PRODUCTS[n % 3])
            orders.write_row(n + 1, 2, [*place, 1 + n % 5, 100.0 + 10 * n, _STATUS[n % 4], _DUE[n % 5], _BATCH[n % 7]])
            orders.write_boolean(n + 1, 10, n % 2 == 0)
        customers = book.add_worksheet("Customers")
        customers.write_row(0, 0, ["Customer ID", "Customer Name", "Country", "Segment"])
        for n, row in enumerate(_CUSTOMERS):
            customers.write_row(n + 1, 0, row)
        targets = book.add_worksheet("Targets 2024")
        targets.write_row(0, 0, ["Region", "Quarter", "Target"])
        for n in range(8):
            targets.write_row(n + 1, 0, [_REGIONS[n % 4], f"Q{1 + n // 4}", 500 + 100 * n])
    return path


@asynccontextmanager
async def moment(folder: Path) -> AsyncGenerator[Moment, None]:
    """Open the workbook in a library of its own, before anything was asked."""
    async with open_services(Settings(data=folder / "data"), has_page=False) as services:
        opened = await services.library.bring_in(LOCAL, write(folder / "trade.xlsx"))
        yield Moment(actor=LOCAL, library=services.library, opened=opened)


def after(now: Moment, events: Sequence[Event]) -> Moment:
    """Return the same moment with a longer log."""
    return replace(now, log=(*now.log, *events))
