"""The how-to of the doctor: its commands run as they are written, against the simulator, and every option it names is there."""

import os
import re
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.doctor.rig import KEY, azure, start_obliging
from tests.harness import ROOT, Wire, run_program, write_settings

pytestmark = pytest.mark.anyio

PAGE = (ROOT / "docs/howto/run-the-doctor.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
ELSEWHERE = ("docker ", "kubectl ", "nsenter ", "examples/")
"""Run in other places, and the script by a test of its own."""
TALKS = ("--watch", "--apply", "--rehearse", "--start-litellm", "litellm → azure")
"""Do not end by themselves, ask back, or take long: tests of their own run them."""
RUN = [line for line in LINES if not line.startswith(ELSEWHERE) and not any(word in line for word in TALKS)]
CONFIG = """model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o
      api_base: https://myresource.openai.azure.com
      api_key: os.environ/AZURE_OPENAI_API_KEY
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
"""


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    """Serve a simulator that does what probes ask."""
    async with start_obliging() as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("line", RUN)
async def test_a_command_runs_as_it_is_written(line: str, wire: Wire, tmp_path: Path) -> None:
    write_settings(tmp_path, f"data = 'data'\n[llm]\nroutes = ['azure']\n{azure('azure', wire.url)}", {"azure": KEY})
    (tmp_path / "litellm.config.yaml").write_text(CONFIG, encoding="utf-8")
    keys = {"AZURE_OPENAI_API_KEY": KEY, "LITELLM_MASTER_KEY": f"sk-{KEY}"}
    env = {**keys, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    code, out, err = await run_program("-c", line, argv=("sh",), env=env, cwd=tmp_path)
    assert code == 0, f"{out}{err}"
    assert "Usage:" not in err
    assert KEY not in f"{out}{err}"


def test_every_option_that_the_page_names_is_one_of_its_command() -> None:
    reference = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    for line in LINES:
        for command in re.findall(r"chatsheet ((?:litellm )?\w+)", line):
            told = reference.partition(f"## `chatsheet {command}`")[2].partition("\n## ")[0]
            assert told, command
            for option in re.findall(r" (--[a-z-]+)", line.partition("chatsheet")[2]):
                assert option in told, line
