"""Answers as a model would write them over results as a workbook gives them, with each number's source marked by hand.

`<12=r1.0.orders>` is a number that row 0, column `orders` of r1 holds; `<12=r1>` counts rows of r1; `<12=>` comes from nowhere,
or from a cell that the sentence does not mean: it must never be traced. Numbers without a mark claim nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from chatsheet.chat import basis
from chatsheet.chat.events import RowsUsed, ToolAnswered
from chatsheet.sheets.model import Column, ColumnType, Result, ResultColumn, RowIds, Table, Unit, Workbook

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
    ),
)

Rows = Sequence[tuple[JsonValue, ...]]
_RESULTS: dict[str, tuple[str, Rows, int]] = {
    "region": (
        "SELECT region, sum(revenue) AS revenue, count(*) AS orders FROM orders GROUP BY region ORDER BY revenue DESC",
        [("South", 155288.7, 162), ("North", 110449.4, 148), ("West", 98731.25, 151), ("East", 90120.05, 139)],
        600,
    ),
    "total": ("SELECT sum(revenue) AS total_revenue FROM orders", [(454589.4,)], 600),
    "regions": ("SELECT count(DISTINCT region) AS n FROM orders", [(4,)], 600),
    "monthly": (
        "SELECT date_trunc('month', order_date) AS month, sum(revenue) AS revenue, sum(cost) AS cost FROM orders "
        "WHERE year(order_date) = 2024 GROUP BY 1 ORDER BY 1",
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
        "SELECT avg(revenue) AS avg_revenue, median(revenue) AS median_revenue, min(revenue) AS lowest, max(revenue) AS highest "
        "FROM orders",
        [(757.649, 612.5, 4.2, 4999.99)],
        600,
    ),
    "growth": (
        "WITH y AS (SELECT year(order_date) AS year, sum(revenue) AS revenue FROM orders GROUP BY 1) "
        "SELECT year, revenue, revenue / lag(revenue) OVER (ORDER BY year) - 1 AS growth FROM y",
        [(2022, 1204331.5, None), (2023, 1355020.75, 0.125123), (2024, 1290114.1, -0.047901)],
        600,
    ),
    "products": (
        "SELECT product, sum(quantity) AS units_sold, sum(revenue) AS revenue FROM orders GROUP BY product ORDER BY revenue DESC LIMIT 3",
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
        "SELECT quarter(order_date) AS quarter, sum(revenue) - sum(cost) AS profit FROM orders WHERE year(order_date) = 2024 GROUP BY 1",
        [(1, 12345.6), (2, -3210.4), (3, 800.0), (4, 15020.25)],
        301,
    ),
    "big": ("SELECT sum(revenue) AS revenue, sum(cost) AS cost FROM orders", [(12345678.9, 8765432.1)], 600),
    "change": (
        "WITH a AS (SELECT region, sum(revenue) AS r FROM orders GROUP BY 1), b AS (SELECT region, sum(cost) AS r FROM orders GROUP BY 1) "
        "SELECT a.region, a.r - b.r AS change FROM a JOIN b USING (region)",
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
    "none": ("SELECT region, revenue FROM orders WHERE region = 'Mars'", [], 0),
}


def answered(name: str, handle: str = "r1") -> ToolAnswered:
    """Return a result of the corpus as the log holds it."""
    sql, rows, used = _RESULTS[name]
    told = basis.of(sql, WORKBOOK)
    columns = tuple(ResultColumn(name=output.name, type="DOUBLE") for output in told.outputs)
    is_plain = name in {"oldest", "stock", "none"}
    row_ids = (RowIds(table="t", ids=tuple(range(len(rows)))),) if is_plain else ()
    result = Result(columns=columns, rows=tuple(rows), row_count=len(rows), truncated=False, row_ids=row_ids)
    rows_used = tuple(RowsUsed(table=one.table, rows=used, first=2, last=601) for one in told.rows[:1])
    told = told.model_copy(update={"rows": rows_used})
    return ToolAnswered(
        turn="t", call_id=handle, tool="run_sql", content="", handle=handle, sql=sql, result=result, basis=told
    )


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

ENGLISH = [
    # true, in the usual shapes
    Said("region", "South sold most: <155,288.70=r1.0.revenue>."),
    Said("region", "South leads with €<155,288.70=r1.0.revenue>, followed by North with €<110,449.40=r1.1.revenue>."),
    Said("region", "South made <155,288.70=r1.0.revenue> EUR from <162=r1.0.orders> orders, North <110,449.40=r1.1.revenue> EUR from <148=r1.1.orders>."),
    Said("region", "Revenue by region:\n- South: <155,288.70=r1.0.revenue>\n- North: <110,449.40=r1.1.revenue>\n- West: <98,731.25=r1.2.revenue>\n- East: <90,120.05=r1.3.revenue>"),
    Said("region", "1. South: <155,288.70=r1.0.revenue> (<162=r1.0.orders> orders)\n2. North: <110,449.40=r1.1.revenue> (<148=r1.1.orders> orders)"),
    Said("region", "| Region | Revenue | Orders |\n|---|---|---|\n| South | <155,288.70=r1.0.revenue> | <162=r1.0.orders> |\n| North | <110,449.40=r1.1.revenue> | <148=r1.1.orders> |"),
    Said("region", "The **South** region had revenue of **<155,288.70=r1.0.revenue>** across **<162=r1.0.orders>** orders."),
    Said("region", "South and North sold <155,288.70=r1.0.revenue> and <110,449.40=r1.1.revenue> respectively."),
    Said("region", "<155,288.70=r1.0.revenue> in South, <110,449.40=r1.1.revenue> in North and <90,120.05=r1.3.revenue> in East."),
    Said("region", "About €<155,000=r1.0.revenue> came from South, and roughly <90,000=r1.3.revenue> from East."),
    Said("region", "South made about <155k=r1.0.revenue>, East around <90k=r1.3.revenue>.".replace("k=", "=").replace(">,", ">k,").replace(">.", ">k.")),
    Said("region", "The highest revenue, <155,288.70=r1.0.revenue>, came from South."),
    Said("region", "There are <4=r1> regions; the smallest is East (<90,120.05=r1.3.revenue>)."),
    Said("region", "South (<155,288.70=r1.0.revenue>) beats North (<110,449.40=r1.1.revenue>)."),
    Said("region", "North's <110,449.40=r1.1.revenue> is less than South's <155,288.70=r1.0.revenue>."),
    Said("region", "The <600=r1> orders spread over <four=r1> regions."),
    Said("region", "South's revenue is just over <155,000=r1.0.revenue> EUR."),
    Said("region", "East stayed just under <90,200=r1.3.revenue>."),
    Said("total", "Total revenue is €<454,589.40=r1.0.total_revenue>, from <600=r1> orders."),
    Said("total", "The total is <454589.40=r1.0.total_revenue>."),
    Said("total", "Total revenue: <454,589=r1.0.total_revenue> EUR."),
    Said("total", "In total, revenue reached <454.6=r1.0.total_revenue>k EUR."),
    Said("total", "Revenue was €<0.45=r1.0.total_revenue>m."),
    Said("regions", "The workbook has <4=r1.0.n> regions."),
    Said("regions", "There are <four=r1.0.n> different regions."),
    Said("monthly", "June 2024 was the best month with <44,102.35=r1.5.revenue>, February the weakest with <28,904.75=r1.1.revenue>."),
    Said("monthly", "In March 2024 revenue was <41,007.10=r1.2.revenue> and cost <25,333.90=r1.2.cost>."),
    Said("monthly", "Costs in May came to <25,333.90=r1.4.cost>."),
    Said("monthly", "Revenue rose from <31,250.50=r1.0.revenue> in January to <44,102.35=r1.5.revenue> in June."),
    Said("monthly", "April 2024: revenue <39,999.99=r1.3.revenue>, cost <24,120.40=r1.3.cost>."),
    Said("monthly", "The data covers <6=r1> months of 2024."),
    Said("share", "South has a share of <34.2=r1.0.share>%, North <24.3=r1.1.share>%."),
    Said("share", "South accounts for <34=r1.0.share> % of revenue."),
    Said("share", "About a third (<34.16=r1.0.share> percent) comes from South."),
    Said("share", "| Region | Share (%) |\n|---|---|\n| South | <34.2=r1.0.share> |\n| East | <19.8=r1.3.share> |"),
    Said("pct", "<62.5=r1.0.pct>% of orders are Online, <30.3=r1.1.pct>% Shop and <7.2=r1.2.pct>% Phone."),
    Said("pct", "Online makes up <62.5=r1.0.pct> percent; Fax only <0.5=r1.3.pct> percent."),
    Said("avg", "The average revenue per order is €<757.65=r1.0.avg_revenue>, the median €<612.50=r1.0.median_revenue>."),
    Said("avg", "Order values range from <4.20=r1.0.lowest> to <4,999.99=r1.0.highest>."),
    Said("avg", "On average an order brings <757.65=r1.0.avg_revenue> EUR."),
    Said("growth", "Revenue grew by <12.5=r1.1.growth>% in 2023 and fell by <4.8=r1.2.growth>% in 2024."),
    Said("growth", "2024 revenue was <1,290,114.10=r1.2.revenue>, down <4.79=r1.2.growth>% from 2023."),
    Said("growth", "In 2023 revenue was €<1.36=r1.1.revenue>m."),
    Said("growth", "Revenue was <1.2=r1.0.revenue> million in 2022."),
    Said("products", "Laptop Pro 14 sold <87=r1.0.units_sold> units for €<104,313=r1.0.revenue>."),
    Said("products", "Monitor 27 brought <28,405.50=r1.2.revenue>, Desk Lamp <37,188.60=r1.1.revenue> with <1,240=r1.1.units_sold> units sold."),
    Said("products", "The top 3 products are Laptop Pro 14 (<104,313.00=r1.0.revenue>), Desk Lamp (<37,188.60=r1.1.revenue>) and Monitor 27 (<28,405.50=r1.2.revenue>)."),
    Said("customers", "<87=r1.0.customers> customers placed <600=r1.0.orders> orders."),
    Said("customers", "There are <600=r1.0.orders> orders from <87=r1.0.customers> customers."),
    Said("open", "There are <12=r1.0.n> open orders."),
    Said("open", "<Twelve=r1.0.n> orders are still open."),
    Said("salary", "Engineering pays best: $<84,250.50=r1.0.avg_salary> on average for <14=r1.0.headcount> employees."),
    Said("salary", "The average salary in Finance is $<70,333=r1.2.avg_salary>; Sales has a headcount of <9=r1.1.headcount>."),
    Said("salary", "Average salaries: Engineering <84.3=r1.0.avg_salary>k, Sales <61.2=r1.1.avg_salary>k."),
    Said("oldest", "Anna Schmidt is <61=r1.0.age> and earns $<72,000=r1.0.salary>."),
    Said("oldest", "The oldest is Schmidt (age <61=r1.0.age>), then Bob Muller at age <58=r1.1.age>."),
    Said("tickets", "High-priority tickets take <4.75=r1.0.avg_hours> hours on average; there are <23=r1.0.tickets> tickets of that kind."),
    Said("tickets", "Low priority: <40=r1.2.tickets> tickets, average <26.05=r1.2.avg_hours> hours."),
    Said("stock", "Gear A-17 has <7=r1.1.units> units left in Basel at CHF <89.90=r1.1.price> each."),
    Said("stock", "The Pump weighs <18.75=r1.2.weight> kg and costs CHF <1'249.00=r1.2.price>.", locale="de-CH"),
    Said("profit", "Q1 profit was <12,345.60=r1.0.profit>; Q2 made a loss of <3,210.40=r1.1.profit>."),
    Said("profit", "In Q4 the profit was €<15,020.25=r1.3.profit>, in Q2 −€<3,210.40=r1.1.profit>.".replace("−€<3", "€<−3")),
    Said("big", "Revenue is €<12.3=r1.0.revenue>m against cost of €<8.8=r1.0.cost>m."),
    Said("big", "Revenue came to <12,345,678.90=r1.0.revenue>; costs were <8,765,432.10=r1.0.cost>."),
    Said("change", "South is up <5,210=r1.0.change>, North fell by <1,480.50=r1.1.change>."),
    Said("discount", "The average discount is <8.25=r1.0.avg_discount>%."),
    Said("discount", "Discounts average about <8=r1.0.avg_discount>%."),
    Said("span", "The orders run from 2022-01-03 to 2024-12-30: <600=r1.0.orders> orders."),
    Said("two_ways", "South sold <410=r1.0.quantity> online and <205=r1.1.quantity> in the shop."),
    Said("two_ways", "Online: South <410=r1.0.quantity>, North <377=r1.2.quantity>."),
    Said("total region", "Total revenue is <454,589.40=r1.0.total_revenue>; South has <155,288.70=r2.0.revenue> of it."),
    Said("regions open", "There are <4=r1.0.n> regions and <12=r2.0.n> open orders."),
    Said("region avg", "South sold <155,288.70=r1.0.revenue>; the average revenue of an order is <757.65=r2.0.avg_revenue>."),
    Said("region", "For South:\n- revenue: <155,288.70=r1.0.revenue>\n- orders: <162=r1.0.orders>"),
    Said("region", "South sold most. It made <155,288.70=r1.0.revenue>."),
    Said("region", "[r1] In rows 2 to 601, South had `155288.7`... that is <155,288.70=r1.0.revenue>.".replace("`155288.7`... that is ", "")),
    Said("none", "No order is from Mars: <0=r1> rows match."),
    Said("region", "Yes: South has more than 150 orders (<162=r1.0.orders>).", question="Which regions have more than 150 orders?"),
    # not claims at all
    Said("region", "On 12 March 2024, 2024-03-12, 12.03.2024, Q3 2024 and at 10:30 the 3rd of the top 5 was checked in v1.2.3."),
    Said("region", "The query was `SELECT region, 5 FROM orders LIMIT 7`, see r1 and step 2."),
    Said("region", "The top 3 regions were asked for; see rows 2 to 601.", question="Show the top 3 regions"),
    Said("monthly", "In 2024 the months differ."),
    Said("region", "1. Look at South.\n2. Look at North."),
    # planted: must not be traced
    Said("region", "South sold <110,449.40=>."),
    Said("region", "North sold <155,288.70=> and South <110,449.40=>."),
    Said("region", "North leads with <155,288.70=>, followed by South with <110,449.40=>."),
    Said("region", "<155,288.70=> in North, <110,449.40=> in South."),
    Said("region", "South and North sold <110,449.40=> and <155,288.70=> respectively."),
    Said("region", "- South: <110,449.40=>\n- North: <155,288.70=>"),
    Said("region", "| Region | Revenue |\n|---|---|\n| South | <98,731.25=> |\n| West | <155,288.70=> |"),
    Said("region", "| Region | Orders |\n|---|---|\n| South | <155,288.70=> |"),
    Said("region", "South had <148=> orders."),
    Said("region", "South had <151=> orders and <162=> customers."),
    Said("region", "There are <600=> customers."),
    Said("region", "There are <4=> products."),
    Said("region", "South made <15,528.87=>."),
    Said("region", "South made <155,289.70=>."),
    Said("region", "South made <155,288.80=>."),
    Said("region", "South made <155,288=>."),
    Said("region", "South made €<155,288.70=>m."),
    Said("region", "South made <-155,288.70=>."),
    Said("region", "South made $<155,288.70=>."),
    Said("region", "South's share is <162=>%."),
    Said("region", "South and North together made <265,738.10=>."),
    Said("region", "South is ahead of North by <44,839.30=>."),
    Said("region", "South makes up <34.2=>% of revenue."),
    Said("region", "South sold <1.4=> times as much as North."),
    Said("region", "The average revenue is <155,288.70=>."),
    Said("region", "South sold most. It made <110,449.40=>."),
    Said("region", "For North:\n- revenue: <155,288.70=>\n- orders: <162=>"),
    Said("region", "About <150,000=> came from South."),
    Said("region", "Over <156,000=> came from South."),
    Said("regions open", "There are <12=> regions and <4=> open orders."),
    Said("open", "There are <12=> regions."),
    Said("open", "There are <12=> customers."),
    Said("open", "<Twelve=> orders came from 2 regions.".replace("from 2 regions", "last week")) if False else Said("regions", "<Twelve=> regions."),  # noqa: E501
    Said("regions", "There are <5=> regions."),
    Said("regions", "There are <4=> orders."),
    Said("regions", "The workbook lists <4=> products and <4=> channels."),
    Said("monthly", "March revenue was <25,333.90=>."),
    Said("monthly", "In March, cost was <41,007.10=>."),
    Said("monthly", "June was weakest with <28,904.75=>."),
    Said("monthly", "Revenue fell from <44,102.35=> in January to <31,250.50=> in June."),
    Said("monthly", "July brought <51,200.00=>."),
    Said("share", "South has a share of <0.34=>%."),
    Said("share", "South has a share of <24.3=>%."),
    Said("share", "North accounts for <34.2=>%."),
    Said("share", "South has a share of <34.1=>%."),
    Said("share", "South's share is <3.4=>%."),
    Said("pct", "<6250=>% are Online."),
    Said("pct", "Online is <30.3=>%, Shop <62.5=>%."),
    Said("pct", "Fax makes up <50=>%."),
    Said("pct", "There are <62.5=> EUR of orders."),
    Said("avg", "The average revenue is <612.50=>, the median <757.65=>."),
    Said("avg", "The average revenue is <757.60=>."),
    Said("growth", "Revenue grew by <4.8=>% in 2024."),
    Said("growth", "Revenue fell by <12.5=>% in 2023."),
    Said("growth", "In 2022 revenue was <1,355,020.75=>."),
    Said("growth", "In 2023 revenue was <1.35=> million."),
    Said("growth", "In 2023 revenue was <1.36=> billion."),
    Said("growth", "The best year was <2019=>."),
    Said("products", "Desk Lamp sold <87=> units."),
    Said("products", "Laptop Pro 14 brought <28,405.50=>."),
    Said("products", "Monitor 27 sold <1,240=> units and Desk Lamp <95=>."),
    Said("customers", "<600=> customers placed <87=> orders."),
    Said("salary", "Sales has <14=> employees."),
    Said("salary", "Finance pays €<70,333.33=>."),
    Said("salary", "The median salary in Sales is <61,200=>."),
    Said("oldest", "Bob Müller is <61=>."),
    Said("oldest", "Anna Schmidt earns <65,500=>."),
    Said("tickets", "High priority tickets take <11.2=> hours, medium <4.75=>."),
    Said("stock", "Bolt M8 has <7=> units."),
    Said("stock", "The Pump costs CHF <18.75=>."),
    Said("stock", "The Pump weighs <1,249=> kg."),
    Said("profit", "Q2 made a profit of <3,210.40=>."),
    Said("profit", "Q3 profit was <12,345.60=>."),
    Said("change", "North rose by <1,480.50=>."),
    Said("change", "South fell by <5,210=>."),
    Said("discount", "The average discount is <0.0825=>%."),
    Said("discount", "The average discount is <82.5=>%."),
    Said("two_ways", "South sold <377=> online."),
    Said("two_ways", "North sold <118=> online."),
    Said("two_ways", "There are <4=> regions."),
    Said("", "The workbook holds <600=> orders from <2022=> to <2024=>."),
    Said("regions", "Last time we saw <454,589.40=> in revenue, now <4=r1.0.n> regions."),
    Said("total", "By the card, revenue lies between <4.20=> and <4,999.99=>."),
    Said("big", "Revenue is €<12.4=>m and cost is €<12.3=>m."),
    Said("big", "The profit is <3,580,246.80=>."),
]

GERMAN = [
    Said("region", "Der Süden liegt vorn: South mit <155.288,70=r1.0.revenue> €, North mit <110.449,40=r1.1.revenue> €.", locale="de"),
    Said("region", "In South beträgt der Umsatz <155.288,70=r1.0.revenue> EUR bei <162=r1.0.orders> Bestellungen.", locale="de"),
    Said("region", "Im Norden wurden <110.449,40=r1.1.revenue> € erzielt, im Westen <98.731,25=r1.2.revenue> €.", locale="de"),
    Said("region", "Es gibt <4=r1> Regionen und insgesamt <600=r1> Bestellungen.", locale="de"),
    Said("region", "Es gibt <vier=r1> Regionen.", locale="de"),
    Said("region", "South kommt auf rund <155.000=r1.0.revenue> €, East auf knapp <90.200=r1.3.revenue> €.", locale="de"),
    Said("region", "- South: <155.288,70=r1.0.revenue> €\n- East: <90.120,05=r1.3.revenue> €", locale="de"),
    Said("total", "Der Gesamtumsatz beträgt <454.589,40=r1.0.total_revenue> €.", locale="de"),
    Said("total", "Der Gesamtumsatz liegt bei <454,6=r1.0.total_revenue> Tsd. €.", locale="de"),
    Said("total", "Das sind <0,45=r1.0.total_revenue> Mio. Euro Umsatz.", locale="de"),
    Said("big", "Der Umsatz liegt bei <12,3=r1.0.revenue> Mio. €, die Kosten bei <8,8=r1.0.cost> Mio. €.", locale="de"),
    Said("monthly", "Im März 2024 lag der Umsatz bei <41.007,10=r1.2.revenue> €, die Kosten bei <25.333,90=r1.2.cost> €.", locale="de"),
    Said("monthly", "Der beste Monat war der Juni mit <44.102,35=r1.5.revenue> €.", locale="de"),
    Said("share", "Auf South entfallen <34,2=r1.0.share> %, auf East <19,8=r1.3.share> Prozent.", locale="de"),
    Said("pct", "<62,5=r1.0.pct> % der Bestellungen kommen über Online, <7,2=r1.2.pct> % über Phone.", locale="de"),
    Said("avg", "Der durchschnittliche Umsatz liegt bei <757,65=r1.0.avg_revenue> €, der Median bei <612,50=r1.0.median_revenue> €.", locale="de"),
    Said("growth", "2023 stieg der Umsatz um <12,5=r1.1.growth> %, 2024 sank er um <4,8=r1.2.growth> %.", locale="de"),
    Said("products", "Von Desk Lamp wurden <1.240=r1.1.units_sold> Stück verkauft.", locale="de"),
    Said("customers", "<87=r1.0.customers> Kunden haben <600=r1.0.orders> Bestellungen aufgegeben.", locale="de"),
    Said("open", "<Zwölf=r1.0.n> Bestellungen sind noch offen.", locale="de"),
    Said("salary", "Das Durchschnittsgehalt in Finance beträgt <70.333,33=r1.2.avg_salary> USD.", locale="de"),
    Said("salary", "Engineering hat <14=r1.0.headcount> Mitarbeiter.", locale="de"),
    Said("profit", "Im 2. Quartal entstand ein Verlust von <3.210,40=r1.1.profit> €.", locale="de"),
    Said("discount", "Der durchschnittliche Rabatt beträgt <8,25=r1.0.avg_discount> %.", locale="de"),
    Said("stock", "Die Pump kostet CHF <1'249.00=r1.2.price> und wiegt <18.75=r1.2.weight> kg.", locale="de-CH"),
    Said("region", "Der Umsatz in South ist <155.288,70=r1.0.revenue>.", locale="en"),
    Said("monthly", "Am 12. März 2024 und am 03.04.2024 gab es keine Auffälligkeit im 2. Quartal.", locale="de"),
    # planted
    Said("region", "Im Norden wurden <155.288,70=> € erzielt.", locale="de"),
    Said("region", "South: <110.449,40=> €, North: <155.288,70=> €.", locale="de"),
    Said("region", "In South gab es <148=> Bestellungen.", locale="de"),
    Said("region", "South hat <155,288=> € Umsatz.", locale="de"),
    Said("region", "Es gibt <4=> Produkte und <600=> Kunden.", locale="de"),
    Said("region", "Der Unterschied zwischen South und North beträgt <44.839,30=> €.", locale="de"),
    Said("total", "Der Gesamtumsatz beträgt <454,589=> €.", locale="de"),
    Said("total", "Der Gesamtumsatz beträgt <454,6=> Mio. €.", locale="de"),
    Said("total", "Die Kosten betragen <454.589,40=> €.", locale="de"),
    Said("share", "Auf South entfallen <0,34=> %.", locale="de"),
    Said("share", "Auf North entfallen <34,2=> %.", locale="de"),
    Said("monthly", "Im Mai lag der Umsatz bei <25.333,90=> €.", locale="de"),
    Said("monthly", "Im März lag der Umsatz bei <44.102,35=> €.", locale="de"),
    Said("growth", "2024 stieg der Umsatz um <4,8=> %.", locale="de"),
    Said("growth", "2023 sank der Umsatz um <12,5=> %.", locale="de"),
    Said("customers", "<600=> Kunden haben bestellt.", locale="de"),
    Said("open", "Es gibt <12=> Regionen.", locale="de"),
    Said("salary", "Sales hat <14=> Mitarbeiter.", locale="de"),
    Said("avg", "Der Durchschnitt liegt bei <612,50=> €.", locale="de"),
    Said("profit", "Im 2. Quartal betrug der Gewinn <3.210,40=> €.", locale="de"),
    Said("products", "Desk Lamp wurde <87=> Mal verkauft.", locale="de"),
    Said("discount", "Der Rabatt beträgt im Schnitt <0,08=> %.", locale="de"),
]

OTHERS = [
    Said("region", "La région South a réalisé <155 288,70=r1.0.revenue> € et North <110 449,40=r1.1.revenue> €.", locale="fr"),
    Said("region", "Il y a <4=r1> régions et <600=r1> commandes.", locale="fr"),
    Said("region", "Il y a <quatre=r1> régions.", locale="fr"),
    Said("total", "Le chiffre d'affaires total est de <454 589,40=r1.0.total_revenue> €.", locale="fr"),
    Said("total", "Le chiffre d'affaires est de <454,6=r1.0.total_revenue> k€.", locale="fr"),
    Said("share", "South représente <34,2=r1.0.share> pour cent du total.", locale="fr"),
    Said("monthly", "En mars 2024, les coûts étaient de <25 333,90=r1.2.cost> €.", locale="fr"),
    Said("growth", "En 2024, le chiffre d'affaires a baissé de <4,8=r1.2.growth> %.", locale="fr"),
    Said("region", "South vendió <155.288,70=r1.0.revenue> € y North <110.449,40=r1.1.revenue> €.", locale="es"),
    Said("customers", "Hay <87=r1.0.customers> clientes y <600=r1.0.orders> pedidos.", locale="es"),
    Said("monthly", "En junio de 2024 los ingresos fueron de <44.102,35=r1.5.revenue> €.", locale="es"),
    Said("avg", "El promedio de ingresos es de <757,65=r1.0.avg_revenue> €.", locale="es"),
    Said("growth", "En 2023 los ingresos crecieron un <12,5=r1.1.growth> por ciento.", locale="es"),
    Said("big", "Los ingresos son de <12,3=r1.0.revenue> millones de euros.", locale="es"),
    Said("region", "La région North a réalisé <155 288,70=> €.", locale="fr"),
    Said("region", "Il y a <600=> clients.", locale="fr"),
    Said("share", "North représente <34,2=> %.", locale="fr"),
    Said("monthly", "En mars, le chiffre d'affaires était de <25 333,90=> €.", locale="fr"),
    Said("monthly", "En junio los costes fueron de <44.102,35=> €.", locale="es"),
    Said("customers", "Hay <600=> clientes.", locale="es"),
    Said("growth", "En 2024 los ingresos crecieron un <4,8=> por ciento.", locale="es"),
    Said("big", "Los costes son de <12,3=> millones de euros.", locale="es"),
]

ANSWERS = [*ENGLISH, *GERMAN, *OTHERS]
