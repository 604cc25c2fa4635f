"""`chatsheet user …`: who may log in, said by whoever runs the server."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatsheet.auth.members import UserNotFound
from chatsheet.auth.users import LastAdministrator
from chatsheet.cli.main import cli

pytestmark = pytest.mark.usefixtures("each_database")
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `chatsheet user ARGUMENTS` over a data folder of this test and return its stdout; errors are raised."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["--data", str(tmp_path / "data"), "user", *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def test_whoever_is_invited_is_listed_with_what_they_are(run: Run) -> None:
    assert json.loads(run("list", "--json")) == []
    first = run("invite", "ada@x.org", "--name", "Ada", "--role", "editor")
    again = run("invite", "ADA@x.org")
    assert first.startswith("the code for ada@x.org, for 24 hours: ")
    assert first != again
    (ada,) = json.loads(run("list", "--json"))
    assert (ada["name"], ada["email"], ada["is_admin"], ada["is_active"]) == ("Ada", "ada@x.org", False, True)
    assert sorted(ada["workspaces"].values()) == ["editor", "owner"]
    assert "shared: editor" in run("list")


def test_accounts_are_closed_and_opened_again(run: Run) -> None:
    run("invite", "ada@x.org")
    assert "cannot log in" in run("deactivate", "ada@x.org")
    with pytest.raises(UserNotFound):
        run("invite", "ada@x.org")
    assert run("activate", "ada@x.org") == "ada@x.org is a user.\n"


def test_the_last_administrator_stays(run: Run) -> None:
    run("invite", "ada@x.org")
    assert run("admin", "ada@x.org") == "ada@x.org is an administrator.\n"
    with pytest.raises(LastAdministrator):
        run("admin", "ada@x.org", "--remove")


def test_a_role_is_given_in_any_workspace(run: Run) -> None:
    run("invite", "ada@x.org")
    assert run("role", "ada@x.org", "owner") == "ada@x.org is owner in shared.\n"
    (ada,) = json.loads(run("list", "--json"))
    assert ada["workspaces"]["shared"] == "owner"


def test_what_is_no_address_is_refused(run: Run) -> None:
    for text in ("ada", "ada@", "a b@x.org", "a@b@c"):
        with pytest.raises(click.UsageError):
            run("invite", text)
    with pytest.raises(UserNotFound):
        run("admin", "nobody@x.org")
