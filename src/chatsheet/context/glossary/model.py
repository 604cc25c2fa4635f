"""The values of a glossary, and the block of a prompt that holds them. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Literal

import sqlglot
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.context import budget
from chatsheet.context.quoting import quoted, sql

MOST = 500
"""Entries of one sheet."""
_LONGEST_SQL = 4_000
_LONGEST_MEANING = 1_000
_LITERALS = (exp.Literal, exp.RawString, exp.ByteString, exp.HexString, exp.BitString, exp.UnicodeString, exp.National)


def _text(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(_Value):
    """A word of the people who use the sheet, and what it means there."""

    kind: Literal["term"] = "term"
    term: Annotated[str, _text(100)]
    meaning: Annotated[str, _text(_LONGEST_MEANING)]


class Pinned(_Value):
    """A question and the SQL that a person knows to answer it."""

    kind: Literal["pinned"] = "pinned"
    question: Annotated[str, _text(500)]
    sql: Annotated[str, _text(_LONGEST_SQL)]


Entry = Annotated[Term | Pinned, Field(discriminator="kind")]
"""One line of a glossary."""
ENTRY: TypeAdapter[Term | Pinned] = TypeAdapter(Entry)
"""Reads and writes entries."""


class Kept(_Value):
    """An entry of a sheet's glossary under its id."""

    id: str
    entry: Entry


def key(entry: Entry) -> str:
    """Return what an entry is about, by which two say the same thing."""
    return f"{entry.kind}:{' '.join((entry.term if isinstance(entry, Term) else entry.question).casefold().split())}"


def names(entry: Entry, words: Collection[str]) -> bool:
    """Tell whether one of these casefolded words stands in an entry."""
    texts = (entry.term, entry.meaning) if isinstance(entry, Term) else (entry.question, entry.sql)
    said = " ".join(" ".join(texts).casefold().replace("_", " ").split())
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in _spaced(words))


def states_values(entry: Entry) -> bool:
    """Tell whether an entry's SQL has literals, which may be values of rows."""
    return isinstance(entry, Pinned) and _has_literals(entry.sql)


@lru_cache(maxsize=1_024)
def _has_literals(sql: str) -> bool:
    try:
        return sqlglot.parse_one(sql, read="duckdb").find(*_LITERALS) is not None
    except (SqlglotError, RecursionError):
        return True


def _spaced(words: Collection[str]) -> Iterator[str]:
    return (" ".join(word.replace("_", " ").split()) for word in words)


def told(entries: Sequence[Entry], tokens: int) -> str:
    """Return the lines of a prompt about these entries, sorted, as many as fit; says how many are left out."""
    lines = [_line(entry) for entry in sorted(entries, key=_order)]
    kept = budget.lines(lines, tokens - 10)
    return "\n".join([*kept, *_more(len(lines) - len(kept))])


def _order(entry: Entry) -> tuple[bool, str]:
    return isinstance(entry, Pinned), key(entry)


def _more(number: int) -> Iterator[str]:
    if number:
        yield f"… and {number} more"


def _line(entry: Entry) -> str:
    if isinstance(entry, Term):
        return f"- {quoted(entry.term, 100)} means {quoted(entry.meaning, _LONGEST_MEANING)}"
    return f"- {quoted(entry.question, 500)} is answered by: {sql(entry.sql, _LONGEST_SQL)}"
