"""What the small model writes is read as what it means."""

import json
from collections.abc import Mapping

import pytest

from chatsheet.core import loose
from chatsheet.simulator.brain import Call, Counted, Say
from chatsheet.simulator.brains import adapt

TOOLS = [{"type": "function", "function": {"name": "run_sql"}}]
QUESTION = {"role": "user", "content": "How many?"}
RESULT = {"role": "tool", "content": '{"handle":"r1"}'}
CALLED = {
    "role": "assistant",
    "tool_calls": [{"id": "a", "function": {"name": "run_sql", "arguments": '{"sql": "SELECT 5"}'}}],
}
NUDGE = {"role": "user", "content": "[system] Run the SQL."}
ERROR = {"role": "tool", "content": '{"error":"no such column"}'}


def texts(body: Mapping[str, object]) -> list[str]:
    """Return what the model reads."""
    return [str(loose.obj(message)["content"]) for message in loose.array(adapt.request(body)["messages"])]


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
    body = {"messages": [QUESTION, CALLED, last], "tools": TOOLS, "tool_choice": choice}
    assert adapt.may_call(body) is may
    assert ("Reply with one ```sql block" in texts(body)[-1]) is may


def test_limits_and_temperature_are_forced() -> None:
    sent = adapt.request({"messages": [QUESTION], "temperature": 1.5, "max_tokens": 30, "logprobs": True})
    assert (sent["temperature"], sent["max_tokens"]) == (0, 30)
    assert "logprobs" not in sent


def test_what_failed_is_told_beside_the_question_and_what_worked_stays() -> None:
    failed = [CALLED, ERROR]
    said = texts({"messages": [QUESTION, *failed, {"role": "assistant", "content": "5"}, NUDGE, CALLED, RESULT]})
    assert said[0] == "How many?\n[system] Run the SQL."
    assert said[1] == "```sql\nSELECT 5\n```"
    assert said[2].startswith('Result:\n{"handle":"r1"}\nAnswer the question')


def test_of_several_failures_the_last_is_told() -> None:
    other = {"role": "tool", "content": '{"error":"no such table"}'}
    said = texts({"messages": [QUESTION, CALLED, ERROR, CALLED, other], "tools": TOOLS})
    assert said[0] == "How many?\nA query failed: no such table Write another.\nReply with one ```sql block and nothing else."


def test_after_three_failures_the_model_may_say_that_something_is_missing() -> None:
    said = texts({"messages": [QUESTION, *3 * [CALLED, ERROR]], "tools": TOOLS})
    assert said[0].endswith("or, if no column holds it, with [not in workbook] and what is missing.")


def test_a_failure_after_a_result_stands_behind_it() -> None:
    said = texts({"messages": [QUESTION, CALLED, RESULT, CALLED, ERROR]})
    assert said[3] == "A query failed: no such column Write another."


def test_a_query_that_found_nothing_may_be_written_anew_once() -> None:
    nothing = {"role": "tool", "content": '{"rows":[[null]],"warnings":["a.b has no \'x\'; nearest: y."]}'}
    body: dict[str, object] = {"messages": [QUESTION, CALLED, nothing], "tools": TOOLS}
    assert texts(body)[0].startswith("How many?\nA query found nothing: a.b has no 'x'; nearest: y. Write another.")
    assert not adapt.may_call({**body, "messages": [QUESTION, CALLED, nothing, CALLED, nothing]})


def test_after_two_failures_the_model_is_asked_for_something_else() -> None:
    failed = [CALLED, ERROR]
    assert adapt.request({"messages": [QUESTION, *failed]})["temperature"] == 0
    assert adapt.request({"messages": [QUESTION, *failed, *failed]})["temperature"] == 0.7
    assert adapt.request({"messages": [QUESTION, *failed, *failed, RESULT, QUESTION]})["temperature"] == 0


def test_further_tools_are_told_in_words() -> None:
    tools = [*TOOLS, {"type": "function", "function": {"name": "describe"}}]
    called = {"role": "assistant", "tool_calls": [{"id": "b", "function": {"name": "describe", "arguments": '{"table":"a"}'}}]}
    said = texts({"messages": [{"role": "system", "content": "Rules."}, QUESTION, called], "tools": tools})
    assert said[0].endswith('{"name":"describe"}')
    assert "run_sql" not in said[0]
    assert said[2] == '```json\n{"name": "describe", "arguments": {"table":"a"}}\n```'


def test_chunks_become_pieces_and_usage_names_the_cached_tokens() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    chunk = {"choices": [{"delta": {"content": "Hi"}}], "usage": usage}
    assert adapt.pieces(chunk) == [Say("Hi"), Counted(10, 2, cached_tokens=8)]
