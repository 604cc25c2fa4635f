"""The words by which causes are known, from Azure, LiteLLM and OpenAI-compatible servers. Pure: tables only.

Patterns meet wording.py's comparable text: lower case, straight quotes, single spaces. They name what is particular to
a cause, in any order where that is enough; a word that strangers use too stands behind a status.
"""

CODES = {
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
AZURE_CODES = {
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
LITELLM_CODES = {
    "no_db_connection": "litellm.key_wrong",
    "token_not_found_in_db": "litellm.key_wrong",
    "all_deployments_in_cooldown": "litellm.cooldown",
}

_ANY: frozenset[int] = frozenset()
BAD_REQUEST = frozenset({400, 422})
_404 = frozenset({404})
DENIED = frozenset({401, 403})
_5XX = frozenset(range(500, 600))
Rules = tuple[tuple[frozenset[int], str, str], ...]
"""In order, the first that fits: statuses (none for any), a pattern in the text, the code."""


def _any(*patterns: str) -> str:
    return "|".join(patterns)


def _all(*patterns: str) -> str:
    """Return a pattern that wants all of these, in any order."""
    return "^" + "".join(f"(?=.*(?:{pattern}))" for pattern in patterns)


LITELLM: Rules = (
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
        _any(
            r"login\.microsoftonline\.com.{0,200}(resolve|connect|timed out|unreachable|refused|max retries)",
            r"(resolve|connect to|unreachable|reach).{0,80}login\.microsoftonline\.com",
            r"azure ad token.{0,200}(resolve|connect|timed out|unreachable|refused)",
        ),
        "entra.unreachable",
    ),  # A13
    (_ANY, r"imds endpoint|managedidentitycredential authentication unavailable", "entra.identity_missing"),  # A8
    (_ANY, r"failed to get azure ad token|failed to retrieve a token|credential authentication", "entra.token_failed"),
    (_ANY, r"payload is not completed|incomplete chunked read|transfer length header|peer closed", "stream.cut"),  # S3
    (_ANY, r"jsondecodeerror|expecting .{1,40}: line \d+ column|unterminated string starting", "stream.malformed"),
    (frozenset({408, 504, 500}), r"litellm\.timeout|timeouterror|request timed out", "stream.silent"),
    (_5XX, r"connection error|cannot connect to host", "litellm.upstream_unreachable"),  # L10
)
CONTENT: Rules = (
    (
        _ANY,
        _any(
            r"content (management|safety|moderation) polic|responsible ?ai ?policy|\bcontent_filter\b|contentpolicyviolation",
            r"\b(prompt|response|completion)\b.{0,60}\b(was|were|been|got|is) (filtered|flagged)",
            r"(prompt|response|request|completion).{0,80}(azure openai|microsoft).{0,20}content (filter|safety|polic)",
        ),
        "content.filtered",
    ),  # X1
    (
        _ANY,
        _any(
            r"context_length_exceeded|(max|maximum) context (length|window|size)|contextwindowexceeded|exceed_context_size",
            r"exceed\w* .{0,40}context (length|window|size|limit)|context (length|window|size|limit) .{0,40}exceed",
            r"longer than the .{0,20}context|reduce the length of (the|your) (messages|prompt|input)|input tokens exceed",
        ),
        "request.context_length",
    ),  # X3
    (
        BAD_REQUEST,
        _any(
            r"(last|final) message .{0,30}(must|has to|should|needs|can ?not|can't|may not|is from the assistant|role)",
            r"must end with (a|the) user|\bprefill|expected last role|(end|final|last) with an assistant",
        ),
        "request.prefill_refused",
    ),  # S14
)
_REFUSED_WORDS = r"not support|n't support|not allowed|unsupported|unrecogni[sz]ed|unknown"
_PARAMETERS = r"parameter|argument|max_(completion_)?tokens|temperature|top_p|reasoning_effort|response_format|stream_options"
_PARAMETER = (
    rf"unsupported (parameter|value)\b|use '?max_(completion_)?tokens'? instead|^(?=.*({_PARAMETERS}))(?=.*({_REFUSED_WORDS}))"
)
_INVALID = (
    r"- 'messages'|messages\[\d+\]|messages\.\d+\.|invalid (type|value)( for .{0,3}messages|:)|missing required parameter"
    r"|'messages' is a required|'tool_calls' must be followed|role 'tool' must be|invalid schema for function"
)
_OFF = r"(disabled|turned off|switched off|(\bnot|n't) (allowed|permitted|enabled))"
_ABSENT = r"(does not|doesn't) exist|not found|not be found|\bno\b.{0,40}\bexists?\b"
AZURE: Rules = (
    (_ANY, r"aadsts7000(215|222)|invalid client secret", "entra.secret_invalid"),  # A7
    (
        frozenset({400, 404}),
        _all(r"api[- ]?versions?\b", r"not (yet )?support|unsupported|invalid|not valid|\bonly\b|(and|or) later"),
        "azure.api_version",
    ),  # D3 D4 D5
    (_ANY, r"enabled only for api[- ]?versions?|api[- ]?version (is )?not supported", "azure.api_version"),
    (_ANY, r"token tenant|tenant provided in token|not match .{0,20}resource('s)? tenant", "azure.tenant_mismatch"),  # A6
    (frozenset({400, 401}), _all(r"\btenant", r"\btoken", r"\b(not|n't|mis)[ -]?match"), "azure.tenant_mismatch"),
    (
        _ANY,
        _all(r"subscription.key", r"missing|absent|not (provided|included|supplied|sent)"),
        "azure.subscription_key_missing",
    ),
    (_ANY, _all(r"subscription.key", r"invalid|wrong|incorrect|not valid") + "|key or wrong api endpoint", "azure.key_wrong"),
    (
        _ANY,
        _all(r"\bprincipal\b", r"lacks?\b|missing|(not|n't) have|no access|not (authori[sz]ed|allowed)")
        + r"|lacks .{0,20}(required )?data ?action|not have access to (the )?api ?/ ?operation",
        "azure.permission",
    ),  # A3 A4
    (
        DENIED,
        r"access token (((is|was|has|may be)\b.{0,20})?(missing|invalid|expired))|^(?=.*\btoken\b)(?=.*\baudience\b)",
        "azure.token_rejected",
    ),  # A2
    (_ANY, r"authenticationtypedisabled", "azure.key_auth_disabled"),
    (DENIED, rf"(keys?.{{0,8}} ?auth\w*|local ?auth\w*) .{{0,30}}{_OFF}", "azure.key_auth_disabled"),  # A5
    (_ANY, r"public (network )?access .{0,40}(disabled|turned off|switched off)", "azure.public_access_disabled"),  # N1
    (_ANY, _all(r"virtual networks?\b|\bvnets?\b", r"\bfirewalls?\b") + "|trafficdenied", "azure.firewall"),  # N2
    (
        _ANY,
        r"virtual network .{0,10}configured|cogsvc-vnet|^(?=.*virtual network)(?=.*correct endpoint)",
        "azure.regional_endpoint",
    ),  # N3
    (
        _ANY,
        _any(
            rf"deploymentnotfound|api deployment\b.{{0,200}}({_ABSENT})|no api deployment\b",
            r"\bdeployment\b(?!\.).{0,60}(does not|doesn't) exist|no deployment .{0,40}exists",
        ),
        "azure.deployment_not_found",
    ),  # D1
    (_404, r"\bresource (was )?not found\b", "azure.resource_not_found"),  # D2
    (
        _ANY,
        _any(
            r"does(n't| not) work with the specified model|modeldeprecated",
            r"\bmodel\b.{0,120} (been|is|was) (deprecated|retired|shut down)|has been (deprecated|retired) since",
            r"operation .{0,40}not supported .{0,20}specified model",
        ),
        "azure.model_retired",
    ),  # D8 D9
    (BAD_REQUEST, _PARAMETER, "azure.parameter"),  # D6 D7
    (BAD_REQUEST, _INVALID, "request.invalid"),
    (frozenset({401}), r"incorrect api key", "openai.key_wrong"),
    (_ANY, r"exceeded your current quota|check your plan and billing", "openai.quota"),  # C4
    (
        frozenset({429, 500, 503}),
        _any(
            r"\bhigh demand|heavy load|\boverloaded\b|maximum usage size|peak load|\bno ?capacity\b",
            r"(at|over|insufficient) capacity",
        ),
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
ANY_PROVIDER: Rules = (
    (BAD_REQUEST, _PARAMETER, "provider.parameter"),
    (BAD_REQUEST, _INVALID, "request.invalid"),
    (frozenset({401}), r"incorrect api key", "openai.key_wrong"),
    (frozenset({401}), r"", "provider.key_wrong"),
    (frozenset({403}), r"", "provider.permission"),
    (_404, r"", "provider.not_found"),
    (frozenset({429}), r"exceeded your current quota|check your plan and billing", "openai.quota"),
)
# what HTTP itself means, whoever says it
HTTP: Rules = (
    (frozenset({429}), r"", "provider.rate_limited"),
    (frozenset({503}), r"", "provider.unavailable"),
    (_5XX, r"", "provider.error"),
)
# the same words mean less in these fields than in a message
WEAK_CODES = {
    "permissiondenied": "azure.permission",
    "operationnotsupported": "azure.model_retired",
    "invalid_client": "entra.secret_invalid",
    "ratelimitreached": "azure.rate_limited",
    "rate_limit_exceeded": "azure.rate_limited",
    "too_many_requests": "azure.rate_limited",
    "toomanyrequests": "azure.rate_limited",
}
