"""Values of DuckDB as JSON keeps them in a history: dates ISO, what JSON cannot say as text, long texts cut. Pure."""

from datetime import date, time

from pydantic import JsonValue

_LONGEST = 1_000
_LARGEST_EXACT = 2**53


def scalar(value: object) -> JsonValue:
    """Return a cell's value as JSON."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        return str(value)  # a JSON number would lose digits in a browser
    if value is None or isinstance(value, bool | int | float):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)
