"""`chatsheet backup` and `restore`: one file out, one file in, said in a line each."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatsheet.cli.main import cli
from chatsheet.upkeep.restore import FolderFilled


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_what_was_backed_up_is_listed_again_after_its_restoration(tmp_path: Path) -> None:
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    run("--data", here, "user", "invite", "ada@x.org")
    said = run("--data", here, "backup", str(tmp_path))
    (made,) = tmp_path.glob("chatsheet-*.tar")
    assert re.fullmatch(r".+/chatsheet-\d{8}T\d{6}Z\.tar: [\d,]+ rows, 0 versions, [\d.]+ MB\n", said)
    assert made.stat().st_mode & 0o777 == 0o600
    assert "is whole" in run("restore", "--check", str(made))
    assert f"is restored in {there}" in run("--data", there, "restore", str(made))
    assert run("--data", there, "user", "list", "--json") == run("--data", here, "user", "list", "--json")
    with pytest.raises(FolderFilled):
        run("--data", there, "restore", str(made))
