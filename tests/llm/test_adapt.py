"""Parameters that a deployment refuses are learnt from its words, renamed or left out, and remembered for it alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.llm.adapt import Adaptations, refused

D6 = loose.dumps(
    {
        "error": {
            "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "type": "invalid_request_error",
            "param": "max_tokens",
            "code": "unsupported_parameter",
        }
    }
)
D7 = loose.dumps({"error": {"message": "Unrecognized request argument supplied: max_completion_tokens", "code": None}})
TEMPERATURE = loose.dumps(
    {
        "error": {
            "message": "Unsupported value: 'temperature' does not support 0.2 with this model. "
            "Only the default (1) value is supported.",
            "param": "temperature",
            "code": "unsupported_value",
        }
    }
)
BODY: JsonObject = {"messages": [], "max_tokens": 5, "temperature": 0.2}
OPTIONAL = ["temperature", "top_p", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "prompt_cache_key"]


@pytest.mark.parametrize(
    ("said", "body", "name"),
    [
        (D6, BODY, "max_tokens"),
        (D7, {"max_completion_tokens": 5}, "max_completion_tokens"),
        (TEMPERATURE, BODY, "temperature"),
        *((f"Unsupported parameter: '{name}' is not supported with this model.", {name: 1}, name) for name in OPTIONAL),
    ],
)
def test_the_refused_parameter_is_read_from_the_providers_words(said: str, body: JsonObject, name: str) -> None:
    assert refused(400, said, body) == name


@pytest.mark.parametrize("status", [200, 401, 404, 422, 429, 500])
def test_only_a_bad_request_is_about_a_parameter(status: int) -> None:
    assert refused(status, D6, BODY) is None


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (D6, {"messages": []}),
        (D7, BODY),
        ("max_tokens is too large: 99999", BODY),
        ("Unsupported parameter: 'response_format'", {**BODY, "response_format": {}}),
        ("Unsupported parameter: 'max_tokens_to_sample'", BODY),
        ("", BODY),
    ],
    ids=["not sent", "the twin was sent", "another complaint", "one that matters", "a longer name", "nothing"],
)
def test_a_refusal_that_no_other_body_would_mend_is_left_alone(said: str, body: JsonObject) -> None:
    assert refused(400, said, body) is None
    assert not Adaptations().learn("f", 400, said, body)


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [(D6, "max_tokens", "max_completion_tokens"), (D7, "max_completion_tokens", "max_tokens")],
)
def test_a_token_limit_is_renamed_and_keeps_its_value(said: str, before: str, after: str) -> None:
    known = Adaptations()
    body: JsonObject = {"messages": [], before: 5}
    assert known.learn("f", 400, said, body)
    assert known.apply("f", body) == ({"messages": [], after: 5}, (before,))


def test_what_can_be_spared_is_left_out() -> None:
    known = Adaptations()
    assert known.learn("f", 400, TEMPERATURE, BODY)
    assert known.apply("f", BODY) == ({"messages": [], "max_tokens": 5}, ("temperature",))


def test_several_refusals_are_all_remembered() -> None:
    known = Adaptations()
    known.learn("f", 400, D6, BODY)
    known.learn("f", 400, TEMPERATURE, BODY)
    assert known.apply("f", BODY) == ({"messages": [], "max_completion_tokens": 5}, ("max_tokens", "temperature"))


def test_a_body_without_the_refused_parameter_is_sent_as_it_is() -> None:
    known = Adaptations()
    known.learn("f", 400, D6, BODY)
    body: JsonObject = {"messages": [], "max_completion_tokens": 5}
    assert known.apply("f", body) == (body, ())


def test_another_deployment_is_not_adapted_to() -> None:
    known = Adaptations()
    known.learn("f", 400, D6, BODY)
    assert known.apply("g", BODY) == (BODY, ())


def test_a_deployment_that_changed_its_mind_is_learnt_anew() -> None:
    """Azure upgraded the model from one generation to the other, or back."""
    known = Adaptations()
    known.learn("f", 400, D7, {"max_completion_tokens": 5})
    known.learn("f", 400, D6, {"max_tokens": 5})
    assert known.apply("f", {"max_tokens": 5}) == ({"max_completion_tokens": 5}, ("max_tokens",))
    assert known.apply("f", {"max_completion_tokens": 5}) == ({"max_completion_tokens": 5}, ())


def test_the_callers_body_is_never_changed() -> None:
    known, body = Adaptations(), dict(BODY)
    known.learn("f", 400, D6, body)
    known.apply("f", body)
    assert body == BODY


def test_a_limit_under_the_right_name_is_kept() -> None:
    known = Adaptations()
    known.learn("f", 400, D6, BODY)
    adapted, _ = known.apply("f", {"max_tokens": 5, "max_completion_tokens": 9})
    assert adapted == {"max_completion_tokens": 9}


@given(said=st.text(max_size=200), status=st.integers(100, 599))
def test_whatever_is_said_the_messages_stay(said: str, status: int) -> None:
    known = Adaptations()
    body: JsonObject = {**dict.fromkeys(OPTIONAL, 1), "max_tokens": 5, "messages": ["kept"]}
    known.learn("f", status, said, body)
    assert known.apply("f", body)[0]["messages"] == ["kept"]


@given(order=st.permutations(["max_tokens", *OPTIONAL]))
def test_a_deployment_that_refuses_one_after_the_other_ends_with_nothing_to_refuse(order: list[str]) -> None:
    known = Adaptations()
    body: JsonObject = {**dict.fromkeys(order, 1), "messages": []}
    for name in order:
        assert known.learn("f", 400, f"Unsupported parameter: '{name}'", body)
    sent, changed = known.apply("f", body)
    assert sent == {"messages": [], "max_completion_tokens": 1}
    assert set(changed) == set(order)
