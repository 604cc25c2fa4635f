"""Reading JSON of unknown shape: each function returns what it promises or the empty value of its kind."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None
"""Parsed JSON."""
JsonObject = dict[str, JsonValue]
"""A parsed JSON object."""


def parse(text: str | bytes) -> JsonValue:
    """Return parsed JSON, or None for what is not JSON."""
    try:
        return cast("JsonValue", json.loads(text))  # json.loads returns nothing else
    except (ValueError, RecursionError):
        return None


def obj(value: object) -> Mapping[str, object]:
    """Return a JSON object, or an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def array(value: object) -> Sequence[object]:
    """Return a JSON array, or an empty one."""
    return cast("Sequence[object]", value) if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a JSON string, or an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """Return a JSON integer, or zero."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def dumps(value: object) -> str:
    """Return compact JSON with the keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
