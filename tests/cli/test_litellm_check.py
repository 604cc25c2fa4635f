"""`chatsheet litellm config --check`: each problem on a line, an exit code, and the file put right."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatsheet.cli.main import cli
from tests.llm.test_litellm_lint import ENVIRONMENT, GOOD, STORY

FILE = "litellm.config.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, with the proxy's variables and nobody's settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def check(text: str, *more: str) -> Result:
    """Check a file in the working folder."""
    Path(FILE).write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli, ["litellm", "config", "--check", FILE, *more], standalone_mode=False)


def test_a_good_file_is_said_to_be_and_ends_with_0() -> None:
    result = check(GOOD)
    assert (result.return_value, result.output) == (0, f"{FILE}: 0 errors, 0 to know\n")


def test_the_story_ends_with_3_its_three_causes_and_a_corrected_file() -> None:
    result = check(STORY, "--corrected", "mended.yaml")
    assert result.return_value == 3
    lines = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == [
        "error[litellm.unknown_model]",
        "error[litellm.unknown_model]",
        "error[settings.variable_not_expanded]",
    ]
    assert lines[-2:] == [f"{FILE}: 3 errors, 2 to know", "wrote mended.yaml: 0 errors, 0 to know"]
    assert check(Path("mended.yaml").read_text(encoding="utf-8")).return_value == 0


def test_what_cannot_be_put_right_is_left_and_said() -> None:
    result = check(STORY.replace("2024-10-21", "2024-08-06"), "--corrected", FILE)
    assert "left to you:\nerror[azure.api_version]: model_list[0].litellm_params.api_version" in result.stdout


def test_warnings_alone_end_with_0() -> None:
    result = check(GOOD.replace("num_retries: 0", "num_retries: 2"))
    assert result.return_value == 0
    assert result.stdout.startswith("warning[litellm.cooldown]: router_settings.num_retries: line 10:")


def test_the_alias_is_the_one_that_our_settings_ask_for() -> None:
    theirs = '[llm]\nroutes = ["t"]\n[llm.route.t]\nkind = "litellm"\nkey = "env:LITELLM_MASTER_KEY"\nmodel = "team-gpt"\n'
    Path("chatsheet.toml").write_text(theirs, encoding="utf-8")
    assert 'settings ask for "team-gpt"' in check(GOOD).stdout


def test_settings_that_do_not_load_are_said_and_not_needed() -> None:
    Path("chatsheet.toml").write_text('[llm]\nroutes = ["nobody"]\n', encoding="utf-8")
    result = check(GOOD)
    assert result.return_value == 0
    assert 'there is no route "nobody"' in result.stderr


def test_no_key_is_printed_and_the_corrected_file_is_for_its_owner(folder: Path) -> None:
    result = check(GOOD.replace("os.environ/AZURE_OPENAI_API_KEY", "CANARY0123456789"), "--corrected", "mended.yaml")
    assert "CANARY" not in result.output
    assert (folder / "mended.yaml").stat().st_mode & 0o077 == 0


def test_a_corrected_file_wants_one_to_check() -> None:
    result = CliRunner().invoke(cli, ["litellm", "config", "--corrected", "x.yaml"])
    assert result.exit_code == 2
    assert "--check" in result.output
