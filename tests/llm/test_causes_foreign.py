"""Errors of strangers: what nobody in the catalogue says is unknown, whatever it resembles, and its evidence stays whole."""

import pytest

from chatsheet.llm.causes import Evidence, classify

FOREIGN = {
    "a teapot": (418, "I'm a teapot"),
    "a conflict": (409, '{"code":"Conflict","message":"Another operation is in progress on the parent resource."}'),
    "validation of another server": (422, '{"detail":[{"loc":["body","name"],"msg":"field required","type":"value_error.missing"}]}'),
    "Anthropic: model": (404, '{"type":"error","error":{"type":"not_found_error","message":"model: claude-99"}}'),
    "Anthropic: key": (401, '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'),
    "Anthropic: length": (413, '{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}'),
    "Anthropic: request": (
        400,
        '{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}',
    ),
    "Google: key": (
        400,
        '{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}',
    ),
    "Google: permission": (403, '{"error":{"code":403,"message":"Permission denied on resource project x","status":"PERMISSION_DENIED"}}'),
    "Google: field": (400, '{"error":{"code":400,"message":"Invalid value at \'contents[0].role\'","status":"INVALID_ARGUMENT"}}'),
    "AWS: signature": (403, '{"message":"The security token included in the request is invalid."}'),
    "AWS: access": (403, '{"Message":"User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel"}'),
    "AWS: model": (400, '{"message":"The provided model identifier is invalid."}'),
    "Cohere: token": (401, '{"message":"invalid api token"}'),
    "Hugging Face": (400, '{"error":"Input validation error: `inputs` must have less than 4096 tokens","error_type":"validation"}'),
    "Azure Storage": (403, '{"error":{"code":"AuthorizationFailure","message":"This request is not authorized to perform this operation."}}'),
    "Azure Resource Manager": (
        403,
        '{"error":{"code":"AuthorizationFailed","message":"The client x does not have authorization to perform action y over scope z"}}',
    ),
    "Kubernetes": (404, '{"kind":"Status","message":"deployments.apps \\"web\\" not found","reason":"NotFound","code":404}'),
    "GitHub": (404, '{"message":"Not Found","documentation_url":"https://docs.github.com/rest"}'),
    "Elasticsearch": (400, '{"error":{"type":"parsing_exception","reason":"Unknown key for a START_OBJECT in [prompt]."},"status":400}'),
    "Stripe": (402, '{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}'),
    "a database": (400, '{"error":"relation \\"models\\" does not exist"}'),
    "a method": (405, '{"detail":"Method Not Allowed"}'),
    "a web framework": (404, "404 page not found"),
    "a firewall's JSON": (403, '{"blocked":true,"category":"Content filter: AI tools"}'),
    "a mail server": (403, "550 5.7.1 Service unavailable, client host blocked"),
    "nothing at all": (400, ""),
    "unrelated JSON": (400, '{"temperature":21,"deployment":"spring","quota":7}'),
    "a list": (400, "[1,2,3]"),
    "broken JSON": (400, '{"error":{"message":"'),
    "an answer that is none": (200, '{"status":"ok"}'),
}


@pytest.mark.parametrize("kind", ["azure", "litellm"])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_error_stays_unknown(name: str, kind: str) -> None:
    status, body = FOREIGN[name]
    assert classify(Evidence(route_kind=kind, status=status, body=body)).code == "unknown"


@pytest.mark.parametrize("kind", ["azure", "litellm"])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_error_inside_a_stream_is_only_an_error_of_the_stream(name: str, kind: str) -> None:
    body = FOREIGN[name][1]
    assert classify(Evidence(route_kind=kind, status=200, body=body, symptom="stream.error")).code == "stream.error"


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
    status, body = FOREIGN["Kubernetes"]
    seen = Evidence(route_kind="azure", status=status, body=body, headers={"Server": "k8s"})
    cause = classify(seen)
    assert (cause.code, cause.fix) == ("unknown", "look at the evidence")
    assert (seen.status, seen.body, seen.headers) == (404, body, {"Server": "k8s"})
