"""Why a call failed, as a stable name: `classify` reads what was seen and returns a cause of the catalogue. Pure.

Structured fields (codes, headers) are asked before texts. What fits nothing is `unknown`, and the caller keeps the evidence; only
statuses whose meaning is HTTP's own are named without words: 429, 5xx, redirects, and pages where JSON was due.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsheet.llm import wording
from chatsheet.llm.catalogue import CATALOGUE, Cause, Layer, Owner
from chatsheet.llm.wording import Said, filter_category

__all__ = ["CATALOGUE", "Cause", "Evidence", "Layer", "Owner", "classify", "filter_category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen of a failed call."""

    route_kind: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""
    exceptions: tuple[str, ...] = ()
    """The exception chain, outermost first, each `ClassName: text`."""
    symptom: str = ""
    """A cause that the caller saw with its own eyes, such as `stream.cut`."""
    remembered: str = ""
    """The first cause remembered for this route: shown instead of a mask that it explains."""
    key_sent: bool = True


def classify(evidence: Evidence) -> Cause:
    """Return the cause that the evidence shows, or `unknown`."""
    return CATALOGUE[_unmasked(_seen(evidence), evidence.remembered)]


def _seen(evidence: Evidence) -> str:
    if evidence.symptom == "stream.error" and evidence.body:
        return _from_stream(evidence)
    if evidence.symptom == "stream.empty" and _is_hidden_page(evidence.headers):
        return "provider.not_json"
    if evidence.symptom in CATALOGUE:
        return evidence.symptom
    return _from_exceptions(evidence) if evidence.exceptions else _from_answer(evidence)


def _is_hidden_page(headers: Mapping[str, str]) -> bool:
    """LiteLLM makes an empty stream of a sign-in page, but keeps the type that the page had."""
    return any(k.lower() == "llm_provider-content-type" and v.lower().startswith("text/html") for k, v in headers.items())


# ── masks: what LiteLLM says instead of the cause ──

_COOLED_DOWN_BY = {"identity", "dns", "network", "tls", "proxy", "litellm", "auth", "permission", "deployment", "capacity", "stream"}
_MASKS: dict[str, frozenset[str]] = {
    # the first failure is what put the deployment into cooldown
    "litellm.cooldown": frozenset(_COOLED_DOWN_BY),
    # "Connection error." stands for any of these; another layer's failure was something else
    "litellm.upstream_unreachable": frozenset({"dns", "network", "tls", "proxy"}),
}


def _unmasked(code: str, remembered: str) -> str:
    first = CATALOGUE.get(remembered)
    is_better = first is not None and first.code not in _MASKS and first.layer in _MASKS.get(code, ())
    return remembered if is_better else code


# ── exceptions ──

_EXCEPTIONS: tuple[tuple[str, str], ...] = (
    (r"UntrustedProxy", "litellm.untrusted_for_private"),
    (r"PeerNotPrivate", "net.peer_changed"),
    (r"AddressNotPrivate", "net.dns_public_for_private"),
    (r"KeyNotSet", "route.key_missing"),
    (r"EntraIdentityNotAssigned|identity has not been assigned", "entra.identity_not_assigned"),
    (r"EntraSecretInvalid|AADSTS7000(215|222)", "entra.secret_invalid"),
    (r"EntraTenantWrong|AADSTS700016|AADSTS90002", "azure.tenant_mismatch"),
    (r"EntraAudienceWrong|AADSTS500011|AADSTS70011\b", "entra.audience_wrong"),
    (r"EntraUnreachable|login\.microsoftonline\.", "entra.unreachable"),
    (r"EntraIdentityMissing|IMDS endpoint", "entra.identity_missing"),
    (r"TokenFailed|CredentialUnavailable|ClientAuthenticationError|AzureCredential|AADSTS\d", "entra.token_failed"),
    (r"ClientHttpProxyError: 407|(?i:proxy authentication required)", "net.proxy_auth"),
    (r"ClientHttpProxyError", "net.proxy_refused"),
    (r"ProxyConnectionError", "net.proxy_unreachable"),
    (
        r"Hostname mismatch|IP address mismatch|is not valid for|CertificateNameMismatch|doesn't match",
        "tls.hostname_mismatch",
    ),
    (r"certificate (has expired|is not yet valid)", "tls.expired"),
    # Microsoft's and OpenAI's hosts have public certificates: a self-signed root there is somebody in between. At any
    # other host, or without a host, it may as well be the resource's own private authority.
    (
        r"(?s)\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure|openai)\.com\b"
        r".*self.signed certificate in certificate chain",
        "tls.intercepted",
    ),
    (r"(?i)zscaler|netskope|forti(gate|net)|palo alto|blue ?coat|tls inspection|ssl inspection", "tls.intercepted"),
    (r"CERTIFICATE_VERIFY_FAILED|self.signed certificate|local issuer certificate", "tls.untrusted_ca"),
    (r"DnsTimeout|contacting DNS servers|contact DNS servers", "net.dns_timeout"),
    (r"EAI_AGAIN|in name resolution|general failure|SERVFAIL|refused query", "net.dns_servfail"),
    (r"No address associated|answer with no data|NODATA", "net.dns_no_address"),
    (r"ClientConnectorDNSError|Name or service not known|Domain name not found|NXDOMAIN|getaddrinfo", "net.dns_failed"),
    (r"gaierror|nodename nor servname", "net.dns_failed"),
    (r"FileNotFoundError|NO_CERTIFICATE_OR_CRL_FOUND|PermissionError", "tls.ca_file"),
    (r"ClientConnectorSSLError|SSLError|WRONG_VERSION_NUMBER", "tls.failed"),
    (r"ConnectionTimeoutError|Connect call timed out|Errno 110\b", "net.connect_timeout"),
    (r"ConnectionRefusedError|Connect call failed|Errno 111\b", "net.refused"),
    (r"Network is unreachable|No route to host|Errno 101\b|Errno 113\b", "net.unreachable"),
    (r"ClientPayloadError|TransferEncodingError|ContentLengthError|IncompleteRead", "stream.cut"),
    (r"ConnectionResetError|ServerDisconnected|ClientOSError|Connection reset|BrokenPipeError", "net.reset"),
    (r"TimeoutError", "stream.silent"),
)


