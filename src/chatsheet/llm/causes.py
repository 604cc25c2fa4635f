"""Why a call failed, as a stable name: layer, owner, whether it lasts, whether another route can help, and the fix. Pure.

Entry names such as A1 or N2 are those of the failure catalogue that the simulator rehearses; texts are Azure's and LiteLLM's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chatsheet.core import loose

Owner = Literal["you", "network", "azure", "provider", "litellm", "openai", "nobody"]


@dataclass(frozen=True, slots=True)
class Cause:
    """A named reason for a failed call."""

    code: str
    owner: Owner
    permanent: bool
    another_route_helps: bool
    fix: str

    @property
    def counts_against_route(self) -> bool:
        return self.another_route_helps


def _cause(code: str, owner: Owner, fix: str, *, permanent: bool = False, helps: bool = True) -> tuple[str, Cause]:
    return code, Cause(code, owner, permanent, helps, fix)


CATALOGUE: dict[str, Cause] = dict(
    [
        _cause("net.dns_failed", "network", "check the host name and the DNS server", permanent=True),
        _cause(
            "net.dns_public_for_private",
            "network",
            "link the private DNS zone to this network: the name must resolve to a private address",
            permanent=True,
        ),
        _cause("net.refused", "network", "start the server, or correct its address and port"),
        _cause("net.unreachable", "network", "check routing, firewall and the private endpoint's approval"),
        _cause("net.connect_timeout", "network", "check firewall rules, routing and the private endpoint's approval"),
        _cause("net.reset", "network", "try again; if it stays, look for a firewall that ends connections"),
        _cause("net.redirected", "network", "the address answers with a redirect: name the final one in settings"),
        _cause("tls.untrusted_ca", "network", "name the certificate authority with ca_file", permanent=True),
        _cause("tls.hostname_mismatch", "you", "use the resource's own host name, not an alias", permanent=True),
        _cause("tls.ca_file", "you", "name a readable PEM file with ca_file", permanent=True),
        _cause("tls.failed", "network", "check that the port speaks TLS and no proxy intercepts it", permanent=True),
        _cause("litellm.down", "litellm", "start it with `chatsheet litellm run`, or wait until it has started"),
        _cause("litellm.no_record", "litellm", "start it again: its answer did not come through our egress"),
        _cause("route.key_missing", "you", "set the variable or file that the route's key names", permanent=True),
        _cause("litellm.key_missing", "you", "set the key of the litellm route", permanent=True),
        _cause("litellm.key_wrong", "you", "make the litellm route's key equal LITELLM_MASTER_KEY", permanent=True),
        _cause("litellm.unknown_model", "you", "run `chatsheet litellm config` again and restart it", permanent=True),
        _cause("litellm.cooldown", "litellm", "set disable_cooldowns: true; the first failure is the real cause"),
        _cause("litellm.upstream_unreachable", "litellm", "check api_base in LiteLLM's config and its network"),
        _cause("litellm.credentials_missing", "you", "set the variables that LiteLLM's config names", permanent=True),
        _cause("azure.key_wrong", "you", "use a key of this very resource", permanent=True),
        _cause("azure.token_rejected", "you", "request a token for https://cognitiveservices.azure.com/.default"),
        _cause("azure.permission", "azure", "assign the role Cognitive Services OpenAI User", permanent=True),
        _cause("azure.key_auth_disabled", "you", 'set auth = "entra": the resource takes no keys', permanent=True),
        _cause("azure.tenant_mismatch", "you", "sign in to the resource's own tenant", permanent=True),
        _cause("azure.subscription_key_missing", "you", "send the key under the header the gateway wants", permanent=True),
        _cause("azure.public_access_disabled", "network", "reach it through its private endpoint", permanent=True),
        _cause("azure.firewall", "network", "add this network's egress address to the resource", permanent=True),
        _cause("azure.regional_endpoint", "you", "use https://NAME.openai.azure.com as endpoint", permanent=True),
        _cause("azure.deployment_not_found", "you", "write the deployment's name, not the model's", permanent=True),
        _cause("azure.resource_not_found", "you", "check endpoint and api-version: this path is unknown", permanent=True),
        _cause("azure.api_version", "you", 'use api_version = "2024-10-21" or "v1"', permanent=True),
        _cause("azure.parameter", "you", "the deployment does not take this parameter", permanent=True),
        _cause("azure.model_retired", "azure", "deploy a current model", permanent=True),
        _cause("azure.rate_limited", "azure", "wait as told, or raise the deployment's quota"),
        _cause("azure.capacity", "azure", "wait as told, or use another region"),
        _cause("openai.quota", "openai", "check plan and billing", permanent=True),
        _cause("openai.key_wrong", "you", "use a valid OpenAI key", permanent=True),
        _cause("entra.token_failed", "you", "check the managed identity or the sign-in of this machine"),
        _cause("content.filtered", "nobody", "rephrase the question", helps=False),
        _cause("request.context_length", "nobody", "ask about fewer columns", helps=False),
        _cause("request.invalid", "nobody", "correct the request", helps=False),
        _cause("provider.error", "provider", "try again"),
        _cause("provider.unavailable", "provider", "try again"),
        _cause("provider.key_wrong", "you", "set the key that this server expects", permanent=True),
        _cause("provider.permission", "you", "ask the server's owner for access", permanent=True),
        _cause("provider.not_found", "you", "check base_url and the model's name", permanent=True),
        _cause("provider.rate_limited", "provider", "wait as told"),
        _cause("provider.not_json", "network", "a sign-in or proxy page answered: bypass it for this host"),
        _cause("stream.silent", "provider", "try again, or raise first_content_s"),
        _cause("stream.stalled", "provider", "try again"),
        _cause("stream.cut", "provider", "try again"),
        _cause("stream.empty", "provider", "try again"),
        _cause("stream.malformed", "provider", "try again"),
        _cause("stream.error", "provider", "try again"),
        _cause("deadline.exceeded", "nobody", "raise deadline_s", helps=False),
        _cause("unknown", "nobody", "look at the evidence"),
    ]
)


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
    remembered: str = ""
    key_sent: bool = True
    """A cause that the caller saw with its own eyes, such as `stream.cut`."""


def classify(evidence: Evidence) -> Cause:
    """Return the cause that the evidence shows, or `unknown`."""
    if evidence.symptom in CATALOGUE:
        return CATALOGUE[evidence.symptom]
    if evidence.exceptions:
        return CATALOGUE[_from_exceptions(evidence)]
    return CATALOGUE[_from_answer(evidence)]


_EXCEPTIONS: tuple[tuple[str, str], ...] = (
    (r"AddressNotPrivate", "net.dns_public_for_private"),
    (r"KeyNotSet", "route.key_missing"),
    (r"CredentialUnavailable|ClientAuthenticationError", "entra.token_failed"),
    (r"Hostname mismatch|not valid for|IP address mismatch", "tls.hostname_mismatch"),
    (r"CERTIFICATE_VERIFY_FAILED|self.signed certificate", "tls.untrusted_ca"),
    (r"ClientConnectorDNSError|Name or service not known|getaddrinfo", "net.dns_failed"),
    (r"FileNotFoundError|NO_CERTIFICATE_OR_CRL_FOUND", "tls.ca_file"),
    (r"ClientConnectorSSLError|SSLError|WRONG_VERSION_NUMBER", "tls.failed"),
    (r"ConnectionTimeoutError|Connect call timed out", "net.connect_timeout"),
    (r"ConnectionRefusedError|Connect call failed|Errno 111", "net.refused"),
    (r"Network is unreachable|No route to host|Errno 101|Errno 113", "net.unreachable"),
    (r"ConnectionResetError|ServerDisconnected|ClientOSError|Connection reset", "net.reset"),
    (r"ClientPayloadError|TransferEncodingError|ContentLengthError", "stream.cut"),
    (r"TimeoutError", "stream.silent"),
)


def _from_exceptions(evidence: Evidence) -> str:
    chain = "\n".join(evidence.exceptions)
    code = next((code for pattern, code in _EXCEPTIONS if re.search(pattern, chain)), "unknown")
    is_proxy_gone = evidence.route_kind == "litellm" and code in {"net.refused", "net.reset"}
    return "litellm.down" if is_proxy_gone else code


# in order: the first that fits. (statuses, pattern in the body, code); an empty pattern fits any body
_LITELLM: tuple[tuple[frozenset[int], str, str], ...] = (
    (frozenset({429}), r"No deployments available|cooldown_list|all_deployments_in_cooldown", "litellm.cooldown"),  # L9
    (frozenset({401}), r"No api key passed in|Malformed API Key", "litellm.key_missing"),  # L2 L5
    (frozenset({400}), r"No connected db", "litellm.key_wrong"),  # L3
    (frozenset({401}), r"Virtual Key expected|Invalid proxy server token|Invalid proxy", "litellm.key_wrong"),  # L4 L6
    (frozenset({400}), r"Invalid model name passed in|no healthy deployments", "litellm.unknown_model"),  # L7 L8
    (
        frozenset({500}),
        r"Missing credentials|Must provide one of the base_url",
        "litellm.credentials_missing",
    ),  # L12 L13
    (frozenset({500}), r"Connection error", "litellm.upstream_unreachable"),  # L10
)
_AZURE: tuple[tuple[frozenset[int], str, str], ...] = (
    (frozenset({400}), r"content_filter|ResponsibleAIPolicyViolation|content management policy", "content.filtered"),
    (frozenset({400}), r"context_length_exceeded|maximum context length", "request.context_length"),
    (frozenset({400}), r"API version not supported|enabled only for api versions", "azure.api_version"),  # D3 D4 D5
    (
        frozenset({400, 404}),
        r"does not work with the specified model|ModelDeprecated|been deprecated",
        "azure.model_retired",
    ),
    (frozenset({400}), r"Tenant provided in token|resource tenant", "azure.tenant_mismatch"),  # A6
    (frozenset({400}), r"unsupported_parameter|Unrecognized request argument|Unsupported parameter", "azure.parameter"),
    (frozenset({400, 422}), r"- 'messages'|messages\[\d+\]|Invalid (type|value) for 'messages", "request.invalid"),
    (frozenset({401}), r"invalid subscription key", "azure.key_wrong"),  # A1
    (
        frozenset({401, 403}),
        r"principal .*lacks|PermissionDenied|does not have access to API",
        "azure.permission",
    ),  # A3 A4
    (frozenset({401}), r"missing subscription key", "azure.subscription_key_missing"),  # A11
    (frozenset({401}), r"Access token is missing|audience is incorrect", "azure.token_rejected"),  # A2
    (frozenset({401}), r"invalid_api_key|Incorrect API key", "openai.key_wrong"),
    (frozenset({403}), r"AuthenticationTypeDisabled|Key based authentication is disabled", "azure.key_auth_disabled"),
    (frozenset({403}), r"Public access is disabled", "azure.public_access_disabled"),  # N1
    (frozenset({403}), r"Virtual Network/Firewall|VNet/Firewall", "azure.firewall"),  # N2
    (frozenset({403}), r"A Virtual Network is configured", "azure.regional_endpoint"),  # N3
    (frozenset({404}), r"DeploymentNotFound|deployment .*does not exist", "azure.deployment_not_found"),  # D1
    (frozenset({404}), r"Resource not found", "azure.resource_not_found"),  # D2
    (frozenset({429}), r"insufficient_quota|exceeded your current quota", "openai.quota"),  # C4
    (frozenset({429}), r"high demand|maximum usage size allowed", "azure.capacity"),  # C3
    (frozenset({429}), r"", "azure.rate_limited"),  # C1 C2
    (frozenset({503}), r"", "provider.unavailable"),
)

_ANY_PROVIDER: tuple[tuple[frozenset[int], str, str], ...] = (
    (frozenset({400}), r"content_filter|content management policy", "content.filtered"),
    (frozenset({400}), r"context_length_exceeded|maximum context length|exceed_context_size", "request.context_length"),
    (frozenset({401}), r"invalid_api_key|Incorrect API key", "openai.key_wrong"),
    (frozenset({401}), r"", "provider.key_wrong"),
    (frozenset({403}), r"", "provider.permission"),
    (frozenset({404}), r"", "provider.not_found"),
    (frozenset({429}), r"insufficient_quota|exceeded your current quota", "openai.quota"),
    (frozenset({429}), r"", "provider.rate_limited"),
    (frozenset({503}), r"", "provider.unavailable"),
)
_TABLES = {"litellm": (*_LITELLM, *_AZURE), "azure": _AZURE}


def _from_answer(evidence: Evidence) -> str:
    status = evidence.status or 0
    if 300 <= status < 400:  # noqa: PLR2004  redirects
        return "net.redirected"
    if status == 407 or evidence.body.lstrip()[:1] == "<" or "Unexpected string response" in evidence.body:  # noqa: PLR2004
        return "provider.not_json"  # N12: a proxy wants a sign-in, or a page answered
    text = evidence.body.replace("\u2019", "'")
    table = _TABLES.get(evidence.route_kind, _ANY_PROVIDER)
    found = next((c for statuses, p, c in table if status in statuses and re.search(p, text, re.IGNORECASE)), None)
    return found or ("provider.error" if status >= 500 else "unknown")  # noqa: PLR2004  server errors


def filter_category(body: str) -> str:
    """Return which category of Azure's content filter was hit, or an empty text."""
    error = loose.obj(loose.obj(loose.parse(body)).get("error"))
    results = loose.obj(loose.obj(error.get("innererror")).get("content_filter_result"))
    return ", ".join(name for name, result in results.items() if loose.obj(result).get("filtered") is True)
