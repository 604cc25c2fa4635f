"""Why a call failed, as a stable name: `classify` reads what was seen and returns a cause of the catalogue. Pure.

Structured fields (codes, headers) are asked before texts. What fits nothing is `unknown`, and the caller keeps the
evidence; only what HTTP itself means is named without words: 429, 5xx, redirects, and pages where JSON was due.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsheet.llm import chains, phrases, wording
from chatsheet.llm.catalogue import access, findings, litellm, model, network, ours
from chatsheet.llm.catalogue.cause import Cause, Layer, Owner
from chatsheet.llm.wording import Said, filter_category

__all__ = ["CATALOGUE", "Cause", "Evidence", "Layer", "Owner", "classify", "filter_category"]

_PARTS = (ours, network, litellm, access, model, findings)
CATALOGUE: dict[str, Cause] = {cause.code: cause for part in _PARTS for cause in part.CAUSES}


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

_CONNECTING: frozenset[Layer] = frozenset({"dns", "network", "tls", "proxy"})
_COOLED: frozenset[Layer] = frozenset({"identity", "litellm", "auth", "permission", "deployment", "capacity", "stream"})
_MASKS = {
    # the first failure put the deployment into cooldown; a request's own fault never does
    "litellm.cooldown": _CONNECTING | _COOLED,
    # "Connection error." stands for any of these; another layer's failure was something else
    "litellm.upstream_unreachable": _CONNECTING,
}


def _unmasked(code: str, remembered: str) -> str:
    first = CATALOGUE.get(remembered)
    is_better = first is not None and first.code not in _MASKS and first.layer in _MASKS.get(code, ())
    return remembered if is_better else code


def _from_exceptions(evidence: Evidence) -> str:
    code = chains.code_of(evidence.exceptions) or "unknown"
    is_proxy_gone = evidence.route_kind == "litellm" and code in {"net.refused", "net.reset"}
    return "litellm.down" if is_proxy_gone else code


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
    """Read codes, then what only headers say, then texts, then what is left of the status; empty for nothing known."""
    is_azures, is_retold, statuses = kind in {"azure", "litellm"}, kind == "litellm", {status, said.status}
    is_refusal = status in phrases.BAD_REQUEST and not is_retold and wording.is_openai_refusal(body)
    return (
        _from_codes(said, is_azures=is_azures, is_retold=is_retold)
        or ("azure.firewall" if is_azures and "trafficdenied" in said.headers.get("policy-id", "").lower() else "")
        or _first(_rules(is_azures=is_azures, is_retold=is_retold), said.text, statuses)
        or (_from_azures_hints(said, statuses) if is_azures else "")
        or ("request.invalid" if is_refusal else "")
        or _first(phrases.HTTP, said.text, statuses)
        or ("provider.not_json" if said.is_labelled_page else "")
    )


def _from_codes(said: Said, *, is_azures: bool, is_retold: bool) -> str:
    """Return what a code means, in its own field or in the middle of other words."""
    known = {
        **phrases.CODES,
        **(phrases.AZURE_CODES if is_azures else {}),
        **(phrases.LITELLM_CODES if is_retold else {}),
    }
    named = (known[code] for code in sorted(said.codes) if code in known)
    mentioned = (cause for code, cause in known.items() if re.search(rf"\b{code}\b", said.text))
    return next(named, "") or next(mentioned, "")


def _rules(*, is_azures: bool, is_retold: bool) -> phrases.Rules:
    litellms = phrases.LITELLM if is_retold else ()
    return (*litellms, *phrases.CONTENT, *(phrases.AZURE if is_azures else phrases.ANY_PROVIDER))


def _first(rules: phrases.Rules, text: str, statuses: set[int]) -> str:
    fitting = (code for wanted, pattern, code in rules if (not wanted or wanted & statuses) and re.search(pattern, text))
    return next(fitting, "")


def _from_azures_hints(said: Said, statuses: set[int]) -> str:
    """Return what challenges, codes of many meanings and Azure's rate-limit headers say where no words did."""
    challenge = said.headers.get("www-authenticate", "").lower()
    if statuses & phrases.DENIED and "subscription-key" in challenge:
        return "azure.subscription_key_missing"
    if 401 in statuses and "invalid_token" in challenge:  # noqa: PLR2004  RFC 6750 3.1
        return "azure.token_rejected"
    if found := next((phrases.WEAK_CODES[code] for code in sorted(said.codes) if code in phrases.WEAK_CODES), ""):
        return found
    is_limited = 429 in statuses and (said.status == 429 or any(name.startswith(_AZURES_HEADERS) for name in said.headers))  # noqa: PLR2004  too many requests
    return "azure.rate_limited" if is_limited else ""


_AZURES_HEADERS = ("retry-after", "x-ms-", "apim-", "x-ratelimit-")
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
