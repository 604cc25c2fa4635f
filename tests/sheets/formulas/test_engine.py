"""The recalculator: warm, and whatever a formula does to it, an answer comes by the deadline."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatsheet.sheets.formulas.engine import Asked, FormulasTimedOut, Recalculator
from chatsheet.sheets.formulas.markup import FormulasUnreadable
from chatsheet.sheets.formulas.model import Impact
from tests.sheets.formulas import books

pytestmark = pytest.mark.anyio

DEADLINE_S = 5.0


@pytest.fixture
async def recalculator(anyio_backend: str) -> AsyncGenerator[Recalculator, None]:
    del anyio_backend
    recalculator = Recalculator(deadline_s=DEADLINE_S)
    yield recalculator
    await recalculator.close()


async def test_an_impact_comes_from_the_process(recalculator: Recalculator, tmp_path: Path) -> None:
    path = books.cached(tmp_path / "a.xlsx", {"S": {"A1": 2, "B1": ("=A1*2", 4)}})
    for value in (5, 6):
        found = await recalculator.impact(path, Asked({("S", "A1"): value}, {("Elsewhere", "A1"): 1}))
        assert [(one.tab, one.cell, one.before, one.after) for one in found.recalculated] == [("S", "B1", 4, value * 2)]


async def test_a_file_that_changed_is_read_again(recalculator: Recalculator, tmp_path: Path) -> None:
    for factor in (2, 300):
        path = books.cached(tmp_path / "a.xlsx", {"S": {"A1": 2, "B1": (f"=A1*{factor}", 2 * factor)}})
        assert (await recalculator.impact(path, Asked({("S", "A1"): 5}))).recalculated[0].after == 5 * factor


async def test_kinds_of_files_without_formulas_need_no_process(recalculator: Recalculator, tmp_path: Path) -> None:
    assert await recalculator.impact(tmp_path / "none.csv", Asked({("S", "A1"): 5})) == Impact()


async def test_an_unreadable_file_is_told(recalculator: Recalculator, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(FormulasUnreadable):
        await recalculator.impact(tmp_path / "a.xlsx", Asked({("S", "A1"): 5}))


@pytest.mark.parametrize(
    "formula",
    [
        '=REPT("x",1E9)&A1',
        "=" + "&".join(["REPT(A1,32767)"] * 200),
        "=" + "(" * 4_000 + "A1" + ")" * 4_000,
        "=" + "-" * 8_000 + "A1",
        "=SUM(A:XFD)",
        "=SUMPRODUCT((A:A=TRANSPOSE(A:A))*1)",
        "=SUM(SEQUENCE(1048576,16384,A1))",
        "=REDUCE(0,SEQUENCE(100000000),LAMBDA(a,b,a+b+A1))",
        "=LET(f,LAMBDA(g,n,g(g,n+A1)),f(f,1))",
        "=FACT(A1*1E9)^1E9",
        "=" + "{1,2;" * 1_500 + "A1",
    ],
)
async def test_a_hostile_formula_ends_by_the_deadline_and_is_stale_or_told(
    recalculator: Recalculator, tmp_path: Path, formula: str
) -> None:
    cells: dict[str, books.Cached | str | float | bool] = {"A1": 2, "B1": (formula, 7), "C1": ("=A1*2", 4)}
    path = books.cached(tmp_path / "a.xlsx", {"S": cells})
    async with asyncio.timeout(2 * DEADLINE_S + 3):
        found = await recalculator.impact(path, Asked({("S", "A1"): 3}))
    assert found.counts.stale + found.counts.recalculated >= 1
    assert "B1" not in {one.cell for one in found.recalculated}
    plain = books.cached(tmp_path / "b.xlsx", {"S": {"A1": 2, "C1": ("=A1*2", 4)}})
    assert (await recalculator.impact(plain, Asked({("S", "A1"): 3}))).recalculated[0].after == 6


async def test_a_recalculation_past_its_deadline_makes_everything_reached_stale(tmp_path: Path) -> None:
    recalculator = Recalculator(deadline_s=1.0)
    cells = {f"B{n}": (f'=SUMPRODUCT((A$1:A$60000={n})*(A$60000:A$1<>""))+A1', 0.0) for n in range(1, 3000)}
    path = books.cached(tmp_path / "a.xlsx", {"S": {**{f"A{n}": float(n) for n in range(1, 60001)}, **cells}})
    try:
        found = await recalculator.impact(path, Asked({("S", "A1"): 3}))
    except FormulasTimedOut:
        found = None  # a busy machine may not even read it in time
    finally:
        await recalculator.close()
    assert found is None or found.counts.stale == len(cells)
