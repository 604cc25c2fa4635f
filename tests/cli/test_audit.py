"""`chatsheet audit …`: what was done as JSON lines, and whether it is still as it was written."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatsheet.cli.main import cli
from chatsheet.db.engine import open_database
from tests.harness import state_in

pytestmark = pytest.mark.usefixtures("each_database")
Run = Callable[..., tuple[object, str, str]]


async def tamper(folder: Path, sql: str) -> None:
    """Change the log behind the program's back."""
    database = await open_database(state_in(folder))
    async with database.unit() as connection:
        await connection.exec_driver_sql(sql)
    await database.close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `chatsheet ARGUMENTS` over a data folder of this test and return its code, stdout and stderr."""

    def run(*arguments: str) -> tuple[object, str, str]:
        result = CliRunner().invoke(cli, ["--data", str(tmp_path / "data"), *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value, result.stdout, result.stderr

    return run


def test_nothing_done_is_nothing_told_and_whole(run: Run) -> None:
    assert run("audit", "export") == (None, "", "")
    code, out, _ = run("audit", "verify", "--json")
    assert (code, json.loads(out)) == (0, {"entries": 0, "head": "0" * 64, "broken": None})


def test_what_the_terminal_does_is_told(run: Run, sales: Path, tmp_path: Path) -> None:
    run("sheet", "import", str(sales))
    run("sheet", "export", str(sales), "--table", "orders", "--output", str(tmp_path / "orders.csv"))
    _, out, _ = run("audit", "export")
    entries = [json.loads(line) for line in out.splitlines()]
    assert [(one["seq"], one["action"]) for one in entries] == [(1, "sheet.import"), (2, "sheet.export")]
    assert entries[1]["body"] == {
        "version": entries[0]["body"]["version"], "table": "orders", "sql": "", "format": "csv", "rows": 600,
    }  # fmt: skip


def test_an_export_is_written_to_a_file_and_over_none(run: Run, sales: Path, tmp_path: Path) -> None:
    run("sheet", "import", str(sales))
    target = tmp_path / "audit.jsonl"
    run("audit", "export", "--output", str(target))
    assert json.loads(target.read_text())["action"] == "sheet.import"
    with pytest.raises(FileExistsError):
        run("audit", "export", "--output", str(target))


def test_a_changed_entry_is_named_and_the_code_is_1(run: Run, sales: Path, tmp_path: Path) -> None:
    run("sheet", "import", str(sales))
    code, out, _ = run("audit", "verify")
    assert (code, "1 entries, all as they were written" in out) == (0, True)
    asyncio.run(tamper(tmp_path / "data", "UPDATE audit_entry SET subject = 'another'"))
    code, out, err = run("audit", "verify")
    assert (code, out, "entry 1 is changed" in err) == (1, "", True)


def test_a_head_that_was_noted_shows_a_cut_end(run: Run, sales: Path, tmp_path: Path) -> None:
    run("sheet", "import", str(sales))
    head = json.loads(run("audit", "verify", "--json")[1])["head"]
    assert run("audit", "verify", "--expect-head", head)[0] == 0
    asyncio.run(tamper(tmp_path / "data", "DELETE FROM audit_entry"))
    assert run("audit", "verify")[0] == 0
    code, out, _ = run("audit", "verify", "--json", "--expect-head", head)
    assert (code, json.loads(out)["broken"]) == (1, {"seq": 1, "how": "truncated"})
