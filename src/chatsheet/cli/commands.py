"""The commands of a terminal chat, each a line that begins with a slash."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import click
from pydantic import JsonValue

from chatsheet.chat import answers, charts
from chatsheet.chat.events import ToolAnswered
from chatsheet.chat.proposals import Decision
from chatsheet.cli import proposals
from chatsheet.cli.arguments import free
from chatsheet.cli.ask import image_format
from chatsheet.cli.backstage import Backstage
from chatsheet.cli.show import chart_line, show_result
from chatsheet.cli.tables import plain, show_aligned
from chatsheet.core.identity import LOCAL
from chatsheet.sheets import export as exports
from chatsheet.sheets.files import Options as FileOptions
from chatsheet.sheets.model import Format

_ROWS_SHOWN = 200
_FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(slots=True)
class Subject:
    """What the talk is about; /new changes the chat."""

    sheet_id: str
    name: str
    chat_id: str
    locale: str = "en"


class Commands:
    """Obeys commands; raises UsageError with the right form, and what the services raise."""

    def __init__(self, back: Backstage, subject: Subject) -> None:
        self._back = back
        self._subject = subject
        self._known: dict[str, tuple[Callable[..., None], str, str]] = {
            "/tables": (self._tables, "", "the tables of the workbook"),
            "/sql": (self._sql, "HANDLE", "the query of a result, such as r1"),
            "/rows": (self._rows, "HANDLE", "the rows of a result"),
            "/export": (self._export, "HANDLE FILE", "write a result as .csv, .xlsx or .parquet"),
            "/chart": (self._chart, "[CHART FILE]", "the charts so far, or write one as .svg, .png or .json"),
            "/proposals": (self._proposals, "", "what is proposed, and what became of it"),
            "/apply": (
                self._apply,
                "PROPOSAL [CONSENT]",
                "make a proposed change; CONSENT names what may reach out",
            ),
            "/decline": (self._decline, "PROPOSAL", "leave the sheet as it is"),
            "/undo": (self._undo, "", "take back the last change of the sheet"),
            "/new": (self._new, "", "begin a new chat"),
            "/help": (self._help, "", "this list"),
            "/quit": (self._help, "", "leave; so does Ctrl-D"),
        }

    def obey(self, line: str) -> None:
        """Do what a line says."""
        try:
            name, *arguments = shlex.split(line)
        except ValueError:
            raise click.UsageError("a quote is not closed.") from None
        if name not in self._known:
            raise click.UsageError(f"there is no {name}; /help lists the commands.")
        run, form, _ = self._known[name]
        wanted = form.replace("[", "").replace("]", "").split()
        if len(arguments) not in {len(wanted), len(form.partition("[")[0].split())}:
            raise click.UsageError(f"say {f'{name} {form}'.strip()}.")
        run(*arguments)

    def _tables(self) -> None:
        tables = self._back.run(lambda: self._back.services.library.open(LOCAL, self._subject.sheet_id)).workbook.tables
        rows = [(table.id, table.tab, table.rows, ", ".join(column.name for column in table.columns)) for table in tables]
        show_aligned(["table", "tab", "rows", "columns"], rows)

    def _sql(self, handle: str) -> None:
        answered = self._answered(handle)
        click.echo(plain(answered.sql or ""))
        click.secho(f"Stands on: {plain(answers.told(answered.basis))}", dim=True)

    def _rows(self, handle: str) -> None:
        if (result := self._answered(handle).result) is not None:
            show_result(result, _ROWS_SHOWN, locale=self._subject.locale)

    def _export(self, handle: str, file: str) -> None:
        answered, target, library = self._answered(handle), free(Path(file)), self._back.services.library
        shape = next((one for one in _FORMATS if one == target.suffix[1:].lower()), None)
        if shape is None:
            raise click.UsageError(f"a result is written as {', '.join(_FORMATS)}.")
        opened = self._back.run(lambda: library.at(LOCAL, self._subject.sheet_id, answered.version))
        questions = library.questions(opened)
        plan = exports.of_query(opened.workbook, questions.check(answered.sql or ""))
        options = FileOptions.model_validate({"format": shape})
        done = self._back.run(lambda: exports.write(questions.database, plan, target, options))
        said: dict[str, JsonValue] = {"sql": answered.sql, "format": shape, "rows": done.rows}
        self._back.run(lambda: library.note(LOCAL, opened, "sheet.export", said))
        click.echo(f"wrote {plain(str(done.path))}: {done.rows:,} rows")

    def _chart(self, *arguments: str) -> None:
        log = self._back.run(lambda: self._back.services.chats.log(LOCAL, self._subject.chat_id))
        if not arguments:
            made = [event.chart for event in log if isinstance(event, ToolAnswered) and event.chart is not None]
            for one in made:
                click.echo(chart_line(one))
            if not made:
                click.echo("no chart was made yet; ask for one.")
            return
        chart, result = charts.find(log, arguments[0])
        target = free(Path(arguments[1]))
        form = image_format(target)
        target.write_bytes(self._back.run(lambda: self._back.services.drawings.draw(chart, result, form)))
        click.echo(f"wrote {plain(str(target))}")

    def _proposals(self) -> None:
        chats, chat_id = self._back.services.chats, self._subject.chat_id
        found = self._back.run(lambda: chats.proposals(LOCAL, chat_id))
        for standing in found:
            proposals.show(standing)
        if not found:
            click.echo("nothing is proposed yet; ask for a change.")

    def _apply(self, proposal: str, consent: str = "") -> None:
        self._decide(proposal, "apply", [one for one in consent.split(",") if one])

    def _decline(self, proposal: str) -> None:
        self._decide(proposal, "decline", [])

    def _decide(self, proposal: str, decision: Decision, consent: Sequence[str]) -> None:
        chats, chat_id = self._back.services.chats, self._subject.chat_id
        click.echo(proposals.line(self._back.run(lambda: chats.decide(LOCAL, chat_id, proposal, decision, consent))))

    def _undo(self) -> None:
        library, sheet_id = self._back.services.library, self._subject.sheet_id
        head = self._back.run(lambda: library.open(LOCAL, sheet_id)).sheet.version
        undone = self._back.run(lambda: library.undo(LOCAL, sheet_id, expected_version=head))
        click.echo(f"the sheet is at version {undone.sheet.version} again.")

    def _new(self) -> None:
        chats = self._back.services.chats
        self._subject.chat_id = self._back.run(lambda: chats.start(LOCAL, self._subject.sheet_id)).id
        click.secho("a new chat", dim=True)

    def _help(self) -> None:
        show_aligned(["command", ""], [(f"{name} {form}".strip(), about) for name, (_, form, about) in self._known.items()])

    def _answered(self, handle: str) -> ToolAnswered:
        log = self._back.run(lambda: self._back.services.chats.log(LOCAL, self._subject.chat_id))
        known: Sequence[ToolAnswered] = [event for event in log if isinstance(event, ToolAnswered) and event.handle is not None]
        found = next((event for event in known if event.handle == handle), None)
        if found is None:
            listed = ", ".join(str(event.handle) for event in known) or "none yet"
            raise click.UsageError(f"there is no result {handle}; the results are {listed}.")
        return found
