"""The hop through LiteLLM: whether it is there, takes our key, knows the alias, and what it says of the model's health.

Nothing is sent to one that is not up or not to be trusted, and of what it says only names, numbers and causes are kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import aiohttp

from chatsheet.core import loose
from chatsheet.core.settings import LitellmRoute
from chatsheet.doctor import findings
from chatsheet.doctor.model import Finding, Rung
from chatsheet.doctor.probes import litellm_entries, litellm_health
from chatsheet.doctor.probes.litellm_entries import Seen
from chatsheet.doctor.subject import Subject
from chatsheet.llm import causes, legs, litellm_proxy, wire
from chatsheet.llm.causes import CATALOGUE, Evidence
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.legs import OK, Looked
from chatsheet.llm.litellm_integrity import KNOWN_BAD

_MOST_LOOK_S = 3.0
_SIDE_LOOK_S = 1.0
_HEALTH_S = 4.0
_VERSION = re.compile(r"\d+(\.\d+){1,3}[0-9A-Za-z.+-]{0,20}")
_FLOATING = re.compile(r"nightly|latest|main|dev|rc|stable")
_ALIASES, _VERSION_NOTE = "litellm aliases", "litellm version"
"""Notes between these rungs, in the subject's evidence."""


@dataclass(frozen=True, slots=True)
class _Unreachable:
    """Nothing came back, and why."""

    code: str


async def _look(subject: Subject, path: str, *, key: bool, limit_s: float | None = None) -> Looked | _Unreachable:
    """Look at a path of the proxy; never raises for what a network does."""
    base = urlsplit(subject.route.url).path.removesuffix("/v1/chat/completions")
    limit_s = limit_s or min(_MOST_LOOK_S, 2 * subject.route.connect_s)
    try:
        headers = wire.auth_headers(subject.route, None) if key else {}
        return await subject.means.legs.get(subject.route, f"{base}{path}", headers, limit_s=limit_s)
    except LookupError:
        return _Unreachable("route.key_missing")
    except (aiohttp.ClientError, OSError, TokenFailed) as error:
        seen = Evidence(route_kind="litellm", exceptions=legs.exception_chain(error))
        return _Unreachable(causes.classify(seen).code)


# ── up ──


async def look_up(subject: Subject) -> Rung:
    """Tell whether LiteLLM is there; no key is sent."""
    if subject.route.is_ours and not subject.means.records.is_ready():
        # its port may be anybody's while it is down
        what = "the LiteLLM that we run is not ready: not started, or still starting (6 to 33 s)"
        return findings.broken("litellm_up", findings.finding("litellm.down", what))
    alive = await _look(subject, "/health/liveliness", key=False)
    if (found := _why_not_alive(subject, alive)) is not None or isinstance(alive, _Unreachable):
        return findings.broken("litellm_up", found or findings.finding("litellm.down", "it does not answer"))
    evidence = ["alive" if alive.status == OK else f"answers /health/liveliness with {alive.status}"]
    ready = await _look(subject, "/health/readiness", key=False, limit_s=_SIDE_LOOK_S)
    if isinstance(ready, Looked) and loose.obj(loose.parse(ready.said)).get("status") == "healthy":
        evidence.append("readiness says healthy, which says nothing of models")
    version = _version(alive) or _version(ready)
    if not version:
        version = _version(await _look(subject, "/public/model_hub/info", key=False, limit_s=_SIDE_LOOK_S))
    if not version:
        return findings.passed("litellm_up", *evidence, "tells nobody its version without a key")
    subject.evidence[_VERSION_NOTE] = (version,)
    if version in KNOWN_BAD:
        what = f"this LiteLLM is {version}, a release that stole credentials; our key was not sent to it"
        return findings.broken("litellm_up", findings.finding("litellm.known_bad", what), *evidence)
    return findings.passed("litellm_up", *evidence, _tested(version), warnings=_unpinned(subject, version))


