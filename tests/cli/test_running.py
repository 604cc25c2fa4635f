"""A turn while it runs, as it is shown step by step."""

import pytest

from chatsheet.chat.events import Basis, ModelReplied, StepRestarted, ToolAnswered, Wrote
from chatsheet.cli.running import Running
from chatsheet.llm.model import Attempt, ToolCall, Trail, Usage
from chatsheet.sheets.model import Result, ResultColumn

RESULT = Result(columns=(ResultColumn(name="n", type="BIGINT"),), rows=((45,),), row_count=1, truncated=False)
QUERY = ToolAnswered(turn="t", call_id="1", tool="run_sql", content="", handle="r1", sql="SELECT 45 AS n", result=RESULT)


def shown_of(capsys: pytest.CaptureFixture[str], *events: Wrote | StepRestarted | ToolAnswered | ModelReplied) -> str:
    with Running(is_shown=True) as running:
        for event in events:
            running.take(event)
    return capsys.readouterr().out


def test_a_step_that_begins_again_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown_of(capsys, Wrote(turn="t", text="Half an"), StepRestarted(turn="t", route="azure", cause="stream.cut"))
    assert "azure failed (stream.cut): this step begins again" in said


def test_a_query_shows_handle_sql_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown_of(capsys, QUERY.model_copy(update={"basis": Basis()}))
    for part in ("[r1] SELECT 45 AS n", "n\n", "45"):
        assert part in said


def test_a_call_that_failed_says_why_in_short(capsys: pytest.CaptureFixture[str]) -> None:
    failed = ToolAnswered(turn="t", call_id="1", tool="run_sql", content="x" * 1_000, is_error=True)
    said = shown_of(capsys, failed)
    assert "run_sql: xxx" in said
    assert said.count("x") == 300


def test_routes_that_failed_before_and_words_beside_calls_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    attempts = (
        Attempt(route="litellm", cause="litellm.down", proof="direct", milliseconds=5),
        Attempt(route="azure", cause=None, proof="direct", milliseconds=5),
    )
    call = ToolCall(id="1", name="run_sql", arguments="{}")
    reply = ModelReplied(
        turn="t", text="I look.", calls=(call,), model="m", route="azure", usage=Usage(), trail=Trail(attempts=attempts)
    )
    said = shown_of(capsys, reply)
    assert "litellm.down" in said
    assert "I look." in said


def test_a_pipe_sees_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Running(is_shown=False) as running:
        running.take(QUERY)
    assert capsys.readouterr().out == ""
