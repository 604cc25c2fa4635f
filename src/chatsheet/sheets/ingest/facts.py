"""Measures a raw column inside DuckDB: a thousand cells are looked at, and SQL counts what is written otherwise.

Whatever the size, Python sees at most a few thousand texts of a column. Not pure: see types.py for what follows from it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from chatsheet.sheets.ingest.types_model import SPACES, ColumnFacts, Group, blank, quoted, trimmed
from chatsheet.sheets.ingest.types_numbers import token
from chatsheet.sheets.ingest.types_shapes import agree, examples, explain, groups, shape

_SAMPLE = 1000
_ALWAYS_KEPT = 15
"""Digits that a double keeps whatever they are."""
_LONG = rf"(?:\d\D*){{{_ALWAYS_KEPT + 1}}}"
_MOST_TEXTS = 2000
_AT_ONCE = 100
"""Columns whose samples are held at once."""
_WINDOWS = 8
_OFTEN = 5
"""A sample in which texts stand this often on average is of a column whose texts can all be listed."""
_REPEATS = 50
"""As many repeats in a sample mean some ten thousand texts in all: counting those first is quicker than matching every cell."""
_EXACT = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
_ROUNDED = frozenset({"FLOAT", "DOUBLE", "DECIMAL", "UBIGINT", "HUGEINT", "UHUGEINT"})
"""Types that may hold fractions, or whole numbers beyond BIGINT."""


def measure(database: duckdb.DuckDBPyConnection, table: str, *columns: str) -> list[ColumnFacts]:
    """Return the facts of columns of a raw table; all are names, not SQL."""
    source = _identifier(table)
    kinds = dict(database.execute(f"SELECT column_name, column_type FROM (DESCRIBE {source})").fetchall())  # noqa: S608  our own names
    found: list[ColumnFacts] = []
    for start in range(0, len(columns), _AT_ONCE):
        cells = [_identifier(column) for column in columns[start : start + _AT_ONCE]]
        counted = ", ".join(
            f"count({cell}), {_longest(cell, kinds[column])}"
            for cell, column in zip(cells, columns[start : start + _AT_ONCE], strict=True)
        )
        ((rows, *both),) = database.execute(f"SELECT count(*), {counted} FROM {source}").fetchall()  # noqa: S608  our own names
        filled, lengths = both[::2], both[1::2]
        natives = [str(kinds[column]).split("(")[0] if rows else "VARCHAR" for column in columns[start : start + _AT_ONCE]]
        looked_at = ", ".join(cell if kind == "VARCHAR" else "NULL" for cell, kind in zip(cells, natives, strict=True))
        where = "true" if rows <= _MOST_TEXTS else _windows(rows)
        sample = database.execute(f"SELECT {looked_at} FROM {source} WHERE {where}").fetchall()  # noqa: S608  our own names
        for place, (cell, kind, full, longest) in enumerate(zip(cells, natives, filled, lengths, strict=True)):
            if kind != "VARCHAR":
                found.append(_native(database, source, cell, ColumnFacts(native=kind, rows=rows, blank=rows - full)))
                continue
            seen = Counter(row[place] for row in sample if row[place] is not None)
            found.append(_Column(database, source, cell, rows, full, longest or 0).facts(seen))
    return found


class _Column:
    """A VARCHAR column being measured; `filled` counts cells that are not NULL."""

    def __init__(
        self, database: duckdb.DuckDBPyConnection, source: str, cell: str, rows: int, filled: int, longest: int
    ) -> None:
        self._database = database
        self._source = source
        self._cell = cell
        self._rows = rows
        self._filled = filled
        self._longest = longest
        self._is_trimmed = True
        self._repeats = False

    def facts(self, seen: Mapping[str, int]) -> ColumnFacts:
        """Count all of the column by what its cells `seen` show: those of a sample, or all of a small table."""
        facts = self._facts(seen)
        is_numbers = any(token(text) for group in facts.groups for text in group.texts)
        if self._longest <= _ALWAYS_KEPT or facts.is_sampled or not is_numbers:
            return facts
        cell = self._cell
        changed = f"coalesce(CAST(TRY_CAST({cell} AS DOUBLE) AS VARCHAR) <> {cell}, true)"
        long, cells = self._list(f"strlen({cell}) > {_ALWAYS_KEPT} AND regexp_matches({cell}, {quoted(_LONG)}) AND {changed}")
        return replace(facts, long=tuple(long.items()), inexact=cells - sum(long.values()))

    def _facts(self, seen: Mapping[str, int]) -> ColumnFacts:
        sample = self._stripped(sorted(seen.items(), key=lambda one: (-one[1], one[0])))
        if self._rows <= _MOST_TEXTS:
            return self._of(sample, (), 0)
        cells = sum(seen.values())
        self._repeats = cells - len(sample) >= _REPEATS
        if len(sample) * _OFTEN <= cells:
            texts, cells = self._list("true")
            if cells == sum(texts.values()):
                return self._of(texts, (), 0)
        if patterns := explain(sample):
            return self._shaped(sample, patterns)
        return self._prose(sample)

    def _shaped(self, sample: dict[str, int], patterns: tuple[str, ...]) -> ColumnFacts:
        """List the cells that fit no shape of the sample; where they are too many, once more with the shapes among them."""
        rest, cells = self._unexplained(patterns)
        if cells > sum(rest.values()):
            sample = {**rest, **sample}
            patterns = tuple(dict.fromkeys((*patterns, *(found for text in rest if (found := shape(text))))))
            rest, cells = self._unexplained(patterns)
        known = tuple(text for pattern in patterns for text in examples(sample, pattern))
        if agree(known):
            counted: tuple[Group, ...] = (Group(known, self._filled - cells),)
        else:
            counted = self._count(sample, patterns)
        return self._of(rest, counted, cells - sum(rest.values()))

    def _unexplained(self, patterns: tuple[str, ...]) -> tuple[dict[str, int], int]:
        cell = self._cell if self._is_trimmed else trimmed(self._cell)
        return self._list(f"NOT regexp_full_match({cell}, {quoted('|'.join(patterns))})")

    def _count(self, sample: dict[str, int], patterns: tuple[str, ...]) -> tuple[Group, ...]:
        cell = self._cell if self._is_trimmed else trimmed(self._cell)
        cases = " ".join(f"WHEN regexp_full_match({cell}, {quoted(p)}) THEN {i}" for i, p in enumerate(patterns))
        sql = f"SELECT CASE {cases} END AS i, count(*) FROM {self._source} GROUP BY i HAVING i IS NOT NULL"  # noqa: S608  our own names
        found = self._database.execute(sql).fetchall()
        return tuple(Group(examples(sample, patterns[int(i)]), int(n)) for i, n in found)

    def _prose(self, sample: dict[str, int]) -> ColumnFacts:
        found, _ = self._list(blank(self._cell))
        facts = self._of(found, groups({text: cells for text, cells in sample.items() if text}), 0)
        return replace(facts, is_sampled=True)

    def _of(self, texts: dict[str, int], counted: tuple[Group, ...], others: int) -> ColumnFacts:
        empty = texts.pop("", 0)
        return ColumnFacts(
            native="VARCHAR",
            rows=self._rows,
            blank=self._rows - self._filled + empty,
            groups=(*counted, *groups(texts)),
            others=others,
            is_trimmed=self._is_trimmed and not others,
        )

    def _list(self, condition: str) -> tuple[dict[str, int], int]:
        """Return the most frequent texts, stripped, with their cells, and how many cells there are in all."""
        cell = self._cell
        first, then = (
            ("true", condition) if self._repeats else (condition, "true")
        )  # materialised, or DuckDB moves it back down
        counted = f"SELECT {cell}, count(*) AS _n FROM {self._source} WHERE {cell} IS NOT NULL AND {first} GROUP BY {cell}"  # noqa: S608  our own names
        sql = f"WITH counted AS MATERIALIZED ({counted}) SELECT {cell}, _n, sum(_n) OVER () FROM counted WHERE {then}"  # noqa: S608  our own names
        found = self._database.execute(f"{sql} ORDER BY _n DESC, {cell} LIMIT {_MOST_TEXTS}").fetchall()
        return self._stripped([(text, cells) for text, cells, _ in found]), int(found[0][2]) if found else 0

    def _stripped(self, found: Sequence[tuple[str, int]]) -> dict[str, int]:
        texts: dict[str, int] = {}
        for text, cells in found:
            stripped = text.strip(SPACES)
            self._is_trimmed = self._is_trimmed and stripped == text
            texts[stripped] = texts.get(stripped, 0) + cells
        return texts


def _longest(cell: str, kind: str) -> str:
    return f"max(strlen({cell}))" if kind == "VARCHAR" else "0"


def _windows(rows: int) -> str:
    """Return SQL for a thousand rows, in windows all over the table: a scan leaves out what lies between."""
    width, step = _SAMPLE // _WINDOWS, rows // _WINDOWS
    return " OR ".join(f"rowid BETWEEN {i * step} AND {i * step + width - 1}" for i in range(_WINDOWS))


def _native(database: duckdb.DuckDBPyConnection, source: str, cell: str, facts: ColumnFacts) -> ColumnFacts:
    if facts.native in _EXACT | _ROUNDED:
        whole = f"bool_and({cell} = trunc({cell}) AND abs({cell}) < 9007199254740992)" if facts.native in _ROUNDED else "true"
        kept = f"TRY_CAST(TRY_CAST({cell} AS DOUBLE) AS DECIMAL(38, 10)) = TRY_CAST({cell} AS DECIMAL(38, 10))"
        lost = f"count_if(NOT coalesce({kept}, false) AND {cell} IS NOT NULL)" if facts.native == "DECIMAL" else "0"
        sql = f"SELECT {whole}, {lost}, CAST(min({cell}) AS DOUBLE), CAST(max({cell}) AS DOUBLE) FROM {source}"  # noqa: S608  our own names
        ((is_whole, inexact, low, high),) = database.execute(sql).fetchall()
        return replace(facts, is_whole=bool(is_whole), inexact=inexact, low=low, high=high)
    if facts.native.startswith("TIMESTAMP"):
        sql = f"SELECT bool_or({cell} <> date_trunc('day', {cell})) FROM {source}"  # noqa: S608  our own names
        ((has_times,),) = database.execute(sql).fetchall()
        return replace(facts, has_times=bool(has_times))
    return facts


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
