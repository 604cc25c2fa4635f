"""What is asked for a row, and what a reply means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.jobs import asking
from chatsheet.jobs.asking import AnswerInvalid
from chatsheet.jobs.model import AiColumn
from chatsheet.llm.model import Reply, Trail
from chatsheet.sheets.model import ColumnType

ORDER = AiColumn(table="t", label="Mood", template="Mood of {comment} by {who}?")


def reply(text: str) -> Reply:
    return Reply(text=text, finish_reason="stop", model="m", route="r", trail=Trail())


def said(value: JsonValue, confidence: JsonValue = 0.9) -> Reply:
    return reply(loose.dumps({"value": value, "confidence": confidence, "reason": "because"}))


@given(st.text(), st.text())
def test_cells_are_data_inside_quotes_whatever_they_say(comment: str, who: str) -> None:
    body = asking.request(ORDER, {"comment": comment, "who": who}, tenant="w").body
    content = loose.text(loose.obj(loose.array(body["messages"])[1]).get("content"))
    bare = content.replace('\\"', "").replace("\\\\", "")
    assert bare.count('"') >= 4
    assert "\n" not in content
    assert content.startswith('Mood of "')
    assert content.endswith('"?')


def test_different_inputs_and_prompts_have_different_hashes() -> None:
    other = ORDER.model_copy(update={"template": "Tone of {comment} by {who}?"})
    inputs: list[tuple[str | None, ...]] = [("a", "b"), ("ab", ""), ("a", None), ("", "ab")]
    hashes = {asking.input_hash(order, one) for order in (ORDER, other) for one in inputs}
    assert len(hashes) == 8


@pytest.mark.parametrize(
    ("output", "given_value", "kept"),
    [
        ("text", "=1+1", "=1+1"),
        ("text", "  ", "  "),
        ("integer", 3, 3),
        ("integer", "42", 42),
        ("decimal", 1.5, 1.5),
        ("boolean", True, True),
        ("date", "2026-01-31", "2026-01-31"),
        ("datetime", "2026-01-31T08:00:00", "2026-01-31 08:00:00"),
        ("time", "08:30:00", "08:30:00"),
        ("integer", None, None),
    ],
)
def test_values_are_read_by_the_columns_type(output: ColumnType, given_value: JsonValue, kept: JsonValue) -> None:
    order = ORDER.model_copy(update={"output": output})
    assert asking.read(order, said(given_value)).value == kept


@pytest.mark.parametrize(
    ("output", "given_value"),
    [
        ("integer", "many"),
        ("integer", 1.5),
        ("date", "31.01.2026"),
        ("boolean", "perhaps"),
        ("text", ["a"]),
        ("text", {"a": 1}),
    ],
)
def test_what_does_not_fit_the_type_is_no_answer(output: ColumnType, given_value: JsonValue) -> None:
    with pytest.raises(AnswerInvalid):
        asking.read(ORDER.model_copy(update={"output": output}), said(given_value))


@pytest.mark.parametrize("text", ["", "good", "[]", '{"confidence": 1}', '{"value": "x", "confidence": 2, "reason": ""}'])
def test_what_is_no_object_with_a_value_and_its_confidence_is_no_answer(text: str) -> None:
    with pytest.raises(AnswerInvalid):
        asking.read(ORDER, reply(text))


def test_json_in_a_block_of_code_is_read_too() -> None:
    fenced = reply('```json\n{"value": "calm", "confidence": 0.5, "reason": ""}\n```')
    assert asking.read(ORDER, fenced).value == "calm"


def test_only_choices_are_taken_however_they_are_written() -> None:
    order = ORDER.model_copy(update={"choices": ("Good", "Bad")})
    assert asking.read(order, said(" good")).value == "Good"
    with pytest.raises(AnswerInvalid, match="none of the choices"):
        asking.read(order, said("ugly"))


def test_choices_of_numbers_stay_numbers() -> None:
    order = ORDER.model_copy(update={"output": "integer", "choices": ("1", "2")})
    assert asking.read(order, said(2)).value == 2
    assert loose.obj(loose.obj(asking.schema(order)["properties"]).get("value")).get("enum") == [1, 2, None]


def test_the_second_try_is_warmer_than_the_first() -> None:
    warmth = [asking.request(ORDER, {}, tenant="w", tries=n).body["temperature"] for n in (0, 1)]
    assert warmth == [0, 0.7]