def _from_exceptions(evidence: Evidence) -> str:
    chain = "\n".join(evidence.exceptions).replace("\u2019", "'")
    code = next((code for pattern, code in _EXCEPTIONS if re.search(pattern, chain)), "unknown")
    is_proxy_gone = evidence.route_kind == "litellm" and code in {"net.refused", "net.reset"}
    return "litellm.down" if is_proxy_gone else code


# ── answers ──

_CODES = {
    "content_filter": "content.filtered",
    "contentfiltered": "content.filtered",
    "content_policy_violation": "content.filtered",
    "responsibleaipolicyviolation": "content.filtered",
    "context_length_exceeded": "request.context_length",
    "exceed_context_size_error": "request.context_length",
    "insufficient_quota": "openai.quota",
    "billing_hard_limit_reached": "openai.quota",
    "invalid_api_key": "openai.key_wrong",
}
_AZURE_CODES = {
    "authenticationtypedisabled": "azure.key_auth_disabled",
    "tenant provided in token does not match resource token": "azure.tenant_mismatch",
    "deploymentnotfound": "azure.deployment_not_found",
    "unsupportedapiversion": "azure.api_version",
    "unsupportedapiversionparameter": "azure.api_version",
    "invalidapiversionparameter": "azure.api_version",
    "missingapiversionparameter": "azure.api_version",
    "servicemodeldeprecated": "azure.model_retired",
    "modeldeprecated": "azure.model_retired",
    "model_deprecated": "azure.model_retired",
    "unsupported_parameter": "azure.parameter",
    "unsupported_value": "azure.parameter",
    "unknown_parameter": "azure.parameter",
    "nocapacity": "azure.capacity",
}
_LITELLM_CODES = {
    "no_db_connection": "litellm.key_wrong",
    "token_not_found_in_db": "litellm.key_wrong",
    "all_deployments_in_cooldown": "litellm.cooldown",
}

_ANY: frozenset[int] = frozenset()
_400 = frozenset({400, 422})
_404 = frozenset({404})
_DENIED = frozenset({401, 403})
_5XX = frozenset(range(500, 600))
Rules = tuple[tuple[frozenset[int], str, str], ...]
"""In order, the first that fits: statuses (none for any), a pattern in the text, the code."""

