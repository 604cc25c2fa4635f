"""Each row of the failure catalogue that the gateway covers is told apart by its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.llm.causes import CATALOGUE, Evidence, classify, filter_category
from chatsheet.simulator.faults import FAULTS
from tests.llm import answers

AZURE = [
    (401, "Access denied due to invalid subscription key or wrong API endpoint. Make sure to …", "azure.key_wrong", "A1"),
    (401, "Unauthorized. Access token is missing, invalid, audience is incorrect", "azure.token_rejected", "A2"),
    (
        401,
        "PermissionDenied: The principal `x` lacks the required data action `y` to perform `z`",
        "azure.permission",
        "A3",
    ),
    (401, "PermissionDenied: Principal does not have access to API/Operation.", "azure.permission", "A4"),
    (403, "AuthenticationTypeDisabled: Key based authentication is disabled", "azure.key_auth_disabled", "A5"),
    (
        400,
        "Tenant provided in token does not match resource token: Token tenant a does not match resource tenant.",
        "azure.tenant_mismatch",
        "A6",
    ),
    (401, "Access denied due to missing subscription key.", "azure.subscription_key_missing", "A11"),
    (403, "Public access is disabled. Please configure private endpoint.", "azure.public_access_disabled", "N1"),
    (403, "Access denied due to Virtual Network/Firewall rules.", "azure.firewall", "N2"),
    (
        403,
        "A Virtual Network is configured for this resource. Please use the correct endpoint",
        "azure.regional_endpoint",
        "N3",
    ),
    (404, "DeploymentNotFound: The API deployment for this resource does not exist.", "azure.deployment_not_found", "D1"),
    (404, "Resource not found", "azure.resource_not_found", "D2"),
    (400, "API version not supported", "azure.api_version", "D3"),
    (400, "Model o3 is enabled only for api versions 2024-12-01-preview and later", "azure.api_version", "D4"),
    (400, "response_format value as json_schema is enabled only for api versions 2024-08-01", "azure.api_version", "D5"),
    (400, "unsupported_parameter: 'max_tokens' is not supported with this model.", "azure.parameter", "D6"),
    (400, "Unrecognized request argument supplied: max_completion_tokens", "azure.parameter", "D7"),
    (
        400,
        "The chatCompletion operation does not work with the specified model, gpt-35-turbo",
        "azure.model_retired",
        "D8",
    ),
    (
        429,
        "Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current S0 pricing tier.",
        "azure.rate_limited",
        "C1",
    ),
    (
        429,
        "Your requests to gpt-5.1 for gpt-5.1 in East US 2 have exceeded the token rate limit",
        "azure.rate_limited",
        "C2",
    ),
    (
        429,
        "The system is currently experiencing high demand … exceeds the maximum usage size allowed during peak load.",
        "azure.capacity",
        "C3",
    ),
    (
        400,
        "content_filter: The response was filtered due to the prompt triggering Azure OpenAI's content management policy",
        "content.filtered",
        "X1",
    ),
    (
        400,
        "The response was filtered due to the prompt triggering Microsoft\u2019s content management policy",
        "content.filtered",
        "X1 with a curly apostrophe",
    ),
    (400, "context_length_exceeded", "request.context_length", "X3"),
    (400, "This model\u2019s maximum context length is 128000 tokens", "request.context_length", "X3 in words"),
    (500, "The server had an error while processing your request.", "provider.error", "500"),
    (503, "The service is temporarily unavailable.", "provider.unavailable", "503"),
]

LITELLM = [
    (401, "Authentication Error, No api key passed in.", "litellm.key_missing", "L2"),
    (400, '{"message":"No connected db.","type":"no_db_connection"}', "litellm.key_wrong", "L3"),
    (401, "LiteLLM Virtual Key expected. Received=not-needed, expected to start with 'sk-'.", "litellm.key_wrong", "L4"),
    (401, "Malformed API Key passed in. Ensure Key has `Bearer ` prefix.", "litellm.key_missing", "L5"),
    (401, "Invalid proxy server token passed. key=x, not found in db", "litellm.key_wrong", "L6"),
    (400, "Invalid model name passed in model=gpt-4o. Call /v1/models", "litellm.unknown_model", "L7"),
    (
        400,
        "You passed in model=X. There are no healthy deployments for this model",
        "litellm.unknown_model",
        "L8",
    ),
    (
        429,
        "No deployments available for selected model, Try again in 5 seconds … cooldown_list=[]",
        "litellm.cooldown",
        "L9",
    ),
    (500, "litellm.InternalServerError: Connection error.", "litellm.upstream_unreachable", "L10"),
    (500, "Missing credentials. Please pass one of api_key, azure_ad_token", "litellm.credentials_missing", "L12"),
    (500, "Must provide one of the base_url or azure_endpoint arguments", "litellm.credentials_missing", "L13"),
    (401, "litellm.AuthenticationError: Access denied due to invalid subscription key", "azure.key_wrong", "A1 through it"),
    (500, "Unexpected string response from Azure: <html>", "provider.not_json", "N12 through it"),
]


LIMITED = '{"error":{"code":"429","message":"Requests have exceeded token rate limit. Please retry after 2 seconds."}}'
FAILED = '{"error":{"code":"InternalServerError","message":"The server had an error while processing your request."}}'
SCENARIOS = [
    ("S01", Evidence(route_kind="azure", status=429, headers={"Retry-After": "2"}), "azure.rate_limited"),
    ("S02", Evidence(route_kind="azure", status=429, body=LIMITED), "azure.rate_limited"),
    ("S03", Evidence(route_kind="azure", status=500, body=FAILED), "provider.error"),
    ("S04", Evidence(route_kind="azure", status=503, body="Service Unavailable"), "provider.unavailable"),
    ("S05", Evidence(route_kind="azure", exceptions=("ServerDisconnectedError: Server disconnected",)), "net.reset"),
    (
        "S05 as RST",
        Evidence(route_kind="azure", exceptions=("ClientOSError: [Errno 104] Connection reset by peer",)),
        "net.reset",
    ),
    ("S06", Evidence(route_kind="azure", exceptions=("TimeoutError: ",)), "stream.silent"),
    ("S07", Evidence(route_kind="azure", status=200, symptom="stream.silent"), "stream.silent"),
    ("S08", Evidence(route_kind="azure", status=200, symptom="stream.cut"), "stream.cut"),
    ("S09", Evidence(route_kind="azure", status=200, symptom="stream.stalled"), "stream.stalled"),
    ("S10", Evidence(route_kind="azure", status=200, symptom="stream.malformed"), "stream.malformed"),
    ("S11", Evidence(route_kind="azure", status=200, symptom="stream.cut"), "stream.cut"),
    ("S12", answers.evidence("azure", "X3", kind="azure"), "request.context_length"),
    ("S13", answers.evidence("azure", "X1", kind="azure"), "content.filtered"),
    ("S14", answers.evidence("azure", "prefill", kind="azure"), "request.prefill_refused"),
    ("S15", answers.evidence("azure", "503", kind="azure"), "provider.unavailable"),
    ("S16", Evidence(route_kind="azure", status=200, symptom="accounting.unpriced"), "accounting.unpriced"),
]


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="replace")


@pytest.mark.parametrize(("status", "text", "code", "row"), AZURE, ids=[row[3] for row in AZURE])
def test_azure_says_it_in_these_words(status: int, text: str, code: str, row: str) -> None:
    body = loose.dumps({"error": {"code": str(status), "message": text}})
    assert classify(Evidence(route_kind="azure", status=status, body=body)).code == code, row


@pytest.mark.parametrize(("status", "text", "code", "row"), LITELLM, ids=[row[3] for row in LITELLM])
def test_litellm_says_it_in_these_words(status: int, text: str, code: str, row: str) -> None:
    body = loose.dumps({"error": {"message": text, "code": str(status)}})
    assert classify(Evidence(route_kind="litellm", status=status, body=body)).code == code, row


def test_litellms_words_mean_nothing_from_a_direct_route() -> None:
    evidence = Evidence(route_kind="azure", status=500, body="Connection error.")
    assert classify(evidence).code == "provider.error"


def test_an_exhausted_openai_account_is_not_a_rate_limit() -> None:
    """C4."""
    body = '{"error":{"type":"insufficient_quota","message":"You exceeded your current quota, please check your plan"}}'
    cause = classify(Evidence(route_kind="openai", status=429, body=body))
    assert cause.code == "openai.quota"
    assert cause.permanent


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (429, "Rate limit reached for gpt-4o", "provider.rate_limited"),
        (401, '{"error":{"code":"invalid_api_key","message":"Incorrect API key provided."}}', "openai.key_wrong"),
        (401, "nothing that we know", "provider.key_wrong"),
        (404, "The model does not exist", "provider.not_found"),
        (403, "Country not supported", "provider.permission"),
    ],
)
def test_azure_is_not_blamed_where_another_provider_answered(status: int, body: str, code: str) -> None:
    assert classify(Evidence(route_kind="openai", status=status, body=body)).code == code


@pytest.mark.parametrize("status", [200, 403, 407, 502])
@pytest.mark.parametrize("kind", ["azure", "litellm"])
def test_a_page_instead_of_json_is_a_proxys_or_a_sign_in(status: int, kind: str) -> None:
    """N12."""
    evidence = Evidence(route_kind=kind, status=status, body="\n <!DOCTYPE html><title>Sign in</title>")
    assert classify(evidence).code == "provider.not_json"


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        (("ClientConnectorDNSError: Cannot connect", "gaierror: [Errno -2] Name or service not known"), "net.dns_failed"),
        (("ConnectionTimeoutError: Connection timeout to host",), "net.connect_timeout"),
        (
            ("ClientConnectorCertificateError: … Hostname mismatch, certificate is not valid for 'a.b'",),
            "tls.hostname_mismatch",
        ),
        (
            ("ClientConnectorCertificateError: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in chain",),
            "tls.untrusted_ca",
        ),
        (("ClientConnectorSSLError: [SSL: WRONG_VERSION_NUMBER]",), "tls.failed"),
        (("ClientConnectorError: Cannot connect", "AddressNotPrivate: 20.1.2.3 is"), "net.dns_public_for_private"),
        (("ClientConnectorError: …", "ConnectionRefusedError: [Errno 111] Connect call failed"), "net.refused"),
        (("ClientConnectorError: …", "OSError: [Errno 113] No route to host"), "net.unreachable"),
        (("ServerDisconnectedError: Server disconnected",), "net.reset"),
        (("ClientPayloadError: Response payload is not completed",), "stream.cut"),
        (("TimeoutError: ",), "stream.silent"),
        (("TokenFailed: ClientAuthenticationError: CredentialUnavailableError",), "entra.token_failed"),
        (("EntraIdentityMissing: no identity",), "entra.identity_missing"),
        (("EntraIdentityNotAssigned: 400",), "entra.identity_not_assigned"),
        (("EntraSecretInvalid: AADSTS7000215",), "entra.secret_invalid"),
        (("EntraUnreachable: ClientConnectorDNSError",), "entra.unreachable"),
        (("EntraAudienceWrong: x",), "entra.audience_wrong"),
        (("EntraTenantWrong: x",), "azure.tenant_mismatch"),
        (("ClientConnectorDNSError: …", "gaierror: [Errno -3] Temporary failure in name resolution"), "net.dns_servfail"),
        (("ClientConnectorDNSError: …", "DNSError: (3, 'DNS server returned general failure')"), "net.dns_servfail"),
        (("ClientConnectorDNSError: …", "gaierror: [Errno -5] No address associated with hostname"), "net.dns_no_address"),
        (("ClientConnectorDNSError: …", "DNSError: (1, 'DNS server returned answer with no data')"), "net.dns_no_address"),
        (("ClientConnectorDNSError: …", "DNSError: (4, 'Domain name not found')"), "net.dns_failed"),
        (("ClientConnectorDNSError: …", "DNSError: (12, 'Timeout while contacting DNS servers')"), "net.dns_timeout"),
        (("DnsTimeout: no answer within 2 s",), "net.dns_timeout"),
        (("ClientHttpProxyError: 403, message='Forbidden', url='http://p:3128'",), "net.proxy_refused"),
        (("ClientHttpProxyError: 502, message='Bad Gateway', url='http://p:3128'",), "net.proxy_refused"),
        (("ClientHttpProxyError: 407, message='Proxy Authentication Required'",), "net.proxy_auth"),
        (("ClientProxyConnectionError: …", "ConnectionRefusedError: [Errno 111]"), "net.proxy_unreachable"),
        (("ClientConnectorError: …", "PeerNotPrivate: 20.1.2.3"), "net.peer_changed"),
        (("UntrustedProxy: litellm",), "litellm.untrusted_for_private"),
        (("KeyNotSet: azure",), "route.key_missing"),
        (
            (
                "ClientConnectorCertificateError: Cannot connect to host x.openai.azure.com:443 ssl:True",
                "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in certificate chain",
            ),
            "tls.intercepted",
        ),
        (("SSLCertVerificationError: … x.openai.azure.com … unable to get local issuer certificate",), "tls.untrusted_ca"),
        (("SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired",), "tls.expired"),
        (("ValueError: anything else",), "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_exception_shows_which_layer_failed(chain: tuple[str, ...], code: str) -> None:
    """N5 to N8, and what else a socket can do."""
    assert classify(Evidence(route_kind="azure", exceptions=chain)).code == code


def test_a_refused_litellm_is_down() -> None:
    chain = ("ClientConnectorError: …", "ConnectionRefusedError: [Errno 111]")
    assert classify(Evidence(route_kind="litellm", exceptions=chain)).code == "litellm.down"


@pytest.mark.parametrize("status", [402, 405, 409, 413, 418, 451])
def test_a_foreign_client_error_stays_unknown(status: int) -> None:
    assert classify(Evidence(route_kind="azure", status=status, body="teapot")).code == "unknown"


@pytest.mark.parametrize("status", [500, 501, 502, 504, 529, 599])
def test_a_foreign_server_error_is_the_providers(status: int) -> None:
    assert classify(Evidence(route_kind="azure", status=status, body="teapot")).code == "provider.error"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_whatever_it_says(status: int) -> None:
    assert classify(Evidence(route_kind="azure", status=status, body="<a>moved</a>")).code == "net.redirected"


def test_what_the_caller_saw_itself_goes_first() -> None:
    evidence = Evidence(route_kind="azure", status=401, exceptions=("TimeoutError: ",), symptom="stream.cut")
    assert classify(evidence).code == "stream.cut"


@pytest.mark.parametrize(("scenario", "evidence", "code"), SCENARIOS, ids=[row[0] for row in SCENARIOS])
def test_each_scenario_of_a_failing_route_has_its_cause(scenario: str, evidence: Evidence, code: str) -> None:
    assert classify(evidence).code == code, scenario


WORDS = st.sampled_from(
    [
        "error",
        "code",
        "message",
        "429",
        "content_filter",
        "token",
        "tenant",
        "deployment",
        "not found",
        "null",
        "\\n",
        '"',
        "{",
        "}",
    ]
)
TEXT = st.text(max_size=200) | st.lists(WORDS, max_size=20).map(" ".join) | st.binary(max_size=200).map(_decoded)
JSON = st.recursive(
    st.none() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=8
)
EVIDENCE = st.builds(
    Evidence,
    route_kind=st.sampled_from(["azure", "litellm", "openai", "compatible", "another"]),
    status=st.none() | st.integers(-1, 999),
    headers=st.dictionaries(TEXT | st.sampled_from(["policy-id", "WWW-Authenticate", "content-type", "x-ms-error-code"]), TEXT),
    body=TEXT | JSON.map(loose.dumps),
    exceptions=st.lists(TEXT, max_size=3).map(tuple),
    symptom=TEXT | st.sampled_from(["stream.error", "stream.empty", *CATALOGUE]),
    remembered=TEXT | st.sampled_from(list(CATALOGUE)),
    key_sent=st.booleans(),
)


@given(evidence=EVIDENCE)
def test_any_evidence_has_a_cause_of_the_catalogue_and_always_the_same(evidence: Evidence) -> None:
    cause = classify(evidence)
    assert cause is CATALOGUE[cause.code]
    assert classify(evidence) is cause


@given(evidence=EVIDENCE)
def test_what_no_other_route_can_help_never_counts_against_a_route(evidence: Evidence) -> None:
    cause = classify(evidence)
    assert cause.another_route_helps or not cause.counts_against_route


@given(body=TEXT | JSON.map(loose.dumps))
def test_any_body_has_a_filter_category_or_none(body: str) -> None:
    assert isinstance(filter_category(body), str)


def test_every_cause_names_a_fix_and_its_evidence_under_its_own_code() -> None:
    for code, cause in CATALOGUE.items():
        assert cause.code == code
        assert cause.fix
        assert cause.evidence
        assert not cause.fix.endswith(".")


def test_only_what_would_fail_everywhere_ends_the_search() -> None:
    terminal = {code for code, cause in CATALOGUE.items() if not cause.another_route_helps}
    assert terminal == {"content.filtered", "request.context_length", "request.invalid", "deadline.exceeded"}


def test_a_callers_own_fault_never_counts_against_a_route() -> None:
    own = {code for code in CATALOGUE if code.startswith(("request.", "content.", "deadline."))}
    assert {code for code in own if CATALOGUE[code].counts_against_route} == set()
    assert not CATALOGUE["azure.parameter"].counts_against_route


def test_what_is_only_found_never_counts_against_a_route() -> None:
    found = ("net.dns_differs", "azure.public_access_open", "accounting.unpriced")
    assert not any(CATALOGUE[code].counts_against_route for code in found)


def test_the_filters_category_is_read_from_azures_answer() -> None:
    assert filter_category(loose.dumps(FAULTS["X1"].body)) == "violence"


@pytest.mark.parametrize("name", ["X1", "X1-streamed"])
def test_the_filters_category_is_found_where_litellm_moves_it(name: str) -> None:
    assert filter_category(answers.evidence("litellm", name, kind="litellm").body) == "violence"


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"error":"text"}', '{"error":{"innererror":[]}}'])
def test_an_answer_without_a_category_has_none(body: str) -> None:
    assert filter_category(body) == ""


def test_a_filters_category_is_not_looked_for_in_the_depths() -> None:
    deep: object = {"content_filter_result": {"violence": {"filtered": True}}}
    for _ in range(9):
        deep = {"error": deep}
    assert filter_category(loose.dumps(deep)) == ""
