"""Parameters that a deployment refuses: learnt from its own words once, and remembered. Pure.

Reasoning models want `max_completion_tokens` and the default temperature, older deployments know `max_tokens` only; a
deployment can change from one to the other when Azure upgrades its model (entries D6 and D7 of the failure catalogue).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from chatsheet.core.loose import JsonObject

_REFUSED = re.compile(
    r"unsupported.parameter|unrecognized request argument|unsupported.value|is not supported with this model|does not support",
    re.IGNORECASE,
)
_TWINS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_OPTIONAL = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "prompt_cache_key")
"""What may be left out without changing what is asked."""


@dataclass(slots=True)
class Adaptations:
    """What each deployment of this process refused so far, by the route's fingerprint."""

    _known: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def apply(self, fingerprint: str, body: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
        """Return the body as the deployment takes it, and the names of the parameters that were changed for it."""
        changed = tuple(name for name in self._known.get(fingerprint, ()) if name in body)
        if not changed:
            return body, ()
        adapted = {name: value for name, value in body.items() if name not in changed}
        for name in changed:
            if (twin := _TWINS.get(name)) is not None:
                adapted.setdefault(twin, body[name])
        return adapted, changed

    def keep(self, fingerprints: Iterable[str]) -> None:
        """Forget all other deployments."""
        for fingerprint in self._known.keys() - set(fingerprints):
            del self._known[fingerprint]

    def learn(self, fingerprint: str, status: int, said: str, body: JsonObject) -> bool:
        """Remember what a refusal says about a parameter that was sent; tell whether sending again can help."""
        name = refused(status, said, body)
        if name is None:
            return False
        # the twin of what is refused now cannot be refused too: the deployment has changed
        kept = [known for known in self._known.get(fingerprint, ()) if known not in (name, _TWINS.get(name))]
        self._known[fingerprint] = (*kept, name)
        return True


def refused(status: int, said: str, body: JsonObject) -> str | None:
    """Return which parameter of `body` a refusal names, if it is one that can be renamed or left out."""
    if status != 400 or _REFUSED.search(said) is None:  # noqa: PLR2004  bad request
        return None
    # the first one named is the one refused; a message goes on to name what to use instead
    named = [(m.start(), name) for name in (*_TWINS, *_OPTIONAL) if name in body and (m := re.search(rf"\b{name}\b", said))]
    return min(named)[1] if named else None