_LITELLM: Rules = (
    (_ANY, r"no deployments available|cooldown_list|all deployments .{0,40}in cooldown", "litellm.cooldown"),  # L9
    (frozenset({429}), r"no healthy deployments? available", "litellm.cooldown"),  # L9 in older words
    (_ANY, r"no api key (was )?passed|malformed api key", "litellm.key_missing"),  # L2 L5
    (_ANY, r"no connected db|virtual key expected", "litellm.key_wrong"),  # L3 L4
    (_ANY, r"invalid proxy server token|litellm_verificationtokentable", "litellm.key_wrong"),  # L6
    (_ANY, r"invalid model name passed|no healthy deployments? (for|available)", "litellm.unknown_model"),  # L7 L8
    (_ANY, r"database[ _]url (is set|found)|prisma (package|cli) .{0,20}(not found|neither)", "litellm.database_url"),  # L14
    (_ANY, r"not a valid azurecredentialtype|'azure\.identity' has no attribute", "litellm.credential_type"),  # A10
    (_ANY, r"missing credentials|must provide one of the .?base_url", "litellm.credentials_missing"),  # L12 L13
    (_ANY, r"identity has not been assigned", "entra.identity_not_assigned"),  # A9
    (_ANY, r"aadsts7000(215|222)|invalid client secret", "entra.secret_invalid"),  # A7
    (_ANY, r"aadsts700016|aadsts90002", "azure.tenant_mismatch"),
    (_ANY, r"aadsts500011|aadsts70011\b", "entra.audience_wrong"),
    (
        _ANY,
        r"login\.microsoftonline\.com.{0,200}(resolve|connect|timed out|unreachable|refused|max retries)"
        r"|azure ad token.{0,200}(resolve|connect|timed out|unreachable|refused)",
        "entra.unreachable",
    ),  # A13
    (_ANY, r"imds endpoint|managedidentitycredential authentication unavailable", "entra.identity_missing"),  # A8
    (_ANY, r"failed to get azure ad token|failed to retrieve a token|credential authentication", "entra.token_failed"),
    (_ANY, r"payload is not completed|incomplete chunked read|transfer length header|peer closed", "stream.cut"),  # S3
    (_ANY, r"jsondecodeerror|expecting .{1,40}: line \d+ column|unterminated string starting", "stream.malformed"),
    (frozenset({408, 504, 500}), r"litellm\.timeout|timeouterror|request timed out", "stream.silent"),
    (_5XX, r"connection error|cannot connect to host", "litellm.upstream_unreachable"),  # L10
)

def _all(*patterns: str) -> str:
    """Return a pattern that wants all of these, in any order."""
    return "^" + "".join(f"(?=.*(?:{pattern}))" for pattern in patterns)


