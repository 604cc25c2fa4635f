"""The Python door: one question about one file, answered with its SQL, its rows and the route it took."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chatsheet.chat.events import (
    Answered,
    Asked,
    Basis,
    Cancelled,
    Decided,
    Event,
    Failed,
    Live,
    ModelReplied,
    Nudged,
    NumberFound,
    StepRestarted,
    ToolAnswered,
    Wrote,
)
from chatsheet.core import settings_file
from chatsheet.core.errors import Conflict, revive
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.core.settings import Settings
from chatsheet.llm.model import Trail, Usage
from chatsheet.sheets.library import OpenSheet
from chatsheet.sheets.model import Result
from chatsheet.wiring import Services, open_services


class Query(BaseModel):
    """A query that the answer stands on."""

    model_config = ConfigDict(frozen=True)

    handle: str
    sql: str
    basis: Basis
    result: Result


class Answer(BaseModel):
    """An answer and everything that leads to it; `trail` is the route of the last step, `usage` the sum of all steps."""

    model_config = ConfigDict(frozen=True)

    text: str
    is_cut: bool
    numbers: tuple[NumberFound, ...]
    queries: tuple[Query, ...]
    model: str
    route: str
    trail: Trail
    usage: Usage
    sheet: str
    version: str


class TurnStopped(Conflict):
    """The turn was stopped before it had an answer."""

    code = "chat.stopped"


Progress = Callable[[str], None]
"""Takes a line for the person who waits."""


def ask(path: str | Path, question: str, *, settings: Settings | None = None) -> Answer:
    """Answer one question about the workbook at `path`; raises ChatSheetError.

    Runs on a loop of its own in a background thread, so it works in a notebook too.
    """
    outcome: list[Answer | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(_open_and_answer(Path(path), question, settings)))
        except BaseException as error:  # noqa: BLE001  carried over to the caller's thread and raised there
            outcome.append(error)

    thread = threading.Thread(target=work, name="chatsheet.ask")
    thread.start()
    thread.join()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


async def _open_and_answer(path: Path, question: str, settings: Settings | None) -> Answer:
    async with open_services(settings or settings_file.load(), has_page=False) as services:
        return await answer(services, LOCAL, path, question)


async def answer(services: Services, actor: Actor, path: Path, question: str, *, progress: Progress | None = None) -> Answer:
    """Import the file, ask, and return the answer; raises ChatSheetError, also for a turn that failed."""
    say = progress or _say_nothing
    opened = await services.library.bring_in(actor, path)
    say(f"{opened.sheet.name}: {', '.join(f'{t.id} ({t.rows} rows)' for t in opened.workbook.tables)}")
    chat = await services.chats.start(actor, opened.sheet.id)
    await services.chats.ask(actor, chat.id, question)
    try:
        return await _follow(services, actor, chat.id, opened, say)
    except asyncio.CancelledError:
        await asyncio.shield(services.chats.stop(actor, chat.id))  # who interrupts does not want it resumed later
        raise


async def _follow(services: Services, actor: Actor, chat_id: str, opened: OpenSheet, say: Progress) -> Answer:
    replies: list[ModelReplied] = []
    queries: list[Query] = []
    async with aclosing(_events(services, actor, chat_id)) as events:
        async for event in events:
            match event:
                case ModelReplied():
                    replies.append(event)
                    say(event.trail.line())
                case ToolAnswered(handle=str(handle), sql=str(sql), result=Result() as result):
                    queries.append(Query(handle=handle, sql=sql, basis=event.basis, result=result))
                    say(f"{handle}: {sql} → {result.row_count} rows")
                case ToolAnswered(is_error=True):
                    say(f"{event.tool}: {event.content}")
                case Failed():
                    raise revive(event.code, event.what, event.fix)
                case Cancelled():
                    raise TurnStopped("the question was stopped.", fix="ask again.")
                case Answered():
                    return Answer(
                        text=event.text,
                        is_cut=event.is_cut,
                        numbers=event.numbers,
                        queries=tuple(queries),
                        model=replies[-1].model,
                        route=replies[-1].route,
                        trail=replies[-1].trail,
                        usage=_total([reply.usage for reply in replies]),
                        sheet=opened.sheet.id,
                        version=opened.sheet.version,
                    )
                case StepRestarted():
                    say(f"{event.route} failed ({event.cause}); this step begins again")
                case Asked() | ToolAnswered() | Wrote() | Nudged() | Decided():
                    pass
    raise AssertionError("a watched turn ends with an event")


async def _events(services: Services, actor: Actor, chat_id: str) -> AsyncGenerator[Event | Live, None]:
    async with aclosing(services.chats.watch(actor, chat_id)) as watched:
        async for numbered in watched:
            yield numbered.event


def _say_nothing(line: str) -> None:
    del line


def _total(usages: list[Usage]) -> Usage:
    return Usage(
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
        cached_tokens=sum(u.cached_tokens for u in usages),
    )
