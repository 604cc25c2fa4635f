"""The how-to of the MCP server: the client's line starts it, and the code runs as it stands."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from click import Context

from chatsheet.cli.main import cli
from tests.harness import ROOT, run_program

PAGE = (ROOT / "docs/howto/use-from-other-programs.md").read_text(encoding="utf-8")


def test_the_line_for_a_client_names_a_command_that_is_there() -> None:
    line = json.loads(re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0])["mcpServers"]["workbooks"]
    assert line["command"] == "chatsheet"
    assert line["args"][2] in cli.list_commands(Context(cli))


@pytest.mark.anyio
@pytest.mark.slow
async def test_the_python_block_runs(tmp_path: Path) -> None:
    code = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "examples").mkdir()
    shutil.copy(ROOT / "examples/sales.xlsx", tmp_path / "examples")
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    exit_code, out, err = await run_program("-c", code, argv=(sys.executable,), env=env, cwd=tmp_path)
    assert exit_code == 0, err
    assert "run_sql" in out
    assert "600" in out