_CONTENT: Rules = (
    (
        _ANY,
        r"content (management|safety|moderation) polic|responsible ?ai ?policy|\bcontent_filter\b|contentpolicyviolation"
        r"|\b(prompt|response|completion)\b.{0,60}\b(was|were|been|got|is) (filtered|flagged)"
        r"|(prompt|response|request|completion).{0,80}(azure openai|microsoft).{0,20}content (filter|safety|polic)",
        "content.filtered",
    ),  # X1
    (
        _ANY,
        r"context_length_exceeded|(max|maximum) context (length|window|size)|contextwindowexceeded|exceed_context_size"
        r"|exceed\w* .{0,40}context (length|window|size|limit)|context (length|window|size|limit) .{0,40}exceed"
        r"|longer than the .{0,20}context|reduce the length of (the|your) (messages|prompt|input)|input tokens exceed",
        "request.context_length",
    ),  # X3
    (
        _400,
        r"(last|final) message .{0,30}(must|has to|should|needs|can ?not|can't|may not|is from the assistant|role)"
        r"|must end with (a|the) user|\bprefill|expected last role|(end|final|last) with an assistant",
        "request.prefill_refused",
    ),  # S14
)
_REFUSED_WORDS = r"not support|n't support|not allowed|unsupported|unrecogni[sz]ed|unknown"
_PARAMETERS = r"parameter|argument|max_(completion_)?tokens|temperature|top_p|reasoning_effort|response_format|stream_options"
_PARAMETER = (
    rf"unsupported (parameter|value)\b|use '?max_(completion_)?tokens'? instead|(?=.*({_PARAMETERS}))(?=.*({_REFUSED_WORDS}))"
)
_INVALID = (
    r"- 'messages'|messages\[\d+\]|messages\.\d+\.|invalid (type|value)( for .{0,3}messages|:)|missing required parameter"
    r"|'messages' is a required|'tool_calls' must be followed|role 'tool' must be|invalid schema for function"
)
_OFF = r"(disabled|turned off|switched off|(\bnot|n't) (allowed|permitted|enabled))"
_ABSENT = r"(does not|doesn't) exist|not found|not be found|\bno\b.*\bexists?\b"
_AZURE: Rules = (
    (_ANY, r"aadsts7000(215|222)|invalid client secret", "entra.secret_invalid"),  # A7
    (
        frozenset({400, 404}),
        _all(r"api[- ]?versions?\b", r"not (yet )?support|unsupported|invalid|not valid|\bonly\b|(and|or) later"),
        "azure.api_version",
    ),  # D3 D4 D5
    (_ANY, r"enabled only for api[- ]?versions?|api[- ]?version (is )?not supported", "azure.api_version"),
    (_ANY, r"token tenant|tenant provided in token|not match .{0,20}resource('s)? tenant", "azure.tenant_mismatch"),  # A6
    (frozenset({400, 401}), _all(r"\btenant", r"\btoken", r"\b(not|n't|mis)[ -]?match"), "azure.tenant_mismatch"),
    (_ANY, _all(r"subscription.key", r"missing|absent|not (provided|included|supplied|sent)"), "azure.subscription_key_missing"),
    (_ANY, _all(r"subscription.key", r"invalid|wrong|incorrect|not valid") + "|key or wrong api endpoint", "azure.key_wrong"),
    (
        _ANY,
        _all(r"\bprincipal\b", r"lacks?\b|missing|(not|n't) have|no access|not (authori[sz]ed|allowed)")
        + r"|lacks .{0,20}(required )?data ?action|not have access to (the )?api ?/ ?operation",
        "azure.permission",
    ),  # A3 A4
    (
        _DENIED,
        r"access token (((is|was|has|may be)\b.{0,20})?(missing|invalid|expired))|(?=.*\btoken\b)(?=.*\baudience\b)",
        "azure.token_rejected",
    ),  # A2
    (_ANY, r"authenticationtypedisabled", "azure.key_auth_disabled"),
    (_DENIED, rf"(keys?.{{0,8}} ?auth\w*|local ?auth\w*) .{{0,30}}{_OFF}", "azure.key_auth_disabled"),  # A5
    (_ANY, r"public (network )?access .{0,40}(disabled|turned off|switched off)", "azure.public_access_disabled"),  # N1
    (_ANY, _all(r"virtual networks?\b|\bvnets?\b", r"\bfirewalls?\b") + "|trafficdenied", "azure.firewall"),  # N2
    (
        _ANY,
        r"virtual network .{0,10}configured|cogsvc-vnet|(?=.*virtual network)(?=.*correct endpoint)",
        "azure.regional_endpoint",
    ),  # N3
    (
        _ANY,
        rf"deploymentnotfound|api deployment\b.*({_ABSENT})|no api deployment\b"
        r"|\bdeployment\b(?!\.).{0,60}(does not|doesn't) exist|no deployment .{0,40}exists",
        "azure.deployment_not_found",
    ),  # D1
    (_404, r"\bresource (was )?not found\b", "azure.resource_not_found"),  # D2
    (
        _ANY,
        r"does(n't| not) work with the specified model|modeldeprecated"
        r"|\bmodel\b.{0,120} (been|is|was) (deprecated|retired|shut down)|has been (deprecated|retired) since|operation .{0,40}not supported .{0,20}specified model",
        "azure.model_retired",
    ),  # D8 D9
    (_400, _PARAMETER, "azure.parameter"),  # D6 D7
    (_400, _INVALID, "request.invalid"),
    (frozenset({401}), r"incorrect api key", "openai.key_wrong"),
    (_ANY, r"exceeded your current quota|check your plan and billing", "openai.quota"),  # C4
    (
        frozenset({429, 500, 503}),
        r"\bhigh demand|heavy load|maximum usage size|peak load|\bno ?capacity\b|(at|over|insufficient) capacity",
        "azure.capacity",
    ),  # C3
    (
        _ANY,
        r"exceeded (the )?(\w+ )?rate limit|(token|call|request)s? rate limit|ratelimitreached|s0 pricing tier",
        "azure.rate_limited",
    ),  # C1 C2 C5
    (
        frozenset({429}),
        r"^$|\brate limit|azureexception|too many requests|retry (after|in)\b|\bquota\b|throttl",
        "azure.rate_limited",
    ),
)
_ANY_PROVIDER: Rules = (
    (_400, _PARAMETER, "provider.parameter"),
    (_400, _INVALID, "request.invalid"),
    (frozenset({401}), r"incorrect api key", "openai.key_wrong"),
    (frozenset({401}), r"", "provider.key_wrong"),
    (frozenset({403}), r"", "provider.permission"),
    (_404, r"", "provider.not_found"),
    (frozenset({429}), r"exceeded your current quota|check your plan and billing", "openai.quota"),
)
# what HTTP itself means, whoever says it
_HTTP: Rules = (
    (frozenset({429}), r"", "provider.rate_limited"),
    (frozenset({503}), r"", "provider.unavailable"),
    (_5XX, r"", "provider.error"),
)
# the same words mean less in these fields than in a message
_WEAK_CODES = {
    "permissiondenied": "azure.permission",
    "operationnotsupported": "azure.model_retired",
    "invalid_client": "entra.secret_invalid",
    "ratelimitreached": "azure.rate_limited",
    "rate_limit_exceeded": "azure.rate_limited",
    "too_many_requests": "azure.rate_limited",
    "toomanyrequests": "azure.rate_limited",
}
_IS_AZURES = {"azure", "litellm"}


