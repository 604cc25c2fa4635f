"""What is wrong with an address before anything is sent to it: no address, the wrong host, a path too much. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104  these are refused
_RESOURCES = ("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com")
_SOVEREIGN = tuple(f"{name.removesuffix('.com')}{end}" for name in _RESOURCES for end in (".us", ".cn"))
_REGIONAL = ("api.cognitive.microsoft.com", "api.cognitive.azure.us", "api.cognitive.azure.cn", "api.cognitive.microsoft.us")
_PORTALS = frozenset({"oai.azure.com", "ai.azure.com", "portal.azure.com", *_RESOURCES, *_SOVEREIGN})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an address cannot be right, and what to write."""

    reason: str
    fix: str
    cause: str = "settings.invalid"


def split(url: str) -> SplitResult | None:
    """Return the parts of an http(s) address, or None for anything else."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return None
    return parts if valid else None


def host(url: str) -> str:
    """Return the host of an address; empty for none."""
    parts = split(url)
    return (parts.hostname or "") if parts else ""


def is_azures(name: str) -> bool:
    """Tell whether a host name is one of Azure OpenAI's own, private or public."""
    return name.lower().endswith(tuple(f".{zone}" for zone in (*_RESOURCES, *_SOVEREIGN, *_REGIONAL)))


def of_resource(url: str) -> Fault | None:
    """Return what is wrong with the address of an Azure resource, which has no path."""
    parts = split(url)
    return _no_address(url) if parts is None else _of_any(parts) or _of_host(parts) or _of_path(parts)


def of_base(url: str, *, kind: str) -> Fault | None:
    """Return what is wrong with the address of a server that speaks OpenAI's format, or of a LiteLLM."""
    parts = split(url)
    return _no_address(url) if parts is None else _of_any(parts) or _of_base(parts, kind)


def _no_address(url: str) -> Fault:
    shown = "this" if "@" in url else repr(url[:80])  # what follows a user's name could be a password
    return Fault(f"{shown} is not an http(s) address", 'write "https://host.example"')


def _of_any(parts: SplitResult) -> Fault | None:
    if parts.username or parts.password:
        return Fault("holds a user or password", "leave it out: keys have settings of their own")
    if parts.query or parts.fragment:
        return Fault("holds a query or fragment", f'write "{_bare(parts)}"')
    if parts.hostname in WILDCARDS:
        port = f":{parts.port}" if parts.port else ""
        fix = f'write "{parts.scheme}://127.0.0.1{port}{parts.path}"'
        return Fault(f"{parts.hostname} is an address to listen on, not to call", fix)
    return None


def _of_host(parts: SplitResult) -> Fault | None:
    name = (parts.hostname or "").lower()
    if name.endswith(_REGIONAL) or name in _PORTALS:
        reason = f"{name} is shared by many resources" if name.endswith(_REGIONAL) else f"{name} names no resource"
        return Fault(reason, "write the resource's own name: https://NAME.openai.azure.com", "azure.regional_endpoint")
    if "privatelink" in name.split("."):
        plain = ".".join(label for label in name.split(".") if label != "privatelink")
        fix = f'write "https://{plain}": DNS leads to the private address'
        return Fault("no certificate names a privatelink host", fix, "tls.hostname_mismatch")
    return None


def _of_path(parts: SplitResult) -> Fault | None:
    fix, missing = f'write "{parts.scheme}://{parts.netloc}"', "azure.resource_not_found"
    if "/openai" in parts.path:
        return Fault("the path /openai is added by the route itself", fix, missing)
    if parts.path in {"", "/"}:
        return None
    reason = f"the path {parts.path} does not belong here" if parts.path.strip("/") else "ends with a double slash"
    return Fault(reason, fix, missing)


def _of_base(parts: SplitResult, kind: str) -> Fault | None:
    path, missing = parts.path.rstrip("/"), "provider.not_found"
    added = ("/chat/completions", *(("/v1",) if kind == "litellm" else ()))
    if "//" in parts.path:
        return Fault("holds a double slash", f'write "{_bare(parts)}"', missing)
    if suffix := next((one for one in added if path.endswith(one)), ""):
        return Fault(f"the path {suffix} is added by the route itself", f'write "{_bare(parts).removesuffix(suffix)}"', missing)
    if parts.hostname == "api.openai.com" and not path:
        return Fault("lacks the version path", 'write "https://api.openai.com/v1"', missing)
    return None


def _bare(parts: SplitResult) -> str:
    path = "/".join(part for part in parts.path.split("/") if part)
    return f"{parts.scheme}://{parts.netloc}{f'/{path}' if path else ''}"
