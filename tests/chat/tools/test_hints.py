"""What is said of SQL that was refused, failed or hardly means what it says: names, types and forms that would work."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat.tools import hints, nearest, querying
from chatsheet.chat.tools.model import ToolRefused
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.guard import SqlRefused
from tests.chat.tools.test_handles import BOOK
from tests.chat.tools.workbook import moment

pytestmark = pytest.mark.anyio

REFUSED = (
    ("SELECT count(*) FROM orders WHERE customer = 'Ada Ltd'", "customers.customer_name has 'Ada Ltd'"),
    ("SELECT avg(net amount) FROM orders", "write net_amount_eur for net amount"),
    ("SELECT order_date::month FROM orders", "write month(x)"),
    ("SELECT count(*) FROM orders WHERE region = 'EMEA", "close the quotes"),
    ("SHOW TABLES", "told by overview and describe"),
    ("SELECT * FROM information_schema.tables", "told by overview and describe"),
    ("PIVOT orders ON region USING sum(quantity)", "FILTER (WHERE"),
    ("=SUM(B2:B10)", "name columns, not cells"),
    ("SELECT @top FROM orders", "there are no variables"),
    ("SELECT DATEADD(day, 1, order_date), ISNULL(quantity, 0) FROM orders", "backwards with -; ISNULL"),
    ("SELECT count(*) FROM orders WHERE order_date = '01/02/2024'", "'2024-02-01' (day first) or '2024-01-02' (month first)"),
    ('SELECT "EMEA" AS label FROM orders', "texts stand in single quotes: 'EMEA'"),
    ("SELECT target FROM orders JOIN targets_2024 USING (region, quarter)", "write quarter(order_date)"),
    ("SELECT count(customer_id) FROM orders JOIN customers ON TRUE", "write orders.customer_id or customers.customer_id."),
    ("SELECT count(*) FROM orders WHERE is_gift = 'ja'", "is_gift is true or false"),
    ("SELECT region FROM orders GROUP BY totl HAVING sum(quantity) AS total", "correct the syntax near"),
    ("SELECT region, sum(quantity) AS total FROM orders GROUP BY 1 ORDER BY totall", "this query makes total"),
    ("SELECT region FROM orders GROUP BY region ORDER BY quantity DESC", "ORDER BY sum(quantity), or add quantity"),
    ("SELECT region FROM orders ORDER BY sum(quantity)", "add region to GROUP BY"),
    ("SELECT t.region FROM orders o", "the sources of this query are called o"),
    ("SELECT targets_2024.target FROM orders", "JOIN targets_2024 ON orders.region = targets_2024.region"),
    ("SELECT 'x' FROM orders; SELECT 1", "give one SELECT"),
)  # fmt: skip
MENDED_FOR_A_MODEL = (
    ("SELECT count(*) FROM orders WHERE month(order_date) = 'March'", "write MONTH(order_date) = 3"),
    ("SELECT count(*) FROM orders WHERE order_date = '2024-03'", "strftime(order_date, '%Y-%m') = '2024-03'"),
    ("SELECT count(*) FROM orders WHERE order_date IN ('2024')", "year(order_date) = 2024"),
    ("SELECT region, sum(quantity) FROM orders GROUP BY region ORDER BY quantity", "ORDER BY SUM(quantity), or add quantity"),
)  # fmt: skip
DOUBTED = (
    ("SELECT count(*) FROM orders WHERE status <> NULL", "write IS NULL or IS NOT NULL"),
    ("SELECT count(*) FROM orders WHERE strftime(order_date, 'YYYY-MM') = '2024-03'", "such as '%Y-%m'"),
    ("SELECT count(*) FROM orders WHERE region LIKE '%emea%'", "ILIKE does not"),
    ("SELECT count(*) FROM orders WHERE customer_id = 'Ada Ltd'", "customers.customer_name has it"),
    ("SELECT count(*) FROM orders WHERE region = 'S\u00fcden'", "its values: 'APAC', 'EMEA', 'LATAM', 'North America'"),
    ("SELECT sum(quantity) / 0 AS x FROM orders", "nullif(b, 0)"),
)


async def test_what_would_work_is_said(tmp_path: Path) -> None:
    async with moment(tmp_path) as now:
        for sql, said in REFUSED:
            with pytest.raises(ToolRefused) as refused:
                await querying.query(sql, now)
            assert said in refused.value.fix
        for sql, said in MENDED_FOR_A_MODEL:
            with pytest.raises(ChatSheetError) as told:
                await querying.asked(sql, now.questions)
            assert said in told.value.fix
        for sql, said in DOUBTED:
            outcome = await querying.outcome(sql, now)
            assert isinstance(outcome.told, dict)
            assert said in str(outcome.told["warnings"])


@given(st.text(max_size=60), st.sampled_from(["there is no column x in y", "Line 3, Col: 900", "No function matches", "odd"]))
def test_whatever_went_wrong_there_is_advice(sql: str, what: str) -> None:
    assert hints.advise(sql, SqlRefused(what, fix="as before."), BOOK)


def test_a_name_without_letters_is_like_none() -> None:
    nameless = BOOK.tables[0].columns[0].model_copy(update={"name": "c1", "label": ""})
    table = BOOK.tables[0].model_copy(update={"columns": (nameless,)})
    assert nearest.column_of("???", [table]) is None
    assert not nearest.is_same("", "")
