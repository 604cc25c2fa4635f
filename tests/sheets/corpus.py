"""Messy tabs with known truth: a recipe says which mess, `build` makes the grid and what must be found in it.

`build(recipe)` is deterministic; `recipes()` is a Hypothesis strategy and `seeded(seed)` one recipe of the same space.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, get_args

from hypothesis import strategies as st

from chatsheet.sheets.ingest.grid import Cell, Grid, Span, letter
from tests.sheets.corpus_words import WORDS

ColumnKind = Literal["number", "money", "count", "date", "text", "code"]
Header = Literal["plain", "merged", "units", "months", "years", "quarters", "unlabelled", "none"]
Inside = Literal["", "blank", "repeated", "subtotals", "groups", "sections"]
Below = Literal["", "word", "sum", "word after a blank row"]
Arrangement = Literal["stacked", "tight", "beside"]
_KINDS: tuple[ColumnKind, ...] = get_args(ColumnKind)
_BELOW: tuple[Below, ...] = get_args(Below)
_NUMERIC = {"number", "money", "count"}
_PIVOTED = {"months", "years", "quarters"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRecipe:
    """One table: a key column, then `columns`, then what is wrong with it."""

    language: str = "en"
    rows: int = 6
    columns: tuple[ColumnKind, ...] = ("number", "text")
    header: Header = "plain"
    inside: Inside = ""
    below: Below = ""
    titles: int = 0
    has_title_gap: bool = True
    footers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One tab; `as_texts` writes every cell as a CSV file would, without merged cells.

    `head` is the number of rows in the head where the tab counts as large, 0 for a tab that is whole.
    """

    tables: tuple[TableRecipe, ...]
    arrangement: Arrangement = "stacked"
    gap: int = 1
    as_texts: bool = False
    first_row: int = 1
    first_column: int = 1
    is_hidden: bool = False
    head: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The truth about one table; fields as in `Region`. `kinds` are those of the columns after the key, for types."""

    header_rows: tuple[int, ...]
    first_row: int
    last_row: int
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    totals: tuple[int, ...]
    left_out: tuple[int, ...]
    notes: tuple[str, ...]
    is_pivoted: bool
    fill_down: tuple[int, ...]
    kinds: tuple[ColumnKind, ...]


@dataclass(frozen=True, slots=True)
class Mess:
    """A tab and its truth, tables in reading order."""

    recipe: Recipe
    grid: Grid
    expected: tuple[Expected, ...]


RowKind = Literal["title", "header", "data", "total", "blank", "repeated", "section", "footer", "gap"]


@dataclass(slots=True)
class _Draft:
    """A table as rows that each know what they are, before it has a place; merged cells are relative to it."""

    recipe: TableRecipe
    rng: random.Random
    rows: list[tuple[RowKind, list[Cell]]] = field(default_factory=list[tuple[RowKind, list[Cell]]])
    merged: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    labels: list[str] = field(default_factory=list[str])
    kinds: tuple[ColumnKind, ...] = ()
    pending: list[list[Cell]] = field(default_factory=list[list[Cell]])
    grand: list[list[Cell]] = field(default_factory=list[list[Cell]])

    @property
    def lead(self) -> int:
        """Columns before `kinds`: the key, and the group where there are groups."""
        return 2 if self.recipe.inside == "groups" else 1


def build(recipe: Recipe) -> Mess:
    """Return the tab that the recipe describes."""
    rng = random.Random(recipe.seed)  # noqa: S311  not for secrets
    cells: dict[tuple[int, int], Cell] = {}
    merged: list[Span] = []
    expected: list[Expected] = []
    row, column = recipe.first_row, recipe.first_column
    for table in recipe.tables:
        draft = _draft(table, rng)
        expected.append(_truth(draft, row, column))
        for down, (_, values) in enumerate(draft.rows):
            cells.update({(row + down, column + right): value for right, value in enumerate(values) if value is not None})
        merged += [Span(row + top, column + left, row + bottom, column + right) for top, left, bottom, right in draft.merged]
        if recipe.arrangement == "beside":
            column += len(draft.kinds) + draft.lead + recipe.gap
        else:
            row += len(draft.rows) + (recipe.gap if recipe.arrangement == "stacked" else 0)
    return Mess(recipe, _grid(recipe, cells, merged), tuple(expected))


def _draft(recipe: TableRecipe, rng: random.Random) -> _Draft:
    draft, words = _Draft(recipe, rng), WORDS[recipe.language]
    count = len(recipe.columns)
    is_pivot = recipe.header in _PIVOTED
    draft.kinds = ("number",) * max(count, 3) if is_pivot else recipe.columns
    draft.rows.extend(("title", [text]) for text in words.titles[: recipe.titles])
    if recipe.titles and recipe.has_title_gap:
        draft.rows.append(("gap", []))
    _head(draft)
    _body(draft)
    if recipe.below == "word after a blank row":
        draft.rows.append(("gap", []))
    if recipe.below:
        label = None if recipe.below == "sum" else rng.choice(words.totals)
        draft.rows.append(("total", _sum(draft, draft.grand, label)))
    if recipe.footers:
        draft.rows.append(("gap", []))
        draft.rows.extend(("footer", [text]) for text in words.footers[: recipe.footers])
    return draft


def _head(draft: _Draft) -> None:
    recipe, words, lead = draft.recipe, WORDS[draft.recipe.language], draft.lead
    top = len(draft.rows)
    leading = ["Region", words.key][-lead:]
    names = [words.labels[_KINDS.index(kind)] for kind in draft.kinds]
    names = [f"{name} {names[:i].count(name) + 1}" if names[:i].count(name) else name for i, name in enumerate(names)]
    width = lead + len(draft.kinds)
    cells: list[list[Cell]] = []
    if recipe.header == "none":
        draft.labels = [""] * width
    elif recipe.header == "merged":
        pairs = [(2023 + i // 2, words.labels[1 + i % 2]) for i in range(len(draft.kinds) // 2 * 2)]
        groups: list[Cell] = [str(year) if i % 2 == 0 else None for i, (year, _) in enumerate(pairs)]
        cells = [[*leading, *groups], [*[None] * lead, *(name for _, name in pairs)]]
        draft.kinds = ("number", "count") * (len(draft.kinds) // 2)
        draft.labels = [*leading, *(f"{year} {name}" for year, name in pairs)]
        draft.merged += [(top, i, top + 1, i) for i in range(lead)]
        draft.merged += [(top, lead + i, top, lead + i + 1) for i in range(0, len(pairs), 2)]
    elif recipe.header == "units":
        units = ["kg" if kind in _NUMERIC else None for kind in draft.kinds]
        cells = [[*leading, *names], [*[None] * lead, *units]]
        draft.labels = [*leading, *(f"{name} {unit}" if unit else name for name, unit in zip(names, units, strict=True))]
    else:
        heads = _periods(draft, names)
        cells = [[*([None] * lead if recipe.header == "unlabelled" else leading), *heads]]
        draft.labels = ["" if cell is None else str(cell) for cell in cells[0]]
    draft.rows.extend(("header", row) for row in cells)


def _periods(draft: _Draft, names: Sequence[str]) -> list[Cell]:
    count, first = len(draft.kinds), draft.rng.randrange(2015, 2022)
    match draft.recipe.header:
        case "months":
            months = WORDS[draft.recipe.language].months
            return [months[i % 12] for i in range(count)]
        case "years":
            return [first + i for i in range(count)]
        case "quarters":
            return [f"Q{i % 4 + 1} {first + i // 4}" for i in range(count)]
        case _:
            return list(names)


def _body(draft: _Draft) -> None:
    recipe, words = draft.recipe, WORDS[draft.recipe.language]
    half = recipe.rows // 2
    groups = sorted(draft.rng.sample(range(len(words.groups)), 2))
    header = [row for kind, row in draft.rows if kind == "header"]
    for number in range(recipe.rows):
        starts_part = number in {0, half}
        if recipe.inside == "sections" and starts_part:
            draft.rows.append(("section", [words.groups[groups[number > 0]]]))
        if recipe.inside == "blank" and number == half:
            draft.rows.append(("blank", []))
        if recipe.inside == "repeated" and number == half:
            draft.rows.extend(("repeated", list(row)) for row in header)
        if recipe.inside == "subtotals" and number == half:
            _subtotal(draft)
        key = words.keys[number % len(words.keys)] + (f" {number}" if number >= len(words.keys) else "")
        group: list[Cell] = [words.groups[groups[number > 0]] if starts_part else None] if recipe.inside == "groups" else []
        values: list[Cell] = [*group, key, *(_value(draft, kind, number) for kind in draft.kinds)]
        draft.pending.append(values)
        draft.grand.append(values)
        if group and starts_part and draft.rng.random() < 0.5:
            end = len(draft.rows) + (recipe.rows - half if number else half) - 1
            draft.merged.append((len(draft.rows), 0, end, 0))
        draft.rows.append(("data", values))
    if recipe.inside == "subtotals":
        _subtotal(draft)


def _subtotal(draft: _Draft) -> None:
    draft.rows.append(("total", _sum(draft, draft.pending, WORDS[draft.recipe.language].subtotal)))
    draft.pending = []


def _sum(draft: _Draft, rows: Sequence[Sequence[Cell]], label: str | None) -> list[Cell]:
    sums: list[Cell] = []
    for index, kind in enumerate(draft.kinds, draft.lead):
        numbers = [row[index] for row in rows]
        total = round(sum(n for n in numbers if isinstance(n, int | float)), 2)
        sums.append((int(total) if kind == "count" else total) if kind in _NUMERIC else None)
    return [label, *[None] * (draft.lead - 1), *sums]


def _value(draft: _Draft, kind: ColumnKind, number: int) -> Cell:
    rng = draft.rng
    match kind:
        case "number":
            return rng.randrange(100, 99_999) / 100
        case "money":
            return rng.randrange(100_000, 9_999_999) / 100
        case "count":
            return rng.randrange(11, 999)
        case "date":
            return date(2025, 1, 3) + timedelta(days=17 * number)
        case "text":
            return rng.choice(WORDS[draft.recipe.language].texts)
        case "code":
            return f"AB-{rng.randrange(1000, 9999)}"


def _truth(draft: _Draft, row: int, column: int) -> Expected:
    places: dict[RowKind, list[int]] = {}
    for number, (kind, _) in enumerate(draft.rows, row):
        places.setdefault(kind, []).append(number)
    width = draft.lead + len(draft.kinds)
    data = places["data"]
    inside = [*places.get("blank", ()), *places.get("repeated", ()), *places.get("section", ())]
    columns = tuple(range(column, column + width))
    texts = [str(values[0]) for kind, values in draft.rows if kind in {"title", "section", "footer"}]
    return Expected(
        header_rows=tuple(places.get("header", ())),
        first_row=data[0],
        last_row=data[-1],
        columns=columns,
        labels=tuple(label or f"Column {letter(n)}" for n, label in zip(columns, draft.labels, strict=True)),
        totals=tuple(places.get("total", ())),
        left_out=tuple(sorted(n for n in inside if data[0] < n < data[-1])),
        notes=tuple(texts),
        is_pivoted=draft.recipe.header in _PIVOTED or draft.recipe.header == "merged",
        fill_down=(column,) if draft.recipe.inside == "groups" else (),
        kinds=draft.kinds,
    )


def _grid(recipe: Recipe, cells: dict[tuple[int, int], Cell], merged: list[Span]) -> Grid:
    last_row, last_column = max(row for row, _ in cells), max(column for _, column in cells)
    comma = recipe.tables[0].language not in {"en", "ja", "zh"}
    rows = [
        [
            _written(cells.get((row, column)), comma) if recipe.as_texts else cells.get((row, column))
            for column in _to(recipe, last_column)
        ]
        for row in range(recipe.first_row, last_row + 1)
    ]
    blank = tuple(number for number, row in enumerate(rows, recipe.first_row) if all(cell in {None, ""} for cell in row))
    is_large = 0 < recipe.head < len(rows) // 2
    return Grid(
        tab="Tab",
        rows=rows[: recipe.head] if is_large else rows,
        tail=rows[-recipe.head :] if is_large else (),
        first_row=recipe.first_row,
        first_column=recipe.first_column,
        height=len(rows),
        width=last_column - recipe.first_column + 1,
        blank_rows=blank if is_large else (),
        merged=() if recipe.as_texts else tuple(merged),
        is_hidden=recipe.is_hidden,
        evidence="corpus",
    )


def _to(recipe: Recipe, last_column: int) -> range:
    return range(recipe.first_column, last_column + 1)


def _written(cell: Cell, comma: bool) -> str:  # noqa: FBT001  private
    if isinstance(cell, float):
        text = f"{cell:.2f}"
        return text.replace(".", ",") if comma else text
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def _insides(header: Header, *, is_large: bool) -> list[Inside]:
    if is_large:  # nobody sees the middle
        return ["", "blank", "groups"]
    return [inside for inside in get_args(Inside) if header != "none" or inside not in {"repeated", "sections"}]


@st.composite
def _tables(draw: st.DrawFn, position: int, *, arrangement: Arrangement, is_large: bool) -> TableRecipe:
    """Draw a table whose truth a person would agree on beside what stands above it."""
    header = draw(st.sampled_from([h for h in get_args(Header) if position == 0 or h != "none"]))
    columns = draw(st.lists(st.sampled_from(_KINDS), min_size=2, max_size=6).filter(lambda kinds: kinds[0] in _NUMERIC))
    if header == "merged":
        columns = (columns * 2)[:4]
    inside = draw(st.sampled_from(_insides(header, is_large=is_large)))
    is_tight = arrangement == "tight"
    below: Below = draw(st.sampled_from([b for b in _BELOW if b != "sum" or not is_large]))
    return TableRecipe(
        rows=draw(st.integers(60, 90)) if is_large else draw(st.integers(6, 14)),
        columns=tuple(columns),
        header=header,
        inside=inside,
        below=below,
        titles=0 if is_tight and position else draw(st.integers(0, 2)),
        has_title_gap=draw(st.booleans()),
        footers=0 if is_tight else draw(st.integers(0, 2)),
    )


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Draw a tab of one to three tables."""
    count = draw(st.sampled_from([1, 1, 1, 2, 2, 3]))
    arrangement = draw(st.sampled_from(get_args(Arrangement)))
    languages = draw(st.permutations(tuple(WORDS)))
    is_large = count == 1 and draw(st.sampled_from([False, False, False, True]))
    return Recipe(
        tables=tuple(
            replace(draw(_tables(position, arrangement=arrangement, is_large=is_large)), language=language)
            for position, language in enumerate(languages[:count])  # one after the other with one header would be one table
        ),
        arrangement=arrangement,
        gap=draw(st.integers(1, 3)),
        as_texts=draw(st.booleans()),
        first_row=draw(st.integers(1, 5)),
        first_column=draw(st.sampled_from([1, 1, 2, 27])),
        is_hidden=draw(st.sampled_from([False, False, True])),
        head=20 if is_large else 0,
        seed=draw(st.integers(0, 2**32)),
    )


