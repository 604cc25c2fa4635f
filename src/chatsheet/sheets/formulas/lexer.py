"""The words of an Excel formula. Pure; linear in its length, and it never refuses: what it does not know is `other`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal["text", "error", "table", "area", "call", "number", "name", "operator", "space", "other"]

LONGEST = 8_192
"""Characters that Excel allows in a formula."""

_SHEET = r"(?:'(?:[^']|'')+'|\[\d+\][\w.]*(?::[\w.]+)?|[^\W\d][\w.]*(?::[^\W\d][\w.]*)?)!"
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}"
_COLUMN = r"\$?[A-Za-z]{1,3}"
_END = r"(?![\w.(\[!])"
_TOKEN = re.compile(
    rf"""
    (?P<text>"(?:[^"]|"")*")
  | (?P<error>\#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|BUSY!|FIELD!|BLOCKED!|CONNECT!|GETTING_DATA))
  | (?P<table>(?:[^\W\d][\w.]*\[|\[@)(?:[^\[\]]|\[[^\[\]]*\])*\])
  | (?P<area>(?:{_SHEET})?(?:{_CELL}:{_CELL}|{_COLUMN}:{_COLUMN}|\$?\d{{1,7}}:\$?\d{{1,7}}|{_CELL}){_END})
  | (?P<call>[^\W\d][\w.]*(?=\s*\())
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>(?:{_SHEET})?(?:[^\W\d]|\\)[\w.?\\]*)
  | (?P<operator><=|>=|<>|[-+*/^&=<>%,;:(){{}}@\#])
  | (?P<space>\s+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a formula and where it starts."""

    kind: Kind
    text: str
    start: int


def tokens(formula: str) -> Iterator[Token]:
    """Yield the words of a formula (without its leading `=`); their texts joined are the formula."""
    for found in _TOKEN.finditer(formula):
        yield Token(cast("Kind", found.lastgroup), found.group(), found.start())  # the groups are named after the kinds
