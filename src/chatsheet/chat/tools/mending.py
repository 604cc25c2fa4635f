"""Slips in a model's SQL that have one right reading and change no meaning: put right, and said. Pure.

Slips of writing are mended before the query runs, those of names, dates and groups only in one that failed. What has more than
one reading is left for an error with a hint (hints.py).
"""

import html
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlglot
from sqlglot.errors import SqlglotError

from chatsheet.chat.tools import dating, grouping, linking
from chatsheet.sheets.model import Workbook

_FENCE = re.compile(r"\A\s*```(?:(?:sql|duckdb)\b|[a-z]*\s*\n)?(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
_PARTS = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/)", re.DOTALL)
"""Texts, quoted names and comments: nothing in them is touched."""
_TOP = re.compile(
    r"\A(\s*SELECT\s+(?:DISTINCT\s+)?)TOP\s*(?:\(\s*(\d+)\s*\)|(\d+)(?=\s))(?!\s*(?:PERCENT|WITH)\b)", re.IGNORECASE
)
_NOT_WITH_TOP = re.compile(r"\b(?:TOP|LIMIT|UNION|EXCEPT|INTERSECT|FETCH)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"(?<![\w\])\"])\[([^\[\]\"]+)\]")
_TYPOGRAPHIC = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class Mended:
    """SQL after mending, and what was done, a sentence each."""

    sql: str
    notes: tuple[str, ...] = ()


def mend(sql: str, names: Collection[str]) -> Mended:
    """Return the SQL with its slips put right; `names` are the tables and columns that brackets may mean."""
    known = {name.casefold() for name in names}
    steps: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("took the code fence away", _unfence),
        ("read typographic quotes as plain ones", _plain_quotes),
        ("read &lt; and the like as signs", lambda text: _outside(text, html.unescape)),
        ("read \\n as a line's end", lambda text: _outside(text, lambda part: re.sub(r"\\[nrt]", " ", part))),
        ('read `name` as "name"', lambda text: _outside(text, lambda part: re.sub(r"`([^`\"]+)`", r'"\1"', part))),
        ('read [name] as "name"', lambda text: _outside(text, lambda part: _unbracket(part, known))),
        ("took the last semicolon away", _without_semicolon),
        ("wrote TOP n as LIMIT n", _limit),
    )  # fmt: skip
    notes: list[str] = []
    for note, step in steps:
        mended = step(sql)
        if mended.strip() != sql.strip():
            notes.append(note)
        sql = mended
    return Mended(sql, tuple(note for note in notes if "semicolon" not in note))  # that one is no news


def repair(sql: str, workbook: Workbook) -> Mended | None:
    """Return SQL that failed with its columns, dates and groups put right, or None where nothing is to be done."""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
        notes = [*linking.link(tree, workbook), *dating.date(tree, workbook.tables), *grouping.group(tree)]
        return Mended(tree.sql(dialect="duckdb"), tuple(notes)) if notes else None
    except (SqlglotError, RecursionError, TypeError, AttributeError, IndexError, KeyError, ValueError):
        return None  # what the parser trips over


def _outside(sql: str, change: Callable[[str], str]) -> str:
    """Change what stands outside of texts, quoted names and comments."""
    return "".join(part if place % 2 else change(part) for place, part in enumerate(_PARTS.split(sql)))


def _unfence(sql: str) -> str:
    found = _FENCE.match(sql)
    return found[1] if found else sql


def _plain_quotes(sql: str) -> str:
    return _outside(sql, lambda part: _INVISIBLE.sub("", part.translate(_TYPOGRAPHIC)))


def _unbracket(part: str, known: Collection[str]) -> str:
    return _BRACKETED.sub(lambda found: f'"{found[1]}"' if found[1].strip().casefold() in known else found[0], part)


def _without_semicolon(sql: str) -> str:
    return re.sub(r"[\s;]+\Z", "", sql)


def _limit(sql: str) -> str:
    found = _TOP.match(sql)
    if found is None:
        return sql
    rest = sql[found.end() :]
    if _NOT_WITH_TOP.search("".join(_PARTS.split(rest)[::2])):
        return sql
    return f"{found[1]}{rest.lstrip()}\nLIMIT {found[2] or found[3]}"  # on a line of its own: a comment may end the last
