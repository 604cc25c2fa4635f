"""What shows only when settings are seen together: names that lead nowhere, unset keys, impossible addresses. Pure."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from chatsheet.core.secret import Secret
from chatsheet.core.settings import (
    AzureRoute,
    LitellmRoute,
    LlmSettings,
    OpenAIRoute,
    RouteSettings,
    Settings,
    TelemetrySettings,
)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: where, why, and what to do."""

    key: str
    reason: str
    fix: str


def check(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of settings that are valid by themselves."""
    yield from _unset("server.token", settings.server.token, "set it, or leave it out for a random one")
    yield from _unset("redis.url", settings.redis.url, "set it, or leave the section out")
    yield from _check_telemetry(settings.telemetry)
    yield from _cross_check(settings.llm)


def _unset(key: str, secret: Secret | None, fix: str) -> Iterator[Problem]:
    if secret is not None and secret.value is None:
        yield Problem(key, secret.problem, fix)


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
    elif has_key and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        yield Problem(key, "http would send the collector's key in clear text", f'write "https://{parts.netloc}"')


def _cross_check(llm: LlmSettings) -> Iterator[Problem]:
    """Yield what only shows when settings are seen together."""
    for name in llm.routes:
        if name not in llm.route:
            nearest = difflib.get_close_matches(name, llm.route, n=1, cutoff=0.4)
            fix = f'did you mean "{nearest[0]}"?' if nearest else f"add a section [llm.route.{name}]"
            yield Problem("llm.routes", f'there is no route "{name}"', fix)
    for name in llm.routes:
        if (route := llm.route.get(name)) is not None:
            yield from _check_route(llm, name, route)


def _check_route(llm: LlmSettings, name: str, route: RouteSettings) -> Iterator[Problem]:
    key = f"llm.route.{name}"
    yield from _check_key(key, route)
    yield from _check_url(key, route)
    yield from _check_network(key, route)
    if isinstance(route, LitellmRoute):
        yield from _check_litellm(key, route)
        for served in route.serves:
            target = llm.route.get(served)
            if target is None or isinstance(target, LitellmRoute):
                yield Problem(f"{key}.serves", f'"{served}" is not a route that LiteLLM can forward to', "name a route")
        first = llm.route.get(route.serves[0]) if route.serves else None
        if first is not None and route.serves[0] not in llm.routes:
            yield from _check_key(f"llm.route.{route.serves[0]}", first)


def _check_key(key: str, route: RouteSettings) -> Iterator[Problem]:
    yield from _unset(f"{key}.key", route.key, "set it, or name another source")
    if isinstance(route, AzureRoute) and (route.auth == "key") != (route.key is not None):
        reason = "a key is needed" if route.key is None else 'auth = "entra" sends no key'
        yield Problem(f"{key}.key", reason, 'give key = "env:NAME", or auth = "entra" without a key')


def _check_url(key: str, route: RouteSettings) -> Iterator[Problem]:
    name, url = ("endpoint", route.endpoint) if isinstance(route, AzureRoute) else ("base_url", route.base_url)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:
        yield Problem(f"{key}.{name}", f"{url!r} is not an address", 'write "https://host.example"')
        return
    is_local = parts.hostname in _LOOPBACK
    if not valid:
        yield Problem(f"{key}.{name}", f"{url!r} is not an http(s) address", 'write "https://host.example"')
    elif name == "endpoint" and parts.path.strip("/"):
        yield Problem(f"{key}.{name}", f"the path {parts.path} does not belong here", f'write "https://{parts.netloc}"')
    elif parts.scheme == "http" and not is_local and isinstance(route, AzureRoute | OpenAIRoute):
        yield Problem(f"{key}.{name}", "http would send the key in clear text", f'write "https://{parts.netloc}"')
    elif isinstance(route, LitellmRoute) and route.serves and not (is_local and parts.port):
        reason = "a LiteLLM that we run listens on this machine"
        yield Problem(f"{key}.{name}", reason, 'write "http://127.0.0.1:4000", or leave out serves for one that others run')


def _check_litellm(key: str, route: LitellmRoute) -> Iterator[Problem]:
    if route.serves:
        for name in ("network", "ca_file", "dns", "proxy"):
            if getattr(route, name) not in {"any", None, ()}:
                yield Problem(
                    f"{key}.{name}", "a LiteLLM that we run is on this machine", f"set {name} on the routes it serves"
                )
    elif route.network == "private" and not route.trust_proxy:
        reason = "where a LiteLLM that others run sends prompts cannot be proven private"
        yield Problem(f"{key}.network", reason, "let us run it (serves), or set trust_proxy = true")


def _check_network(key: str, route: RouteSettings) -> Iterator[Problem]:
    for server in route.dns:
        if not _is_server(server):
            yield Problem(f"{key}.dns", f"{server!r} is not an address", 'write "10.0.0.53" or "10.0.0.53:5353"')
    if route.proxy is not None:
        parts = urlsplit(route.proxy)
        if parts.scheme != "http" or not parts.hostname or parts.username:
            yield Problem(f"{key}.proxy", "not an http://HOST:PORT address", "name the proxy without user and password")
    yield from _unset(f"{key}.proxy_credentials", route.proxy_credentials, "set it, or leave it out")
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
    yield from _unset(f"{key}.client_secret", route.client_secret, "set it, or name another source")
    if route.identity == "client_secret":
        for name in ("tenant_id", "client_id", "client_secret"):
            if getattr(route, name) is None:
                yield Problem(f"{key}.{name}", 'missing for identity = "client_secret"', "add it")
    elif route.client_secret is not None:
        yield Problem(f"{key}.client_secret", "is not used by this identity", 'set identity = "client_secret"')
