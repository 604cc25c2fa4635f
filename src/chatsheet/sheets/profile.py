"""What tables hold, measured by DuckDB once per version: values, ranges, shapes, likely keys and joins, oddities."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import product

import duckdb
from pydantic import JsonValue
from rapidfuzz import fuzz

from chatsheet.sheets.model import ROW_ID, Column, Join, Oddity, Profile, Table, TopValue

_TOP = 8
_AT_ONCE = 8
"""Columns measured in one pass."""
_LONGEST = 60
_EXACT_ROWS = 100_000
"""Beyond it distinct values and quartiles are estimated."""
_SAMPLE_ROWS = 10_000
_MOST_COUNTED = 50_000
"""Beyond it, as an estimate, the values of a column of texts are not counted one by one."""
_NEARLY_ALL = 0.8
"""An estimate of distinct values of a key; it may be wrong by a few in a hundred."""
_SAMPLE_VALUES = 1_000
_PATTERNS = 5
_COMMON = 0.05
_CATEGORIES = 20_000
_FAR = 3.0
"""Outliers lie further than this many quartile ranges outside the quartiles."""
_FEW = 0.02
_EXAMPLES = 3
_MAX_PAIRS = 200
_ALIKE = 75.0
_OVERLAP, _OVERLAP_OF_STRANGERS = 0.5, 0.95

_DENSE = 10
_KEY_NAME = re.compile(r"(^|_)(id|ids|key|no|nr|num|number|nummer|code|sku|uuid)$", re.IGNORECASE)
_NUMBERS = {"integer", "decimal"}
_WORDS = {"text", "boolean"}
_KEY_TYPES = {"text", "integer"}
_SHAPE = r"regexp_replace(regexp_replace(v, '\pL', 'A', 'g'), '[0-9]', '9', 'g')"


@dataclass(frozen=True, slots=True)
class _Spread:
    """Quartiles of a numeric column."""

    low: float
    high: float

    def limits(self) -> tuple[float, float]:
        reach = _FAR * (self.high - self.low)
        return self.low - reach, self.high + reach


def measure(database: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> tuple[Table, ...]:
    """Return the tables with profiles, keys, joins and oddities; names hold word characters only, so quoting is enough."""
    measured = [_measure(database, table) for table in tables]
    joins = list(_joins(database, measured))
    return tuple(
        table.model_copy(update={"joins": tuple(join for origin, join in joins if origin == table.id)}) for table in measured
    )


def _measure(database: duckdb.DuckDBPyConnection, table: Table) -> Table:
    every = 1 + table.rows // _SAMPLE_ROWS
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    database.execute(
        f'CREATE OR REPLACE TEMP TABLE _sample AS SELECT {names} FROM "{table.id}" WHERE hash({ROW_ID}) % {every} = 0'  # noqa: S608  likewise
    )
    profiles, spreads = _ranges(database, table)
    oddities: list[Oddity] = []
    for column in table.columns:
        if column.unparsed:
            what = f"{column.unparsed} filled cells of {column.label} are no {column.type}"
            examples = column.unparsed_examples[:_EXAMPLES]
            oddities.append(Oddity(kind="unparsed", column=column.name, rows=column.unparsed, what=what, examples=examples))
        if column.type in _WORDS:
            profiles[column.name], found = _texts(database, table, column, profiles[column.name])
            oddities.extend(found)
    keys = tuple(
        column.name
        for column in table.columns
        if _may_be_key(table, column, profiles[column.name]) and _is_unique(database, table, column, profiles[column.name])
    )
    for name in keys:
        profiles[name] = profiles[name].model_copy(update={"distinct": table.rows})
    oddities.extend(_outliers(database, table, spreads))
    if not keys:
        oddities.extend(_duplicates(database, table))
    columns = tuple(column.model_copy(update={"profile": profiles[column.name]}) for column in table.columns)
    return table.model_copy(update={"columns": columns, "keys": keys, "oddities": tuple(oddities)})


def _ranges(database: duckdb.DuckDBPyConnection, table: Table) -> tuple[dict[str, Profile], dict[str, _Spread]]:
    """Measure all columns, a few in each pass: every distinct count and quartile keeps memory of its own."""
    profiles: dict[str, Profile] = {}
    spreads: dict[str, _Spread] = {}
    for start in range(0, len(table.columns), _AT_ONCE):
        some, wide = _ranged(database, table, table.columns[start : start + _AT_ONCE])
        profiles |= some
        spreads |= wide
    return profiles, spreads


def _ranged(
    database: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[Column]
) -> tuple[dict[str, Profile], dict[str, _Spread]]:
    """Measure columns in one pass, and their quartiles in another one."""
    is_exact = table.rows <= _EXACT_ROWS
    parts: list[str] = []
    quartiles: list[str] = []
    for column in columns:
        name = f'"{column.name}"'
        is_words = column.type in _WORDS
        distinct = f"approx_count_distinct({name})" if not is_exact else "0" if is_words else f"count(DISTINCT {name})"
        limits = "NULL, NULL" if is_words else f"min({name}), max({name})"
        finite = f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END"
        is_number = column.type in _NUMBERS
        spread = f"avg({finite}), stddev_pop({finite})" if is_number else "NULL, NULL"
        parts.append(f"count({name}), {distinct}, {limits}, {spread}")
        quartiles.append("NULL" if is_words else f"quantile_disc({name}, 0.5)")
        quartiles.append(f"quantile_cont({finite}, 0.25), quantile_cont({finite}, 0.75)" if is_number else "NULL, NULL")
    row = database.execute(f'SELECT {", ".join(parts)} FROM "{table.id}"').fetchall()[0]  # noqa: S608  word characters only
    source = f'"{table.id}"' if is_exact else "_sample"
    # count(*) makes it one row, also where all others are NULL
    middles = database.execute(f"SELECT {', '.join(quartiles)}, count(*) FROM {source}").fetchall()[0]  # noqa: S608  likewise
    others = [(column, row[6 * place + 1]) for place, column in enumerate(columns) if column.type not in _WORDS]
    few = _counted(database, table, [column.name for column, count in others if not is_exact and count <= _MOST_COUNTED])
    profiles: dict[str, Profile] = {}
    spreads: dict[str, _Spread] = {}
    for place, column in enumerate(columns):
        filled, count, low, high, mean, deviation = row[6 * place : 6 * place + 6]
        middle, first, third = middles[3 * place : 3 * place + 3]
        profiles[column.name] = Profile(
            nulls=table.rows - int(filled),
            distinct=few.get(column.name, min(int(count), int(filled))),
            minimum=_scalar(low),
            median=_scalar(middle),
            maximum=_scalar(high),
            mean=mean,
            stddev=deviation,
            is_estimated=not is_exact,
        )
        if first is not None and third is not None and first < third:
            spreads[column.name] = _Spread(first, third)
    return profiles, spreads


def _counted(database: duckdb.DuckDBPyConnection, table: Table, names: Sequence[str]) -> dict[str, int]:
    """Count the distinct values of columns that have few."""
    if not names:
        return {}
    listed = ", ".join(f'count(DISTINCT "{name}")' for name in names)
    found = database.execute(f'SELECT {listed} FROM "{table.id}"').fetchall()[0]  # noqa: S608  word characters only
    return dict(zip(names, map(int, found), strict=True))


def _texts(database: duckdb.DuckDBPyConnection, table: Table, column: Column, ranged: Profile) -> tuple[Profile, list[Oddity]]:
    """Measure one column of texts from its distinct values and a sample of its rows."""
    name, source = f'"{column.name}"', f'"{table.id}"'
    is_counted = ranged.distinct <= _MOST_COUNTED
    often = f"SELECT {name} FROM _sample WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {_TOP}"  # noqa: S608  likewise
    wanted = f"{name} IS NOT NULL" if is_counted else f"{name} IN ({often})"
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE _values AS SELECT {name}::VARCHAR AS v, count(*) AS n FROM {source} "  # noqa: S608  likewise
        f"WHERE {wanted} GROUP BY 1"
    )
    top = database.execute(f"SELECT v, n FROM _values ORDER BY n DESC, v LIMIT {_TOP}").fetchall()  # noqa: S608  our own
    profile = ranged.model_copy(update={"top": tuple(TopValue(value=v[:_LONGEST], rows=n) for v, n in top)})
    if is_counted:
        ((distinct,),) = database.execute("SELECT count(*) FROM _values").fetchall()
        profile = profile.model_copy(update={"distinct": int(distinct), "is_estimated": False})
    if column.type == "boolean":
        return profile, []
    sampled, numbers, shapes = database.execute(
        f"WITH s AS (SELECT {name} AS v FROM _sample WHERE {name} IS NOT NULL), "  # noqa: S608  our own names
        f"p AS (SELECT {_SHAPE} AS shape, count(*) AS n FROM s WHERE length(v) <= {_LONGEST} GROUP BY 1 ORDER BY n DESC, 1 "
        f"LIMIT {_PATTERNS}) SELECT (SELECT count(*) FROM s), (SELECT count(try_cast(v AS DOUBLE)) FROM s), "
        "(SELECT list((shape, n) ORDER BY n DESC, shape) FROM p)"
    ).fetchall()[0]
    each = (table.rows - ranged.nulls) / max(1, sampled)
    patterns = tuple(TopValue(value=shape, rows=round(n * each)) for shape, n in shapes or () if n >= _COMMON * sampled)
    oddities: list[Oddity] = []
    if sampled and _COMMON <= numbers / sampled <= 1 - _COMMON:
        what = f"{column.label} holds numbers ({100 * numbers / sampled:.0f} %) and other texts"
        oddities.append(Oddity(kind="mixed_types", column=column.name, rows=round(numbers * each), what=what))
    if is_counted and profile.distinct <= _CATEGORIES:
        oddities.extend(_near_duplicates(database, column))
    return profile.model_copy(update={"patterns": patterns}), oddities


def _near_duplicates(database: duckdb.DuckDBPyConnection, column: Column) -> Iterator[Oddity]:
    """Yield what differs only in case, accents or blanks, from the values counted last."""
    groups = database.execute(
        r"SELECT list(v ORDER BY n DESC, v), sum(n) - max(n) FROM _values "
        r"GROUP BY lower(strip_accents(regexp_replace(trim(v), '\s+', ' ', 'g'))) HAVING count(*) > 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    if groups:
        examples = tuple(
            " / ".join(f"'{value[:_LONGEST]}'" for value in values[:_EXAMPLES]) for values, _ in groups[:_EXAMPLES]
        )
        what = f"{len(groups)} values of {column.label} are written in several ways"
        rows = int(sum(rows for _, rows in groups))
        yield Oddity(kind="near_duplicates", column=column.name, rows=rows, what=what, examples=examples)


def _may_be_key(table: Table, column: Column, profile: Profile) -> bool:
    """Tell identifiers from amounts that happen to differ: numbers of things lie close together, or are called so."""
    if column.type not in _KEY_TYPES or table.rows <= 1 or profile.nulls:
        return False
    low, high = profile.minimum, profile.maximum
    is_dense = isinstance(low, int) and isinstance(high, int) and high - low < _DENSE * table.rows
    return column.type == "text" or is_dense or _KEY_NAME.search(column.name) is not None


def _is_unique(database: duckdb.DuckDBPyConnection, table: Table, column: Column, profile: Profile) -> bool:
    if not profile.is_estimated:
        return profile.distinct == table.rows
    if profile.distinct < _NEARLY_ALL * table.rows:
        return False
    exact = database.execute(f'SELECT count(DISTINCT "{column.name}") FROM "{table.id}"').fetchall()  # noqa: S608  likewise
    return exact[0][0] == table.rows


def _outliers(database: duckdb.DuckDBPyConnection, table: Table, spreads: Mapping[str, _Spread]) -> Iterator[Oddity]:
    names = list(spreads)
    for start in range(0, len(names), _AT_ONCE):
        yield from _far(database, table, {name: spreads[name] for name in names[start : start + _AT_ONCE]})


def _far(database: duckdb.DuckDBPyConnection, table: Table, spreads: Mapping[str, _Spread]) -> Iterator[Oddity]:
    parts: list[str] = []
    for name, spread in spreads.items():
        low, high = spread.limits()
        far = f'FILTER (WHERE "{name}" NOT BETWEEN {low!r} AND {high!r} AND isfinite("{name}"::DOUBLE))'
        parts.append(f'count(*) {far}, min("{name}") {far}, max("{name}") {far}')
    row = database.execute(f'SELECT {", ".join(parts)} FROM "{table.id}"').fetchall()[0]  # noqa: S608  likewise
    for place, name in enumerate(spreads):
        count, low, high = row[3 * place : 3 * place + 3]
        if 0 < count <= max(1, _FEW * table.rows):
            examples = tuple(dict.fromkeys((f"{low:.10g}", f"{high:.10g}")))
            what = f"{count} values of {name} lie far outside the others"
            yield Oddity(kind="outliers", column=name, rows=count, what=what, examples=examples)


def _duplicates(database: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Oddity]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    again = f'SELECT count(*) - count(DISTINCT hash({names})) FROM "{table.id}"'  # noqa: S608  likewise
    rows = int(database.execute(again).fetchall()[0][0])
    if rows:
        yield Oddity(kind="duplicate_rows", rows=rows, what=f"{rows} rows repeat another row in every column")


def _joins(database: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> Iterator[tuple[str, Join]]:
    """Yield (table, join) for columns whose values another table's key has, in the better of two directions."""
    best: dict[frozenset[tuple[str, str]], tuple[str, Join]] = {}
    for (origin, column), (other, key) in _pairs(tables):
        likeness = fuzz.ratio(column.name, key.name)
        is_alike = max(likeness, fuzz.ratio(column.name, f"{other.id}_{key.name}")) >= _ALIKE
        if column.type == "integer" and not is_alike:
            continue  # numbers from 1 on are in every table
        overlap = _overlap(database, (origin.id, column.name), (other.id, key.name), key.profile.distinct)
        if overlap < (_OVERLAP if is_alike else _OVERLAP_OF_STRANGERS):
            continue
        join = Join(column=column.name, to_table=other.id, to_column=key.name, overlap=round(overlap, 3))
        pair = frozenset({(origin.id, column.name), (other.id, key.name)})
        if pair not in best or best[pair][1].overlap < join.overlap:
            best[pair] = (origin.id, join)
    yield from best.values()


