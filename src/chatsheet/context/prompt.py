"""The stable part of a model call, rules then workbook then glossary, and the volatile tail of a question. Pure.

The system message is the same to the byte until version, glossary, tools or budget change, so that providers can cache it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files

from chatsheet.context import budget, cards
from chatsheet.context.budget import Shares
from chatsheet.context.glossary import model as glossaries
from chatsheet.context.glossary.model import Entry, Term
from chatsheet.context.quoting import name
from chatsheet.context.search import Index, words
from chatsheet.core import locales
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import Workbook

_SMALL = 4_000
"""Prompts shorter than this have the short rules."""
_MOST_COLUMNS = 40
_MOST_ROWS = 20
_STEM = 5
"""Letters that words of one stem share."""
_FILLING = frozenset({"a", "an", "and", "in", "of", "per", "the", "to"})
_VERSION = re.compile(r"<!-- version: (\w+) -->\n")
_REASON = re.compile(r" ?<!--.*?-->", re.DOTALL)
_FURTHER = {
    "search_columns": "search_columns finds the rest.",
    "describe": "Before the first query of a table describe it.",
}
"""What a wide workbook says of tools, where they are offered."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A versioned system prompt; the failures that its rules prevent stand in its file and are not sent."""

    version: str
    text: str


def rules(file: str) -> Rules:
    """Read one of the prompts of this package."""
    written = files("chatsheet.context").joinpath(f"prompts/{file}.md").read_text(encoding="utf-8")
    found = _VERSION.match(written)
    if found is None:
        raise AssertionError(f"{file}.md begins with its version")
    return Rules(f"{file}-{found[1]}", _REASON.sub("", written[found.end() :]).strip())


_FULL, _SHORT = rules("system"), rules("system-small")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a prompt is about, and how long it may be."""

    workbook: Workbook
    version: str
    seen_under: str = ""
    """The key of the row and column rules under which the workbook is what it is here."""
    budget_tokens: int | None = None
    """Of the whole prompt with its tools, where a route in use reads slowly."""
    file: str = ""
    tools: str = ""
    """The tools' schemas as JSON: they are counted too."""
    glossary: tuple[Entry, ...] = ()

    @cached_property
    def rules(self) -> Rules:
        """The rules that fit the budget."""
        return _FULL if self.budget_tokens is None or self.budget_tokens >= _SMALL else _SHORT

    @property
    def is_short(self) -> bool:
        """Whether the prompt is one for a small model."""
        return self.rules is _SHORT

    @cached_property
    def shares(self) -> Shares:
        """What each part may have."""
        return budget.shares(self.budget_tokens, budget.count(self.rules.text) + budget.count(self.tools) + _WRAPPING)

    @cached_property
    def told_glossary(self) -> str:
        """The glossary's lines; short rules have them beside the questions that use their words."""
        return glossaries.told(self.glossary, self.shares.glossary) if self.glossary and not self.is_short else ""

    @cached_property
    def card_tokens(self) -> int:
        """What the workbook may have; in a limited prompt the glossary takes its part of it."""
        taken = 0 if self.budget_tokens is None else budget.count(self.told_glossary)
        return self.shares.card - taken

    @cached_property
    def is_wide(self) -> bool:
        """Whether the stable part tells the tables only."""
        return cards.is_wide(self.workbook, self.card_tokens, self.file)

    @cached_property
    def index(self) -> Index:
        """The words of the columns, where they are searched."""
        return Index(self.workbook)

    @cached_property
    def stable(self) -> str:
        """The text of the system message."""
        parts = [self.rules.text, "", "<workbook untrusted>", _workbook(self), "</workbook>"]
        if self.told_glossary:
            parts += ["", "<glossary untrusted>", self.told_glossary, "</glossary>"]
        return "\n".join(parts)

    @cached_property
    def conversation_tokens(self) -> int:
        """What the turns may have: their share, and what the stable part left of its own."""
        if self.budget_tokens is None:
            return self.shares.conversation
        left = self.budget_tokens - budget.count(self.stable) - budget.count(self.tools) - _WRAPPING
        return max(self.shares.conversation, min(left, budget.CONVERSATION_TOKENS))

    @property
    def cache_key(self) -> str:
        """What names the stable part to a provider's cache."""
        return f"{self.rules.version}:{self.version[:16]}{self.seen_under[:8]}"


_WRAPPING = 50
"""Tokens of the blocks' own marks."""


def system(scope: Scope) -> JsonObject:
    """Return the system message; byte-identical for the same scope."""
    return {"role": "system", "content": scope.stable}


def _workbook(scope: Scope) -> str:
    if not scope.is_wide:
        return cards.card(scope.workbook, scope.card_tokens, scope.file, is_short=scope.is_short)
    how = "\nColumns that fit a question stand before it."
    for tool, use in _FURTHER.items():
        how += f" {use}" if f'"{tool}"' in scope.tools else ""
    return cards.outline(scope.workbook, scope.card_tokens - budget.count(how), scope.file) + how


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a question is asked in: the person's day, locale and what they marked in the grid."""

    day: date | None = None
    locale: str = "en"
    table: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[int] = ()


def tail(question: str, around: Circumstances, scope: Scope) -> list[str]:
    """Return what stands before a question: circumstances, and in a wide workbook the columns that fit it."""
    said: list[str] = []
    has_day = around.day is not None and not scope.is_short  # a small model takes the day for the one it is asked about
    if around.day is not None and has_day:
        said.append(f"today is {around.day.isoformat()}")
    if has_day or around.locale != "en":
        said.append(f"locale {around.locale if locales.is_locale(around.locale) else 'unknown'}")
    if around.table:
        said.append(f"selected in the grid: {_selection(around)}")
    told = [f"({'; '.join(said)})"] if said else []
    if scope.is_wide and (columns := _ranked(question, scope)):
        told += ["<columns untrusted>", columns, "</columns>"]
    if scope.is_short and (meant := _meant(question, scope.glossary)):  # it would use every term that it is told
        told += ["<glossary untrusted>", glossaries.told(meant, scope.shares.ranked), "</glossary>"]
    return told


def _meant(question: str, glossary: Sequence[Entry]) -> list[Entry]:
    """Return the entries of which a question uses half of the words, or more; of a list of terms one is enough."""
    asked = set(words(question))
    return [one for one in glossary if any(_is_used(term, asked) for term in _terms(one))]


def _terms(entry: Entry) -> list[str]:
    return entry.term.split(",") if isinstance(entry, Term) else [entry.question]


def _is_used(term: str, asked: Collection[str]) -> bool:
    told = set(words(term)) - _FILLING
    return bool(told) and 2 * sum(any(_is_like(word, one) for one in asked) for word in told) >= len(told)


def _is_like(word: str, other: str) -> bool:
    """Tell whether words begin alike, as those of one stem do."""
    least = min(len(word), len(other))
    return word == other or (least >= _STEM and word[:_STEM] == other[:_STEM])


def _selection(around: Circumstances) -> str:
    parts = [f"table {name(around.table)}"]
    if around.columns:
        parts.append(f"columns {', '.join(map(name, around.columns[:_MOST_COLUMNS]))}")
    if around.rows:
        more = f" and {len(around.rows) - _MOST_ROWS} more" if len(around.rows) > _MOST_ROWS else ""
        parts.append(f"_row {', '.join(map(str, around.rows[:_MOST_ROWS]))}{more}")
    return ", ".join(parts)


def _ranked(question: str, scope: Scope) -> str:
    return cards.picked(scope.index.search(question, _MOST_COLUMNS, scope.glossary), scope.shares.ranked)
