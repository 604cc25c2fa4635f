"""What a viewer under row and column rules is answered, route by route."""

from pathlib import Path

import pytest
from sqlalchemy import insert

from chatsheet.auth import rules
from chatsheet.core.identity import LOCAL, Condition, Role, Rules, TableRule
from chatsheet.db import tables
from tests.api.conftest import Served
from tests.api.test_edits_api import sheet_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]

NORTH = TableRule("orders", hidden=("revenue",), rows=(Condition("region", "equals", ("North",)),))
RULES = Rules((NORTH, TableRule("targets", hidden=("target", "region")), TableRule("returns", hidden=("nowhere",))))
SECRET = ("revenue", "south", "west", "east", "target", "returns")
SEEN = (
    "",
    "/tables/orders/rows",
    "/tables/orders/rows?sort=region:desc&search=o",
    "/tables/orders/places?find=south",
    "/tables/orders/export",
    "/values?text=South",
    "/suggestions",
    "/glossary",
)
WHOLE = ("/original", "/cells?tab=Orders", "/history", "/formulas?tab=Orders&area=A1:B2")
QUERIES = ("SELECT * FROM orders", "SELECT region, count(*) AS n FROM orders GROUP BY ALL", "SELECT * FROM order")


async def ruled(served: Served, sales: Path, role: Role = Role.VIEWER) -> tuple[str, str]:
    """Bring a sheet in, let whoever asks be no more than `role` on it, and return its address and version."""
    address = await sheet_of(served, sales)
    sheet, at = address[0].rpartition("/")[2], served.services.clock.now()
    made = {"created_by": "local", "created_at": at}
    here = {"workspace_id": LOCAL.workspace_id, "role": role, **made}
    async with served.services.database.unit() as connection:
        await connection.execute(
            insert(tables.user).values(id="local", name="l", is_admin=False, is_active=True, created_at=at)
        )
        await connection.execute(insert(tables.workspace).values(id=LOCAL.workspace_id, name="w", **made))
        await connection.execute(insert(tables.member).values(user_id="local", is_from_claims=False, **here))
        await connection.execute(insert(tables.sheet_rule).values(sheet_id=sheet, body=rules.form(RULES), **here))
    served.services.access.is_local = False
    return address


def tells(text: str) -> list[str]:
    return [word for word in SECRET if word in text.casefold()]


async def test_every_route_that_reads_gives_what_is_seen(served: Served, sales: Path) -> None:
    url, version = await ruled(served, sales)
    for path in SEEN:
        for at in ("", version):
            query = f"{'&' if '?' in path else '?'}version={at}" if at and "/tables/" in path else ""
            async with served.client.get(f"{url}{path}{query}") as response:
                assert (path, response.status, tells(await response.text())) == (path, 200, [])


async def test_what_rules_cannot_be_applied_to_is_denied(served: Served, sales: Path) -> None:
    url, version = await ruled(served, sales)
    for path in WHOLE:
        async with served.client.get(f"{url}{path}") as response:
            assert (path, response.status, tells(await response.text())) == (path, 403, [])
    async with served.client.post(f"{url}/edits", json={"version": version, "edits": []}) as response:
        assert response.status == 403


@pytest.mark.parametrize(
    "sql", [*QUERIES, "SELECT x FROM orders", "SELECT * FROM x", "SELECT region FROM orders WHERE region = 'Nort'"]
)
async def test_every_query_is_answered_from_what_is_seen(served: Served, sales: Path, sql: str) -> None:
    url, version = await ruled(served, sales)
    async with served.client.post(f"{url}/query", json={"sql": sql, "version": version}) as response:
        assert (response.status in {200, 422}, tells(await response.text())) == (True, [])


async def test_who_brings_a_known_file_in_again_sees_of_it_what_they_may(served: Served, sales: Path) -> None:
    await ruled(served, sales, Role.EDITOR)
    content = {"Content-Type": "application/octet-stream"}
    async with served.client.post("/api/sheets?name=sales.xlsx", data=sales.read_bytes(), headers=content) as response:
        assert (response.status, tells(await response.text())) == (201, [])
