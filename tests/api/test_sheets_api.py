"""Corrections and downloads over HTTP."""

from pathlib import Path

import pytest

from chatsheet.core import loose
from tests.api.conftest import Served
from tests.api.test_api import code_of, upload
from tests.api.test_edits_api import edits, posted, sheet_of

pytestmark = pytest.mark.anyio


async def test_a_correction_is_a_version_and_holds_for_the_next_file(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    said = {"version": version, "tab": "Targets", "tables": [{"kind": "table", "cells": "A3:B5", "header_rows": 1}]}
    async with served.client.put(f"{url}/corrections", json=said) as response:
        assert response.status == 200, await response.text()
        corrected = await response.json()
    assert corrected["sheet"]["version"] != version
    assert corrected["workbook"]["tables"][1]["range"] == "A3:B5"
    later = await upload(served, sales, name="later.xlsx")
    tables = loose.array(loose.obj(later["workbook"])["tables"])
    assert loose.obj(tables[1])["range"] == "A3:B5"
    assert "remembered" in str(loose.obj(tables[1])["evidence"])


async def test_an_edited_sheet_is_not_read_again(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    _, made = await posted(served, f"{url}/edits", edits(version))
    said = {"version": made["version"], "tab": "Orders", "types": [{"column": "Quantity", "type": "text"}]}
    async with served.client.put(f"{url}/corrections", json=said) as response:
        assert (response.status, await code_of(response)) == (409, "sheet.edited")


async def test_a_correction_of_an_old_version_is_refused(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    await posted(served, f"{url}/edits", edits(version))
    async with served.client.put(f"{url}/corrections", json={"version": version, "tab": "Orders"}) as response:
        assert (response.status, await code_of(response)) == (409, "sheet.head_moved")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"tab": "Nothing"}, 404, "sheet.tab_not_found"),
        ({"tab": "Orders"}, 400, "sheet.correction_invalid"),
        ({"tab": "Orders", "tables": [{"kind": "table", "cells": "A4"}]}, 400, "sheet.correction_invalid"),
        ({"tab": "Orders", "tables": [{"kind": "table", "cells": "A9000:B9010"}]}, 400, "sheet.correction_invalid"),
        ({"tab": "Orders", "tables": [{"kind": "table", "cells": "A1:B3", "header_rows": 3}]}, 400, "sheet.correction_invalid"),
        ({"tab": "Orders", "types": [{"column": "Nothing", "type": "text"}]}, 400, "sheet.correction_invalid"),
        ({"tab": "Orders", "types": [{"column": "Region", "type": "date"}]}, 400, "sheet.reading_unknown"),
        ({"tab": "Orders", "types": [{"column": "Region", "type": "money"}]}, 400, "input.invalid"),
    ],
)
async def test_a_correction_that_does_not_fit_changes_nothing(
    served: Served, sales: Path, said: dict[str, object], status: int, code: str
) -> None:
    url, version = await sheet_of(served, sales)
    async with served.client.put(f"{url}/corrections", json={"version": version, **said}) as response:
        assert (response.status, await code_of(response)) == (status, code)
    async with served.client.get(url) as response:
        assert loose.obj(loose.obj(await response.json())["sheet"])["version"] == version


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_a_table_is_downloaded_and_nothing_stays(served: Served, sales: Path, tmp_path: Path, kind: str) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.get(f"{url}/tables/orders/export", params={"format": kind}) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Disposition"].startswith(f'attachment; filename="orders.{kind}"')
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        content = await response.read()
    assert len(content) == int(response.headers["Content-Length"])
    assert content[:4] == {"csv": b"Orde", "xlsx": b"PK\x03\x04", "parquet": b"PAR1"}[kind]
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_table_that_is_not_there_is_not_downloaded(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.get(f"{url}/tables/nothing/export") as response:
        assert response.status == 404


async def test_the_original_is_downloaded_with_its_edits(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    await posted(served, f"{url}/edits", edits(version))
    async with served.client.get(f"{url}/original") as response:
        assert response.status == 200, await response.text()
        assert "filename*=UTF-8''sales.xlsx" in response.headers["Content-Disposition"]
        assert (await response.read())[:4] == b"PK\x03\x04"


async def test_rows_and_hits_are_found_where_they_are_shown(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    path = f"{url}/tables/orders/places"
    async with served.client.get(path, params=[("row", "4"), ("row", "2"), ("sort", "revenue:desc")]) as response:
        assert response.status == 200, await response.text()
        by_revenue = loose.array(loose.obj(await response.json())["places"])
    assert by_revenue == sorted(by_revenue, key=loose.number) != [0, 2]
    async with served.client.get(path, params={"find": "north", "version": version}) as response:
        found = loose.obj(await response.json())
    assert loose.number(found["count"]) == len(loose.array(found["places"])) > 0


@pytest.mark.parametrize("wanted", [{}, {"row": "2", "find": "north"}])
async def test_rows_are_found_by_ids_or_by_a_text(served: Served, sales: Path, wanted: dict[str, str]) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.get(f"{url}/tables/orders/places", params=wanted) as response:
        assert (response.status, await code_of(response)) == (400, "input.invalid")
