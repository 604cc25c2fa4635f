"""Text from a workbook inside a prompt: quoted, short, on one line, unable to close the block it stands in. Pure."""

import re
import unicodedata

from chatsheet.core import loose

_LONGEST = 24
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def quoted(text: str, longest: int = _LONGEST) -> str:
    """Return a text in quotes, cut at `longest` characters, as a JSON string that holds no sign of our own markup."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(map(_seen, loose.dumps(short)))


def name(text: str) -> str:
    """Return an SQL name as it stands in a query, quoted only where it must be."""
    return text if _IDENTIFIER.fullmatch(text) else '"' + "".join(map(_seen, text.replace('"', '""'))) + '"'


def sql(text: str, longest: int) -> str:
    """Return SQL on one line; `<` stays where it compares."""
    line = " ".join(text.split())
    short = line if len(line) <= longest else line[: longest - 1] + "…"
    return "".join(one if one in "<>" else _seen(one) for one in re.sub(r"<(?=[/!?A-Za-z])", "< ", short))


def _seen(sign: str) -> str:
    """Return a sign, or its number where nobody would see it, or where it could begin markup or a line."""
    code = ord(sign)
    is_selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF  # noqa: PLR2004  they can carry hidden text
    if sign not in "<>" and not is_selector and (sign.isascii() or unicodedata.category(sign) not in _UNSEEN):
        return sign if code >= 0x20 and code != 0x7F else f"\\u{code:04x}"  # noqa: PLR2004  control signs
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  the basic plane