def _pairs(tables: Sequence[Table]) -> list[tuple[tuple[Table, Column], tuple[Table, Column]]]:
    columns = [(table, column) for table in tables for column in table.columns if column.type in _KEY_TYPES]
    keys = [(table, column) for table, column in columns if column.name in table.keys]
    pairs = [
        (one, key)
        for one, key in product(columns, keys)
        if one[0].id != key[0].id and one[1].type == key[1].type and one[1].profile.distinct > 1
    ]
    return sorted(pairs, key=lambda pair: -fuzz.ratio(pair[0][1].name, pair[1][1].name))[:_MAX_PAIRS]


def _overlap(database: duckdb.DuckDBPyConnection, column: tuple[str, str], key: tuple[str, str], distinct: int) -> float:
    """Return which share of a column's distinct values a key has, looking at the same sample of values on both sides."""
    every = 1 + distinct // _SAMPLE_VALUES
    one, other = (
        f'SELECT DISTINCT "{name}" AS v FROM "{table}" WHERE "{name}" IS NOT NULL AND hash("{name}") % {every} = 0'  # noqa: S608  our own names
        for table, name in (column, key)
    )
    share = database.execute(f"SELECT avg((b.v IS NOT NULL)::INT) FROM ({one}) AS a LEFT JOIN ({other}) AS b USING (v)")  # noqa: S608  our own names
    return float(share.fetchall()[0][0] or 0)


def _scalar(value: object) -> JsonValue:
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, int | float | str):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)
