"""The how-to of sheets: its commands run in their order as they are written, and every option it names is there."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.harness import ROOT, run_program

PAGE = (ROOT / "docs/howto/work-with-sheets.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]


@pytest.mark.anyio
@pytest.mark.slow
async def test_the_commands_run_as_they_are_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "CHATSHEET_DATA": str(tmp_path / "data")}
    for line in LINES:
        code, out, err = await run_program("-c", line, argv=("sh",), env=env, cwd=tmp_path)
        assert code == 0, f"{line}\n{out}{err}"
    assert (tmp_path / "orders.csv").read_text(encoding="utf-8-sig").splitlines()[1].endswith("264.5")
    assert {"orders.xlsx", "regions.parquet"} <= {path.name for path in tmp_path.iterdir()}


def test_every_option_that_the_page_names_is_one_of_its_command() -> None:
    reference = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    for line in LINES:
        for command in re.findall(r"chatsheet (sheet \w+)", line):
            told = reference.partition(f"## `chatsheet {command}`")[2].partition("\n## ")[0]
            assert told, command
            for option in re.findall(r" (--[a-z-]+)", line):
                assert option in told, line
