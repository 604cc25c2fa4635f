"""The values of a tab's layout: a table's place and what was decided about it, each decision with its reason."""

from dataclasses import dataclass

from chatsheet.sheets.ingest.grid import letter


@dataclass(frozen=True, slots=True)
class Finding:
    """One decision in a sentence that a user understands, with a confidence between 0 and 1."""

    says: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where one table stands in its tab; no cell values. Rows and columns are numbers of the tab, from 1.

    Data are the rows `first_row` to `last_row` without `totals` and `left_out`; `totals` may also lie below `last_row`.
    """

    header_rows: tuple[int, ...]
    first_row: int
    last_row: int
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    """One per column, header rows joined by spaces; a column without one is called by its letter, `Column B`."""
    totals: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    """Rows between `first_row` and `last_row` that are no data: blank ones, repeated headers, headings of groups."""
    notes: tuple[str, ...] = ()
    """Titles and captions above, beside and below, in the tab's order."""
    findings: tuple[Finding, ...] = ()
    is_pivoted: bool = False
    """Whether headers are months, quarters, years or days side by side."""
    fill_down: tuple[int, ...] = ()
    """Columns whose value stands only in the first row of its group."""

    @property
    def range(self) -> str:
        """The cells from the first header row to the last row of data, such as `A4:D120`."""
        first = min((*self.header_rows, self.first_row))
        return f"{letter(self.columns[0])}{first}:{letter(self.columns[-1])}{self.last_row}"

    @property
    def confidence(self) -> float:
        """That of the weakest decision."""
        return min((finding.confidence for finding in self.findings), default=1.0)

    @property
    def evidence(self) -> str:
        """All decisions as one line."""
        return "; ".join(finding.says for finding in self.findings)
