"""`chatsheet chat FILE`: a conversation on the terminal; in a pipe one question a line, one answer after the other."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from chatsheet.ask import TurnStopped, collect, turn
from chatsheet.chat.events import AccessEnded, Answered, Asked, Event, StepRestarted, Wrote
from chatsheet.cli import backstage
from chatsheet.cli.arguments import LOCALE
from chatsheet.cli.backstage import Backstage
from chatsheet.cli.commands import Commands, Subject
from chatsheet.cli.main import Options
from chatsheet.cli.running import Running
from chatsheet.cli.show import show, show_offers, show_text
from chatsheet.cli.tables import plain
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings

_PROMPT, _MORE = "> ", "… "
_MOST_REMEMBERED = 1_000
_TERMINATED = 128 + signal.SIGTERM


@click.command("chat")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--continue", "goes_on", is_flag=True, help="Go on with the last chat about this file.")
@LOCALE
@click.pass_obj
def command(options: Options, file: Path, *, goes_on: bool, locale: str) -> int:
    r"""Talk about the workbook FILE.

    A line that ends with \ goes on. Ctrl-C stops the answer; at the prompt, twice, it leaves. /help lists the commands.
    Without a terminal, questions are read from stdin, one a line; exit code 1 where one had no answer.
    """
    settings = options.settings()
    signal.signal(signal.SIGTERM, _terminate)
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with backstage.opened(settings) as back:
        talk = _Talk(back, _subject(back, file, locale, goes_on=goes_on), is_terminal=is_terminal)
        return talk.hold(_typed(settings) if is_terminal else (line.strip() for line in sys.stdin))


def _subject(back: Backstage, file: Path, locale: str, *, goes_on: bool) -> Subject:
    """Bring the file in and open a chat about it, or the last one; raises the errors of ingest."""
    services = back.services
    opened = back.run(lambda: services.library.bring_in(LOCAL, file))
    known = back.run(lambda: services.chats.listing(LOCAL, opened.sheet.id)) if goes_on else []
    chat = known[0] if known else back.run(lambda: services.chats.start(LOCAL, opened.sheet.id))
    return Subject(sheet_id=opened.sheet.id, name=opened.sheet.name, chat_id=chat.id, locale=locale)


class _Talk:
    """One conversation at a terminal or in a pipe."""

    def __init__(self, back: Backstage, subject: Subject, *, is_terminal: bool) -> None:
        self._back = back
        self._subject = subject
        self._is_terminal = is_terminal
        self._commands = Commands(back, subject)
        self._failures = 0

    def hold(self, lines: Iterator[str]) -> int:
        """Answer line by line until there are no more, or one says /quit; return the exit code."""
        if self._is_terminal:
            self._greet()
        for line in lines:
            if line in {"/quit", "/exit"}:
                break
            if line:
                self._obey(line)
        return 1 if self._failures and not self._is_terminal else 0

    def _greet(self) -> None:
        click.secho(f"{plain(self._subject.name)}: ask, or /help. Ctrl-C stops an answer, /quit leaves.", dim=True)
        asked = [event for event in self._log() if isinstance(event, Asked | Answered)]
        for event in asked[-2:]:
            click.secho(plain(f"> {event.question}" if isinstance(event, Asked) else event.text), dim=True)

    def _obey(self, line: str) -> None:
        try:
            if line.startswith("/"):
                self._commands.obey(line)
            else:
                self._ask(line)
        except SystemExit:  # as Ctrl-C does: the turn is stopped, nobody goes on with it
            self._back.run(lambda: self._back.services.chats.stop(LOCAL, self._subject.chat_id))
            raise
        except TurnStopped:
            click.secho("Stopped.", fg="yellow")
        except (ChatSheetError, click.UsageError) as error:
            self._failures += 1
            click.secho(plain(error.line() if isinstance(error, ChatSheetError) else error.message), fg="red", err=True)

    def _ask(self, question: str) -> None:
        services, chat_id, locale = self._back.services, self._subject.chat_id, self._subject.locale
        after = len(self._log())
        self._back.run(lambda: services.chats.ask(LOCAL, chat_id, question, locale=locale))
        events: list[Event] = []
        happening = turn(services, LOCAL, chat_id, after=after)
        with Running(is_shown=self._is_terminal, locale=locale) as running:
            for event in self._back.each(happening, lambda: services.chats.stop(LOCAL, chat_id)):
                running.take(event)
                if not isinstance(event, Wrote | StepRestarted | AccessEnded):
                    events.append(event)
        made = collect(events)
        if self._is_terminal:
            show_text(made, locale)
            show_offers(made)
        else:
            show(made, as_json=False, locale=locale)

    def _log(self) -> list[Event]:
        services, chat_id = self._back.services, self._subject.chat_id
        return self._back.run(lambda: services.chats.log(LOCAL, chat_id))


def _terminate(number: int, frame: object) -> NoReturn:
    """End by SIGTERM as by /quit, with what a shell expects."""
    del number, frame
    sys.exit(_TERMINATED)


def _typed(settings: Settings) -> Iterator[str]:
    """Yield what a person types; a line that ends with a backslash goes on in the next. Ends at Ctrl-D, or a second Ctrl-C."""
    import readline  # noqa: PLC0415  it takes over the terminal

    history = settings.data / "chat_history"
    with suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(_MOST_REMEMBERED)
    is_leaving = False
    try:
        while True:
            try:
                yield _one(input)
                is_leaving = False
            except KeyboardInterrupt:
                click.echo()
                if is_leaving:
                    return
                is_leaving = True
                click.secho("Ctrl-C again leaves.", dim=True)
            except EOFError:
                click.echo()
                return
    finally:
        with suppress(OSError):
            history.touch(mode=0o600)
            readline.write_history_file(history)


def _one(read: Callable[[str], str]) -> str:
    lines = [read(_PROMPT)]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(read(_MORE))
    return "\n".join(lines).strip()
