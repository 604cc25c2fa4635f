"""Workbooks as values, for tests of what a model is told."""

from chatsheet.sheets.model import Column, Profile, Table, TopValue, Workbook


def texts(name: str, *values: str, label: str | None = None) -> Column:
    """Return a text column with these frequent values."""
    top = tuple(TopValue(value=value, rows=2) for value in values)
    profile = Profile(nulls=0, distinct=len(values), top=top)
    return Column(name=name, label=label or name, letter="A", type="text", evidence="texts", profile=profile)


def numbers(name: str, label: str | None = None) -> Column:
    """Return a column of amounts."""
    profile = Profile(nulls=3, distinct=700, minimum=0.5, median=812.0, maximum=24990.0)
    return Column(name=name, label=label or name, letter="B", type="decimal", evidence="numbers", profile=profile)


def table(*columns: Column, id: str = "orders", tab: str = "orders", rows: int = 1_000) -> Table:  # noqa: A002  its name
    """Return a table of these columns."""
    return Table(id=id, tab=tab, range="A1:C9", header_row=1, evidence="test", rows=rows, columns=columns)


def workbook(*tables: Table) -> Workbook:
    """Return a workbook of these tables."""
    return Workbook(parser="1", content_sha256="0", tables=tables)


def wide(columns: int, id: str = "orders") -> Table:  # noqa: A002  its name
    """Return a table with that many columns of eight values each."""
    values = [f"value number {number}" for number in range(8)]
    return table(*(texts(f"c{number}", *values) for number in range(columns)), id=id)


SALES = workbook(
    table(texts("region", "EMEA", "APAC"), numbers("revenue"), texts("product_line", "Chairs", "Tables")),
    table(texts("customer_name", "Contoso", "Fabrikam"), numbers("credit_limit"), id="customers", tab="Customers"),
)
"""Two small tables."""
