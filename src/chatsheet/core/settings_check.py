"""What shows only when settings are seen together: names that lead nowhere, unset keys, impossible addresses. Pure."""

import difflib
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from chatsheet.core import address_check, key_check
from chatsheet.core.address_check import LOOPBACK, WILDCARDS
from chatsheet.core.problem import Problem
from chatsheet.core.secret import Secret
from chatsheet.core.settings import (
    AuthSettings,
    AzureRoute,
    FilesSettings,
    LitellmRoute,
    LlmSettings,
    OidcSettings,
    OpenAIRoute,
    RouteSettings,
    ServerSettings,
    Settings,
    TelemetrySettings,
)

__all__ = ["Problem", "check", "check_route"]

_KEY_WRONG = {
    "azure": "azure.key_shape",
    "litellm": "litellm.key_wrong",
    "openai": "openai.key_wrong",
    "compatible": "provider.key_wrong",
}


def check(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of settings that are valid by themselves."""
    yield from _unset("server.token", settings.server.token, "set it, or leave it out for a random one")
    yield from _unset("database.url", settings.database.url, "set it, or leave it out for a file in the data folder")
    yield from _unset("redis.url", settings.redis.url, "set it, or leave the section out")
    yield from _unset("database.url", settings.database.url, "set it, or leave the section out")
    yield from _check_files(settings.files)
    yield from _check_server(settings.server, settings.auth)
    if settings.auth.mode == "oidc":
        yield from _check_oidc(settings.auth.oidc)
    yield from _check_telemetry(settings.telemetry)
    yield from _check_servers("doctor.public_dns", settings.doctor.public_dns)
    yield from _cross_check(settings.llm)


def _unset(key: str, secret: Secret | None, fix: str, cause: str = "settings.invalid") -> Iterator[Problem]:
    if secret is not None and secret.value is None:
        yield Problem(key, secret.problem, fix, cause)


def _check_files(files: FilesSettings) -> Iterator[Problem]:
    yield from _unset("files.key", files.key, "set it, or leave it out for the machine's own identity")
    if files.url.startswith("az:") and not files.account:
        yield Problem("files.account", "missing: a container is in an account", "write the storage account's name")
    if files.url.startswith("s3:") and bool(files.key_id) != (files.key is not None):
        missing = "key" if files.key_id else "key_id"
        yield Problem(f"files.{missing}", "missing: an access key is an id and a secret", "give both, or neither")
    if files.endpoint:
        try:
            parts = urlsplit(files.endpoint)
            is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        except ValueError:
            parts, is_safe = urlsplit(""), False
        if not (is_safe and parts.hostname) or parts.username or parts.password or parts.query or parts.fragment:
            yield Problem("files.endpoint", "not an https address", 'write "https://minio.example.com"')


def _check_server(server: ServerSettings, auth: AuthSettings) -> Iterator[Problem]:
    if (server.tls_certificate is None) != (server.tls_key is None):
        missing = "tls_key" if server.tls_key is None else "tls_certificate"
        yield Problem(f"server.{missing}", "missing: TLS needs the certificate and its key", "add it, or leave out both")
    if auth.mode == "local":
        if server.public_url:
            yield Problem("server.public_url", "nobody else may come without a login", 'set auth.mode = "oidc" or "password"')
    elif server.public_url:
        yield from _check_public(server.public_url)
    elif server.host in WILDCARDS:
        reason = f"missing: nobody can open {server.host}"
        yield Problem("server.public_url", reason, 'write the address that people open, such as "https://sheets.example.com"')
    elif server.host not in LOOPBACK and server.tls_certificate is None:
        reason = "missing: over plain http passwords and sessions would travel in clear text"
        yield Problem(
            "server.public_url", reason, "give the https address of the proxy in front, or tls_certificate and tls_key"
        )


def _check_public(url: str) -> Iterator[Problem]:
    key = "server.public_url"
    try:
        parts = urlsplit(url)
        is_plain = not (parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"))
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and is_plain
    except ValueError:
        parts, valid = urlsplit(""), False
    if not valid:
        yield Problem(key, "not the address of a server, without a path", 'write "https://sheets.example.com"')
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        reason = "http would send passwords and sessions in clear text, and browsers would not keep the session"
        yield Problem(key, reason, f'write "https://{parts.netloc}"')


def _check_oidc(oidc: OidcSettings) -> Iterator[Problem]:
    yield from _unset("auth.oidc.client_secret", oidc.client_secret, "set it, or leave it out for a public client with PKCE")
    if not oidc.client_id:
        yield Problem("auth.oidc.client_id", "missing", "write the id that the provider gave this application")
    try:
        parts = urlsplit(oidc.issuer)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        parts, is_safe = urlsplit(""), False
    if not (is_safe and parts.hostname):
        yield Problem("auth.oidc.issuer", "not an https address", "write what the provider's metadata names as its issuer")
    elif set(parts.path.split("/")) & {"common", "organizations", "consumers"}:
        reason = "lets people of every tenant in, and no token names it as its issuer"
        yield Problem("auth.oidc.issuer", reason, "write your tenant's id in its place")


def _check_telemetry(telemetry: TelemetrySettings) -> Iterator[Problem]:
    for name, secret in telemetry.otlp_headers.items():
        key = f"telemetry.otlp_headers.{name}"
        if re.fullmatch(r"[A-Za-z0-9-]+", name) is None:
            yield Problem(key, "not the name of a header", 'write for example "api-key"')
        if secret.value is None:
            yield Problem(key, secret.problem, "set it, or name another source")
        elif not (secret.value.isascii() and secret.value.isprintable()):
            yield Problem(key, "holds characters that no header can", "look for line ends in it")
    if telemetry.otlp_endpoint is not None:
        yield from _check_collector(telemetry.otlp_endpoint, has_key=bool(telemetry.otlp_headers))


def _check_collector(url: str, *, has_key: bool) -> Iterator[Problem]:
    key = "telemetry.otlp_endpoint"
    try:
        parts = urlsplit(url)
        is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and is_plain
    except ValueError:
        parts, valid = urlsplit(""), False
    if not valid:
        reason = "not the address of a collector; keys go to otlp_headers"
        yield Problem(key, reason, 'write "http://127.0.0.1:4318"')
    elif parts.path.rstrip("/").endswith(("/v1/traces", "/v1/metrics")):
        yield Problem(key, "the path of each signal is added here", f'write "{url.rsplit("/v1/", maxsplit=1)[0]}"')
    elif has_key and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield Problem(key, "http would send the collector's key in clear text", f'write "https://{parts.netloc}"')


def _cross_check(llm: LlmSettings) -> Iterator[Problem]:
    """Yield what only shows when settings are seen together."""
    for name in llm.routes:
        if name not in llm.route:
            yield Problem("llm.routes", f'there is no route "{name}"', _nearest(name, llm.route, f"[llm.route.{name}]"))
    for name in llm.routes:
        if name in llm.route:
            yield from check_route(llm, name)


def _nearest(name: str, known: Iterable[str], section: str) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f'did you mean "{nearest[0]}"?' if nearest else f"add a section {section}"


def check_route(llm: LlmSettings, name: str) -> Iterator[Problem]:
    """Yield every problem of one route, whether calls take it or not; `name` must be a route of settings."""
    route, key = llm.route[name], f"llm.route.{name}"
    yield from _check_key(key, route)
    yield from _check_address(key, route)
    yield from _check_network(key, route)
    if isinstance(route, LitellmRoute):
        yield from _check_litellm(key, route)
        yield from _check_served(llm, key, route)


def _check_key(key: str, route: RouteSettings) -> Iterator[Problem]:
    yield from _unset(f"{key}.key", route.key, "set it, or name another source", "route.key_missing")
    if isinstance(route, AzureRoute) and (route.auth == "key") != (route.key is not None):
        reason, cause = ("a key is needed", "route.key_missing") if route.key is None else ('auth = "entra" sends no key', "")
        fix = 'give key = "env:NAME", or auth = "entra" without a key'
        yield Problem(f"{key}.key", reason, fix, cause or "settings.invalid")
    if route.key is not None and (value := route.key.value) is not None:
        yield from _check_shape(f"{key}.key", route, route.key.source, value)


def _check_shape(key: str, route: RouteSettings, source: str, value: str) -> Iterator[Problem]:
    if key_check.is_reference(value):
        reason = f"{source} holds a reference that nobody expands"
        yield Problem(key, reason, "put the key itself there", "settings.variable_not_expanded")
    elif marks := key_check.quoting_in(value):
        yield Problem(key, f"{source} holds {marks}", "put the bare key there", _KEY_WRONG[route.kind])
    elif isinstance(route, AzureRoute) and value.startswith("sk-") and _is_azures(route.endpoint):
        reason = f"{source} looks like a key of OpenAI or LiteLLM: Azure's have no sk- in front"
        yield Problem(key, reason, "use a key of this resource", "azure.key_shape")
    elif isinstance(route, LitellmRoute) and route.serves and (weakness := key_check.weakness(value)):
        fix = "make one with `openssl rand -hex 24`, with sk- in front"
        yield Problem(key, f"{source} {weakness}", fix, "litellm.master_key_weak")


def _is_azures(endpoint: str) -> bool:
    return address_check.is_azures(address_check.host(endpoint))


def _check_address(key: str, route: RouteSettings) -> Iterator[Problem]:
    if isinstance(route, AzureRoute):
        name, url, fault = "endpoint", route.endpoint, address_check.of_resource(route.endpoint)
    else:
        name, url, fault = "base_url", route.base_url, address_check.of_base(route.base_url, kind=route.kind)
    parts = urlsplit("") if fault else urlsplit(url)
    is_local = parts.hostname in LOOPBACK
    if fault is not None:
        is_ours = isinstance(route, LitellmRoute) and "listen on" in fault.reason
        yield Problem(f"{key}.{name}", fault.reason, fault.fix, "litellm.bound_everywhere" if is_ours else fault.cause)
    elif parts.scheme == "http" and not is_local and isinstance(route, AzureRoute | OpenAIRoute):
        yield Problem(f"{key}.{name}", "http would send the key in clear text", f'write "https://{parts.netloc}"')
    elif isinstance(route, LitellmRoute) and route.serves and not (is_local and parts.port):
        reason = "a LiteLLM that we run listens on this machine"
        yield Problem(f"{key}.{name}", reason, 'write "http://127.0.0.1:4000", or leave out serves for one that others run')


def _check_served(llm: LlmSettings, key: str, route: LitellmRoute) -> Iterator[Problem]:
    known = [name for name, other in llm.route.items() if not isinstance(other, LitellmRoute)]
    for served in route.serves:
        if served not in known:
            reason = f'"{served}" is not a route that LiteLLM can forward to'
            yield Problem(f"{key}.serves", reason, _nearest(served, known, f"[llm.route.{served}]"), "litellm.unknown_model")
    if route.serves and route.model is not None and route.model not in route.serves:
        nearest = difflib.get_close_matches(route.model, route.serves, n=1, cutoff=0.4) or route.serves
        reason = f'"{route.model}" is no alias of this LiteLLM: it has one for each name in serves'
        yield Problem(f"{key}.model", reason, f'did you mean "{nearest[0]}"?', "litellm.unknown_model")
    first = route.serves[0] if route.serves else ""
    if first in known and first not in llm.routes:  # the others answer nobody's questions
        yield from check_route(llm, first)


def _check_litellm(key: str, route: LitellmRoute) -> Iterator[Problem]:
    if route.serves:
        for name in ("network", "ca_file", "dns", "proxy"):
            if getattr(route, name) not in {"any", None, ()}:
                reason = "a LiteLLM that we run is on this machine"
                yield Problem(f"{key}.{name}", reason, f"set {name} on the routes it serves")
        if route.config_file is not None:
            yield Problem(f"{key}.config_file", "the config of a LiteLLM that we run is generated", "leave it out, or serves")
    elif route.network == "private" and not route.trust_proxy:
        reason = "where a LiteLLM that others run sends prompts cannot be proven private"
        fix = "let us run it (serves), or set trust_proxy = true"
        yield Problem(f"{key}.network", reason, fix, "litellm.untrusted_for_private")


def _check_servers(key: str, servers: Iterable[str]) -> Iterator[Problem]:
    for server in servers:
        if not _is_server(server):
            yield Problem(key, f"{server!r} is not an address", 'write "10.0.0.53" or "10.0.0.53:5353"')


def _check_network(key: str, route: RouteSettings) -> Iterator[Problem]:
    yield from _check_servers(f"{key}.dns", route.dns)
    if route.proxy is not None:
        parts = urlsplit(route.proxy)
        if parts.scheme != "http" or not parts.hostname or parts.username:
            yield Problem(f"{key}.proxy", "not an http://HOST:PORT address", "name the proxy without user and password")
    yield from _unset(f"{key}.proxy_credentials", route.proxy_credentials, "set it, or leave it out", "route.key_missing")
    for entry in route.no_proxy:
        if "*" in entry:
            yield Problem(f"{key}.no_proxy", f"{entry!r} holds a star", f'write "{entry.lstrip("*")}" or leave out proxy')
    if isinstance(route, AzureRoute):
        yield from _check_identity(key, route)


def _is_server(text: str) -> bool:
    host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return not colon or port.isdigit()


def _check_identity(key: str, route: AzureRoute) -> Iterator[Problem]:
    named = ("tenant_id", "client_id", "client_secret", "authority")
    if route.auth == "key":
        for name in named:
            if getattr(route, name) is not None:
                yield Problem(f"{key}.{name}", 'belongs to auth = "entra"', 'set auth = "entra", or leave it out')
        return
    yield from _unset(f"{key}.client_secret", route.client_secret, "set it, or name another source", "route.key_missing")
    if route.identity == "client_secret":
        for name in ("tenant_id", "client_id", "client_secret"):
            if getattr(route, name) is None:
                yield Problem(f"{key}.{name}", 'missing for identity = "client_secret"', "add it")
    elif route.client_secret is not None:
        yield Problem(f"{key}.client_secret", "is not used by this identity", 'set identity = "client_secret"')
