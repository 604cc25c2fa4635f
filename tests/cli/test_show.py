"""Cells on a terminal: shown as they are, and nothing else happens."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.ask import Answer, Query
from chatsheet.chat.events import Basis, Chart, EditProposal, NumberFound, Option, RowsUsed
from chatsheet.cli.ask import say
from chatsheet.cli.show import show
from chatsheet.cli.tables import plain
from chatsheet.llm.model import Attempt, Trail, Usage
from chatsheet.sheets.edits import EditPreview
from chatsheet.sheets.model import Result, ResultColumn


def answer_with(*rows: tuple[JsonValue, ...], text: str = "Here.", is_cut: bool = False) -> Answer:
    result = Result(columns=(ResultColumn(name="c", type="VARCHAR"),), rows=rows, row_count=len(rows), truncated=False)
    used = RowsUsed(table="t", rows=3, first=2, last=4)
    return Answer(
        text=text,
        is_cut=is_cut,
        numbers=(),
        queries=(Query(handle="r1", sql="SELECT c FROM t", basis=Basis(rows=(used,)), result=result),),
        model="m",
        route="azure",
        trail=Trail(attempts=(Attempt(route="azure", cause=None, proof="direct", milliseconds=5),)),
        usage=Usage(),
        sheet="s",
        version="v",
    )


@pytest.mark.parametrize("cell", ["[/b]", "[n/a]", "[bold]x", "[note] y", "a [link=http://x]"])
def test_brackets_in_a_cell_are_text(capsys: pytest.CaptureFixture[str], cell: str) -> None:
    show(answer_with((cell,)), as_json=False)
    assert cell in capsys.readouterr().out


def test_a_cell_cannot_talk_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show(answer_with(("\x1b]0;owned\x07red\x1b[31m",), text="\x1b[2Jgone"), as_json=False)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x07" not in said
    assert plain("one\ntwo\tthree") == "one\ntwo\tthree"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.004, "0.004"), (0.0049, "0.0049"), (-0.001, "-0.001"), (1234.5, "1,234.5"), (12.0, "12"), (2024, "2024"), (0.0, "0")],
)
def test_no_value_is_shown_as_another_one(capsys: pytest.CaptureFixture[str], value: float, shown: str) -> None:
    show(answer_with((value,)), as_json=False)
    assert shown in capsys.readouterr().out.split()


def test_a_cut_answer_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show(answer_with(("x",), is_cut=True), as_json=False)
    assert "cut at the model's token limit" in capsys.readouterr().out


def test_progress_cannot_talk_to_the_terminal_either(capsys: pytest.CaptureFixture[str]) -> None:
    say("r1: SELECT '\x1b]0;owned\x07' \x9b31m\u202e → 1 rows")
    said = capsys.readouterr().err
    assert plain(said) == said
    assert "SELECT" in said


def test_an_error_that_echoes_a_cell_cannot_either(tmp_path: Path) -> None:
    name = "a\x1b]0;owned\x07\x9b31m.csv"
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "chatsheet.cli.main", "--data", str(tmp_path), "sheet", "show", name],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert ".csv" in done.stderr
    assert plain(done.stderr) == done.stderr


def test_numbers_that_are_not_from_the_data_are_marked_where_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = (
        NumberFound(text="45", start=0, end=2, handle="r1", row=0, column="c"),
        NumberFound(text="77", start=7, end=9, handle=None),
    )
    show(answer_with((45,), text="45 and 77.").model_copy(update={"numbers": numbers}), as_json=False)
    said = capsys.readouterr().out
    assert "45 and 77 [?]." in said
    assert "Not from your data: 77" in said


def test_a_question_back_shows_each_reading_with_what_it_gives(capsys: pytest.CaptureFixture[str]) -> None:
    asked = answer_with((1,), text="Net or gross?")
    option = Option(label="net\x1b[2J", sql="SELECT net", result=asked.queries[0].result)
    show(asked.model_copy(update={"form": "which", "options": (option,)}), as_json=False)
    said = capsys.readouterr().out
    assert "1. net" in said
    assert "\x1b" not in said


def test_what_is_proposed_is_said_not_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    proposal = EditProposal(
        id="p1", edits=(), preview=EditPreview(version="v", changes=()), reason="fix", needs_consent=("HYPERLINK",)
    )
    chart = Chart(id="c1", handle="r1", title="Sales", spec={})
    show(answer_with((1,)).model_copy(update={"proposals": (proposal,), "charts": (chart,)}), as_json=False)
    said = capsys.readouterr().out
    assert "nothing is changed yet: p1: no cells (fix); needs consent to HYPERLINK" in said
    assert "Chart c1 over r1: Sales" in said
