"""Every cause that a failed call can have: layer, owner, whether it lasts, whether another route helps, the fix. Pure.

Entries such as A1 or N2 are those of the failure catalogue that the simulator rehearses. Entries that look the same on the wire
share a cause; an entry that shows itself in several ways stands under each.
"""

from dataclasses import dataclass
from typing import Literal

Owner = Literal["you", "network", "azure", "provider", "litellm", "openai", "nobody"]
Layer = Literal[
    "settings",
    "identity",
    "dns",
    "network",
    "tls",
    "proxy",
    "litellm",
    "auth",
    "permission",
    "deployment",
    "parameters",
    "capacity",
    "content",
    "stream",
    "gateway",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """A named reason for a failed call, or for an answer that is not what it seems."""

    code: str
    layer: Layer
    owner: Owner
    permanent: bool
    another_route_helps: bool
    counts_against_route: bool
    """Says something about the route's health; false for a caller's own faults and for findings without a failed call."""
    fix: str
    entries: tuple[str, ...]
    evidence: str


CATALOGUE: dict[str, Cause] = {}


def _add(
    code: str,
    layer: Layer,
    owner: Owner,
    fix: str,
    evidence: str,
    *,
    entries: str = "",
    permanent: bool = False,
    helps: bool = True,
    counts: bool = True,
) -> None:
    CATALOGUE[code] = Cause(code, layer, owner, permanent, helps, counts, fix, tuple(entries.split()), evidence)


# ── settings: found by reading, before any call ──

_add(
    "settings.variable_not_expanded",
    "settings",
    "you",
    'write os.environ/NAME in LiteLLM\'s config and "env:NAME" in ours: neither expands ${NAME}',
    "a value of LiteLLM's config or of chatsheet.toml contains `${`",
    entries="L10 L11",
    permanent=True,
)
_add(
    "settings.api_version_date",
    "settings",
    "you",
    'put the api-version in quotes: api_version = "2024-10-21"',
    "the api-version was read as a date, not as text",
    entries="D10",
    permanent=True,
)
_add(
    "route.key_missing",
    "settings",
    "you",
    "set the variable or file that the route's key names",
    "the route's key names a variable or file that is not there",
    permanent=True,
)

# ── identity: Entra ID, before the provider is asked ──

_add(
    "entra.token_failed",
    "identity",
    "you",
    "check the managed identity or the sign-in of this machine",
    "no token could be had, and nothing says why",
    entries="A8 A10 A13",
)
_add(
    "entra.identity_missing",
    "identity",
    "you",
    "run where a managed identity is, or set up a workload identity or a client secret",
    "no identity on this machine: no answer from the IMDS endpoint, or no credential is configured",
    entries="A8",
    permanent=True,
)
_add(
    "entra.identity_not_assigned",
    "identity",
    "you",
    "correct AZURE_CLIENT_ID, or assign that identity to this machine",
    "the requested identity has not been assigned to this resource",
    entries="A9",
    permanent=True,
)
_add(
    "entra.secret_invalid",
    "identity",
    "you",
    "set the client secret's value, not its id, and renew it where it has expired",
    "AADSTS7000215 or AADSTS7000222, `invalid_client`",
    entries="A7",
    permanent=True,
)
_add(
    "entra.unreachable",
    "identity",
    "network",
    "let this network reach login.microsoftonline.com (service tag AzureActiveDirectory)",
    "the token endpoint cannot be reached",
    entries="A13",
)
_add(
    "entra.audience_wrong",
    "identity",
    "you",
    "request a token for https://cognitiveservices.azure.com/.default",
    "the token's audience is not Azure OpenAI's, or AADSTS500011, AADSTS70011",
    entries="A2",
    permanent=True,
)

# ── dns ──

_add(
    "net.dns_failed",
    "dns",
    "network",
    "check the host name and the DNS server",
    "NXDOMAIN: the name is not known",
    entries="N5 N11",
    permanent=True,
)
_add(
    "net.dns_servfail",
    "dns",
    "network",
    "check the DNS server and its forwarders: it cannot answer for this name",
    "SERVFAIL or REFUSED from the DNS server, EAI_AGAIN",
    entries="N5 N11",
)
_add(
    "net.dns_no_address",
    "dns",
    "network",
    "add the A record to the private DNS zone: the zone is there, the record is not",
    "the name exists and has no address: NODATA",
    entries="N5",
    permanent=True,
)
_add(
    "net.dns_timeout",
    "dns",
    "network",
    "check that this machine or container can reach its DNS server",
    "the DNS server does not answer, or cannot be contacted",
    entries="N11",
)
_add(
    "net.dns_public_for_private",
    "dns",
    "network",
    "link the private DNS zone to this network: the name must resolve to a private address",
    "a private route's name leads to an address that is not private; nothing was sent",
    entries="N4",
    permanent=True,
)
_add(
    "net.dns_differs",
    "dns",
    "network",
    "give container and host the same DNS server, or forward the private zones from it",
    "the doctor's answers differ between this process and the host, or between two look-ups",
    entries="N11",
    counts=False,
)

# ── network ──

_add(
    "net.refused",
    "network",
    "network",
    "start the server, or correct its address and port",
    "the connection was refused",
    entries="N9",
)
_add(
    "net.unreachable",
    "network",
    "network",
    "check routing, firewall and the private endpoint's approval",
    "no route to the host or network",
    entries="N6",
)
_add(
    "net.connect_timeout",
    "network",
    "network",
    "check firewall rules, routing and the private endpoint's approval",
    "no connection within connect_s",
    entries="N4 N6",
)
_add(
    "net.reset",
    "network",
    "network",
    "try again; if it stays, look for a firewall that ends connections",
    "the connection ended before an answer",
)
_add(
    "net.redirected",
    "network",
    "network",
    "the address answers with a redirect: name the final one in settings",
    "status 3xx; redirects are never followed",
    entries="N12",
)
_add(
    "net.peer_changed",
    "network",
    "network",
    "look for a transparent proxy or a DNS answer that changes: the connected peer is not the checked address",
    "the connected peer's address is not the one that was checked; nothing was sent",
)

# ── tls ──

_add(
    "tls.untrusted_ca",
    "tls",
    "network",
    "name the certificate authority (private, or of the inspecting proxy) with ca_file",
    "CERTIFICATE_VERIFY_FAILED: the issuer is not trusted",
    entries="N8",
    permanent=True,
)
_add(
    "tls.intercepted",
    "tls",
    "network",
    "except this host from TLS inspection, or name the inspecting authority with ca_file",
    "a self-signed root in the chain of a host whose certificates are public, or an inspecting vendor as issuer",
    entries="N8",
    permanent=True,
)
_add(
    "tls.hostname_mismatch",
    "tls",
    "you",
    "use the resource's own host name, not an alias, a privatelink name or an address",
    "the certificate is for another name",
    entries="N7",
    permanent=True,
)
_add(
    "tls.ca_file",
    "tls",
    "you",
    "name a readable PEM file with ca_file",
    "ca_file cannot be read, or holds no certificate",
    permanent=True,
)
_add(
    "tls.expired",
    "tls",
    "network",
    "have the certificate renewed, or correct this machine's clock",
    "the certificate has expired or is not yet valid",
    permanent=True,
)
_add(
    "tls.failed",
    "tls",
    "network",
    "check that the port speaks TLS and no proxy intercepts it",
    "the TLS handshake failed for another reason than trust",
    permanent=True,
)

# ── proxy: between us and the provider ──

_add(
    "net.proxy_refused",
    "proxy",
    "network",
    "let the proxy pass this host, or except the host from the proxy",
    "the proxy answered CONNECT with another status than 200 and 407",
    entries="N9",
    permanent=True,
)
_add(
    "net.proxy_auth",
    "proxy",
    "you",
    "give the proxy its user and password in the route's proxy setting",
    "status 407 from the proxy",
    entries="N12",
    permanent=True,
)
_add(
    "net.proxy_unreachable",
    "proxy",
    "network",
    "check the proxy's address and port",
    "no connection to the proxy",
    entries="N9",
)
_add(
    "provider.not_json",
    "proxy",
    "network",
    "a sign-in or proxy page answered: bypass it for this host",
    "an HTML page where JSON or events were due, also inside LiteLLM's message, or a page that LiteLLM made an empty stream",
    entries="N12 L16",
)

# ── litellm ──

_add(
    "litellm.down",
    "litellm",
    "litellm",
    "start it with `chatsheet litellm run`, or wait until it has started",
    "its port refuses or resets; it takes 18 to 33 s to start",
    entries="L15",
)
_add(
    "litellm.no_record",
    "litellm",
    "litellm",
    "start it again: its answer did not come through our egress",
    "an answer for which the egress has no record",
)
_add(
    "litellm.untrusted_for_private",
    "litellm",
    "you",
    "serve the route through our own LiteLLM, or set trust_proxy = true if you trust the one that others run",
    "a LiteLLM that others run would carry a private route's request",
    permanent=True,
)
_add(
    "litellm.key_missing",
    "litellm",
    "you",
    "set the key of the litellm route, sent as `Authorization: Bearer`",
    "`No api key passed in`, `Malformed API Key`, or 500 `Internal Server Error` where no key was sent",
    entries="L1 L2 L5",
    permanent=True,
)
_add(
    "litellm.key_wrong",
    "litellm",
    "you",
    "make the litellm route's key equal LITELLM_MASTER_KEY",
    "`No connected db`, `LiteLLM Virtual Key expected`, `Invalid proxy server token`",
    entries="L3 L4 L6",
    permanent=True,
)
_add(
    "litellm.unknown_model",
    "litellm",
    "you",
    "run `chatsheet litellm config` again and restart it: an alias is missing, or a model lacks its azure/ prefix",
    "`Invalid model name passed in`, `no healthy deployments`",
    entries="L7 L8",
    permanent=True,
)
_add(
    "litellm.cooldown",
    "litellm",
    "litellm",
    "set disable_cooldowns: true; the first failure is the real cause",
    "429 `No deployments available`, `cooldown_list`; the remembered first cause is shown instead where there is one",
    entries="L9",
)
_add(
    "litellm.upstream_unreachable",
    "litellm",
    "litellm",
    "check api_base in LiteLLM's config (it expands no ${…}) and its network",
    "500 `Connection error`: LiteLLM hides DNS, TLS, refusal and timeout behind it",
    entries="L10 L16 N5 N6 N8",
)
_add(
    "litellm.credentials_missing",
    "litellm",
    "you",
    "set the variables that LiteLLM's config names",
    "`Missing credentials`, `Must provide one of the base_url`",
    entries="L12 L13 A10",
    permanent=True,
)
_add(
    "litellm.credential_type",
    "litellm",
    "litellm",
    "use the direct route, or another LiteLLM release: this one does not know the credential",
    "`is not a valid AzureCredentialType`",
    entries="A10",
    permanent=True,
)
_add(
    "litellm.database_url",
    "litellm",
    "you",
    "unset DATABASE_URL for LiteLLM's process",
    "LiteLLM's start-up log says that it found DATABASE_URL and cannot use it",
    entries="L14",
    permanent=True,
)
_add(
    "litellm.proxied_loopback",
    "litellm",
    "you",
    "set NO_PROXY=127.0.0.1,localhost for LiteLLM's process",
    "LiteLLM's environment names a proxy and does not except loopback",
    entries="L16",
    permanent=True,
)

# ── auth ──

_add(
    "azure.key_wrong",
    "auth",
    "you",
    "use a key of this very resource, written in the settings as LiteLLM or we read it (no ${…}, no quotes)",
    "401 `invalid subscription key or wrong API endpoint`",
    entries="A1 L11",
    permanent=True,
)
_add(
    "azure.token_rejected",
    "auth",
    "you",
    "request a token for https://cognitiveservices.azure.com/.default, and send keys under api-key",
    "401 `Access token is missing, invalid, audience is incorrect, or have expired`",
    entries="A2 A12",
)
_add(
    "azure.subscription_key_missing",
    "auth",
    "you",
    "send the key under the header the gateway wants",
    "401 `missing subscription key`, `www-authenticate: AzureApiManagementKey`",
    entries="A11 A12",
    permanent=True,
)
_add(
    "azure.key_auth_disabled",
    "auth",
    "you",
    'set auth = "entra": the resource takes no keys',
    "403 AuthenticationTypeDisabled",
    entries="A5",
    permanent=True,
)
_add(
    "azure.tenant_mismatch",
    "auth",
    "you",
    "sign in to the resource's own tenant",
    "400 `Token tenant … does not match resource tenant`, or the token's own tenant, AADSTS700016, AADSTS90002",
    entries="A6",
    permanent=True,
)
_add(
    "openai.key_wrong",
    "auth",
    "openai",
    "use a valid OpenAI key",
    "401 invalid_api_key",
    permanent=True,
)
_add(
    "provider.key_wrong",
    "auth",
    "you",
    "set the key that this server expects",
    "401 from an OpenAI-compatible server",
    permanent=True,
)

# ── permission ──

_add(
    "azure.permission",
    "permission",
    "azure",
    "assign the role Cognitive Services OpenAI User, and wait some minutes",
    "401 or 403 PermissionDenied: `lacks the required data action`, `does not have access to API/Operation`",
    entries="A3 A4",
    permanent=True,
)
_add(
    "azure.public_access_disabled",
    "permission",
    "network",
    "reach it through its private endpoint, also when a proxy is set; Foundry needs all three privatelink zones",
    "403 `Public access is disabled`",
    entries="N1 N9 N10",
    permanent=True,
)
_add(
    "azure.firewall",
    "permission",
    "network",
    "add this network's egress address to the resource, or except the host from the proxy",
    "403 `Virtual Network/Firewall rules`, `policy-id: ThrowExceptionDueToTrafficDenied`",
    entries="N2 N9 N10",
    permanent=True,
)
_add(
    "azure.regional_endpoint",
    "permission",
    "you",
    "use https://NAME.openai.azure.com as endpoint",
    "403 `A Virtual Network is configured for this resource`",
    entries="N3",
    permanent=True,
)
_add(
    "azure.public_access_open",
    "permission",
    "azure",
    "disable public access again and check the trusted-services bypass",
    "the doctor reached the resource over its public address though it should be closed",
    entries="N13",
    permanent=True,
    counts=False,
)
_add(
    "provider.permission",
    "permission",
    "provider",
    "ask the server's owner for access",
    "403 from an OpenAI-compatible server",
    permanent=True,
)

# ── deployment ──

_add(
    "azure.deployment_not_found",
    "deployment",
    "you",
    "write the deployment's name, not the model's; a new one takes five minutes",
    "404 DeploymentNotFound",
    entries="D1",
    permanent=True,
)
_add(
    "azure.resource_not_found",
    "deployment",
    "you",
    "check endpoint and api-version: this path is unknown; or the model is retired",
    "404 `Resource not found`",
    entries="D2 D8",
    permanent=True,
)
_add(
    "azure.api_version",
    "deployment",
    "you",
    'use api_version = "2024-10-21" or "v1"',
    "400 `API version not supported`, `enabled only for api versions`",
    entries="D3 D4 D5",
    permanent=True,
)
_add(
    "azure.model_retired",
    "deployment",
    "azure",
    "deploy a current model",
    "400 `does not work with the specified model`, ServiceModelDeprecated",
    entries="D8 D9",
    permanent=True,
)
_add(
    "provider.not_found",
    "deployment",
    "you",
    "check base_url and the model's name",
    "404 from an OpenAI-compatible server",
    permanent=True,
)

# ── parameters: this very request ──

_add(
    "azure.parameter",
    "parameters",
    "you",
    "the deployment does not take this parameter or value: leave it out, or use the one it names",
    "400 unsupported_parameter, unsupported_value, `Unrecognized request argument`",
    entries="D6 D7",
    permanent=True,
    counts=False,
)
_add(
    "provider.parameter",
    "parameters",
    "you",
    "the model does not take this parameter or value: leave it out, or use the one it names",
    "400 unsupported_parameter from OpenAI or a compatible server",
    permanent=True,
    counts=False,
)
_add(
    "request.context_length",
    "parameters",
    "nobody",
    "ask about fewer columns",
    "400 context_length_exceeded",
    entries="X3",
    helps=False,
    counts=False,
)
_add(
    "request.prefill_refused",
    "parameters",
    "nobody",
    "let the last message be the user's: this model does not continue an answer",
    "400 which says that the last message must be the user's, or that prefill is not supported",
    counts=False,
)
_add(
    "request.invalid",
    "parameters",
    "nobody",
    "correct the request",
    "400 or 422 invalid_request_error about the request itself",
    helps=False,
    counts=False,
)

# ── capacity ──

_add(
    "azure.rate_limited",
    "capacity",
    "azure",
    "wait as told, or raise the deployment's quota",
    "429 `exceeded token rate limit`, RateLimitReached",
    entries="C1 C2 C5",
)
_add(
    "azure.capacity",
    "capacity",
    "azure",
    "wait as told, or use another region",
    "429 `experiencing high demand`, `maximum usage size allowed during peak load`, NoCapacity",
    entries="C3",
)
_add(
    "openai.quota",
    "capacity",
    "openai",
    "check plan and billing",
    "429 insufficient_quota",
    entries="C4",
    permanent=True,
)
_add(
    "provider.rate_limited",
    "capacity",
    "provider",
    "wait as told",
    "429 in words that are not Azure's",
)
_add(
    "provider.unavailable",
    "capacity",
    "provider",
    "try again",
    "503",
)
_add(
    "provider.error",
    "capacity",
    "provider",
    "try again",
    "5xx that says nothing more",
    entries="C5",
)

# ── content ──

_add(
    "content.filtered",
    "content",
    "nobody",
    "rephrase the question",
    "content_filter, ResponsibleAIPolicyViolation, `content management policy`, or finish_reason content_filter",
    entries="X1 X2 C5",
    helps=False,
    counts=False,
)

# ── stream ──

_add(
    "stream.silent",
    "stream",
    "provider",
    "try again, or raise first_content_s",
    "no content within first_content_s",
)
_add("stream.stalled", "stream", "provider", "try again", "nothing for idle_s after content")
_add(
    "stream.cut",
    "stream",
    "provider",
    "try again",
    "the stream ended without the provider's finish reason or without its end mark; through our LiteLLM the egress's record says so",
    entries="S1 S3",
)
_add(
    "stream.empty",
    "stream",
    "provider",
    "try again",
    "a whole stream without any content",
    entries="S2",
)
_add("stream.malformed", "stream", "provider", "try again", "an event that is not a chunk", entries="S3")
_add(
    "stream.error",
    "stream",
    "provider",
    "try again",
    "an error inside a 200 stream that says nothing more",
    entries="C5 S3",
)

# ── gateway: our own limits, and what is only counted ──

_add(
    "deadline.exceeded",
    "gateway",
    "nobody",
    "raise deadline_s",
    "the request's own deadline ended the search",
    helps=False,
    counts=False,
)
_add(
    "accounting.unpriced",
    "gateway",
    "you",
    "name the base model of this deployment, so that its tokens have a price",
    "an answer with usage and no price, or a cost of 0; no call failed",
    entries="S4",
    counts=False,
)
_add("unknown", "gateway", "nobody", "look at the evidence", "nothing of the above; the evidence is kept")
