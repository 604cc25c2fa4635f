"""What a deployment's prompt cache may be told, by the model that its name says. Pure.

Azure and OpenAI refuse a request with a parameter that its model does not know (400), so a model that is not known here is
told nothing; caching itself needs no parameter. Read from the providers' documentation of August 2026:

| models                         | prompt_cache_key | prompt_cache_breakpoint |
| ------------------------------ | ---------------- | ----------------------- |
| gpt-4o, gpt-4.1, o1, o3, o4, gpt-5 to gpt-5.5 | yes | no, 400          |
| gpt-5.6 and later              | yes              | yes                     |
| others, and other servers      | no               | no                      |

Azure takes the key at its v1 address only: the dated api-versions that we default to do not declare it.
"""

import re
from dataclasses import dataclass

_GPT = re.compile(r"gpt-(?P<major>\d+)(?:\.(?P<minor>\d+))?(?P<omni>o)?(?![\w.])")
_REASONING = re.compile(r"o[134](?![\w.])")
_FIRST_WITH_KEY = (4, 1)
_FIRST_WITH_BREAKPOINTS = (5, 6)
_MEAN_NO_VERSION = 20
"""From here on the number is a date or a size, as in gpt-35-turbo."""


@dataclass(frozen=True, slots=True)
class Caching:
    """What may be sent beside a request for the provider's prompt cache."""

    takes_key: bool = False
    takes_breakpoints: bool = False


UNTOLD = Caching()
"""Of a cache that is told nothing."""


def caching(model: str) -> Caching:
    """Return what the model of this name takes at its provider."""
    name = model.casefold()
    if _REASONING.match(name):
        return Caching(takes_key=True)
    if (found := _GPT.match(name)) is None:
        return UNTOLD
    version = int(found["major"]), int(found["minor"] or 0)
    if version[0] >= _MEAN_NO_VERSION:
        return UNTOLD
    return Caching(
        takes_key=bool(found["omni"]) or version >= _FIRST_WITH_KEY, takes_breakpoints=version >= _FIRST_WITH_BREAKPOINTS
    )


def through_litellm(behind: Caching) -> Caching:
    """Return what is left of it through LiteLLM, which knows the key and rewrites contents."""
    return Caching(takes_key=behind.takes_key)
