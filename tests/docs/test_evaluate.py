"""The how-to of evaluation: its commands run as they are written, and its pack can be loaded."""

import re
from pathlib import Path

import pytest

from chatsheet.evals import pack
from tests.harness import ROOT, run_program

PAGE = (ROOT / "docs/howto/evaluate.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.anyio
async def test_its_commands_run_as_they_are_written(tmp_path: Path) -> None:
    for line in "".join(blocks("sh")).splitlines():
        code, _, err = await run_program(*line.split()[1:], cwd=tmp_path)
        assert code == 0, f"{line}: {err}"


def test_its_pack_can_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text(blocks("toml")[0], encoding="utf-8")
    (tmp_path / "orders.xlsx").touch()
    assert [one.id for one in pack.load(str(tmp_path)).questions] == ["total", "of-them", "returns"]


def test_the_figures_of_the_shipped_pack_are_its_own() -> None:
    mix = pack.load("office").mix
    assert f"{mix['questions']} questions over seven" in PAGE
    assert f"{mix['unanswerable']} cannot be\nanswered from the workbook, {mix['ambiguous']} can be read in two ways" in PAGE
    assert f"{mix['follow_up']} follow on another" in PAGE
