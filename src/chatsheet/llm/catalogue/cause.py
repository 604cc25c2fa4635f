"""What a cause is. Pure."""

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
    """Entries of the failure catalogue, such as A1; those that look the same share a cause, and one entry may have several."""
    evidence: str


def cause(
    code: str,
    layer: Layer,
    owner: Owner,
    *,
    fix: str,
    evidence: str,
    entries: str = "",
    permanent: bool = False,
    helps: bool = True,
    counts: bool = True,
) -> Cause:
    """Return a cause; unless said otherwise it passes, another route helps, and it counts against its route."""
    return Cause(code, layer, owner, permanent, helps, counts, fix, tuple(entries.split()), evidence)
