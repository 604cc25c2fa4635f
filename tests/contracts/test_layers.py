"""Each import contract is seen to fail when it is broken, so that none is green by accident."""

import shutil
from pathlib import Path

import pytest

from tests.harness import ROOT, run_program

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BREAKS = {
    "Layers": ("core/clock.py", "import chatsheet.llm.router"),
    "Layers, siblings": ("sheets/guard.py", "import chatsheet.llm.router"),
    "Layers: down only, siblings do not know each other, nothing outside them": ("stray.py", '"""Outside."""'),
    "Pure modules": ("llm/router.py", "import aiohttp"),
    "Pure modules, through a friend": ("chat/loop.py", "import chatsheet.sheets.store"),
    "Pure modules, the completions format": ("llm/completions.py", "import chatsheet.llm.gateway"),
    "FastAPI and Starlette": ("llm/wire.py", "import starlette.requests"),
    "The store of sheets": ("chat/tools.py", "import chatsheet.sheets.store"),
    "The store of chats": ("api/deps.py", "import chatsheet.chat.store"),
    "Only the sheets worker": ("chat/tools.py", "import duckdb"),
}


@pytest.mark.parametrize("contract", BREAKS)
async def test_a_broken_contract_is_seen(tmp_path: Path, contract: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("web", "__pycache__", "*.lock"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, line = BREAKS[contract]
    path = tmp_path / "src" / "chatsheet" / file
    old = path.read_text(encoding="utf-8") if path.exists() else '"""A module."""\n'
    path.write_text(f"{old}\n{line}\n", encoding="utf-8")
    linter = (str(ROOT / ".venv/bin/lint-imports"), "--no-cache")
    code, out, err = await run_program(argv=linter, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "src")})
    assert code != 0, out + err
    assert f"{contract.split(',', maxsplit=1)[0]}" in out + err
    assert "BROKEN" in out or "exhaustive" in out.lower() + err.lower()
