"""What may stand in an attribute: codes, known words and short names; whatever else comes in is replaced. Pure."""

import re
from typing import Final

OTHER: Final = "_OTHER"
"""The conventions' word for a value that is not in a known set."""
ANSWERED: Final = "answered"

_NAME_LENGTH = 64
_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}(\.[a-z0-9_]{1,40}){0,2}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._:/-]")
_FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "function_call", "content_filter"})
_PROVIDERS = {"azure": "azure.ai.openai", "openai": "openai", "compatible": "openai", "litellm": "litellm"}


def code(text: str) -> str:
    """Return a cause or proof as it is, and anything that does not look like one as `_OTHER`."""
    return text if _CODE.fullmatch(text) else OTHER


def name(text: str) -> str:
    """Return a model's name or a request's id, cut to 64 of the characters that such names have."""
    return _NOT_IN_A_NAME.sub("", text[:_NAME_LENGTH])


def finish_reason(text: str) -> str:
    """Return one of the finish reasons of the wire format, or `_OTHER`."""
    return text if text in _FINISH_REASONS else OTHER


def provider(kind: str) -> str:
    """Return the conventions' name of who answers on a route of this kind."""
    return _PROVIDERS.get(kind, OTHER)
