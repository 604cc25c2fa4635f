"""Edits over HTTP: previewed, made, taken back, and never on top of somebody else's change without both values."""

from pathlib import Path

import pytest

from chatsheet.core import loose
from tests.api.conftest import Served
from tests.api.test_api import upload

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
    edit = {"kind": "set", "table": "orders", "cells": [{"row": 2, "column": "price", "value": 10}]}
    body = {"version": version, "edits": [edit]}
    for path, expected in ((f"{url}/edits/preview", 200), (f"{url}/edits", 201)):
        status, told = await posted(served, path, body)
        impact = loose.obj(told["formulas"])
        assert (status, loose.obj(impact["counts"])["recalculated"]) == (expected, 3)
        first = loose.obj(loose.array(impact["recalculated"])[0])
        assert (first["tab"], first["cell"], first["before"], first["after"]) == ("Orders", "D2", 15, 100)
    async with served.client.get(f"{url}/formulas", params={"tab": "Summary", "area": "A1:B9"}) as response:
        found = await response.json()
    assert [(one["cell"], one["value"], one["stale"][:2]) for one in found] == [
        ("B2", 573, ""),
        ("B3", 46001.5, "it"),
        ("B4", 9.5, "it"),
    ]
    async with served.client.get(f"{url}/formulas", params={"tab": "Summary", "area": "nothing"}) as response:
        assert response.status == 422
