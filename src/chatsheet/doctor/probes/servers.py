"""Who answers: one look at the server without a key, told by what only it would say."""

import re

import aiohttp
from yarl import URL

from chatsheet.core import loose
from chatsheet.doctor import findings, lookups
from chatsheet.doctor.model import Finding, Rung
from chatsheet.doctor.subject import Subject
from chatsheet.llm import causes, legs
from chatsheet.llm.causes import Evidence
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.legs import Looked

SIMULATOR = "ChatSheetAI-simulator"
"""What our simulator names as its server."""
_COMPLETIONS = "/chat/completions"
_AZURES = ("apim-request-id", "x-ms-region", "x-ms-client-request-id", "azureml-model-session")
_OPENAIS = ("openai-version", "openai-processing-ms", "openai-organization")
_CLOSED = frozenset({"azure.public_access_disabled", "azure.firewall", "azure.regional_endpoint"})
_BREAKS = frozenset({"provider.not_json", "net.redirected", "net.proxy_auth"})
_FORBIDDEN, _NOT_FOUND = 403, 404


async def look(subject: Subject) -> Rung:
    """Look at the list of models, or at LiteLLM's sign of life; refusals for want of a key are answers too."""
    limit_s = lookups.limit_s(subject.route.connect_s)
    try:
        seen = await subject.means.legs.get(subject.route, path_of(subject), {}, limit_s=limit_s)
    except (aiohttp.ClientError, OSError, TokenFailed) as error:
        cause = _cause(subject, exceptions=legs.exception_chain(error))
        return findings.broken("server", findings.finding(cause, f"no answer to a GET within {limit_s:g} s"))
    cause = _cause(subject, seen=seen)
    subject.served_by = _who(subject, seen, cause)
    told = _told(subject, seen)
    if cause in _BREAKS:
        return findings.broken("server", findings.finding(cause, f"status {seen.status} to a GET without a key"), *told)
    if cause in _CLOSED and seen.status == _FORBIDDEN:
        closed = _closed(subject, cause)
        if closed.cause == "net.proxied_public":
            return findings.broken("server", closed, *told)
        return findings.passed("server", *told, warnings=(closed,))
    return findings.passed("server", *told)


def path_of(subject: Subject) -> str:
    """Return what anybody may ask this kind of server for."""
    path, kind = URL(subject.route.url).path, subject.route.kind
    if kind == "azure":
        return f"{path.partition('/openai/')[0]}/openai/v1/models"
    base = path.removesuffix(_COMPLETIONS)
    return f"{base.removesuffix('/v1')}/health/liveliness" if kind == "litellm" else f"{base}/models"


def _cause(subject: Subject, *, seen: Looked | None = None, exceptions: tuple[str, ...] = ()) -> str:
    kind = subject.route.kind
    if seen is None:
        cause = causes.classify(Evidence(route_kind=kind, exceptions=exceptions)).code
        return "litellm.down" if (kind, cause) == ("litellm", "stream.silent") else cause  # it takes its time to start
    cause = causes.classify(
        Evidence(route_kind=kind, status=seen.status, headers=seen.headers, body=seen.said, key_sent=False)
    ).code
    # a server that knows no list of models may say so with a page
    is_its_own = kind == "compatible" and seen.status == _NOT_FOUND and cause == "provider.not_json"
    return "provider.not_found" if is_its_own else cause


def _who(subject: Subject, seen: Looked, cause: str) -> str:
    """Return who this is, as far as it shows."""
    kind = subject.route.kind
    is_litellm = any(name.lower().startswith("x-litellm-") for name in seen.headers) or "I'm alive!" in seen.said
    if seen.headers.get("Server") == SIMULATOR:
        return "simulator"
    if cause == "provider.not_json":
        return "page"
    if kind == "litellm" and (is_litellm or (cause.startswith("litellm.") and cause != "litellm.key_missing")):
        return "litellm"
    if any(name in seen.headers for name in _AZURES) or (kind == "azure" and cause.startswith("azure.")):
        return "azure"
    if any(name in seen.headers for name in _OPENAIS) or cause == "openai.key_wrong":
        return "openai"
    is_json = isinstance(loose.parse(seen.said), dict | list)
    return "compatible" if kind == "compatible" and is_json else "unknown"


def _told(subject: Subject, seen: Looked) -> list[str]:
    told = [f"status {seen.status} from {subject.served_by}"]
    for name in ("Server", "x-ms-region"):
        value = seen.headers.get(name, "")
        if re.fullmatch(r"[\w ./()-]{1,40}", value):
            told.append(f"{name.lower()}: {value}")
    if "apim-request-id" in seen.headers:
        told.append("apim-request-id is there")
    return told


def _closed(subject: Subject, cause: str) -> Finding:
    """Return why a resource is closed to this request: a proxy reaches it from outside, or it takes none from here."""
    host = subject.route.origin[0]
    own = next(iter(subject.hosts), None)
    if subject.is_proxied and own is not None and own.address_class in {"private", "allowed"}:
        what = f"{host} leads to {own.addresses[0]} here, and refuses what comes through the proxy as public"
        return findings.finding("net.proxied_public", what)
    return findings.finding(cause, f"{host} refuses connections from here, whatever the key")
