"""Counts the cells of a column that a reading takes, and lists those that it does not. Pure."""

from functools import cached_property

from chatsheet.sheets.ingest.types_model import ColumnFacts, Decision, Group, Parse
from chatsheet.sheets.ingest.types_numbers import looks_like_code, token
from chatsheet.sheets.ingest.types_words import ERROR, is_marker

_EXAMPLES = 5


class Tally:
    """The cells of a column, sorted into missing ones, errors and values; every count is in cells."""

    def __init__(self, facts: ColumnFacts) -> None:
        self.facts = facts
        self.missing: dict[str, int] = {}
        self.errors: dict[str, int] = {}
        self.groups: list[Group] = []
        for group in facts.groups:
            text = group.texts[0] if len(group.texts) == 1 else ""
            if is_marker(text):
                self.missing[text] = group.cells
            elif ERROR.fullmatch(text):
                self.errors[text] = group.cells
            else:
                self.groups.append(group)

    @cached_property
    def values(self) -> int:
        """Cells that hold a value, whether it can be read or not."""
        return sum(group.cells for group in self.groups) + self.facts.others

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The texts of values that were listed."""
        return tuple(text for group in self.groups for text in group.texts)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Each listed text with the cells that it stands for."""
        return {text: group.cells / len(group.texts) for group in self.groups for text in group.texts}

    @cached_property
    def code(self) -> str:
        """A text of digits that is an identifier; empty for none."""
        return next((text for text in self.texts if looks_like_code(text)), "")

    @property
    def looks_like_codes(self) -> bool:
        """Whether identifiers stand among numbers, and little else."""
        return bool(self.code) and self.digits_share >= 0.9  # noqa: PLR2004  as for any type

    @property
    def has_digits(self) -> bool:
        """Whether most values are numbers, whatever they mean."""
        return self.digits_share > 0.5  # noqa: PLR2004  most

    @cached_property
    def digits_share(self) -> float:
        """The share of cells that are numbers or codes."""
        digits = sum(cells for text, cells in self.weights.items() if token(text) or looks_like_code(text))
        return digits / self.values if self.values else 0.0

    def unread(self, parse: Parse) -> tuple[int, tuple[str, ...]]:
        """Return how many filled cells a reading leaves, errors included, and examples, the most frequent first."""
        left: dict[str, float] = dict(self.errors)
        for group in self.groups:
            refused = [text for text in group.texts if not parse.reads(text)]
            left |= {text: group.cells / len(group.texts) for text in refused}
        cells = round(sum(left.values())) + self.facts.others
        return cells, tuple(sorted(left, key=lambda text: (-left[text], text))[:_EXAMPLES])

    def share(self, decision: Decision) -> float:
        """Return the share of values that a decision reads; markers and errors have no say."""
        values = self.values - self.missing_as_value(decision)
        return (values + sum(self.errors.values()) - decision.unparsed) / values if values else 0.0

    def missing_as_value(self, decision: Decision) -> int:
        """Return the cells of values that a decision counts as missing, such as a dash behind a currency."""
        return decision.missing - sum(self.missing.values())

    def differ(self, one: Parse, other: Parse) -> bool:
        """Tell whether two readings make different values of a text that both read."""
        return any(one.show(t) != other.show(t) for t in self.texts if one.reads(t) and other.reads(t))
