"""Edits over HTTP: previewed, made, taken back, and never on top of somebody else's change without both values."""

from pathlib import Path

import pytest

from chatsheet.core import loose
from tests.api.conftest import Served
from tests.api.test_api import upload
from tests.sheets import formula_sheets

pytestmark = pytest.mark.anyio


async def sheet_of(served: Served, sales: Path) -> tuple[str, str]:
    sheet = (await upload(served, sales))["sheet"]
    found = loose.obj(sheet)
    return f"/api/sheets/{found['id']}", str(found["version"])


def edits(version: str, value: object = 1.5, **more: object) -> dict[str, object]:
    cell = {"row": 2, "column": "revenue", "value": value}
    return {"version": version, "edits": [{"kind": "set", "table": "orders", "cells": [cell]}], **more}


async def posted(served: Served, path: str, body: object) -> tuple[int, dict[str, object]]:
    async with served.client.post(path, json=body) as response:
        found: dict[str, object] = await response.json()
        return response.status, found


async def first_revenue(served: Served, url: str, **more: str) -> object:
    async with served.client.get(f"{url}/tables/orders/rows", params={"limit": 1, **more}) as response:
        return (await response.json())["rows"][0][-1]


async def test_a_preview_shows_both_values_and_writes_nothing(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    before = await first_revenue(served, url)
    status, told = await posted(served, f"{url}/edits/preview", edits(version))
    assert status == 200
    change = loose.obj(loose.array(told["changes"])[0])
    assert change["sample"] == [{"row": 2, "column": "revenue", "before": before, "after": 1.5}]
    assert await first_revenue(served, url) == before


async def test_an_edit_is_made_undone_and_redone(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    before = await first_revenue(served, url)
    status, made = await posted(served, f"{url}/edits", edits(version, reason="a typo"))
    assert (status, await first_revenue(served, url)) == (201, 1.5)
    _, undone = await posted(served, f"{url}/undo", {"version": made["version"]})
    assert (undone["version"], await first_revenue(served, url)) == (version, before)
    _, redone = await posted(served, f"{url}/redo", {"version": version})
    assert redone["version"] == made["version"]
    async with served.client.get(f"{url}/history") as response:
        moves = await response.json()
    assert [(move["kind"], move["reason"]) for move in moves] == [("redo", ""), ("undo", ""), ("edit", "a typo")]


async def test_a_version_that_was_is_still_to_be_read(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    before = await first_revenue(served, url)
    await posted(served, f"{url}/edits", edits(version))
    assert await first_revenue(served, url, version=version) == before


async def test_the_later_of_two_editors_gets_both_values(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    await posted(served, f"{url}/edits", edits(version, 1.5))
    status, told = await posted(served, f"{url}/edits", edits(version, 2.5))
    error = loose.obj(told["error"])
    assert (status, error["code"]) == (409, "edit.conflict")
    cell = loose.obj(loose.array(error["cells"])[0])
    assert (cell["row"], cell["column"], cell["theirs"], cell["yours"]) == (2, "revenue", 1.5, 2.5)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": "much"}, "edit.refused"),
        ({"column": "revenues"}, "edit.refused"),
        ({"row": 100_000}, "edit.refused"),
    ],
)
async def test_an_edit_that_does_not_fit_is_refused(served: Served, sales: Path, change: dict[str, object], code: str) -> None:
    url, version = await sheet_of(served, sales)
    cell = {"row": 2, "column": "revenue", "value": 1.0, **change}
    body = {"version": version, "edits": [{"kind": "set", "table": "orders", "cells": [cell]}]}
    status, told = await posted(served, f"{url}/edits", body)
    error = loose.obj(told["error"])
    assert (status, error["code"]) == (422, code)


async def test_nothing_is_undone_before_the_import(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    status, told = await posted(served, f"{url}/undo", {"version": version})
    assert (status, loose.obj(told["error"])["code"]) == (409, "sheet.nothing_to_undo")


async def test_rows_come_sorted_filtered_and_searched(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    north = '{"column": "region", "test": "equals", "values": ["North"]}'
    asked = [("sort", "revenue:desc"), ("filter", north), ("search", "desk"), ("limit", "3")]
    async with served.client.get(f"{url}/tables/orders/rows", params=asked) as response:
        assert response.status == 200, await response.text()
        found = await response.json()
    assert {(row[3], row[4]) for row in found["rows"]} == {("North", "Desk")}
    assert found["rows"][0][-1] == 2790.0
    assert found["row_count"] > 3


async def test_values_are_found_whatever_their_spelling(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.get(f"{url}/values", params={"text": "nroth", "table": "orders"}) as response:
        found = await response.json()
    assert found[0]["value"] == "North"


async def test_a_preview_and_an_edit_say_what_they_recalculate(served: Served, tmp_path: Path) -> None:
    url, version = await sheet_of(served, formula_sheets.write(tmp_path / "orders.xlsx"))
    edit = {"kind": "set", "table": "orders", "cells": [{"row": 2, "column": "price", "value": 10}]}
    body = {"version": version, "edits": [edit]}
    for path, expected in ((f"{url}/edits/preview", 200), (f"{url}/edits", 201)):
        status, told = await posted(served, path, body)
        impact = loose.obj(told["formulas"])
        assert (status, loose.obj(impact["counts"])["recalculated"]) == (expected, 3)
        first = loose.obj(loose.array(impact["recalculated"])[0])
        assert (first["tab"], first["cell"], first["before"], first["after"]) == ("Orders", "D2", 15, 100)


async def test_a_cell_says_its_formula_and_whether_it_is_stale(served: Served, tmp_path: Path) -> None:
    url, version = await sheet_of(served, formula_sheets.write(tmp_path / "orders.xlsx"))
    edit = {"kind": "set", "table": "orders", "cells": [{"row": 2, "column": "price", "value": 10}]}
    await posted(served, f"{url}/edits", {"version": version, "edits": [edit]})
    async with served.client.get(f"{url}/formulas", params={"tab": "Summary", "area": "A1:B9"}) as response:
        found = await response.json()
    assert [(one["cell"], one["value"], one["stale"][:2]) for one in found] == [
        ("B2", 573, ""),
        ("B3", 46001.5, "it"),
        ("B4", 9.5, "it"),
    ]
    async with served.client.get(f"{url}/formulas", params={"tab": "Summary", "area": "nothing"}) as response:
        assert response.status == 422
