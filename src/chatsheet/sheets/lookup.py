"""What a query worker keeps of an open version: row ids in the orders asked for, and the distinct values of its columns.

All of it is made from one immutable version, so nothing here is ever stale; it goes with the connection it was made on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import duckdb
from rapidfuzz import fuzz, process

from chatsheet.core.loose import JsonValue
from chatsheet.sheets.model import Compared, FoundValue

_ORDERED_ROWS = 4_000_000
"""How many places of rows are kept, 16 bytes each; the orders used last stay."""
_KNOWN_VALUES = 3_000_000
_IN_PYTHON = 100_000
_WORD_BY_WORD = 10_000
_LONGEST_VALUE = 200
_LIKE_ENOUGH = 75.0
_CANDIDATES = 5_000
_MAX_COMPARED = 20
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Values:
    """The distinct values of a column, frequent first; `folded` is without case and accents. Many are in a table."""

    table: str
    column: str
    values: tuple[str, ...]
    folded: tuple[str, ...]
    rows: tuple[int, ...]
    size: int
    stored_in: str = ""


class Lookup:
    """Orders and values of one open database, made when first asked for, in temporary tables of a cursor of its own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._cursor = connection.cursor()
        self._orders: dict[str, tuple[str, int]] = {}
        self._values: dict[tuple[str, str], Values] = {}
        self._made = 0

    def order(self, ids: str, parameters: Sequence[JsonValue]) -> tuple[str, int]:
        """Return the table that holds `place` (from 1) and row id for the SQL `ids`, and how many rows it has."""
        key = repr((ids, parameters))
        if key not in self._orders:
            name = self._temporary()
            self._cursor.execute(
                f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () AS place, _row FROM ({ids})",  # noqa: S608  our own names
                list(parameters),
            )
            rows = self._cursor.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]  # noqa: S608  our own name
            self._orders[key] = (name, int(rows))
            while len(self._orders) > 1 and sum(size for _, size in self._orders.values()) > _ORDERED_ROWS:
                self._cursor.execute(f"DROP TABLE {self._orders.pop(next(iter(self._orders)))[0]}")
        self._orders[key] = self._orders.pop(key)  # the last used goes last
        return self._orders[key]

    def execute(self, sql: str, parameters: Sequence[JsonValue] = ()) -> duckdb.DuckDBPyConnection:
        """Run SQL that may read the tables made here; read it to its end before the next."""
        return self._cursor.execute(sql, list(parameters))

    def find(self, columns: Sequence[tuple[str, str]], text: str, limit: int) -> list[FoundValue]:
        """Return the values most like `text` in these (table, column), the likest first, then the most frequent."""
        folded = str(self._cursor.execute("SELECT lower(strip_accents(trim(?)))", [text]).fetchall()[0][0])
        if not folded:
            return []
        found = [one for table, column in columns for one in self._find(table, column, folded, limit)]
        return sorted(found, key=lambda one: (-one.score, -one.rows, one.value))[:limit]

    def missing(self, compared: Sequence[Compared]) -> Iterator[str]:
        """Yield a sentence for each text that its column does not contain, with the nearest values it has."""
        for one in compared[:_MAX_COMPARED]:
            column, table = f'"{one.column}"', f'"{one.table}"'
            kinds = self._cursor.execute(f"SELECT typeof({column}) FROM {table} LIMIT 1").fetchall()  # noqa: S608  of the workbook
            here = f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1"  # noqa: S608  likewise
            if kinds == [("VARCHAR",)] and not self._cursor.execute(here, [one.text]).fetchall():
                nearest = self.find([(one.table, one.column)], one.text, _NEAREST)
                listed = ", ".join(f"'{found.value}' ({found.rows} rows)" for found in nearest)
                yield f"{one.table}.{one.column} has no '{one.text}'; nearest: {listed or 'nothing like it'}."

    def _find(self, table: str, column: str, folded: str, limit: int) -> Iterator[FoundValue]:
        known = self._distinct(table, column)
        if known.stored_in:
            known = self._candidates(known, folded)
        scores = _scores(known.folded, folded, limit)
        best = sorted(scores, key=lambda at: -scores[at])  # stable: the frequent stay first
        for at in islice(best, limit):
            value, rows = known.values[at], known.rows[at]
            yield FoundValue(table=table, column=column, value=value, rows=rows, score=round(scores[at], 1))

    def _distinct(self, table: str, column: str) -> Values:
        key = (table, column)
        if key not in self._values:
            name = self._temporary()
            value = f't."{column}"::VARCHAR'
            listed = f"{value} AS value, lower(strip_accents(trim({value}))) AS folded, count(*) AS n"
            where = f'FROM "{table}" AS t WHERE length({value}) <= {_LONGEST_VALUE} GROUP BY ALL'
            self._cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT {listed} {where}")
            count = self._cursor.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]  # noqa: S608  our own name
            if count > _IN_PYTHON:
                self._values[key] = Values(table, column, (), (), (), int(count), name)
            else:
                rows = self._cursor.execute(f"SELECT value, folded, n FROM {name} ORDER BY n DESC, value").fetchall()  # noqa: S608  our own names
                self._values[key] = self._values_of(table, column, rows)
                self._cursor.execute(f"DROP TABLE {name}")
            self._forget()
        self._values[key] = self._values.pop(key)  # the last used goes last
        return self._values[key]

    def _forget(self) -> None:
        while len(self._values) > 1 and sum(known.size for known in self._values.values()) > _KNOWN_VALUES:
            oldest = self._values.pop(next(iter(self._values)))
            if oldest.stored_in:
                self._cursor.execute(f"DROP TABLE {oldest.stored_in}")

    def _candidates(self, known: Values, folded: str) -> Values:
        """Return the values of a large column that hold the text, or that one slip in any place could make of it."""
        half, last = len(folded) // 2, len(folded) - len(folded) // 4
        parts = {"text": folded, "head": folded[:half], "most": folded[:last], "end": folded[last:], "tail": folded[half:]}
        near = " UNION ALL ".join(
            f"(SELECT value, folded, n FROM {known.stored_in} WHERE {where} LIMIT {_CANDIDATES})"  # noqa: S608  our own name
            for where in (
                "contains(folded, $text)",
                "starts_with(folded, $head) AND (starts_with(folded, $most) OR ends_with(folded, $end))",
                "ends_with(folded, $tail)",
            )
        )
        # a filter of DuckDB that computes a distance does so for each value, whatever stands before it
        found = dict.fromkeys(self._cursor.execute(near, parts).fetchall())
        return self._values_of(known.table, known.column, sorted(found, key=lambda row: -row[2]))

    @staticmethod
    def _values_of(table: str, column: str, rows: Sequence[tuple[str, str, int]]) -> Values:
        values, folded, counts = zip(*rows, strict=True) if rows else ((), (), ())
        return Values(table, column, values, folded, counts, len(values))

    def _temporary(self) -> str:
        self._made += 1
        return f"_made_{self._made}"


def _scores(choices: Sequence[str], text: str, limit: int) -> dict[int, float]:
    """Return the likeness of the best choices by their place: 100 the same, above 80 holds the text, else like it."""
    scores = {
        at: 100.0 if choice == text else 80 + 19 * len(text) / len(choice)
        for at, choice in enumerate(choices)
        if text in choice
    }
    if len(scores) < limit or 100.0 not in scores.values():  # noqa: PLR2004
        scorer = fuzz.WRatio if len(choices) <= _WORD_BY_WORD else fuzz.ratio
        for _, score, at in process.extract(text, choices, scorer=scorer, limit=limit, score_cutoff=_LIKE_ENOUGH):
            scores.setdefault(at, min(score, 99.0))
    return scores
