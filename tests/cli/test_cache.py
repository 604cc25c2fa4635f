"""`chatsheet cache …`: what is kept, and letting go of it without losing a sheet."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatsheet.cli.main import cli
from tests.sheets.test_room import aged

pytestmark = pytest.mark.usefixtures("each_database")
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `chatsheet ARGUMENTS` over a data folder of this test and return its stdout; errors are raised."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["--data", str(tmp_path / "data"), *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def test_an_empty_folder_holds_nothing(run: Run) -> None:
    told = json.loads(run("cache", "stats", "--json"))
    assert told["shared"] == {"is_set": False, "values": None}
    assert (told["disk"]["bytes"], told["disk"]["versions"], told["disk"]["is_full"]) == (0, 0, False)


def test_clearing_removes_what_nothing_names_and_leaves_the_sheet(run: Run, tmp_path: Path, sales: Path) -> None:
    run("sheet", "import", str(sales))
    aged(tmp_path / "data" / "versions" / ("a" * 32), days=2)
    assert json.loads(run("cache", "stats", "--json"))["disk"]["evictable"] == 1_000
    assert json.loads(run("cache", "clear", "--json"))["disk"] == {"bytes": 1_000, "versions": 1, "copies": 0}
    assert "nothing of it can go: all is named" in run("cache", "stats")
    assert run("sheet", "query", str(sales), "SELECT count(*) AS n FROM orders").split() == ["n", "600"]


def test_what_is_cleared_is_said_in_words(run: Run) -> None:
    assert "disk: 0.0 MB freed (0 versions, 0 copies of versions)" in run("cache", "clear")
    assert "redis: none is set (redis.url)" in run("cache", "stats")