def _why_not_alive(subject: Subject, alive: Looked | _Unreachable) -> Finding | None:
    host, port = subject.route.origin
    place = f"{host}:{port}"
    if isinstance(alive, _Unreachable):
        if alive.code in {"unknown", "stream.silent", "litellm.down"}:
            how = "takes a connection and says nothing" if alive.code == "stream.silent" else "refuses or resets connections"
            return findings.finding("litellm.down", f"{place} {how}")
        return findings.finding(alive.code, f"{place} could not be asked: {CATALOGUE[alive.code].evidence}")
    seen = Evidence(route_kind="litellm", status=alive.status, headers=dict(alive.headers), body=alive.said)
    code = causes.classify(seen).code if alive.status != OK or alive.said.lstrip()[:1] == "<" else ""
    if code in {"provider.not_json", "net.redirected", "net.proxy_auth"}:
        return findings.finding(code, f"{place} is no LiteLLM: it answers /health/liveliness with {alive.status} and a page")
    if alive.status >= 500:  # noqa: PLR2004  server errors; others come from who stands before it and knows only completions
        return findings.finding(
            "litellm.down", f"{place} answers /health/liveliness with {alive.status}: ending, or not yet up"
        )
    return None


def _version(looked: Looked | _Unreachable) -> str:
    if isinstance(looked, _Unreachable):
        return ""
    told = loose.text(loose.obj(loose.parse(looked.said)).get("litellm_version"))
    version = looked.headers.get("x-litellm-version", "") or told
    return version if _VERSION.fullmatch(version) else ""


def _tested(version: str) -> str:
    same = version == litellm_proxy.VERSION
    return f"LiteLLM {version}" if same else f"LiteLLM {version}; tested with {litellm_proxy.VERSION}"


def _unpinned(subject: Subject, version: str) -> tuple[Finding, ...]:
    is_other = subject.route.is_ours and version != litellm_proxy.VERSION
    if not is_other and not _FLOATING.search(version):
        return ()
    return (findings.finding("litellm.unpinned", f"this LiteLLM is {version}, not {litellm_proxy.VERSION}"),)


# ── key ──

_NO_KEY = re.compile(
    r"\b(no|missing|without|absent)\b.{0,30}\bkey\b|\bkey\b.{0,30}\b(missing|absent|required)|malformed|\bbearer\b"
)
_OTHER_KEY = re.compile(
    r"\bdb\b|database|virtual key|\btoken\b|\bsk-|invalid|incorrect|expired|unknown|not (found|valid)|revoked"
)
_REFUSALS = frozenset({400, 401, 403, 500})
_NO_SUCH_PATH = frozenset({404, 405})


async def look_key(subject: Subject) -> Rung:
    """Tell whether LiteLLM takes our key, by the list of its models."""
    shape = _shape(subject)
    seen = await _look(subject, "/v1/models", key=True)
    if isinstance(seen, _Unreachable):
        found = findings.finding(seen.code, f"/v1/models could not be asked: {CATALOGUE[seen.code].evidence}")
        return findings.broken("litellm_key", found, *shape)
    told = (f"/v1/models: {seen.status}", *shape)
    if seen.status == OK:
        return await _taken(subject, seen, told)
    if seen.status == 429:  # noqa: PLR2004  too many requests: taken, and no more
        return findings.passed("litellm_key", *told)
    return findings.broken("litellm_key", await _refused(subject, seen), *told)


async def _taken(subject: Subject, seen: Looked, told: tuple[str, ...]) -> Rung:
    whole = loose.obj(loose.parse(seen.said))
    if not isinstance(whole.get("data"), list):
        found = findings.finding("provider.not_json", "/v1/models is answered with 200 and no list of models")
        return findings.broken("litellm_key", found, *told)
    names = [loose.text(loose.obj(one).get("id")) for one in loose.array(whole["data"])]
    subject.evidence[_ALIASES] = tuple(name for name in names if name)
    if subject.evidence.get(_VERSION_NOTE):
        return findings.passed("litellm_key", *told)
    version = _version(await _look(subject, "/health/readiness/details", key=True, limit_s=_SIDE_LOOK_S))
    if version in KNOWN_BAD:
        what = f"this LiteLLM is {version}, a release that stole credentials, and tells so only to who has a key: change it"
        return findings.broken("litellm_key", findings.finding("litellm.known_bad", what), *told)
    return findings.passed("litellm_key", *told, *((_tested(version),) if version else ()))


