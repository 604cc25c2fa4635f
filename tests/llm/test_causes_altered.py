"""The same failures in other words: paraphrased, truncated, without headers or codes, wrapped by gateways, mixed."""

import html
import json
import re
from collections.abc import Callable

import pytest

from chatsheet.core import loose
from chatsheet.llm.causes import Evidence, classify
from tests.llm import answers
from tests.llm.test_causes_recorded import AZURE

WITH_WORDS = [name for name in AZURE if not name.startswith(("N12", "50", "C5", "S", "X2", "malf", "no-"))]
REWORDED = answers.rows("reworded")


@pytest.mark.parametrize("number", range(len(REWORDED)))
def test_other_words_name_the_same_cause(number: int) -> None:
    seen, row = REWORDED[number]
    assert classify(seen).code == row["code"], row["entry"]


def test_the_other_words_cover_what_an_answer_can_show() -> None:
    """The rest never shows in an answer: exceptions, findings, streams and what LiteLLM hides."""
    reworded = {loose.text(row["entry"]) for _, row in REWORDED}
    assert set(WITH_WORDS) - {"A1-unauthorized", "D6-value", "D8-404", "X1-microsoft", "prefill"} <= reworded


def _code(kind: str, status: int, body: str) -> str:
    """No headers but the content type of a page: only the words are left."""
    return classify(Evidence(route_kind=kind, status=status, body=body, headers={"content-type": "text/html"})).code


def _curly(body: str) -> str:
    return body.replace("'", "\u2019")


def _shouted(body: str) -> str:
    return re.sub(r'(?<="message": ")[^"\\]*', lambda match: match[0].upper(), body)


def _wordy(body: str) -> str:
    return re.sub(r'("message": ")', r"\1Sorry, your call failed (request 7f). ", body)


def _nested(body: str) -> str:
    return loose.dumps({"error": {"code": "502", "message": loose.dumps({"detail": body})}})


def _as_python(body: str) -> str:
    return loose.dumps({"error": {"message": f"Error code: 400 - {loose.parse(body)!r}", "code": "400"}})


def _plain(body: str) -> str:
    parsed = loose.obj(loose.parse(body))
    error = loose.obj(parsed.get("error")) or parsed
    return loose.text(error.get("message")) or loose.text(error.get("error_description"))


def _without_code(body: str) -> str:
    return loose.dumps({"error": {"message": _plain(body)}})


CHANGES: dict[str, Callable[[str], str]] = {
    "curly": _curly,
    "shouted": _shouted,
    "wordy": _wordy,
    "html-escaped": html.escape,
    "nested": _nested,
    "python": _as_python,
    "plain": _plain,
    "without a code": _without_code,
    "indented": lambda body: json.dumps(json.loads(body), indent=4),
    "one line": lambda body: " ".join(body.split()),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", WITH_WORDS)
@pytest.mark.parametrize("kind", ["azure", "litellm"])
def test_a_changed_envelope_names_the_same_cause(name: str, change: str, kind: str) -> None:
    seen = answers.evidence("azure", name, kind="azure")
    assert _code(kind, seen.status or 0, CHANGES[change](seen.body)) == AZURE[name]


@pytest.mark.parametrize("kind", ["azure", "litellm"])
@pytest.mark.parametrize("name", WITH_WORDS)
def test_the_same_error_inside_a_stream_names_the_same_cause(name: str, kind: str) -> None:
    """C5: the words come in an event, and what the body names stands for the status."""
    body = answers.evidence("azure", name, kind="azure").body
    assert classify(Evidence(route_kind=kind, status=200, body=body, symptom="stream.error")).code == AZURE[name]


def test_a_407_without_a_page_is_the_proxys_wish_for_a_password() -> None:
    assert classify(Evidence(route_kind="azure", status=407, body="Proxy Authentication Required")).code == "net.proxy_auth"


def test_a_page_inside_a_stream_is_named() -> None:
    """N12 through LiteLLM, which passes the page on as an error's message."""
    body = '{"error":{"message":"litellm.APIError: <html>sign in</html>","code":"500"}}'
    assert classify(Evidence(route_kind="litellm", status=200, body=body, symptom="stream.error")).code == "provider.not_json"


def test_an_empty_stream_that_was_a_page_is_named() -> None:
    """N12: LiteLLM streams a sign-in page as an answer without content; the header that it kept tells."""
    seen = answers.evidence("litellm", "N12-200-streamed", kind="litellm")
    assert seen.symptom == "stream.empty"
    assert classify(seen).code == "provider.not_json"


def test_an_error_that_is_escaped_without_end_is_read_as_far_as_needed() -> None:
    body = "The API deployment doesn&" + "amp;" * 40 + "rsquo;t exist: DeploymentNotFound"
    assert classify(Evidence(route_kind="azure", status=404, body=body)).code == "azure.deployment_not_found"
