"""The how-to of the three doors runs as it is written, block by block, against the simulator."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from chatsheet.api.closed import Keys
from chatsheet.llm import completions
from chatsheet.wiring import open_services
from tests.api.conftest import start_server
from tests.harness import ROOT, Wire, azure_settings, run_program, says

pytestmark = pytest.mark.anyio
PAGE = (ROOT / "docs/howto/three-doors.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ANSWER = "In the canton of Bern."


@pytest.mark.parametrize("number", range(len(PYTHON)))
async def test_a_python_block_prints_the_answer(
    number: int, tmp_path: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wire.script("gpt-4o", says(ANSWER))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    async with (
        open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services,
        start_server(services, Keys(token="cs-test")) as url,
    ):
        monkeypatch.setenv("CHATSHEET_URL", url)
        monkeypatch.setenv("CHATSHEET_TOKEN", "cs-test")
        await asyncio.to_thread(exec, PYTHON[number], {"__name__": "__main__"})
    assert ANSWER in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_shell_block_prints_the_answer(tmp_path: Path, wire: Wire) -> None:
    wire.script("gpt-4o", says(ANSWER))
    async with (
        open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services,
        start_server(services, Keys(token="cs-test")) as url,
    ):
        env = {"CHATSHEET_URL": url, "CHATSHEET_TOKEN": "cs-test", "NO_PROXY": "127.0.0.1"}
        code, out, err = await run_program("-c", SHELL[0], argv=("sh",), env=env)
    assert code == 0, err
    assert ANSWER in out


def test_every_field_of_the_schema_is_named() -> None:
    taken = PAGE.partition("Taken:")[2].partition("Every other field")[0]
    for name in completions.Completion.__struct_fields__:
        if name not in {"model", "stream_options"}:
            assert f"`{name}`" in taken, name
