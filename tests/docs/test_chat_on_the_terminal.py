"""The how-to of the terminal chat: its code runs, its recording is the program's, and every field and command is named."""

import json
import re
import sys
from pathlib import Path

import click
import pytest

from chatsheet.ask import Answer
from chatsheet.cli.chat import command
from tests import terminal
from tests.harness import ROOT, Wire, run_program, runs, says, write_settings
from tools.record_terminal import SETTINGS

PAGE = (ROOT / "docs/howto/chat-on-the-terminal.md").read_text(encoding="utf-8")


@pytest.mark.anyio
async def test_the_python_block_runs(tmp_path: Path, wire: Wire) -> None:
    wire.script("gpt-4o", runs("SELECT COUNT(*) AS n FROM returns"), says("There are 45."))
    code = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
    text = SETTINGS.replace("{data}", str(tmp_path / "data")).replace("{wire}", wire.url)
    env = {"CHATSHEET_CONFIG": str(write_settings(tmp_path, text, {"azure": wire.key}))}
    exit_code, out, err = await run_program("-c", code, argv=(sys.executable,), env=env, cwd=ROOT)
    assert exit_code == 0, err
    assert "There are 45. answer" in out
    assert "45 r1 0 n" in out


def test_the_recording_and_its_text_are_one() -> None:
    head, *lines = (ROOT / "docs/images/chat.cast").read_text(encoding="utf-8").splitlines()
    raw = "".join(json.loads(line)[2] for line in lines)
    assert "scripted" in json.loads(head)["title"]
    assert terminal.shown(raw).strip("\n") in PAGE


def test_every_field_of_an_answer_is_told() -> None:
    told = PAGE.partition("| field |")[2].partition("Exit codes")[0]
    for name in Answer.model_fields:
        assert f"`{name}`" in told or name in {"question", "is_cut"}, name


def test_every_option_of_the_chat_is_told() -> None:
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert all(option.opts[0] in PAGE or option.name == "locale" for option in options)
