"""The how-to of jobs: its commands, settings, addresses and codes are there."""

import re
from pathlib import Path

import pytest

from chatsheet.cli.main import cli
from chatsheet.core import settings_file
from chatsheet.llm.causes import CATALOGUE
from tests.harness import ROOT, write_settings

PAGE = (ROOT / "docs/howto/fill-a-column.md").read_text(encoding="utf-8")
REFERENCE = {name: (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8") for name in ("api", "errors")}
COMMANDS = re.findall(r"^chatsheet (\w+)(?: (\w+))?(.*)$", PAGE, re.MULTILINE)


def test_its_settings_are_taken(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert settings_file.load(write_settings(tmp_path, block)).jobs.at_once == 32


@pytest.mark.parametrize(("name", "verb", "rest"), COMMANDS)
def test_its_commands_and_options_are_there(name: str, verb: str, rest: str) -> None:
    context = cli.make_context("chatsheet", [], resilient_parsing=True)
    command = cli.get_command(context, name)
    assert command is not None
    told = command.to_info_dict(context)
    known = told["commands"][verb] if verb else told
    options = {option for one in known["params"] for option in one.get("opts", ())}
    assert set(re.findall(r"--[\w-]+", rest)) <= options


def test_its_addresses_and_codes_are_there() -> None:
    for path in re.findall(r"(/api/jobs[/\w{}]*)", PAGE):
        assert f"`{path}`" in REFERENCE["api"]
    for code in re.findall(r"^\| `(\w+\.\w+)` \|", PAGE, re.MULTILINE):
        assert f"`{code}`" in REFERENCE["errors"] or code in CATALOGUE or code == "job.worker_lost"
