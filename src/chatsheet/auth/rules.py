"""Row and column rules as they are stored. Pure."""

from pydantic import JsonValue, TypeAdapter

from chatsheet.core.identity import Rules

_RULES: TypeAdapter[Rules] = TypeAdapter(Rules)


def parse(body: JsonValue) -> Rules:
    """Return stored rules."""
    return _RULES.validate_python(body)


def form(rules: Rules) -> JsonValue:
    """Return rules as they are stored."""
    return _RULES.dump_python(rules, mode="json")
