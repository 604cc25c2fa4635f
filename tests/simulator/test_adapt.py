"""What the small model writes is read as what it means."""

import json

import pytest

from chatsheet.simulator.brain import Call, Counted, Say
from chatsheet.simulator.brains import adapt

TOOLS = [{"type": "function", "function": {"name": "run_sql"}}]
QUESTION = {"role": "user", "content": "How many?"}
RESULT = {"role": "tool", "content": '{"handle":"r1"}'}
ERROR = {"role": "tool", "content": '{"error":"no such column"}'}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT(*) FROM orders",
        "```sql\nSELECT COUNT(*) FROM orders\n```",
        '{"name": "run_sql", "arguments": {"sql": "SELECT COUNT(*) FROM orders"}}',
        '```json\n{"name": "run_sql", "arguments": {"sql": "SELECT COUNT(*) FROM orders"}}\n```',
    ],
)
def test_a_call_in_disguise_is_a_call(text: str) -> None:
    call = adapt.as_call(text)
    assert isinstance(call, Call)
    assert call.name == "run_sql"
    assert json.loads(call.arguments)["sql"] == "SELECT COUNT(*) FROM orders"
    assert not adapt.is_prose(text)


@pytest.mark.parametrize("text", ["There are 600 orders.", "{not json", "Selected regions lead."])
def test_prose_stays_prose(text: str) -> None:
    assert adapt.as_call(text) == Say(text)


def test_a_long_enough_beginning_shows_prose() -> None:
    assert adapt.is_prose("There are 600")
    assert not adapt.is_prose("There")


@pytest.mark.parametrize(
    ("last", "choice", "may"),
    [(QUESTION, "auto", True), (RESULT, "auto", False), (ERROR, "auto", True), (QUESTION, "none", False)],
)
def test_after_a_result_the_model_is_asked_for_prose_only(last: dict[str, str], choice: str, may: bool) -> None:  # noqa: FBT001
    body = {"messages": [QUESTION, last], "tools": TOOLS, "tool_choice": choice}
    assert adapt.may_call(body) is may
    assert adapt.request(body)["tool_choice"] == ("auto" if may else "none")


def test_limits_and_temperature_are_forced() -> None:
    sent = adapt.request({"messages": [QUESTION], "temperature": 1.5, "max_tokens": 30, "logprobs": True})
    assert (sent["temperature"], sent["max_tokens"]) == (0, 30)
    assert "logprobs" not in sent


CALLED = {"role": "assistant", "tool_calls": [{"id": "a"}]}
NUDGE = {"role": "user", "content": "[system] Run the SQL."}


def test_what_failed_is_told_beside_the_question_and_what_worked_stays() -> None:
    failed = [CALLED, ERROR]
    sent = adapt.request({"messages": [QUESTION, *failed, {"role": "assistant", "content": "5"}, NUDGE, CALLED, RESULT]})
    asked = "How many?\nA query failed: no such column Write another.\n[system] Run the SQL."
    assert sent["messages"] == [{"role": "user", "content": asked}, CALLED, RESULT]


def test_a_failure_after_a_result_stands_behind_it() -> None:
    sent = adapt.request({"messages": [QUESTION, CALLED, RESULT, CALLED, ERROR]})
    told = {"role": "user", "content": "A query failed: no such column Write another."}
    assert sent["messages"] == [QUESTION, CALLED, RESULT, told]


def test_chunks_become_pieces_and_usage_names_the_cached_tokens() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    chunk = {"choices": [{"delta": {"content": "Hi"}}], "usage": usage}
    assert adapt.pieces(chunk) == [Say("Hi"), Counted(10, 2, cached_tokens=8)]
