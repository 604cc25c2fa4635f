"""Different inputs of a sheet, all of them, however long they are."""

from pathlib import Path

import pytest

from chatsheet.core.identity import LOCAL
from chatsheet.jobs import asking, counting
from chatsheet.jobs.ledger import New
from tests.jobs.rig import ORDER, Office, open_office

pytestmark = [pytest.mark.anyio]


async def counted(office: Office, folder: Path, lines: list[str], template: str) -> list[list[New]]:
    """Return the pages of a sheet with these lines, the first of which names its columns."""
    path = folder / "long.csv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    opened = await office.services.library.bring_in(LOCAL, path)
    order = ORDER.model_copy(update={"table": opened.workbook.tables[0].id, "template": template})
    return [page async for page in counting.pages(office.services.library.questions(opened), order)]


async def test_texts_that_differ_behind_what_is_asked_about_are_different_inputs(tmp_path: Path) -> None:
    lines = ["id,comment", *(f"{number},{'same disclaimer ' * 1200} c{number // 2}" for number in range(6))]
    async with open_office(tmp_path) as office:
        (page,) = await counted(office, tmp_path, lines, "{comment}")
    assert [one.rows for one in page] == [(2, 3), (4, 5), (6, 7)]
    assert len({one.input_hash for one in page}) == 3
    assert {len(one.inputs[0] or "") for one in page} == {asking.LONGEST_CELL}


async def test_a_page_that_is_cut_short_is_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_LIMITS", counting.Limits(deadline_s=60, max_rows=2_000, max_bytes=100_000, wait_s=60))
    lines = ["id,comment", *(f"{number},{number} {'x' * 7_000}" for number in range(40))]
    async with open_office(tmp_path) as office:
        pages = await counted(office, tmp_path, lines, "{comment}")
    assert (sum(map(len, pages)), len(pages) > 1) == (40, True)
