"""Marks become a scorecard: counts by context, difficulty and kind, every miss, and what was right before. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatsheet.evals.model import CONTEXTS, Mark

_NOT_ANSWERABLE = ("unanswerable", "ambiguous")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{self.part} of {self.whole} ({100 * self.part / self.whole:.0f} %)" if self.whole else "none asked"


def accuracy(marks: Sequence[Mark]) -> Share:
    """Return execution accuracy: the questions with an answer whose result is the right one."""
    return _share(_answerable(marks), lambda mark: mark.verdict == "right")


def regressions(marks: Iterable[Mark], before: Iterable[Mark]) -> list[str]:
    """Return what was right before and is not now, as `id (context)`; a question that was not asked now counts too."""
    right = {(mark.context, mark.id) for mark in marks if mark.is_right}
    return [f"{one.id} ({one.context})" for one in before if one.is_right and (one.context, one.id) not in right]


def page(marks: Sequence[Mark], *, about: Sequence[str], total: int) -> str:
    """Return the scorecard as Markdown; `about` says what was asked and who answered, `total` how many questions there are."""
    return "\n".join(_page(marks, about, total)) + "\n"


def _page(marks: Sequence[Mark], about: Sequence[str], total: int) -> Iterator[str]:
    by_context = {context: [mark for mark in marks if mark.context == context] for context in CONTEXTS}
    asked = {context: listed for context, listed in by_context.items() if listed}
    yield "# Scorecard"
    yield ""
    yield from (f"- {line}" for line in about)
    yield from (f"- {context}: {len(listed)} of {total} questions asked" for context, listed in asked.items())
    yield ""
    yield from _table("", asked, dict(_lines(asked)))
    for title, keys, key in (
        ("Right by difficulty", ("easy", "medium", "hard"), _difficulty),
        ("Right by kind", tuple(sorted({mark.kind for mark in marks})), _kind),
    ):
        yield f"\n## {title}\n"
        yield from _table("", asked, {name: [str(_right_of(listed, key, name)) for listed in asked.values()] for name in keys})
    for context, listed in asked.items():
        misses = [mark for mark in listed if not mark.is_right]
        yield f"\n## Misses with {context}: {len(misses)}\n"
        yield from (line for mark in misses for line in _miss(mark))


def _difficulty(mark: Mark) -> str:
    return mark.difficulty


def _kind(mark: Mark) -> str:
    return mark.kind


def _right_of(marks: Sequence[Mark], key: Callable[[Mark], str], name: str) -> Share:
    return _share([mark for mark in marks if key(mark) == name], lambda mark: mark.is_right)


def _lines(asked: Mapping[str, Sequence[Mark]]) -> Iterator[tuple[str, list[str]]]:
    columns = list(asked.values())
    for name, of in _FIGURES.items():
        yield name, [of(marks) for marks in columns]


def _answerable(marks: Sequence[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.kind not in _NOT_ANSWERABLE]


def _of_kind(marks: Sequence[Mark], kind: str) -> list[Mark]:
    return [mark for mark in marks if mark.kind == kind]


def _cost(marks: Sequence[Mark]) -> str:
    costs = [mark.cost for mark in marks if mark.cost is not None]
    return f"{sum(costs):.4f}" if costs else "unknown"


def _cached(marks: Sequence[Mark]) -> str:
    cached, whole = sum(mark.usage.cached_tokens for mark in marks), sum(mark.usage.input_tokens for mark in marks)
    return f"{100 * cached / whole:.0f} %" if whole else "unknown"


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


_FIGURES: dict[str, Callable[[Sequence[Mark]], str]] = {
    "execution accuracy": lambda marks: str(accuracy(marks)),
    "… to the last digit, no further columns": lambda marks: str(
        _share(_answerable(marks), lambda m: m.verdict == "right" and m.is_strict)
    ),
    "text names the right numbers": lambda marks: str(
        _share([m for m in _answerable(marks) if m.is_named is not None], lambda m: bool(m.is_named))
    ),
    "unanswerable, refused rightly": lambda marks: str(_share(_of_kind(marks, "unanswerable"), lambda m: m.is_right)),
    "ambiguous, asked back with readings": lambda marks: str(_share(_of_kind(marks, "ambiguous"), lambda m: m.is_right)),
    "… took one reading in silence": lambda marks: str(sum(m.verdict == "one_reading" for m in marks)),
    "wrong": lambda marks: str(sum(m.verdict == "wrong" for m in marks)),
    "… of these refused though it is there": lambda marks: str(sum(m.why == "refused" for m in marks)),
    "failed": lambda marks: str(sum(m.verdict == "failed" for m in marks)),
    "numbers in answers": lambda marks: str(sum(m.numbers for m in marks)),
    "… marked as not from the data": lambda marks: str(sum(len(m.ungrounded) for m in marks)),
    "… cited to a cell that does not hold them": lambda marks: str(sum(len(m.misgrounded) for m in marks)),
    "tokens in": lambda marks: f"{sum(m.usage.input_tokens for m in marks):,}",
    "… of these cached": _cached,
    "tokens out": lambda marks: f"{sum(m.usage.output_tokens for m in marks):,}",
    "cost": _cost,
    "seconds, all": lambda marks: f"{sum(m.seconds for m in marks):,.0f}",
    "seconds, median": lambda marks: f"{_median([m.seconds for m in marks]):.1f}",
    "model steps": lambda marks: str(sum(m.steps for m in marks)),
    "tool errors, and repaired at once": lambda marks: f"{sum(m.errors for m in marks)}, {sum(m.repaired for m in marks)}",
}


def figures(marks: Sequence[Mark]) -> dict[str, str]:
    """Return each line of the scorecard for one context."""
    return {name: of(marks) for name, of in _FIGURES.items()}


def _table(corner: str, asked: Mapping[str, object], lines: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield f"| {corner} | {' | '.join(asked)} |"
    yield "| --- |" + " --- |" * len(asked)
    for name, cells in lines.items():
        yield f"| {name} | {' | '.join(cells)} |"


def _miss(mark: Mark) -> Iterator[str]:
    yield f"- **{mark.id}** ({mark.kind}, {mark.difficulty}, {mark.why}): {mark.question}"
    yield f"  - expected: {_line(mark.expected)}"
    got = _line(str([list(row) for row in mark.got])) if mark.got else "no result"
    yield f"  - got: {got}; said: {_line(mark.text) or 'nothing'}"
    yield from (f"  - `{_line(sql)}`" for sql in mark.sql)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")[:600]


def _share(marks: Sequence[Mark], is_part: Callable[[Mark], bool]) -> Share:
    return Share(sum(map(is_part, marks)), len(marks))
