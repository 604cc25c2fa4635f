"""Rows on stdout: a table on a terminal, tab-separated lines in a pipe; a cell is text there and nothing else."""

import sys
import unicodedata
from collections.abc import Sequence

import click

from chatsheet.chat import numbers

_COMMA_FIRST = str.maketrans(",.", ".,")


def show_rows(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their headers: aligned for people, tab-separated and as stored for programs."""
    if sys.stdout.isatty():
        show_aligned(headers, rows)
        return
    for line in (headers, *rows):
        click.echo("\t".join(" ".join(plain(_stored(value)).split()) for value in line))


def show_aligned(headers: Sequence[str], rows: Sequence[Sequence[object]], locale: str = "en") -> None:
    """Print rows in columns, numbers to the right and as the locale writes them."""
    from rich.console import Console  # noqa: PLC0415  0.1 s that --json need not pay
    from rich.table import Table  # noqa: PLC0415  likewise
    from rich.text import Text  # noqa: PLC0415  likewise

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, header in enumerate(headers):
        is_number = any(isinstance(row[number], int | float) for row in rows)
        table.add_column(Text(plain(header)), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else plain(written(value, locale))) for value in row))
    Console(highlight=False, soft_wrap=True).print(table)


def plain(text: str) -> str:
    """Return text without control characters: a cell must not move the cursor or name the window."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"} else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def written(value: object, locale: str = "en") -> str:
    """Return a value as people who use a locale read it: thousands apart, two places for amounts."""
    if not isinstance(value, float):
        return str(value)
    # two places for amounts; small values keep four digits, so that nothing reads as zero that is not
    text = f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return text.translate(_COMMA_FIRST) if numbers.decimal_marks("", locale) == "," else text


def _stored(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
