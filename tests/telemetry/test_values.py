"""Whatever comes in, only codes, known words and short names come out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.llm.causes import CATALOGUE
from chatsheet.telemetry import values


@pytest.mark.parametrize("code", [*CATALOGUE, "direct", "egress", "unverified", "answered"])
def test_our_own_codes_pass_unchanged(code: str) -> None:
    assert values.code(code) == code


@given(st.text())
def test_text_never_passes_as_a_code(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9_.]{1,120}|_OTHER", values.code(text))


@pytest.mark.parametrize("text", ["", "What is the salary of Ann?", "sk-abc", "a" * 40, "HTTP 500", "net.refused\n"])
def test_what_is_no_code_is_called_other(text: str) -> None:
    assert values.code(text) == "_OTHER"


@given(st.text())
def test_a_name_is_short_and_of_plain_characters(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._:/-]{0,64}", values.name(text))


@given(st.text())
def test_a_finish_reason_is_a_known_one_or_other(text: str) -> None:
    assert values.finish_reason(text) in {"stop", "length", "tool_calls", "function_call", "content_filter", "_OTHER"}