def seeded(seed: int) -> Recipe:
    """Return one recipe of the same space, chosen by plain random numbers: the same for a seed for ever."""
    rng = random.Random(seed)  # noqa: S311  not for secrets
    count = rng.choice([1, 1, 1, 2, 2, 3])
    arrangement: Arrangement = rng.choice(get_args(Arrangement))
    languages = rng.sample(tuple(WORDS), count)
    is_large = count == 1 and rng.random() < 0.2
    return Recipe(
        tables=tuple(
            replace(_seeded_table(rng, position, arrangement=arrangement, is_large=is_large), language=language)
            for position, language in enumerate(languages)
        ),
        arrangement=arrangement,
        gap=rng.randint(1, 3),
        as_texts=rng.random() < 0.5,
        first_row=rng.randint(1, 5),
        first_column=rng.choice([1, 1, 2, 27]),
        is_hidden=rng.random() < 0.2,
        head=20 if is_large else 0,
        seed=seed,
    )


def _seeded_table(rng: random.Random, position: int, *, arrangement: Arrangement, is_large: bool) -> TableRecipe:
    header: Header = rng.choice([h for h in get_args(Header) if position == 0 or h != "none"])
    columns: list[ColumnKind] = [rng.choice(["number", "money", "count"]), *rng.choices(_KINDS, k=rng.randint(1, 5))]
    if header == "merged":
        columns = (columns * 2)[:4]
    is_tight = arrangement == "tight"
    below: Below = rng.choice([b for b in _BELOW if b != "sum" or not is_large])
    return TableRecipe(
        rows=rng.randint(60, 90) if is_large else rng.randint(6, 14),
        columns=tuple(columns),
        header=header,
        inside=rng.choice(_insides(header, is_large=is_large)),
        below=below,
        titles=0 if is_tight and position else rng.randint(0, 2),
        has_title_gap=rng.random() < 0.5,
        footers=0 if is_tight else rng.randint(0, 2),
    )