def _from_answer(evidence: Evidence) -> str:
    status, kind = evidence.status or 0, evidence.route_kind
    if 300 <= status < 400:  # noqa: PLR2004  redirects
        return "net.redirected"
    said = wording.read(evidence.body, evidence.headers)
    if said.is_page:
        return "provider.not_json"  # N12
    if status == 407 or said.status == 407:  # noqa: PLR2004  a proxy's alone
        return "net.proxy_auth"
    if kind == "litellm" and not evidence.key_sent and status in {401, 500} and said.text in _SAYS_NOTHING:
        return "litellm.key_missing"  # L1
    return _from_words(said, kind, status, evidence.body) or "unknown"


_SAYS_NOTHING = {"", "internal server error", '"internal server error"', '{"detail":"internal server error"}'}


def _from_words(said: Said, kind: str, status: int, body: str) -> str:
    codes = {**_CODES, **(_AZURE_CODES if kind in _IS_AZURES else {}), **(_LITELLM_CODES if kind == "litellm" else {})}
    if found := next((codes[code] for code in sorted(said.codes) if code in codes), "") or _named(said.text, codes):
        return found
    if kind in _IS_AZURES and (found := _from_headers(said, status)):
        return found
    is_retold = kind == "litellm"
    rules = (*(_LITELLM if is_retold else ()), *_CONTENT, *(_AZURE if kind in _IS_AZURES else _ANY_PROVIDER))
    statuses = {status, said.status}
    if found := _first(rules, said.text, statuses):
        return found
    if kind in _IS_AZURES and (found := next((_WEAK_CODES[c] for c in sorted(said.codes) if c in _WEAK_CODES), "")):
        return found
    if status in _400 and not is_retold and wording.is_openai_refusal(body):
        return "request.invalid"
    if 429 in statuses and kind in _IS_AZURES and _is_from_azure(said):  # noqa: PLR2004  Too Many Requests
        return "azure.rate_limited"
    if found := _first(_HTTP, said.text, statuses):
        return found
    is_page = said.headers.get("content-type", "").startswith("text/html") and said.text[:1] not in {"{", "["}
    return "provider.not_json" if is_page else ""


def _named(text: str, codes: Mapping[str, str]) -> str:
    """Return what a code means that stands in the middle of other words."""
    return next((cause for code, cause in codes.items() if re.search(rf"\b{code}\b", text)), "")


def _first(rules: Rules, text: str, statuses: set[int]) -> str:
    fitting = (code for wanted, pattern, code in rules if (not wanted or wanted & statuses) and re.search(pattern, text))
    return next(fitting, "")


def _from_headers(said: Said, status: int) -> str:
    if "trafficdenied" in said.headers.get("policy-id", "").lower():
        return "azure.firewall"
    challenge = said.headers.get("www-authenticate", "").lower()
    if status in _DENIED and "subscription-key" in challenge and "invalid subscription key" not in said.text:
        return "azure.subscription_key_missing"
    if status == 401 and "invalid_token" in challenge:  # noqa: PLR2004  RFC 6750 3.1
        return "azure.token_rejected"
    return ""


def _is_from_azure(said: Said) -> bool:
    return said.status == 429 or any(name.startswith(("retry-after", "x-ms-", "apim-", "x-ratelimit-")) for name in said.headers)  # noqa: PLR2004  Too Many Requests


_STATUS_OF_TYPE = {
    "server_error": 500,
    "internal_server_error": 500,
    "rate_limit_error": 429,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
}


def _from_stream(evidence: Evidence) -> str:
    """Read an error inside a 200 stream as if it were an answer with the status that it names."""
    said = wording.read(evidence.body, {})
    if said.is_page:
        return "provider.not_json"
    status = said.status or next((_STATUS_OF_TYPE[code] for code in sorted(said.codes) if code in _STATUS_OF_TYPE), 0)
    found = _from_words(said, evidence.route_kind, status, evidence.body)
    return "stream.error" if found in {"", "provider.error"} else found
