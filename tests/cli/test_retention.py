"""`chatsheet retention`, `workspace` and `user forget`: what goes for good is asked for twice, and told."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatsheet.cli.main import cli


def run(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli, ["--data", str(folder), *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_what_would_go_is_told_before_it_goes(tmp_path: Path) -> None:
    assert run(tmp_path, "retention", "apply", "--dry-run") == ("would go: 0 chats, 0 reports, files of 0 versions (0.0 MB)\n")
    assert json.loads(run(tmp_path, "retention", "apply", "--json"))["chats"] == 0


def test_a_person_is_forgotten_with_their_workspace(tmp_path: Path) -> None:
    run(tmp_path, "user", "invite", "ada@x.org")
    (own,) = json.loads(run(tmp_path, "workspace", "list", "--json"))
    assert own["members"] == 1
    with pytest.raises(click.Abort):
        run(tmp_path, "user", "forget", "ada@x.org")
    assert "with 1 workspaces, 0 sheets" in run(tmp_path, "user", "forget", "ada@x.org", "--yes")
    assert json.loads(run(tmp_path, "user", "list", "--json")) == []
    assert json.loads(run(tmp_path, "workspace", "list", "--json")) == []


def test_a_workspace_is_removed_by_its_id(tmp_path: Path) -> None:
    run(tmp_path, "user", "invite", "ada@x.org")
    (own,) = json.loads(run(tmp_path, "workspace", "list", "--json"))
    assert re.search(r"is removed, with 0 sheets", run(tmp_path, "workspace", "remove", own["id"], "--yes"))
    (ada,) = json.loads(run(tmp_path, "user", "list", "--json"))
    assert ada["workspaces"] == {}
