"""The doctor's rungs while they are climbed: a live board on a terminal, plain lines in a pipe."""

import contextlib
import sys
from collections.abc import Callable, Generator

import click

from chatsheet.cli.show import plain
from chatsheet.doctor import report
from chatsheet.doctor.model import Rung

_MARKS = {"passed": "[green]●[/]", "warned": "[yellow]●[/]", "broken": "[red]✖[/]", "not_reached": "[dim]·[/]"}


@contextlib.contextmanager
def shown(*, is_quiet: bool) -> Generator[Callable[[str, Rung], None], None, None]:
    """Yield what takes each rung as it is reached."""
    if is_quiet:
        yield _nothing
    elif sys.stdout.isatty():
        seen: dict[str, list[Rung]] = {}
        with _live(seen) as take:
            yield take
        for path, rungs in seen.items():
            if any(rung.status == "broken" for rung in rungs):
                for rung in rungs:
                    _print(path, rung)
    else:
        yield _print


def _nothing(path: str, rung: Rung) -> None:
    del path, rung


def _print(path: str, rung: Rung) -> None:
    click.echo(plain(report.line(path, rung)))


@contextlib.contextmanager
def _live(seen: dict[str, list[Rung]]) -> Generator[Callable[[str, Rung], None], None, None]:
    from rich.live import Live  # noqa: PLC0415  0.1 s that a pipe need not pay
    from rich.table import Table  # noqa: PLC0415  likewise
    from rich.text import Text  # noqa: PLC0415  likewise

    def board() -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        for path, rungs in seen.items():
            last = next((rung for rung in reversed(rungs) if rung.status != "not_reached"), rungs[-1])
            marks = Text.from_markup("".join(_MARKS[rung.status] for rung in rungs))
            told = Text(plain(last.evidence[0])) if last.evidence else Text("")  # a provider's word is no markup
            table.add_row(Text(path), marks, last.name, told)
        return table

    with Live(board(), refresh_per_second=8) as live:

        def take(path: str, rung: Rung) -> None:
            seen.setdefault(path, []).append(rung)
            live.update(board())

        yield take
