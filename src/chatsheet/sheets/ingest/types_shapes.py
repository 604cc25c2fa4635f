"""Texts that are written alike: what a sample of a column says of the shapes to expect in all of it. Pure."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from chatsheet.sheets.ingest import types_dates, types_numbers
from chatsheet.sheets.ingest.types_dates import ORDER_NAMES, Dates, Times
from chatsheet.sheets.ingest.types_model import Group
from chatsheet.sheets.ingest.types_numbers import STYLES
from chatsheet.sheets.ingest.types_words import is_marker

_EXAMPLES = 5
_FEWEST_SHAPED = 0.5


@lru_cache(maxsize=16384)
def shape(text: str) -> str | None:
    """Return the pattern of all texts written like this one; None for words and markers."""
    return None if is_marker(text) else types_dates.shape(text) or types_numbers.shape(text)


def explain(texts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the patterns of the shapes in a sample of texts; none where it is mostly words."""
    weights: dict[str | None, int] = {}
    for text, cells in texts.items():
        if not is_marker(text):
            weights[shape(text)] = weights.get(shape(text), 0) + cells
    shaped = sum(cells for pattern, cells in weights.items() if pattern)
    return tuple(p for p in weights if p) if shaped and shaped >= _FEWEST_SHAPED * sum(weights.values()) else ()


def examples(texts: Iterable[str], pattern: str) -> tuple[str, ...]:
    """Return a few texts of that shape, the least and the greatest among them."""
    alike = sorted(text for text in texts if shape(text) == pattern)
    return tuple(dict.fromkeys((*alike[: _EXAMPLES - 1], *alike[-1:])))


def groups(texts: Mapping[str, int]) -> tuple[Group, ...]:
    """Return texts and their cells by shape; texts without one stand alone."""
    by_shape: dict[str, list[str]] = {}
    for text in texts:
        by_shape.setdefault(shape(text) or f"={text}", []).append(text)
    return tuple(
        Group(examples(alike, pattern) if pattern[0] != "=" else tuple(alike), sum(texts[text] for text in alike))
        for pattern, alike in by_shape.items()
    )


def agree(texts: Iterable[str]) -> bool:
    """Tell whether one reading takes all of these texts, so that their cells need no counting apart."""
    listed = tuple(texts)
    tokens = [types_numbers.token(text) for text in listed]
    if all(tokens):
        return any(all(style.reads_core(token.core) for token in tokens if token) for style in STYLES)
    readings = (Times(), *(Dates.of(listed, order) for order in ORDER_NAMES))
    return any(all(map(reading.reads, listed)) for reading in readings)
