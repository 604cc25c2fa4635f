"""What LiteLLM's health check of one alias says: causes and counts, never its texts, which hold stack traces. Pure."""

import re
from collections.abc import Mapping

from chatsheet.core import loose
from chatsheet.doctor import findings
from chatsheet.doctor.model import Rung
from chatsheet.llm import causes, chains
from chatsheet.llm.causes import CATALOGUE, Evidence, Layer

_TRACE = "stack trace:"
_CONNECTING: frozenset[Layer] = frozenset({"dns", "network", "tls", "proxy"})
_OWN: frozenset[Layer] = frozenset({"parameters", "capacity", "content", "stream", "gateway"})
"""Layers on which the check may fail where a call of ours would not: it sends max_tokens, and comes on top."""
_MASKS = frozenset({"litellm.upstream_unreachable", "litellm.cooldown"})
_CUT_SHORT = (
    (re.compile(r"ConnectionRefused"), "net.refused"),
    (re.compile(r"\b_?resolve_host\b|getaddrinfo"), "net.dns_failed"),
)
"""LiteLLM cuts the stack trace off, often in the middle of the exception's name."""


def read(said: str, status: int, alias: str) -> tuple[Rung, str]:
    """Return the rung, and the cause that a mask on the following call would hide; empty for none.

    What a call meets as well is a warning, and left to the call, which places it; what LiteLLM itself lacks is certain here.
    """
    report = loose.obj(loose.parse(said))
    well, ill = loose.array(report.get("healthy_endpoints")), loose.array(report.get("unhealthy_endpoints"))
    if "healthy_endpoints" not in report:
        return findings.passed("litellm_health", f"tells nothing ({status})"), ""
    counted = f"{len(well)} of {len(well) + len(ill)} deployments are healthy"
    if not ill:
        return findings.passed("litellm_health", counted), ""
    one = loose.obj(ill[0])
    code, behind = _cause(one)
    cause, met = CATALOGUE[code], loose.number(one.get("exception_status"))
    evidence = tuple(line for line in (counted, f"status {met}" if met else "", f"the check failed with {code}") if line)
    if cause.layer in _OWN:
        return findings.passed("litellm_health", *evidence), ""
    if _sends_a_name(one):
        what = f"the api_key of alias {alias} in LiteLLM's config is ${{…}}: it is sent as it is written"
        found, is_certain = findings.finding("settings.variable_not_expanded", what, hides=code), True
    else:
        what = f"LiteLLM's own check of alias {alias} fails: {cause.evidence}"
        found, is_certain = findings.finding(code, what, hides=behind), cause.layer == "litellm" and cause.permanent
    hidden = behind or (code if code not in _MASKS else "")
    if is_certain and not well:
        return findings.broken("litellm_health", found, *evidence), hidden
    return findings.passed("litellm_health", *evidence, warnings=(found,)), "" if well else hidden


def _cause(one: Mapping[str, object]) -> tuple[str, str]:
    """Return the cause that a failed check shows, and the one behind it where the stack trace tells."""
    said, _, trace = loose.text(one.get("error")).partition(_TRACE)
    status = loose.number(one.get("exception_status")) or 500
    code = causes.classify(Evidence(route_kind="litellm", status=status, body=said)).code
    if code not in _MASKS:
        return code, ""
    behind = chains.code_of((trace,))
    if behind in CATALOGUE and CATALOGUE[behind].layer in _CONNECTING:
        return code, behind
    return code, next((known for pattern, known in _CUT_SHORT if pattern.search(trace)), "")


def _sends_a_name(one: Mapping[str, object]) -> bool:
    """Tell whether the key that LiteLLM sends, whose ends it shows, begins as a variable that nobody expanded."""
    sent = loose.obj(loose.obj(one.get("raw_request_typed_dict")).get("raw_request_headers"))
    shown = (loose.text(sent.get(name)).removeprefix("Bearer ") for name in ("api_key", "api-key", "Authorization"))
    return any(text.startswith("${") for text in shown)
