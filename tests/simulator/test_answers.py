"""Faults as answers: what can be chosen about them, and what LiteLLM leaves of Azure's."""

from datetime import UTC, datetime

import pytest

from chatsheet.core import loose
from chatsheet.simulator.answers import Answer, answer
from chatsheet.simulator.fault import RetryAfterForm, Tuning
from chatsheet.simulator.faults import FAULTS, layer_of

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
AZURES = [name for name, fault in FAULTS.items() if fault.status and layer_of(name) != "L" and name != "redirect"]


def through_litellm(name: str) -> Answer:
    """Return what LiteLLM makes of an answer."""
    return answer(name, FAULTS[name], Tuning(), door="litellm", now=NOW)


@pytest.mark.parametrize(
    ("form", "header", "value"),
    [
        ("seconds", "retry-after", "2.5"),
        ("ms", "retry-after-ms", "2500"),
        ("x-ms", "x-ms-retry-after-ms", "2500"),
        ("http-date", "retry-after", "Sun, 22 Nov 2026 12:00:02 GMT"),
    ],
)
def test_a_rate_limit_says_when_to_come_back_in_any_form(form: RetryAfterForm, header: str, value: str) -> None:
    tuning = Tuning(retry_after=2.5, retry_after_form=form)
    headers = answer("429", FAULTS["429"], tuning, door="azure", now=NOW).headers
    assert {name: text for name, text in headers.items() if "retry" in name} == {header: value}


def test_a_rate_limit_may_say_nothing() -> None:
    said = answer("429", FAULTS["429"], Tuning(retry_after=None), door="azure", now=NOW)
    assert "retry" not in " ".join(said.headers)


def test_a_redirect_leads_where_it_is_told() -> None:
    said = answer("redirect", FAULTS["redirect"], Tuning(location="http://127.0.0.1:1/x"), door="azure", now=NOW)
    assert (said.status, said.headers["location"]) == (307, "http://127.0.0.1:1/x")


@pytest.mark.parametrize("name", AZURES)
def test_litellm_puts_its_own_words_before_azures(name: str) -> None:
    error = loose.obj(loose.obj(loose.parse(through_litellm(name).body)).get("error"))
    assert loose.text(error.get("message")).startswith("litellm.")
    assert error.get("code") == str(through_litellm(name).status)


def test_litellm_loses_azures_codes_and_headers() -> None:
    assert "policy-id" not in through_litellm("N2").headers
    assert b"DeploymentNotFound" not in through_litellm("D1").body


def test_litellm_renames_the_rate_limits_header() -> None:
    headers = through_litellm("C2").headers
    assert headers["llm_provider-retry-after"] == "60"
    assert "retry-after" not in headers


def test_litellm_keeps_what_the_filter_found() -> None:
    assert b"provider_specific_fields" in through_litellm("X1").body
    assert b"ResponsibleAIPolicyViolation" in through_litellm("X1").body


def test_litellm_makes_an_error_of_a_page() -> None:
    said = through_litellm("N12-200")
    assert said.status == 500
    assert b"Unexpected string response from Azure: <!DOCTYPE html>" in said.body
