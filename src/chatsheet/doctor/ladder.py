"""The order of the rungs on a path, who looks at each, and to which rung a failed call belongs. Pure but for the probes."""

from collections.abc import Awaitable, Callable

from chatsheet.doctor.model import ORDER, Rung, RungName
from chatsheet.doctor.paths import Path
from chatsheet.doctor.subject import Subject
from chatsheet.llm.causes import Cause, Layer

Probe = Callable[[Subject], Awaitable[Rung]]
"""Looks at one layer; never raises for what a network or a provider does, and leaves notes for later rungs in the subject."""

_LITELLMS: frozenset[RungName] = frozenset({"litellm_up", "litellm_key", "litellm_alias", "litellm_health", "upstream"})

_OF_LAYER: dict[Layer, RungName] = {
    "settings": "settings",
    "dns": "dns",
    "network": "tcp",
    "tls": "tls",
    "proxy": "proxy",
    "litellm": "litellm_alias",
    "identity": "auth",
    "auth": "auth",
    "permission": "permission",
    "deployment": "deployment",
    "parameters": "parameters",
    "capacity": "chat",
    "content": "chat",
    "gateway": "chat",
    "stream": "stream",
}
_OF_CAUSE: dict[str, RungName] = {
    "azure.api_version": "api_version",
    "azure.model_retired": "model",
    "azure.model_retiring": "model",
    "azure.model_changed": "model",
    "provider.not_json": "server",
    "net.redirected": "server",
    "litellm.down": "litellm_up",
    "litellm.key_missing": "litellm_key",
    "litellm.key_wrong": "litellm_key",
    "litellm.untrusted_for_private": "litellm_up",
    "litellm.cooldown": "litellm_health",
    "litellm.upstream_unreachable": "upstream",
    "litellm.credentials_missing": "litellm_alias",
    "litellm.no_record": "stream",
    "stream.silent": "chat",
}


def reached(path: Path) -> tuple[RungName, ...]:
    """Return the rungs below a call, in order."""
    return tuple(name for name in rungs(path) if name not in called(path))


def called(path: Path) -> tuple[RungName, ...]:
    """Return the rungs that a call decides, in order."""
    every = rungs(path)
    return every[every.index("upstream" if path.way == "litellm" else "auth") :]


def rungs(path: Path) -> tuple[RungName, ...]:
    """Return all rungs of a path, in order."""
    return ORDER if path.way == "litellm" else tuple(name for name in ORDER if name not in _LITELLMS)


def place(cause: Cause, path: Path) -> RungName:
    """Return the rung that a failed call breaks: what was reached a moment ago breaks further up."""
    rung = _OF_CAUSE.get(cause.code) or _OF_LAYER[cause.layer]
    if rung in called(path):
        return rung
    # LiteLLM itself was reached, so what cannot be lies behind it
    return "upstream" if path.way == "litellm" else "chat"