async def _refused(subject: Subject, seen: Looked) -> Finding:
    """Name why the list was refused: nothing but the key can be the matter here."""
    status, words = seen.status, seen.said.lower()
    code = causes.classify(Evidence(route_kind="litellm", status=status, headers=dict(seen.headers), body=seen.said)).code
    if status in _NO_SUCH_PATH and code != "provider.not_json":
        return findings.finding("provider.not_found", f"base_url leads to no LiteLLM: it answers /v1/models with {status}")
    if status in _REFUSALS and code in {"unknown", "provider.error"}:
        code = "litellm.key_missing" if _NO_KEY.search(words) else "litellm.key_wrong" if _OTHER_KEY.search(words) else ""
        if not code:
            without = await _look(subject, "/v1/models", key=False)
            is_same = isinstance(without, Looked) and (without.status, without.said) == (status, seen.said)
            code = "litellm.key_missing" if is_same else "litellm.key_wrong"
    return findings.finding(code, _KEY_SAYS.get(code) or f"/v1/models is refused with {status}: {CATALOGUE[code].evidence}")


_KEY_SAYS: Mapping[str, str] = {
    "litellm.key_missing": "LiteLLM sees no key though one is sent: something between strips Authorization",
    "litellm.key_wrong": "LiteLLM does not take the key of this route",
}


def _shape(subject: Subject) -> tuple[str, ...]:
    key = subject.route.key.value if subject.route.key is not None else None
    return ("the key does not begin with sk-",) if key and not key.startswith("sk-") else ()


# ── alias ──


async def look_alias(subject: Subject) -> Rung:
    """Tell whether the alias is served, and what stands behind it."""
    settings, llm, alias = subject.path.settings, subject.settings.llm, subject.route.model
    listed = subject.evidence.get(_ALIASES)
    if listed is not None:
        missing = litellm_entries.unknown(alias, listed, subject.route.name, is_ours=subject.route.is_ours)
        if missing is not None:
            return findings.broken("litellm_alias", missing, f"/v1/models: {len(listed)} aliases")
    seen = await _look(subject, "/v1/model/info", key=True)
    entries = litellm_entries.read(seen.said, alias) if isinstance(seen, Looked) and seen.status == OK else None
    if entries is None:
        why = seen.code if isinstance(seen, _Unreachable) else str(seen.status)
        return findings.passed("litellm_alias", f"{alias} is served", f"/model/info cannot be read ({why})")
    if not entries:
        return findings.passed("litellm_alias", f"{alias} is served", "it has no entry of its own in /model/info")
    if isinstance(settings, LitellmRoute) and settings.serves:
        return _told(alias, litellm_entries.check_ours(entries, alias, llm, settings))
    providers = {entry.provider for entry in entries}
    if len(providers) == 1 and "unknown" not in providers:
        subject.evidence["provider"] = tuple(providers)
    return _told(alias, litellm_entries.check(entries, llm))


def _told(alias: str, found: Seen) -> Rung:
    evidence = (f"{alias} is served", *found.evidence)
    if found.broken:
        return findings.broken("litellm_alias", found.broken[0], *evidence, warnings=tuple(found.warnings))
    return findings.passed("litellm_alias", *evidence, warnings=tuple(found.warnings))


# ── health ──


async def look_health(subject: Subject, limit_s: float = _HEALTH_S) -> Rung:
    """Ask what LiteLLM's own check of this one alias says; it makes a call of a few tokens per deployment of the alias."""
    if subject.route.is_ours:
        return findings.passed("litellm_health", "not asked: our egress carries streams, and the call below is its check")
    path = f"/health?model={quote(subject.route.model, safe='')}"  # without a model every deployment would be called
    seen = await _look(subject, path, key=True, limit_s=limit_s)
    if isinstance(seen, _Unreachable):
        late = f"no answer within {limit_s:g} s" if seen.code == "stream.silent" else f"could not be asked ({seen.code})"
        return findings.passed("litellm_health", late)
    rung, behind = litellm_health.read(seen.said, seen.status, subject.route.model)
    if behind:
        subject.evidence["hidden"] = (behind,)
    return rung
