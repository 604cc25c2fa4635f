"""`chatsheet sheet glossary …` on a plain path, without a server."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatsheet.cli.main import cli
from chatsheet.context.glossary.imports import GlossaryInvalid
from chatsheet.context.glossary.store import EntryNotFound
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.guard import SqlRefused

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, sales: Path) -> Run:
    """Run `chatsheet sheet glossary COMMAND sales.xlsx ARGUMENTS` and return its stdout; errors are raised."""

    def run(command: str, *arguments: str) -> str:
        line = ["--data", str(tmp_path / "data"), "sheet", "glossary", command, str(sales), *arguments]
        result = CliRunner().invoke(cli, line, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def test_a_glossary_is_written_on_the_terminal(run: Run) -> None:
    run("add", "Turnover", "revenue without returns")
    pinned = run("pin", "Sales?", "SELECT sum(revenue) FROM orders").split()[0]
    run("change", pinned, "SELECT count(*) FROM orders")
    assert [line.partition("  ")[2] for line in run("list").splitlines()] == [
        "Turnover: revenue without returns",
        "Sales? → SELECT COUNT(*) FROM orders",
    ]
    run("remove", pinned)
    assert "Sales?" not in run("list")


def test_what_is_listed_as_json_can_be_imported(run: Run, tmp_path: Path) -> None:
    run("add", "Turnover", "revenue")
    file = tmp_path / "glossary.json"
    file.write_text(run("list", "--json"), encoding="utf-8")
    run("import", str(file))
    assert json.loads(run("list", "--json")) == [{"kind": "term", "term": "Turnover", "meaning": "revenue"}]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (("pin", "Sales?", "SELECT nothing FROM orders"), SqlRefused),
        (("change", "entry_x", "text"), EntryNotFound),
        (("remove", "entry_x"), EntryNotFound),
        (("add", " ", "x"), click.UsageError),
    ],
)
def test_what_cannot_be_kept_is_refused(run: Run, line: tuple[str, ...], error: type[ChatSheetError]) -> None:
    with pytest.raises(error):
        run(*line)


def test_an_import_names_its_wrong_lines_and_a_missing_file_is_no_crash(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "glossary.csv"
    file.write_text("term,meaning\nTurnover\n", encoding="utf-8")
    with pytest.raises(GlossaryInvalid, match="line 2"):
        run("import", str(file))
    with pytest.raises(ChatSheetError, match="cannot be read"):
        run("import", str(tmp_path / "nothing.csv"))
