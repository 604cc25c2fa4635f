"""Which names of a workbook are meant by a wrong one: without case, accents, signs between words, and by the header. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from rapidfuzz import fuzz, process

from chatsheet.sheets.model import Column, Table, Workbook

_LIKE = 60.0
_SURE = 85.0
_LISTED = 40


def folded(text: str) -> str:
    """Return a text without case, accents and signs."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))


def is_same(wrong: str, *texts: str) -> bool:
    """Tell whether a name is one of some texts but for its spelling."""
    text = folded(wrong)
    return bool(text) and any(folded(one) == text for one in texts)


def names(wrong: str, known: Mapping[str, Iterable[str]], *, limit: int = 3) -> tuple[list[str], bool]:
    """Return the names most like a wrong one, the likest first, and whether the first is surely meant.

    `known` has for each name the texts by which it is known.
    """
    text = folded(wrong)
    if not text:
        return [], False
    scores = {
        name: max((100.0 if folded(one) == text else min(99.0, fuzz.WRatio(text, folded(one))) for one in texts), default=0.0)
        for name, texts in known.items()
    }
    best = sorted((name for name, score in scores.items() if score >= _LIKE), key=lambda name: -scores[name])[:limit]
    if best and scores[best[0]] == 100.0:  # noqa: PLR2004  the same but for its spelling
        best = [name for name in best if scores[name] == 100.0]  # noqa: PLR2004
    return best, bool(best) and scores[best[0]] >= _SURE


def tables(wrong: str, workbook: Workbook) -> str:
    """Return which tables may be meant."""
    best, is_sure = names(wrong, {table.id: (table.id, table.tab) for table in workbook.tables})
    if is_sure:
        return f"did you mean {' or '.join(best)}?"
    return f"the tables are {_some(table.id for table in workbook.tables)}."


def columns(wrong: str, among: Iterable[Table]) -> str:
    """Return which columns of some tables may be meant: the nearest, and all where none is sure."""
    read = list(among)
    best, is_sure = names(wrong, {column.name: (column.name, column.label) for table in read for column in table.columns})
    nearest = f"nearest columns: {', '.join(best)}." if best else ""
    every = "; ".join(f"{table.id} has {_some(column.name for column in table.columns)}" for table in read)
    return nearest if is_sure else f"{nearest} {every}.".strip()


def column_of(wrong: str, among: Iterable[Table]) -> tuple[Table, Column] | None:
    """Return the column that is surely meant, or None."""
    placed = {f"{table.id}.{column.name}": (table, column) for table in among for column in table.columns}
    best, is_sure = names(wrong, {known: (column.name, column.label) for known, (_, column) in placed.items()})
    return placed[best[0]] if is_sure else None


def holders(name: str, workbook: Workbook) -> Iterator[tuple[Table, Column]]:
    """Yield the columns that have a name, or a header, whatever its spelling."""
    for table in workbook.tables:
        for column in table.columns:
            if is_same(name, column.name, column.label):
                yield table, column


def columns_with(value: str, workbook: Workbook) -> list[str]:
    """Return which columns are known to have a text, whatever its spelling."""
    return [
        f"{table.id}.{column.name}"
        for table in workbook.tables
        for column in table.columns
        if column.type == "text" and is_same(value, *(top.value for top in column.profile.top))
    ]


def choices(wrong: str, known: Iterable[str], *, limit: int = 1) -> list[str]:
    """Return the likest of some words."""
    listed = list(known)
    return [one for one, _, _ in process.extract(wrong, listed, scorer=fuzz.ratio, score_cutoff=50, limit=limit)]


def _some(listed: Iterable[str]) -> str:
    every = list(listed)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more
