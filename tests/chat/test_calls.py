"""Texts that are tool calls in disguise, and texts that are not."""

import pytest

from chatsheet.chat import calls
from chatsheet.core import loose

CALL = '{"name": "run_sql", "arguments": {"sql": "SELECT 1"}}'


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        f"```json\n{CALL}\n```",
        f"```\n{CALL}```",
        f"<tool_call>\n{CALL}\n</tool_call>",
        CALL.replace("arguments", "parameters"),
    ],
)
def test_json_with_a_name_and_arguments_is_a_call(text: str) -> None:
    (call,) = calls.written_out(text)
    assert (call.name, loose.parse(call.arguments)) == ("run_sql", {"sql": "SELECT 1"})


@pytest.mark.parametrize(
    "text", ["", "It is 5.", f"I would call {CALL}", '{"name": "Ada"}', '{"name": "run_sql", "arguments": "x"}', "[1]", "{"]
)
def test_anything_else_is_text(text: str) -> None:
    assert calls.written_out(text) == ()


def test_two_calls_have_different_ids() -> None:
    assert calls.written_out(CALL)[0].id != calls.written_out(CALL)[0].id
