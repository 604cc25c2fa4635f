"""A hundred wrong calls: what the tool says of each, the retry of a model that takes it by its word, and what is right.

`retry` may use no name and no function that stands neither in the wrong call nor in what the tool said; it is empty where the
tool put the slip right by itself. `gives` is the right result, worked out from how the workbook is made (workbook.py).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["table", "column", "literal", "type", "group", "function", "dialect", "quotes", "syntax", "arguments"]


@dataclass(frozen=True, slots=True)
class Repair:
    """A slip; calls other than run_sql begin with the tool's name and a brace."""

    kind: Kind
    wrong: str
    retry: str
    gives: object
    """The rows of the result; or a text that the answer holds, for tools without one."""


R = Repair
REGION = "SELECT count(*) FROM orders WHERE region"

REPAIRS: tuple[Repair, ...] = (
    # tables
    R("table", "SELECT count(*) FROM order_", "SELECT count(*) FROM orders", [[24]]),
    R("table", "SELECT count(*) FROM custmers", "SELECT count(*) FROM customers", [[4]]),
    R("table", "SELECT sum(target) FROM targets", "SELECT sum(target) FROM targets_2024", [[6800]]),
    R("table", 'SELECT sum(target) FROM "Targets 2024"', "SELECT sum(target) FROM targets_2024", [[6800]]),
    R("table", "SELECT count(*) FROM sheet1", "SELECT count(*) FROM orders", [[24]]),
    R("table", "SELECT count(*) FROM sales.orders", "SELECT count(*) FROM orders", [[24]]),
    R("table", "SELECT count(*) FROM dbo.customers", "SELECT count(*) FROM customers", [[4]]),
    R(
        "table",
        "SELECT count(*) FROM orders o JOIN client c ON o.customer_id = c.customer_id WHERE country = 'France'",
        "SELECT count(*) FROM orders o JOIN customers c ON o.customer_id = c.customer_id WHERE country = 'France'",
        [[8]],
    ),
    R(
        "table",
        "SELECT sum(orders.quantity) FROM orders o WHERE orders.region = 'EMEA'",
        "SELECT sum(o.quantity) FROM orders o WHERE o.region = 'EMEA'",
        [[16]],
    ),
    R("table", "SELECT sum(x.quantity) FROM orders o", "SELECT sum(o.quantity) FROM orders o", [[70]]),
    R(
        "table",
        "SELECT sum(quantity) FROM orders WHERE customers.country = 'Brazil'",
        "SELECT sum(quantity) FROM orders JOIN customers ON orders.customer_id = customers.customer_id "
        "WHERE customers.country = 'Brazil'",
        [[23]],
    ),
    # columns
    R("column", "SELECT sum(qty) FROM orders", "SELECT sum(quantity) FROM orders", [[70]]),
    R("column", "SELECT sum(quantitiy) FROM orders", "SELECT sum(quantity) FROM orders", [[70]]),
    R("column", "SELECT sum(net_amount) FROM orders", "SELECT sum(net_amount_eur) FROM orders", [[5160]]),
    R("column", "SELECT sum(revenue) FROM orders", "SELECT sum(net_amount_eur) FROM orders", [[5160]]),
    R("column", 'SELECT sum("Net Amount (EUR)") FROM orders', "SELECT sum(net_amount_eur) FROM orders", [[5160]]),
    R("column", "SELECT max(orderDate) FROM orders", "SELECT max(order_date) FROM orders", [["2024-12-24"]]),
    R("column", 'SELECT max("Order Date") FROM orders', "SELECT max(order_date) FROM orders", [["2024-12-24"]]),
    R("column", "SELECT count(DISTINCT custId) FROM orders", "SELECT count(DISTINCT customer_id) FROM orders", [[3]]),
    R("column", "SELECT count(DISTINCT name) FROM customers", "SELECT count(DISTINCT customer_name) FROM customers", [[4]]),
    R(
        "column",
        "SELECT count(*) FROM orders WHERE name = 'Citron'",
        "SELECT count(*) FROM orders JOIN customers ON orders.customer_id = customers.customer_id WHERE customer_name = 'Citron'",
        [[8]],
    ),
    R(
        "column",
        "SELECT sum(quantity) FROM orders WHERE country = 'Germany'",
        "SELECT sum(quantity) FROM orders JOIN customers ON orders.customer_id = customers.customer_id "
        "WHERE country = 'Germany'",
        [[22]],
    ),
    R(
        "column",
        "SELECT sum(o.quantity) FROM orders o JOIN customers c ON o.customer_id = c.customer_id WHERE o.country = 'France'",
        "SELECT sum(o.quantity) FROM orders o JOIN customers c ON o.customer_id = c.customer_id WHERE c.country = 'France'",
        [[25]],
    ),
    R(
        "column",
        "SELECT sum(c.quantity) FROM orders o JOIN customers c ON o.customer_id = c.customer_id",
        "SELECT sum(o.quantity) FROM orders o JOIN customers c ON o.customer_id = c.customer_id",
        [[70]],
    ),
    R(
        "column",
        "SELECT count(customer_id) FROM orders JOIN customers ON orders.customer_id = customers.customer_id",
        "SELECT count(orders.customer_id) FROM orders JOIN customers ON orders.customer_id = customers.customer_id",
        [[24]],
    ),
    R(
        "column",
        "SELECT region, sum(target) FROM orders o JOIN targets_2024 t ON o.region = t.region GROUP BY 1 ORDER BY 1 LIMIT 1",
        "SELECT t.region, sum(target) FROM orders o JOIN targets_2024 t ON o.region = t.region GROUP BY 1 ORDER BY 1 LIMIT 1",
        [["APAC", 9600]],
    ),
    R(
        "column",
        "WITH x AS (SELECT * FROM orders) SELECT count(*) FROM x WHERE statuss = 'Open'",
        "WITH x AS (SELECT * FROM orders) SELECT count(*) FROM x WHERE status = 'Open'",
        [[6]],
    ),
    R(
        "column",
        "SELECT count(*) FROM (SELECT region FROM orders) AS t WHERE status = 'Open'",
        "SELECT count(*) FROM (SELECT region, status FROM orders) AS t WHERE status = 'Open'",
        [[6]],
    ),
    R("column", "SELECT sum(quantity) FROM orders WHERE year = 2024", "SELECT sum(quantity) FROM orders WHERE year(order_date) = 2024", [[70]]),
    R("column", "SELECT sum(quantity) FROM orders WHERE month = 3", "SELECT sum(quantity) FROM orders WHERE month(order_date) = 3", [[8]]),
    R("column", "SELECT count(*) FROM orders WHERE date_part(year, order_date) = 2024", "SELECT count(*) FROM orders WHERE date_part('year', order_date) = 2024", [[24]]),
    R("column", "SELECT count(*) FROM orders WHERE gift", "SELECT count(*) FROM orders WHERE is_gift", [[12]]),
    R("column", "SELECT min(amount_eur) FROM orders", "SELECT min(net_amount_eur) FROM orders", [[100]]),
    R("column", "SELECT max(targets_2024.goal) FROM targets_2024", "SELECT max(targets_2024.target) FROM targets_2024", [[1200]]),
    # literals
    R("literal", f"{REGION} = 'emea'", f"{REGION} = 'EMEA'", [[6]]),
    R("literal", f"{REGION} = 'Emea '", f"{REGION} = 'EMEA'", [[6]]),
    R("literal", f"{REGION} = 'North-America'", f"{REGION} = 'North America'", [[6]]),
    R("literal", f"{REGION} IN ('APAC', 'Latam')", f"{REGION} IN ('APAC', 'LATAM')", [[12]]),
    R("literal", f"{REGION} = 'Nordamerika'", f"{REGION} = 'North America'", [[6]]),
    R("literal", f"{REGION} LIKE 'Apac'", f"{REGION} LIKE 'APAC'", [[6]]),
    R("literal", "SELECT count(*) FROM orders WHERE product = 'Cafe Set'", "SELECT count(*) FROM orders WHERE product = 'Café Set'", [[8]]),
    R("literal", "SELECT count(*) FROM orders WHERE product = 'widgets'", "SELECT count(*) FROM orders WHERE product = 'Widget'", [[8]]),
    R("literal", "SELECT count(*) FROM orders WHERE product = 'Gadgt'", "SELECT count(*) FROM orders WHERE product = 'Gadget'", [[8]]),
    R("literal", "SELECT count(*) FROM orders WHERE status = 'canceled'", "SELECT count(*) FROM orders WHERE status = 'Cancelled'", [[6]]),
    R("literal", "SELECT count(*) FROM orders WHERE status = 'offen'", "SELECT count(*) FROM orders WHERE status = 'Open'", [[6]]),
    R("literal", "SELECT count(*) FROM orders WHERE status <> 'bezahlt'", "SELECT count(*) FROM orders WHERE status <> 'Paid'", [[12]]),
    R("literal", "SELECT count(*) FROM orders WHERE customer_id = 'C001'", "SELECT count(*) FROM orders WHERE customer_id = 'C-001'", [[8]]),
    R("literal", "SELECT count(*) FROM customers WHERE country = 'Deutschland'", "SELECT count(*) FROM customers WHERE country = 'Germany'", [[1]]),
    R("literal", "SELECT sum(target) FROM targets_2024 WHERE quarter = 'q1'", "SELECT sum(target) FROM targets_2024 WHERE quarter = 'Q1'", [[2600]]),
    R("literal", "SELECT count(*) FROM customers WHERE segment = 'wholesales'", "SELECT count(*) FROM customers WHERE segment = 'Wholesale'", [[1]]),
    # types
    R("type", "SELECT count(*) FROM orders WHERE batch = 17", "SELECT count(*) FROM orders WHERE batch = '17'", [[4]]),
    R("type", "SELECT count(*) FROM orders WHERE batch > 17", "SELECT count(*) FROM orders WHERE TRY_CAST(batch AS DOUBLE) > 17", [[7]]),
    R("type", "SELECT sum(batch) FROM orders", "SELECT sum(TRY_CAST(batch AS DOUBLE)) FROM orders", [[200.0]]),
    R("type", "SELECT sum(CAST(batch AS INTEGER)) FROM orders", "SELECT sum(TRY_CAST(batch AS INTEGER)) FROM orders", [[200]]),
    R("type", "SELECT count(*) FROM orders WHERE order_date > 2023", "SELECT count(*) FROM orders WHERE year(order_date) > 2023", [[24]]),
    R("type", "SELECT count(*) FROM orders WHERE order_date = '03/25/2024'", "SELECT count(*) FROM orders WHERE order_date = '2024-03-25'", [[0]]),
    R("type", "SELECT count(*) FROM orders WHERE order_date >= '13.06.2024'", "SELECT count(*) FROM orders WHERE order_date >= '2024-06-13'", [[13]]),
    R("type", "SELECT count(*) FROM orders WHERE order_date LIKE '2024-03%'", "SELECT count(*) FROM orders WHERE strftime(order_date, '%Y-%m-%d') LIKE '2024-03%'", [[2]]),
    R("type", "SELECT count(*) FROM orders WHERE year(due) = 2024", "SELECT count(*) FROM orders WHERE year(try_strptime(due, '%d.%m.%Y')) = 2024", [[10]]),
    R("type", "SELECT count(*) FROM orders WHERE CAST(due AS DATE) > DATE '2024-03-15'", "SELECT count(*) FROM orders WHERE try_strptime(due, '%d.%m.%Y') > DATE '2024-03-15'", [[5]]),
    R("type", "SELECT count(strptime(due, '%d.%m.%Y')) FROM orders", "SELECT count(try_strptime(due, '%d.%m.%Y')) FROM orders", [[10]]),
    R("type", "SELECT count(*) FROM orders WHERE quantity = '3 pieces'", "SELECT count(*) FROM orders WHERE quantity = 3", [[5]]),
    R("type", "SELECT DISTINCT region + '/' + status FROM orders WHERE region = 'EMEA'", "SELECT DISTINCT region || '/' || status FROM orders WHERE region = 'EMEA'", [["EMEA/Paid"]]),
    R("type", "SELECT count(*) FROM orders WHERE status <> NULL", "SELECT count(*) FROM orders WHERE status IS NOT NULL", [[24]]),
    # grouping
    R("group", "SELECT region, status, count(*) FROM orders GROUP BY region ORDER BY 1 LIMIT 1", "SELECT region, status, count(*) FROM orders GROUP BY region, status ORDER BY 1 LIMIT 1", [["APAC", "Open", 6]]),
    R("group", "SELECT region, status, product, count(*) FROM orders GROUP BY region ORDER BY 1, 3 LIMIT 1", "SELECT region, status, product, count(*) FROM orders GROUP BY ALL ORDER BY 1, 3 LIMIT 1", [["APAC", "Open", "Café Set", 2]]),
    R("group", "SELECT region, sum(quantity) AS s FROM orders WHERE sum(quantity) > 18 GROUP BY region", "SELECT region, sum(quantity) AS s FROM orders GROUP BY region HAVING sum(quantity) > 18", [["North America", 19]]),
    R("group", "SELECT region, sum(quantity) AS s FROM orders WHERE s > 18 GROUP BY region", "SELECT region, sum(quantity) AS s FROM orders GROUP BY region HAVING s > 18", [["North America", 19]]),
    R("group", "SELECT max(sum(quantity)) FROM orders GROUP BY region", "SELECT max(s) FROM (SELECT sum(quantity) AS s FROM orders GROUP BY region)", [[19]]),
    R("group", "SELECT order_id FROM orders WHERE row_number() OVER (ORDER BY net_amount_eur DESC) = 1", "SELECT order_id FROM orders QUALIFY row_number() OVER (ORDER BY net_amount_eur DESC) = 1", [[1024]]),
    R("group", "SELECT region FROM orders ORDER BY sum(quantity) DESC LIMIT 1", "SELECT region FROM orders GROUP BY region ORDER BY sum(quantity) DESC LIMIT 1", [["North America"]]),
    R("group", "SELECT count(*) FROM orders WHERE quantity = (SELECT quantity FROM orders WHERE status = 'Open')", "SELECT count(*) FROM orders WHERE quantity = (SELECT max(quantity) FROM orders WHERE status = 'Open')", [[4]]),
    # functions of other dialects and of spreadsheets
    R("function", "SELECT max(DATEADD(day, 7, order_date)) FROM orders", "SELECT max(order_date + INTERVAL 7 DAY) FROM orders", [["2024-12-31T00:00:00"]]),
    R("function", "SELECT sum(ISNULL(quantity, 0)) FROM orders", "SELECT sum(coalesce(quantity, 0)) FROM orders", [[70]]),
    R("function", "SELECT sum(NVL(quantity, 0)) FROM orders", "SELECT sum(coalesce(quantity, 0)) FROM orders", [[70]]),
    R("function", "SELECT count(*) FROM orders WHERE DATE_FORMAT(order_date, '%Y-%m') = '2024-03'", "SELECT count(*) FROM orders WHERE strftime(order_date, '%Y-%m') = '2024-03'", [[2]]),
    R("function", "SELECT count(*) FROM orders WHERE TO_CHAR(order_date, '%Y-%m') = '2024-03'", "SELECT count(*) FROM orders WHERE strftime(order_date, '%Y-%m') = '2024-03'", [[2]]),
    R("function", "SELECT max(LEN(region)) FROM orders", "SELECT max(length(region)) FROM orders", [[13]]),
    R("function", "SELECT max(CHARINDEX('America', region)) FROM orders", "SELECT max(strpos(region, 'America')) FROM orders", [[7]]),
    R("function", "SELECT sum(IIF(status = 'Paid', 1, 0)) FROM orders", "SELECT sum(CASE WHEN status = 'Paid' THEN 1 ELSE 0 END) FROM orders", [[12]]),
    R("function", "SELECT SUMIF(quantity, region, 'EMEA') FROM orders", "SELECT sum(quantity) FILTER (WHERE region = 'EMEA') FROM orders", [[16]]),
    R("function", "SELECT COUNTIFS(region, 'EMEA') FROM orders", "SELECT count(*) FILTER (WHERE region = 'EMEA') FROM orders", [[6]]),
    R("function", "SELECT average(quantity) FROM orders WHERE region = 'APAC'", "SELECT avg(quantity) FROM orders WHERE region = 'APAC'", [[17 / 6]]),
    R("function", "SELECT GROUP_CONCAT(DISTINCT quarter) FROM targets_2024 WHERE target > 800", "SELECT string_agg(DISTINCT quarter, ', ') FROM targets_2024 WHERE target > 800", [["Q2"]]),
    R("function", "SELECT PERCENTILE(net_amount_eur, 0.5) FROM orders", "SELECT quantile_cont(net_amount_eur, 0.5) FROM orders", [[215.0]]),
    R("function", "SELECT summ(quantity) FROM orders", "SELECT sum(quantity) FROM orders", [[70]]),
    # forms of other dialects: put right without a retry where there is one reading
    R("dialect", "SELECT TOP 2 order_id FROM orders ORDER BY net_amount_eur DESC", "", [[1024], [1023]]),
    R("dialect", "SELECT order_id FROM orders ORDER BY order_id LIMIT 2, 1", "", [[1003]]),
    R("dialect", "SELECT SUM(`quantity`) FROM `orders`", "", [[70]]),
    R("dialect", "SELECT SUM([quantity]) FROM [orders] WHERE [region] = 'EMEA'", "", [[16]]),
    R("dialect", "```sql\nSELECT count(*) FROM orders;\n```", "", [[24]]),
    R("dialect", "SELECT count(*) FROM orders WHERE quantity &gt;= 5", "", [[4]]),
    R("dialect", "SELECT count(*)\\nFROM orders\\nWHERE quantity = 5", "", [[4]]),
    R("dialect", "SELECT count(*) FROM orders WHERE region ILIKE 'em%'", "", [[6]]),
    R("dialect", "SELECT s FROM (SELECT TOP 1 sum(quantity) AS s FROM orders) AS t", "SELECT s FROM (SELECT sum(quantity) AS s FROM orders LIMIT 1) AS t", [[70]]),
    # quotes
    R("quotes", f'{REGION} = "EMEA"', f"{REGION} = 'EMEA'", [[6]]),
    R("quotes", f'{REGION} IN ("EMEA", "APAC")', f"{REGION} IN ('EMEA', 'APAC')", [[12]]),
    R("quotes", f"{REGION} = EMEA", f"{REGION} = 'EMEA'", [[6]]),
    R("quotes", f"{REGION} = \u2018EMEA\u2019", "", [[6]]),
    R("quotes", f"{REGION} IS 'EMEA'", f"{REGION} = 'EMEA'", [[6]]),
    # arguments of the other tools
    R("arguments", 'describe {"table": "custmers"}', 'describe {"table": "customers"}', "country VARCHAR"),
    R("arguments", 'describe {"tabel": "customers"}', 'describe {"table": "customers"}', "country VARCHAR"),
    R("arguments", 'describe {"table": "customers", "columns": ["contry"]}', 'describe {"table": "customers", "columns": ["country"]}', "country VARCHAR"),
    R("arguments", 'find_values {"text": "emea", "column": "regions"}', 'find_values {"text": "emea", "column": "region"}', '"EMEA"'),
    R("arguments", 'get_rows {"table": "orders", "rows": "second", "columns": ["order_id"]}', 'get_rows {"table": "orders", "rows": "5,9", "columns": ["order_id"]}', [[5, 1004], [9, 1008]]),
    R("arguments", 'query {"sql": "SELECT count(*) FROM orders"}', 'run_sql {"sql": "SELECT count(*) FROM orders"}', [[24]]),
)  # fmt: skip
