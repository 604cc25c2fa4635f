"""How long a provider asks us to wait, from whichever header or words say it. Pure.

Azure sends `retry-after-ms` and `x-ms-retry-after-ms` beside `retry-after` (RFC 9110 10.2.3: seconds or an HTTP date);
LiteLLM 1.106.2 passes them on as `llm_provider-…`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MOST_S = 7 * 86_400.0
_TIME = r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|seconds?|s|minutes?|m|hours?|h)(?![a-z])"
_TIMES = re.compile(_TIME, re.IGNORECASE)
_WORDS = re.compile(rf"(?:retry|try again)\s+(?:after|in)\s+((?:{_TIME}\s*)+)", re.IGNORECASE)


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
        return _bounded(sum(float(number) * _scale(unit.lower()) for number, unit in _TIMES.findall(words[1])))
    return None


def _scale(unit: str) -> float:
    if unit.startswith("mil") or unit == "ms":
        return 0.001
    return {"h": 3600.0, "m": 60.0, "s": 1.0}[unit[0]]


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _MOST_S)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,12}(\.\d{1,6})?\s*", text) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
