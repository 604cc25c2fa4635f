"""The messages of a model call, stable part first: rules and card, then the conversation, then the question. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from chatsheet.context import budget, cards
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import Workbook

_SYSTEM = files("chatsheet.context").joinpath("prompts/system.md").read_text(encoding="utf-8")
_SHARE_OF_CARD = 0.5
"""Of a route's prompt budget; the rest is for rules, tools, the conversation and results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a prompt is about, and how long it may be."""

    workbook: Workbook
    version: str
    budget_tokens: int | None = None
    """Of the whole prompt, where a route in use reads slowly."""
    glossary: tuple[tuple[str, str], ...] = ()
    """What words mean to the people of this workbook."""


def system(scope: Scope) -> JsonObject:
    """Return the system message; byte-identical for the same scope."""
    for_card = budget.DEFAULT_CARD_TOKENS if scope.budget_tokens is None else int(scope.budget_tokens * _SHARE_OF_CARD)
    said = _SYSTEM.replace("{card}", cards.card(scope.workbook, for_card)).rstrip()
    words = [f"- {loose.dumps(word)} means {loose.dumps(meaning)}" for word, meaning in scope.glossary]
    glossary = ["", "<glossary untrusted>", *words, "</glossary>"] if words else []
    return {"role": "system", "content": "\n".join([said, *glossary])}


def prune(turns: Sequence[Sequence[JsonObject]], budget_tokens: int | None) -> list[JsonObject]:
    """Return the messages of the latest turns that fit what the budget leaves; a turn is kept whole or not at all."""
    left = budget.DEFAULT_CARD_TOKENS if budget_tokens is None else int(budget_tokens * (1 - _SHARE_OF_CARD) * 0.4)
    kept: list[JsonObject] = []
    for turn in reversed(turns):
        left -= sum(budget.count(str(message)) for message in turn)
        if left < 0:
            break
        kept = [*turn, *kept]
    return kept
