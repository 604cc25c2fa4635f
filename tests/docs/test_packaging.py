"""The wheel carries the page and needs no Node."""

import zipfile
from pathlib import Path

import pytest

from tests.harness import ROOT, run_program

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_the_wheel_holds_the_page_the_lock_and_the_prompts(tmp_path: Path) -> None:
    """Build without Node on the PATH: the page that is there already is reused."""
    builder = (str(ROOT / ".venv/bin/python"), "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    code, _, err = await run_program(argv=builder, cwd=ROOT, env={"PATH": "/nonexistent"})
    assert code == 0, err
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "web/index.html",
        "llm/litellm.lock",
        "context/prompts/system.md",
        "simulator/brains/qwen.jinja",
        "evals/packs/office/trade.xlsx",
    ):
        assert f"chatsheet/{name}" in names
    assert any(name.startswith("chatsheet/web/assets/") and name.endswith(".js") for name in names)
    assert not any("xllamacpp" in name or name.endswith(".gguf") for name in names)
