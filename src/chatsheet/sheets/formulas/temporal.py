"""Serial numbers of spreadsheets as dates and times, and back. Pure."""

import re
from datetime import datetime, timedelta

from chatsheet.sheets.formulas.model import Temporal

_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  cells have no time zone
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
_DAY_S = 86_400


def shown(number: float, shows: Temporal, *, starts_1904: bool) -> str | float:
    """Return a serial number as the ISO text that its cell's format asks for; a number without a day stays one."""
    if not shows or not 0 <= number < 2_958_466:  # noqa: PLR2004  the day after 9999-12-31
        return number
    if not starts_1904 and 0 < number < 61:  # noqa: PLR2004  Excel counts a 29 February 1900, so its days before are one less
        number += 1
    moment = (_EPOCH_1904 if starts_1904 else _EPOCH) + timedelta(seconds=round(number * _DAY_S, 3))
    if shows == "time":
        return moment.time().isoformat() if number < 1 else number
    return moment.date().isoformat() if shows == "date" and number == int(number) else moment.isoformat()


def serial(text: str, *, starts_1904: bool) -> float | None:
    """Return the serial number of an ISO date or moment, None for any other text."""
    if _ISO.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    start = _EPOCH_1904 if starts_1904 else _EPOCH
    days = (moment.replace(tzinfo=None) - start) / timedelta(days=1)
    return days if days >= 0 else None
