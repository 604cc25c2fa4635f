"""The rows of a result by the labels that a sentence may name them with: texts, dates, periods, ranks. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from pydantic import JsonValue

from chatsheet.chat import labels, words
from chatsheet.chat.labels import Named, Word

_SHORTEST_LOOSE = 3
_LONGEST_LABEL = 12
_SHORTEST_PREFIX = 6
_LIKE = 0.7
"""Of the longer one: what two words must share at their beginning to be the same label."""
_COUNTED_OFF = {
    "month": ("month", "monat", "mois", "mes"),
    "quarter": ("quarter", "quartal", "trimestre"),
    "week": ("week", "woche", "kw", "semaine", "semana"),
    "rank": ("rank", "rang", "platz"),
}
"""What rows are numbered by, as it stands before the number."""
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?(?:[T ]00:00(?::00)?(?:\.0+)?)?")
_YEAR_BEHIND = re.compile(r"\.?[ /-](?:of |de )?(?:19|20)\d\d(?![\d%€]|[.,]\d)", re.IGNORECASE)
_YEAR_BEFORE = re.compile(r"(?<![\d.,$€£])(?:19|20)\d\d[ -]$")
_QUARTER = re.compile(r"(?:(\d{4})[ -]?Q([1-4])|Q([1-4])(?:[ -/]?(\d{4}))?)")
_PERIODS = frozenset(labels.MONTH_NAMES) | {"quarter", "quartal", "trimestre"}


class Index:
    """The labels of a result: texts, dates, years by which a sentence can name its rows."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[JsonValue]]) -> None:
        self._rows: dict[tuple[str, ...], dict[int, set[int]]] = {}
        self._cased: dict[tuple[str, ...], set[str]] = {}
        self.columns: set[int] = set()
        for column, name in enumerate(names):
            self._add(column, labels.meanings(name), [row[column] for row in rows])
        self._prefixes = _prefixes(self._rows)
        self._longest = max((len(key) for key in self._rows), default=0)

    def _add(self, column: int, named: frozenset[str], cells: Sequence[JsonValue]) -> None:
        forms = _forms(named, cells)
        if forms is None:
            return
        self.columns.add(column)
        for row, of_row in enumerate(forms):
            for text in of_row:
                key = _key(text)
                if key and len(key) <= _LONGEST_LABEL:
                    self._rows.setdefault(key, {}).setdefault(column, set()).add(row)
                    self._cased.setdefault(key, set()).add(text)
        for key, row in _parts_of_names(forms).items():
            if key not in self._rows:
                self._rows[key] = {column: {row}}

    def find(self, text: str) -> list[Named]:
        """Return where the text names rows; the longest label wins."""
        listed = labels.split(text)
        found: list[Named] = []
        place = 0
        while place < len(listed):
            for length in range(min(self._longest, len(listed) - place), 0, -1):
                key = tuple(labels.canonical(word.folded) for word in listed[place : place + length])
                if (hit := self._hit(key, text, listed[place], listed[place + length - 1])) is not None:
                    start, end = listed[place].start, listed[place + length - 1].end
                    found += [Named(start, end, column, frozenset(rows)) for column, rows in hit.items()]
                    place += length - 1
                    break
            place += 1
        return found

    def _hit(self, key: tuple[str, ...], text: str, first: Word, last: Word) -> Mapping[int, set[int]] | None:
        last_word = key[-1]
        endings = [last_word, *(last_word[: -len(e)] for e in ("s", "es", "n", "en") if last_word.endswith(e))]
        for ending in endings:
            known = (*key[:-1], ending)
            hit = self._rows.get(known)
            if hit is None or (ending != last_word and len(ending) < labels.SHORTEST_STEM):
                continue
            if not self._is_meant(known, text[first.start : last.end]):
                continue
            if len(known) == 1 and known[0].isdecimal() and len(known[0]) != len("2025"):
                continue  # a bare number is a number
            if _is_period(known) and (_YEAR_BEHIND.match(text, last.end) or _YEAR_BEFORE.search(text[: first.start])):
                continue  # the March of another year
            return hit
        if len(key) == 1 and (prefixed := self._prefixes.get(last_word[:_SHORTEST_PREFIX])) is not None:
            label, hit = prefixed
            shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(label, last_word, strict=False)))
            is_like = shared >= _LIKE * max(len(label), len(last_word)) and text[first.start].isupper()
            return hit if is_like and last_word not in labels.CONCEPT else None
        return None

    def _is_meant(self, known: tuple[str, ...], written: str) -> bool:
        """Return whether a word so short or common is the label and not the article `a`, the verb `may`."""
        is_common = len(written) < _SHORTEST_LOOSE or labels.fold(written) in words.SMALL | {"may"}
        is_name = len(written) >= _SHORTEST_LOOSE and written[0].isupper()
        return not is_common or is_name or written in self._cased.get(known, ())


def _is_period(key: tuple[str, ...]) -> bool:
    """Return whether a label is a month or a quarter that names no year."""
    has_year = any(word.isdecimal() and len(word) == len("2025") for word in key)
    return not has_year and (key[-1] in _PERIODS or re.fullmatch(r"q[1-4]", key[0]) is not None)


def _prefixes(rows: Mapping[tuple[str, ...], Mapping[int, set[int]]]) -> dict[str, tuple[str, Mapping[int, set[int]]]]:
    """Return the labels of one word by how they begin, where no other begins so: Engineering, told as Engineers."""
    found: dict[str, tuple[str, Mapping[int, set[int]]]] = {}
    twice: set[str] = set()
    for key, hit in rows.items():
        word, *more = key
        prefix = word[:_SHORTEST_PREFIX]
        if more or prefix in found:
            twice.add(prefix)
        elif len(word) > _SHORTEST_PREFIX and word.isalpha():
            found[prefix] = word, hit
    return {prefix: one for prefix, one in found.items() if prefix not in twice}


