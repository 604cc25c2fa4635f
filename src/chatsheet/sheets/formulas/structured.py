"""Structured references such as `Sales[[#This Row],[Price]]` as areas. Pure."""

import re
from collections.abc import Mapping

from chatsheet.sheets.formulas.model import Area, NamedTable

_ITEM = re.compile(r"\[((?:[^\[\]']|'.)*)\]")


def area(written: str, tables: Mapping[str, NamedTable], row: int) -> Area | None:
    """Return the cells that a structured reference in a row means; None for an unknown table.

    What it does not understand widens the area, so that nothing which depends on a cell is missed.
    """
    name, _, inside = written.partition("[")
    table = tables.get(name.casefold())
    if table is None:
        return None
    tab, top, left, bottom, right = table.area
    inner = inside.removesuffix("]")
    items = [item.strip() for item in _ITEM.findall(inner)] or [inner.strip()]
    specials = {item.casefold() for item in items if item.startswith("#")}
    names = [re.sub(r"'(.)", r"\1", item.removeprefix("@")).casefold() for item in items if item and not item.startswith("#")]
    numbers = [table.columns.index(name) for name in names if name in table.columns]
    if numbers and len(numbers) == len(names):
        left, right = left + min(numbers), left + max(numbers)
    if "#this row" in specials or inner.startswith("@"):
        return tab, row, left, row, right
    if specials - {"#data"}:
        return tab, top, left, bottom, right
    return tab, top + table.headers, left, bottom - table.totals, right
