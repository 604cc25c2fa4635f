"""The config of a LiteLLM that others run is linted where settings name it, at the start and whenever it is asked for."""

import ast
import logging
import re
from pathlib import Path

import pytest

from chatsheet.cli import beside
from chatsheet.core import settings_file
from chatsheet.core.settings import LlmSettings, Settings
from chatsheet.llm import litellm_file
from chatsheet.llm.causes import CATALOGUE
from tests.harness import ROOT, write_settings
from tests.llm.test_litellm_lint import GOOD, STORY

TEXT = """
[llm]
routes = ["theirs"]
[llm.route.theirs]
kind = "litellm"
base_url = "http://10.0.0.4:4000"
key = "{master}"
config_file = "{config}"
"""


def settings(folder: Path, config: str = GOOD, more: str = "") -> Settings:
    """Return settings that name a config of others."""
    file = folder / "litellm.config.yaml"
    file.write_text(config, encoding="utf-8")
    text = TEXT.replace("{config}", str(file)) + more
    return settings_file.load(write_settings(folder, text, {"master": "sk-1234"}))


def test_it_is_linted_for_the_alias_that_its_route_asks_for(tmp_path: Path) -> None:
    assert litellm_file.named(settings(tmp_path).llm) == {"theirs": ()}
    found = litellm_file.named(settings(tmp_path, more='model = "team-gpt"\n').llm)
    assert [problem.cause for problem in found["theirs"]] == ["litellm.unknown_model"]


def test_without_a_litellm_of_others_the_alias_is_the_models_name(tmp_path: Path) -> None:
    assert litellm_file.alias(LlmSettings(model="our-gpt")) == "our-gpt"
    assert litellm_file.alias(settings(tmp_path, more='model = "team-gpt"\n').llm) == "team-gpt"


def test_what_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xff\xfe")
    (problem,) = litellm_file.check(file, environment=None, asked_for=None, settings=None).problems
    assert (problem.key, problem.reason) == ("file", "is not UTF-8")


@pytest.mark.anyio
async def test_a_start_logs_what_is_wrong_with_it_and_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with beside.litellm(settings(tmp_path, STORY), None):
            pass
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 5
    assert said[0].startswith("llm.route.theirs.config_file: model_list[0].model_name: line 3:")
    assert "(litellm.unknown_model); write model_name: gpt-4o" in said[0]


CHECKERS = (
    "core/problem",
    "core/settings_*",
    "core/*_check",
    "llm/litellm_rules/*",
    "llm/litellm_lint",
    "llm/litellm_integrity",
)


def test_every_cause_that_a_check_names_is_in_the_catalogue() -> None:
    layers = {code.partition(".")[0] for code in CATALOGUE}
    named: set[str] = set()
    for path in (path for name in CHECKERS for path in (ROOT / "src" / "chatsheet").glob(f"{name}.py")):
        texts = [node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)]
        found = {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", text)}
        named |= {text for text in found if text.partition(".")[0] in layers}
    assert len(named) > 15
    assert named - {"litellm.lock"} <= set(CATALOGUE)  # the name of a file