def _key(text: str) -> tuple[str, ...]:
    return tuple(labels.canonical(word.folded) for word in labels.split(text))


def _parts_of_names(forms: Sequence[Sequence[str]]) -> dict[tuple[str, ...], int]:
    """Return the words of labels with several that only one row has: Acme for Acme Corp."""
    owners: dict[str, set[int]] = {}
    for row, of_row in enumerate(forms):
        for text in of_row[:1]:
            listed = labels.split(text)
            for word in listed:
                owners.setdefault(word.folded, set()).add(row if len(listed) > 1 and text[word.start].isupper() else -1)
    return {
        (labels.canonical(word),): next(iter(rows))
        for word, rows in owners.items()
        if len(rows) == 1
        and -1 not in rows
        and len(word) >= labels.SHORTEST_STEM
        and not word.isdecimal()
        and word not in labels.CONCEPT
    }


def _forms(named: frozenset[str], cells: Sequence[JsonValue]) -> list[list[str]] | None:
    """Return for each row how its cell may be written in a sentence; None where the column holds no labels."""
    filled = [cell for cell in cells if cell is not None]
    if filled and all(isinstance(cell, int) and not isinstance(cell, bool) for cell in filled):
        return _numbered(named, cells)
    if not filled or not all(isinstance(cell, str) for cell in filled):
        return None
    texts = ["" if cell is None else str(cell) for cell in cells]
    dates = [_ISO_DATE.fullmatch(text) for text in texts if text]
    if all(dates):
        return _dated(texts)
    if all(re.fullmatch(r"[-+]?\d+(\.\d+)?", text) for text in texts if text):
        return None  # numbers that are stored as texts
    return [[text, *_quarters(text)] if text else [] for text in texts]


def _numbered(named: frozenset[str], cells: Sequence[JsonValue]) -> list[list[str]] | None:
    numbers = [cell if isinstance(cell, int) else 0 for cell in cells]
    if "year" in named and all(1900 <= number <= 2100 for number in numbers if number):  # noqa: PLR2004  years
        return [[str(number)] if number else [] for number in numbers]
    if "month" in named and all(1 <= number <= len(labels.MONTH_NAMES) for number in numbers if number):
        return [[labels.MONTH_NAMES[number - 1], *_counted("month", number)] if number else [] for number in numbers]
    if named & {"quarter", labels.meaning("quarter"), labels.meaning("quartal"), labels.meaning("trimestre")}:
        quarters = range(1, len(words.QUARTERS) + 1)
        return [
            [f"Q{number}", *_counted("quarter", number), *_nth_quarter(number)] if number in quarters else []
            for number in numbers
        ]
    for kind in _COUNTED_OFF:
        if kind in named and len(set(numbers)) == len(numbers):
            return [list(_counted(kind, number)) for number in numbers]
    return None


def _counted(kind: str, number: int) -> Iterator[str]:
    yield from (f"{name} {number}" for name in _COUNTED_OFF[kind])


def _nth_quarter(number: int) -> Iterator[str]:
    """Yield how a quarter is written out: by its number, and by its months."""
    yield from (f"{word} {name}" for word in (*words.QUARTERS[number - 1], str(number)) for name in _COUNTED_OFF["quarter"])
    first, last = labels.MONTH_NAMES[3 * number - 3], labels.MONTH_NAMES[3 * number - 1]
    yield from (f"{first} {joint} {last}" for joint in ("", "to", "through", "bis", "à", "a"))


def _quarters(text: str) -> Iterator[str]:
    if (match := _QUARTER.fullmatch(text)) is not None:
        year, quarter = match[1] or match[4], match[2] or match[3]
        yield from (f"Q{quarter} {year}", f"{year} Q{quarter}") if year else (f"Q{quarter}",)


def _dated(texts: Sequence[str]) -> list[list[str]]:
    matches = [_ISO_DATE.fullmatch(text) for text in texts]
    parts = [(int(m[1]), int(m[2]), int(m[3] or 1)) if m else None for m in matches]
    known = [part for part in parts if part is not None]
    firsts = all(day == 1 for _, _, day in known)
    is_yearly = firsts and all(month == 1 for _, month, _ in known) and len({year for year, _, _ in known}) == len(set(known))
    is_quarterly = firsts and all(month % 3 == 1 for _, month, _ in known)
    # one date alone may stand for each of them
    is_only = len(set(known)) == 1
    spans = _Spans(
        year=is_yearly, quarter=is_quarterly and (is_only or not is_yearly), month=firsts and (is_only or not is_quarterly)
    )
    return [[] if part is None else list(_of_day(*part, spans)) for part in parts]


@dataclass(frozen=True, slots=True)
class _Spans:
    """What the first day of a month in a column of dates may stand for."""

    year: bool
    quarter: bool
    month: bool


def _of_day(year: int, month: int, day: int, spans: _Spans) -> Iterator[str]:
    name = labels.MONTH_NAMES[month - 1]
    yield from (f"{year} {month} {day}", f"{day} {month} {year}", f"{month} {day} {year}", f"{day} {name} {year}")
    yield from (f"{name} {day} {year}", f"{name} {day}", f"{day} {name}", f"{day} de {name} de {year}")
    if spans.month:
        yield from _counted("month", month)
        yield from (f"{name} {year}", name, f"{year} {month}", f"{month} {year}", f"{name} de {year}")
    if spans.quarter:
        for quarter in (f"Q{(month + 2) // 3}", *_nth_quarter((month + 2) // 3)):
            yield from (f"{quarter} {year}", f"{quarter} of {year}", f"{quarter} de {year}", f"{year} {quarter}", quarter)
    if spans.year:
        yield str(year)
