"""A turn while it runs: steps and their results stay on the screen, text comes as it is written and goes when it is whole."""

from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live as Screen
from rich.text import Text

from chatsheet.chat import answers
from chatsheet.chat.events import Event, Live, ModelReplied, Nudged, StepRestarted, ToolAnswered, Wrote
from chatsheet.cli.show import show_result
from chatsheet.cli.tables import plain

_ROWS_SHOWN = 10
_LONGEST_ERROR = 300


class Running:
    """Shows what happens; nothing where it is not to be shown."""

    def __init__(self, *, is_shown: bool, locale: str = "en") -> None:
        self._locale = locale
        self._is_shown = is_shown
        self._console = Console(highlight=False)
        self._screen: Screen | None = None
        self._text = ""

    def __enter__(self) -> Self:
        self._pass("…")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._clear()

    def take(self, event: Event | Live) -> None:
        """Show one event."""
        if not self._is_shown:
            return
        match event:
            case Wrote():
                self._text = event.text if event.is_all else self._text + event.text
                self._pass(plain(self._text))
            case StepRestarted():
                self._text = ""
                self._keep(f"{event.route} failed ({event.cause}): this step begins again", fg="yellow")
            case ModelReplied():
                self._replied(event)
            case ToolAnswered():
                self._answered(event)
            case Nudged():
                self._keep("the answer was sent back: its numbers came from no query", dim=True)
            case _:
                pass

    def _replied(self, event: ModelReplied) -> None:
        self._text = ""
        if any(attempt.cause is not None for attempt in event.trail.attempts):
            self._keep(event.trail.line(), dim=True)
        if event.calls and event.text.strip():
            self._keep(event.text.strip(), dim=True)

    def _answered(self, event: ToolAnswered) -> None:
        if event.is_error:
            self._keep(f"{event.tool}: {event.content[:_LONGEST_ERROR]}", fg="red", dim=True)
        elif event.result is not None:
            self._keep(f"[{event.handle}] {event.sql}", dim=True)
            self._keep(f"{plain(answers.told(event.basis))}; {event.milliseconds} ms", dim=True)
            self._clear()
            show_result(event.result, _ROWS_SHOWN, locale=self._locale)
            self._pass("…")
        else:
            self._keep(f"{event.tool}: done", dim=True)

    def _keep(self, line: str, *, fg: str | None = None, dim: bool | None = None) -> None:
        self._clear()
        click.secho(plain(line), fg=fg, dim=dim)
        self._pass("…")

    def _pass(self, text: str) -> None:
        """Show text that is not whole yet: as much of its end as the screen holds."""
        if not self._is_shown:
            return
        if self._screen is None:
            self._screen = Screen(console=self._console, transient=True, refresh_per_second=10)
            self._screen.start()
        lines = Text(text).wrap(self._console, self._console.width)
        self._screen.update(Text("\n").join(lines[-max(1, self._console.height - 2) :]))

    def _clear(self) -> None:
        if self._screen is not None:
            self._screen.stop()
            self._screen = None
