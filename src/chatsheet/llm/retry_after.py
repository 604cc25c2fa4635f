"""How long a provider asks us to wait, from whichever header or words say it. Pure.

Azure sends `retry-after-ms` and `x-ms-retry-after-ms` beside `retry-after` (RFC 9110 10.2.3: seconds or an HTTP date);
LiteLLM 1.106.2 passes them on as `llm_provider-…`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MOST_S = 7 * 86_400.0
_WORDS = re.compile(
    r"(?:retry|try again)\s+(?:after|in)\s+(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s\b|seconds?|m\b|minutes?)", re.IGNORECASE
)
_UNITS = {"m": 60.0, "s": 1.0}


def read(headers: Mapping[str, str], body: str, now: datetime) -> float | None:
    """Return the seconds to wait, 0 to a week, or None where nothing says so; the finest unit wins."""
    lower = {name.lower().removeprefix("llm_provider-"): value for name, value in headers.items()}
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := _number(lower.get(name, ""))) is not None:
            return _bounded(milliseconds / 1000)
    given = lower.get("retry-after", "")
    if (seconds := _number(given)) is not None:
        return _bounded(seconds)
    if given and (moment := _date(given)) is not None:
        return _bounded((moment - now).total_seconds())
    if (words := _WORDS.search(body)) is not None:
        unit = words[2].lower()
        scale = 0.001 if unit.startswith("mil") or unit == "ms" else _UNITS[unit[0]]
        return _bounded(float(words[1]) * scale)
    return None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _MOST_S)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,12}(\.\d{1,6})?\s*", text) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
