"""Answers as a model would write them over results as a workbook gives them, with each number's source marked by hand.

`<12=r1.0.orders>` is a number that row 0, column `orders` of r1 holds; `<12=r1>` counts rows of r1; `<12=>` comes from nowhere,
or from a cell that the sentence does not mean: it must never be traced. Numbers without a mark claim nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from chatsheet.chat import basis
from chatsheet.chat.events import RowsUsed, ToolAnswered
from chatsheet.sheets import origins
from chatsheet.sheets.model import Column, ColumnType, Result, ResultColumn, RowIds, Table, Unit, Workbook
from tests.chat import blind_city, blind_results

_EUR, _USD, _CHF = (Unit(currency=code, symbol=symbol) for code, symbol in (("EUR", "€"), ("USD", "$"), ("CHF", "CHF")))
_PERCENT = Unit(symbol="%", is_percent=True)


def _column(name: str, kind: str, unit: Unit | None = None) -> Column:
    return Column(name=name, label=name, letter="A", type=cast("ColumnType", kind), evidence="", unit=unit or Unit())


def _table(name: str, rows: int, *columns: Column) -> Table:
    return Table(id=name, tab=name, range="A1:Z9", header_row=1, evidence="", rows=rows, columns=columns)


WORKBOOK = Workbook(
    parser="p",
    content_sha256="c",
    tables=(
        _table(
            "orders",
            600,
            *(_column(name, "text") for name in ("order_id", "region", "product", "channel", "customer_id", "status")),
            _column("order_date", "date"),
            _column("quantity", "integer"),
            _column("revenue", "decimal", _EUR),
            _column("cost", "decimal", _EUR),
            _column("discount", "decimal", _PERCENT),
        ),
        _table(
            "employees",
            28,
            *(_column(name, "text") for name in ("name", "department")),
            _column("salary", "decimal", _USD),
            _column("age", "integer"),
        ),
        _table("tickets", 121, _column("priority", "text"), _column("hours", "decimal")),
        _table(
            "stock",
            40,
            *(_column(name, "text") for name in ("item", "warehouse")),
            _column("units", "integer"),
            _column("weight", "decimal", Unit(symbol="kg")),
            _column("price", "decimal", _CHF),
        ),
        _table(
            "verkauf", 805, _column("filiale", "text"), _column("umsatz", "decimal", _EUR), _column("kosten", "decimal", _EUR)
        ),
        _table(
            "projects", 3, _column("project", "text"), _column("budget", "decimal", _USD), _column("spent", "decimal", _USD)
        ),
        _table("visits", 1017, _column("day", "date")),
        _table("survey", 1532, _column("score", "integer")),
        _table("shipments", 2207, _column("carrier", "text"), _column("days", "integer")),
        _table(
            "ads",
            2,
            _column("campaign", "text"),
            _column("clicks", "integer"),
            _column("conversions", "integer"),
            _column("cost", "decimal", _USD),
        ),
        _table("rechnungen", 653, _column("datum", "date"), _column("status", "text"), _column("betrag", "decimal", _EUR)),
        *blind_results.TABLES,
        *blind_city.TABLES,
    ),
)

Rows = Sequence[tuple[JsonValue, ...]]
_RESULTS: Mapping[str, tuple[str, Rows, int]] = {
    "region": (
        "SELECT region, sum(revenue) AS revenue, count(*) AS orders FROM orders GROUP BY region ORDER BY revenue DESC",
        [("South", 155288.7, 162), ("North", 110449.4, 148), ("West", 98731.25, 151), ("East", 90120.05, 139)],
        600,
    ),
    "total": ("SELECT sum(revenue) AS total_revenue FROM orders", [(454589.4,)], 600),
    "regions": ("SELECT count(DISTINCT region) AS n FROM orders", [(4,)], 600),
    "monthly": (
        (
            "SELECT date_trunc('month', order_date) AS month, sum(revenue) AS revenue, sum(cost) AS cost FROM orders "
            "WHERE year(order_date) = 2024 GROUP BY 1 ORDER BY 1"
        ),
        [
            ("2024-01-01", 31250.5, 20110.0),
            ("2024-02-01", 28904.75, 19875.25),
            ("2024-03-01", 41007.1, 25333.9),
            ("2024-04-01", 39999.99, 24120.4),
            ("2024-05-01", 36480.0, 25333.9),
            ("2024-06-01", 44102.35, 27001.05),
        ],
        301,
    ),
    "share": (
        "SELECT region, sum(revenue) / (SELECT sum(revenue) FROM orders) AS share FROM orders GROUP BY region",
        [("South", 0.341602), ("North", 0.242965), ("West", 0.217188), ("East", 0.198245)],
        600,
    ),
    "pct": (
        "SELECT channel, 100.0 * count(*) / (SELECT count(*) FROM orders) AS pct FROM orders GROUP BY channel",
        [("Online", 62.5), ("Shop", 30.3333333), ("Phone", 7.1666667), ("Fax", 0.5)],
        600,
    ),
    "avg": (
        (
            "SELECT avg(revenue) AS avg_revenue, median(revenue) AS median_revenue, min(revenue) AS lowest, "
            "max(revenue) AS highest FROM orders"
        ),
        [(757.649, 612.5, 4.2, 4999.99)],
        600,
    ),
    "growth": (
        (
            "WITH y AS (SELECT year(order_date) AS year, sum(revenue) AS revenue FROM orders GROUP BY 1) SELECT year, "
            "revenue, revenue / lag(revenue) OVER (ORDER BY year) - 1 AS growth FROM y"
        ),
        [(2022, 1204331.5, None), (2023, 1355020.75, 0.125123), (2024, 1290114.1, -0.047901)],
        600,
    ),
    "products": (
        (
            "SELECT product, sum(quantity) AS units_sold, sum(revenue) AS revenue FROM orders GROUP BY product ORDER "
            "BY revenue DESC LIMIT 3"
        ),
        [("Laptop Pro 14", 87, 104313.0), ("Desk Lamp", 1240, 37188.6), ("Monitor 27", 95, 28405.5)],
        600,
    ),
    "customers": (
        "SELECT count(DISTINCT customer_id) AS customers, count(*) AS orders FROM orders",
        [(87, 600)],
        600,
    ),
    "open": ("SELECT count(*) AS n FROM orders WHERE status = 'open'", [(12,)], 12),
    "salary": (
        "SELECT department, avg(salary) AS avg_salary, count(*) AS headcount FROM employees GROUP BY department",
        [("Engineering", 84250.5, 14), ("Sales", 61200.0, 9), ("Finance", 70333.33, 5)],
        28,
    ),
    "oldest": (
        "SELECT name, age, salary FROM employees ORDER BY age DESC LIMIT 3",
        [("Anna Schmidt", 61, 72000.0), ("Bob Müller", 58, 65500.0), ("Carla Rossi", 57, 58900.0)],
        28,
    ),
    "tickets": (
        "SELECT priority, count(*) AS tickets, avg(hours) AS avg_hours FROM tickets GROUP BY priority",
        [("high", 23, 4.75), ("medium", 58, 11.2), ("low", 40, 26.05)],
        121,
    ),
    "stock": (
        "SELECT item, warehouse, units, weight, price FROM stock WHERE units < 50",
        [("Bolt M8", "Basel", 12, 0.035, 0.15), ("Gear A-17", "Basel", 7, 2.4, 89.9), ("Pump", "Bern", 31, 18.75, 1249.0)],
        3,
    ),
    "profit": (
        (
            "SELECT quarter(order_date) AS quarter, sum(revenue) - sum(cost) AS profit FROM orders WHERE "
            "year(order_date) = 2024 GROUP BY 1"
        ),
        [(1, 12345.6), (2, -3210.4), (3, 800.0), (4, 15020.25)],
        301,
    ),
    "big": ("SELECT sum(revenue) AS revenue, sum(cost) AS cost FROM orders", [(12345678.9, 8765432.1)], 600),
    "change": (
        (
            "WITH a AS (SELECT region, sum(revenue) AS r FROM orders GROUP BY 1), b AS (SELECT region, sum(cost) AS r "
            "FROM orders GROUP BY 1) SELECT a.region, a.r - b.r AS change FROM a JOIN b USING (region)"
        ),
        [("South", 5210.0), ("North", -1480.5), ("West", 77.25)],
        600,
    ),
    "discount": ("SELECT avg(discount) AS avg_discount FROM orders", [(0.0825,)], 600),
    "span": (
        "SELECT min(order_date) AS first_order, max(order_date) AS last_order, count(*) AS orders FROM orders",
        [("2022-01-03", "2024-12-30", 600)],
        600,
    ),
    "two_ways": (
        "SELECT region, channel, sum(quantity) AS quantity FROM orders GROUP BY ALL",
        [("South", "Online", 410), ("South", "Shop", 205), ("North", "Online", 377), ("North", "Shop", 118)],
        600,
    ),
    "umsatz": (
        "SELECT filiale, sum(umsatz) AS umsatz, sum(kosten) AS kosten, count(*) AS anzahl FROM verkauf GROUP BY filiale",
        [("Berlin", 48210.35, 39100.0, 320), ("München", 51877.9, 40250.4, 298), ("Köln", 23999.99, 25120.15, 187)],
        805,
    ),
    "projects": (
        "SELECT project, budget, spent, budget - spent AS remaining FROM projects ORDER BY budget DESC",
        [
            ("Apollo", 250000.0, 181450.75, 68549.25),
            ("Borealis", 90000.0, 97200.0, -7200.0),
            ("Cygnus", 40000.0, 12500.0, 27500.0),
        ],
        3,
    ),
    "weekday": (
        "SELECT dayname(day) AS weekday, count(*) AS visits FROM visits GROUP BY 1",
        [("Monday", 412), ("Tuesday", 398), ("Saturday", 120), ("Sunday", 87)],
        1017,
    ),
    "survey": ("SELECT avg(score) AS avg_score, count(*) AS responses FROM survey", [(7.8413, 1532)], 1532),
    "carriers": (
        "SELECT carrier, avg(days) AS avg_days, max(days) AS max_days, count(*) AS shipments FROM shipments GROUP BY carrier",
        [("DHL", 2.4, 9, 1045), ("UPS", 3.1, 14, 760), ("GLS", 2.95, 11, 402)],
        2207,
    ),
    "ads": (
        "SELECT campaign, clicks, conversions, conversions / clicks AS conversion_rate, cost FROM ads",
        [("Spring", 12040, 361, 0.029983, 8400.5), ("Summer", 20155, 1008, 0.050012, 15230.75)],
        2,
    ),
    "invoices": (
        "SELECT year(datum) AS jahr, count(*) AS rechnungen, sum(betrag) AS summe FROM rechnungen GROUP BY 1 ORDER BY 1",
        [(2022, 210, 99120.4), (2023, 245, 120340.55), (2024, 198, 101000.0)],
        653,
    ),
    "paid": (
        "SELECT count(*) FILTER (WHERE status = 'bezahlt') AS bezahlt, count(*) AS alle FROM rechnungen",
        [(173, 198)],
        198,
    ),
    "none": ("SELECT region, revenue FROM orders WHERE region = 'Mars'", [], 0),
    **blind_results.RESULTS,
    **blind_city.RESULTS,
}


def answered(name: str, handle: str = "r1") -> ToolAnswered:
    """Return a result of the corpus as the log holds it."""
    sql, rows, used = _RESULTS[name]
    names = [made.name for made in origins.made(sql, {t.id: [c.name for c in t.columns] for t in WORKBOOK.tables})]
    told = basis.of(sql, WORKBOOK, names=names)
    columns = tuple(ResultColumn(name=name, type="DOUBLE") for name in names)
    is_plain = name in {"oldest", "stock", "none", "projects", "ads"} | blind_results.PLAIN | blind_city.PLAIN
    row_ids = (RowIds(table="t", ids=tuple(range(len(rows)))),) if is_plain else ()
    result = Result(columns=columns, rows=tuple(rows), row_count=len(rows), truncated=False, row_ids=row_ids)
    rows_used = tuple(RowsUsed(table=one.table, rows=used, first=2, last=601) for one in told.rows[:1])
    told = told.model_copy(update={"rows": rows_used})
    return ToolAnswered(turn="t", call_id=handle, tool="run_sql", content="", handle=handle, sql=sql, result=result, basis=told)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer over results r1, r2, …; the text carries the marks."""

    results: str
    marked: str
    locale: str = "en"
    question: str = ""

    @property
    def text(self) -> str:
        """The answer as it was given."""
        return _MARK.sub(r"\1", self.marked)

    @property
    def expected(self) -> dict[tuple[int, int], str]:
        """Where the marked numbers stand, and what they come from."""
        found: dict[tuple[int, int], str] = {}
        shift = 0
        for match in _MARK.finditer(self.marked):
            start = match.start() - shift
            found[start, start + len(match[1])] = match[2]
            shift += len(match.group()) - len(match[1])
        return found

    @property
    def answers(self) -> list[ToolAnswered]:
        """The results in order."""
        return [answered(name, f"r{place}") for place, name in enumerate(self.results.split(), 1)]


_MARK = re.compile(r"<([^<>=]+)=([^<>]*)>")


def _said(line: str) -> Said:
    results, locale, rest = line.split(" | ", 2)
    marked, _, question = rest.replace("⏎", "\n").partition(" ?? ")
    return Said(results.strip(), marked, locale, question)


def _read(name: str) -> list[Said]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [_said(line) for line in lines if line and not line.startswith("#")]


TUNED = _read("answers.txt")
BLIND_1 = _read("blind_1.txt")
BLIND_2 = _read("blind_2.txt")
BLIND_3 = _read("blind_3.txt")
BLIND_4, BLIND_5, BLIND_6 = (_read(f"blind_{number}.txt") for number in (4, 5, 6))
ANSWERS = [*TUNED, *BLIND_1, *BLIND_2, *BLIND_3]
