"""Errors of strangers: what nobody in the catalogue says is unknown, whatever it resembles, and its evidence stays whole."""

from dataclasses import replace

import pytest

from chatsheet.core import loose
from chatsheet.llm.causes import Evidence, classify
from tests.llm import answers

FOREIGN = answers.rows("foreign")
NAMES = [loose.text(row["name"]) for _, row in FOREIGN]


@pytest.mark.parametrize("kind", ["azure", "litellm"])
@pytest.mark.parametrize("number", range(len(FOREIGN)), ids=NAMES)
def test_a_foreign_error_stays_unknown(number: int, kind: str) -> None:
    assert classify(replace(FOREIGN[number][0], route_kind=kind)).code == "unknown"


@pytest.mark.parametrize("kind", ["azure", "litellm"])
@pytest.mark.parametrize("number", range(len(FOREIGN)), ids=NAMES)
def test_a_foreign_error_inside_a_stream_is_only_an_error_of_the_stream(number: int, kind: str) -> None:
    seen = replace(FOREIGN[number][0], route_kind=kind, status=200, symptom="stream.error")
    assert classify(seen).code == "stream.error"


def test_there_are_enough_strangers() -> None:
    assert len(FOREIGN) >= 20


@pytest.mark.parametrize(
    "chain",
    [
        ("ValueError: anything else",),
        ("RuntimeError: Session is closed",),
        ("KeyError: 'choices'",),
        ("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff",),
    ],
)
def test_a_foreign_exception_stays_unknown(chain: tuple[str, ...]) -> None:
    assert classify(Evidence(route_kind="azure", exceptions=chain)).code == "unknown"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (429, '{"type":"error","error":{"type":"rate_limit_error","message":"Number of requests exceeds your plan"}}', "429"),
        (500, '{"type":"error","error":{"type":"api_error","message":"Internal server error"}}', "5xx"),
        (529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "5xx"),
        (502, "Bad Gateway", "5xx"),
        (503, "upstream connect error or disconnect/reset before headers", "503"),
        (502, "<html><head><title>502 Bad Gateway</title></head><center>nginx</center></html>", "page"),
        (307, "", "3xx"),
    ],
)
def test_a_stranger_is_only_taken_at_what_http_itself_means(status: int, body: str, code: str) -> None:
    """Such an answer names no vendor: the status has one meaning for everybody, and a page is no answer of a model."""
    known = {
        "429": "provider.rate_limited",
        "5xx": "provider.error",
        "503": "provider.unavailable",
        "page": "provider.not_json",
        "3xx": "net.redirected",
    }
    assert classify(Evidence(route_kind="azure", status=status, body=body)).code == known[code]


def test_the_evidence_of_an_unknown_error_is_left_as_it_was() -> None:
    body = '{"kind":"Status","reason":"NotFound"}'
    seen = Evidence(route_kind="azure", status=404, body=body, headers={"Server": "k8s"})
    cause = classify(seen)
    assert (cause.code, cause.fix) == ("unknown", "look at what was seen: GET /api/routes/unnamed")
    assert (seen.status, seen.body, seen.headers) == (404, body, {"Server": "k8s"})
