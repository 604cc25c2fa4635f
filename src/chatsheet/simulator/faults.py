"""The failure catalogue as a whole: which fault is played here by which name, and which is rehearsed elsewhere. Pure.

Names are those of the failure catalogue (L: LiteLLM, A: authentication, N: network, D: deployment, C: capacity, X: content,
S: streams); the rest are plain words and statuses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatsheet.simulator.catalogue import authentication, capacity, deployments, litellm, network, streams
from chatsheet.simulator.fault import Elsewhere, Fault

FAULTS: dict[str, Fault] = {
    **litellm.FAULTS,
    **authentication.FAULTS,
    **network.FAULTS,
    **deployments.FAULTS,
    **capacity.FAULTS,
    **streams.FAULTS,
}
"""What the wire plays."""

ELSEWHERE: dict[str, Elsewhere] = {
    **litellm.ELSEWHERE,
    **authentication.ELSEWHERE,
    **network.ELSEWHERE,
    **deployments.ELSEWHERE,
    **streams.ELSEWHERE,
}
"""What is rehearsed by a network listener, the identity endpoint or a command."""

GIVEN = "given"
"""The name of an answer that the caller wrote."""

NAME_SEPARATOR = "--"
"""A deployment called `gpt-4o--A1` plays fault A1 on every call: for people who rehearse by hand."""


def by_deployment_name(deployment: str) -> tuple[str, str]:
    """Split a deployment name into the deployment and the fault it asks for, if any."""
    name, separator, fault = deployment.rpartition(NAME_SEPARATOR)
    return (name, fault) if separator and fault in FAULTS else (deployment, "")


LAYERS: dict[str, str] = {
    "L": "Client to LiteLLM",
    "A": "Authentication at Azure",
    "N": "Network and private endpoint",
    "D": "Deployment, version, parameters",
    "C": "Capacity",
    "X": "Content",
    "S": "Streams",
    "": "Plain",
}
_NAMED = re.compile(r"([LANDCXS])(\d+)(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue as people read it."""

    name: str
    about: str
    how: str


def layer_of(name: str) -> str:
    """Return the letter of a fault's layer, or an empty text for plain ones."""
    found = _NAMED.fullmatch(name)
    return found.group(1) if found else ""


def is_of_the_network(name: str) -> bool:
    """Tell whether a fault meets every call, whoever makes it and whether it needs a key."""
    fault = FAULTS.get(name)
    return fault is not None and (fault.stream is not None or layer_of(name) == "N" or name == "redirect")


def by_layer() -> Iterator[tuple[str, list[Entry]]]:
    """Yield every layer's title with its entries in order."""
    everything = {**FAULTS, **ELSEWHERE}
    for letter, title in LAYERS.items():
        names = sorted((name for name in everything if layer_of(name) == letter), key=_order)
        yield title, [Entry(name, everything[name].about, how(name)) for name in names]


def _order(name: str) -> tuple[int, str]:
    found = _NAMED.fullmatch(name)
    return (int(found.group(2)) if found else 0, name)


def how(name: str) -> str:
    """Say how a fault is rehearsed."""
    fault = FAULTS.get(name)
    if fault is None:
        other = ELSEWHERE[name]
        return {"listener": "--network: ", "identity": "--network: ", "environment": "for real: "}[other.kind] + other.how
    door = "wire, under /litellm" if name in litellm.FAULTS else "wire"
    return f"{door}; takes {', '.join(fault.takes)}" if fault.takes else door
