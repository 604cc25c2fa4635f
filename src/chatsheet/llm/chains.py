"""Which layer an exception chain shows: the first pattern that fits, from our own refusals to what a socket can do. Pure."""

import re

CHAINS: tuple[tuple[str, str], ...] = (
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
    (r"ProxyConnectionError|ProxyTimeout", "net.proxy_unreachable"),
    (
        r"Hostname mismatch|IP address mismatch|is not valid for|CertificateNameMismatch|doesn't match",
        "tls.hostname_mismatch",
    ),
    (r"certificate (has expired|is not yet valid)", "tls.expired"),
    # Microsoft's and OpenAI's hosts have public certificates: a self-signed root there is somebody in between. At any
    # other host, or without a host, it may as well be the resource's own private authority.
    (
        r"(?s)\.((openai|cognitiveservices|services\.ai)\.azure|openai)\.com\b.*self.signed certificate in certificate chain",
        "tls.intercepted",
    ),
    (r"(?i)zscaler|netskope|forti(gate|net)|palo alto|blue ?coat|tls inspection|ssl inspection", "tls.intercepted"),
    (r"CERTIFICATE_VERIFY_FAILED|self.signed certificate|local issuer certificate", "tls.untrusted_ca"),
    (r"DnsTimeout|contacting DNS servers|contact DNS servers", "net.dns_timeout"),
    (r"EAI_AGAIN|in name resolution|general failure|SERVFAIL|refused query", "net.dns_servfail"),
    (r"No address associated|answer with no data|NODATA", "net.dns_no_address"),
    (r"ClientConnectorDNSError|Name or service not known|Domain name not found|NXDOMAIN|getaddrinfo", "net.dns_failed"),
    (r"gaierror|nodename nor servname", "net.dns_failed"),
    # a route that is prohibited (EACCES), filtered here (EPERM) or a black hole (EINVAL)
    (r"(?s)ClientConnectorError.*\[Errno (1|13|22)\]", "net.unreachable"),
    (r"FileNotFoundError|NO_CERTIFICATE_OR_CRL_FOUND|PermissionError", "tls.ca_file"),
    (r"ClientConnectorSSLError|SSLError|WRONG_VERSION_NUMBER", "tls.failed"),
    (r"ConnectionTimeoutError|Connect call timed out|Errno 110\b", "net.connect_timeout"),
    (r"ConnectionRefusedError|Connect call failed|Errno 111\b", "net.refused"),
    (r"Network is unreachable|No route to host|Errno 101\b|Errno 113\b", "net.unreachable"),
    (r"ClientPayloadError|TransferEncodingError|ContentLengthError|IncompleteRead", "stream.cut"),
    (r"ConnectionResetError|ServerDisconnected|ClientOSError|Connection reset|BrokenPipeError", "net.reset"),
    (r"TimeoutError", "stream.silent"),
)


def code_of(chain: tuple[str, ...]) -> str:
    """Return the code of the cause that a chain shows, each link `ClassName: text`; empty for none."""
    text = "\n".join(chain).replace("\u2019", "'")
    return next((code for pattern, code in CHAINS if re.search(pattern, text)), "")
