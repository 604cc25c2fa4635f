"""The Python door: one question about one file, answered with its SQL, its rows and the route it took."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from chatsheet.auth.policy import Denied
from chatsheet.chat import questions
from chatsheet.chat.citations import Citation, shortened
from chatsheet.chat.events import (
    AccessEnded,
    Answered,
    Asked,
    Basis,
    Cancelled,
    Chart,
    Event,
    Failed,
    Live,
    ModelReplied,
    NumberFound,
    Option,
    Proposal,
    StepRestarted,
    ToolAnswered,
    Wrote,
)
from chatsheet.core import settings_file
from chatsheet.core.errors import Conflict, revive
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.core.settings import Settings
from chatsheet.llm.model import Trail, Usage
from chatsheet.sheets.model import Result
from chatsheet.wiring import Services, open_services

MOST_CITATIONS = 100
"""Sources that an answer tells the rows of; `Chats.citation` tells those of the others."""
MOST_ROWS = 100
"""Row ids that it lists per table of a citation; more are counted."""


class Query(BaseModel):
    """A query that the answer stands on; `version` is that of the sheet that was asked."""

    model_config = ConfigDict(frozen=True)

    handle: str
    sql: str
    purpose: str = ""
    basis: Basis
    result: Result
    version: str = ""


class Step(BaseModel):
    """One call of the model: which route answered, what the others did, and what it took."""

    model_config = ConfigDict(frozen=True)

    model: str
    route: str
    trail: Trail
    usage: Usage
    cost: float | None = None
    """None where the route has no prices."""
    milliseconds: int = 0


class Answer(BaseModel):
    """An answer and everything that leads to it; `model`, `route` and `trail` are those of the last step.

    `numbers` are all numbers of the text in order: with handle, row and column of the result cell that each comes from, or
    without, where it is not from the data. Nothing of `proposals` has been done.
    """

    model_config = ConfigDict(frozen=True)

    question: str = ""
    text: str
    form: Literal["answer", "not_in_workbook", "which"] = "answer"
    """`which`: a question back, whose readings and their results are `options`."""
    options: tuple[Option, ...] = ()
    is_cut: bool
    warnings: tuple[str, ...] = ()
    """What one is to know beside it, such as a budget that nears its end."""
    numbers: tuple[NumberFound, ...]
    citations: tuple[Citation, ...] = ()
    """What the numbers stand on, each source once: its query, the first rows of each table with their count, the cells."""
    queries: tuple[Query, ...]
    charts: tuple[Chart, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    model: str
    route: str
    trail: Trail
    steps: tuple[Step, ...] = ()
    usage: Usage
    """Of all steps together."""
    cost: float | None = None
    """Of all steps together; None where a route of them has no prices."""
    seconds: float = 0.0
    """From the question to the answer, the file being read already."""
    chat: str = ""
    sheet: str
    version: str
    """Of the sheet, when the question was asked."""

    def result(self, handle: str) -> Result:
        """Return the result of that handle; raises KeyError for one that is not of this answer."""
        return {query.handle: query.result for query in self.queries}[handle]

    def citation(self, number: NumberFound) -> Citation | None:
        """Return what a number stands on; None for one that is not from the data."""
        source = (number.handle, number.row, number.column)
        return next((one for one in self.citations if (one.handle, one.row, one.column) == source), None)


class TurnStopped(Conflict):
    """The turn was stopped before it had an answer."""

    code = "chat.stopped"


Progress = Callable[[str], None]
"""Takes a line for the person who waits."""


def ask(path: str | Path, question: str, *, settings: Settings | None = None, locale: str = "en") -> Answer:
    """Answer one question about the workbook at `path`; raises ChatSheetError.

    `locale` is the BCP 47 tag by which numbers are written; raises LocaleInvalid for what is none. Runs on a loop of its own
    in a background thread, so it works in a notebook too.
    """
    outcome: list[Answer | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(_open_and_answer(Path(path), question, settings, locale)))
        except BaseException as error:  # noqa: BLE001  carried over to the caller's thread and raised there
            outcome.append(error)

    thread = threading.Thread(target=work, name="chatsheet.ask")
    thread.start()
    thread.join()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


async def _open_and_answer(path: Path, question: str, settings: Settings | None, locale: str) -> Answer:
    async with open_services(settings or settings_file.load(), has_page=False, is_local=True) as services:
        return await answer(services, LOCAL, path, question, locale=locale)


async def answer(
    services: Services, actor: Actor, path: Path, question: str, *, locale: str = "en", progress: Progress | None = None
) -> Answer:
    """Import the file, ask, and return the answer; raises ChatSheetError, also for a turn that failed."""
    say = progress or _say_nothing
    question, locale = questions.checked(question), questions.checked_locale(locale)  # before a chat is started in vain
    opened = await services.library.bring_in(actor, path)
    say(f"{opened.sheet.name}: {', '.join(f'{t.id} ({t.rows} rows)' for t in opened.workbook.tables)}")
    chat = await services.chats.start(actor, opened.sheet.id)
    began = time.perf_counter()
    await services.chats.ask(actor, chat.id, question, locale=locale)
    events: list[Event] = []
    try:
        async with aclosing(turn(services, actor, chat.id)) as watched:
            async for event in watched:
                say_event(event, say)
                if not isinstance(event, Wrote | StepRestarted | AccessEnded):
                    events.append(event)
    except asyncio.CancelledError:
        await asyncio.shield(services.chats.stop(actor, chat.id))  # who interrupts does not want it resumed later
        raise
    made = collect(events, seconds=time.perf_counter() - began)
    made = made.model_copy(update={"chat": chat.id, "sheet": opened.sheet.id, "version": opened.sheet.version})
    return await cited(services, actor, made)


async def cited(services: Services, actor: Actor, found: Answer) -> Answer:
    """Return an answer of a chat with the rows and cells that its numbers stand on; raises ChatNotFound."""
    sources = dict.fromkeys((one.handle, one.row, one.column) for one in found.numbers if one.handle is not None)
    told = [
        shortened(await services.chats.citation(actor, found.chat, handle, row=row, column=column), most=MOST_ROWS)
        for handle, row, column in islice(sources, MOST_CITATIONS)
    ]
    return found.model_copy(update={"citations": tuple(told)})


async def turn(services: Services, actor: Actor, chat_id: str, *, after: int = 0) -> AsyncGenerator[Event | Live, None]:
    """Yield what happens in a chat after number `after`, to the end of a turn; raises ChatNotFound, Denied."""
    async with aclosing(services.chats.watch(actor, chat_id, after=after)) as watched:
        async for numbered in watched:
            if isinstance(numbered.event, AccessEnded):
                raise Denied(numbered.event.what, fix=numbered.event.fix)
            yield numbered.event
            if isinstance(numbered.event, Answered | Failed | Cancelled):
                return


def collect(events: Sequence[Event], *, seconds: float | None = None) -> Answer:
    """Return the answer that a turn's events end with; raises what it failed with, or TurnStopped.

    `seconds` are those of model and tools together where they were not measured.
    """
    match events[-1]:
        case Failed() as failed:
            raise revive(failed.code, failed.what, failed.fix)
        case Answered() as answered:
            pass
        case _:
            raise TurnStopped("the question was stopped.", fix="ask again.")
    steps = tuple(
        Step(model=e.model, route=e.route, trail=e.trail, usage=e.usage, cost=e.cost, milliseconds=e.milliseconds)
        for e in events
        if isinstance(e, ModelReplied)
    )
    told = [event for event in events if isinstance(event, ToolAnswered)]
    spent = sum(event.milliseconds for event in (*steps, *told)) / 1000
    costs = [step.cost for step in steps if step.cost is not None]
    return Answer(
        question=next((event.question for event in events if isinstance(event, Asked)), ""),
        text=answered.text,
        form=answered.form,
        options=next((event.options for event in reversed(told) if event.options), ()) if answered.form == "which" else (),
        is_cut=answered.is_cut,
        warnings=answered.warnings,
        numbers=answered.numbers,
        queries=tuple(query for event in told if (query := _query(event)) is not None),
        charts=tuple(event.chart for event in told if event.chart is not None),
        proposals=tuple(event.proposal for event in told if event.proposal is not None),
        model=steps[-1].model,
        route=steps[-1].route,
        trail=steps[-1].trail,
        steps=steps,
        usage=_total([step.usage for step in steps]),
        cost=sum(costs) if len(costs) == len(steps) else None,
        seconds=round(spent if seconds is None else seconds, 3),
        sheet="",
        version=next((event.version for event in told), ""),
    )


def say_event(event: Event | Live, say: Progress) -> None:
    """Tell in one line what happened, where it is worth one."""
    match event:
        case ModelReplied():
            say(event.trail.line())
        case ToolAnswered(handle=str(handle), sql=str(sql), result=Result() as result):
            say(f"{handle}: {sql} → {result.row_count} rows")
        case ToolAnswered(is_error=True):
            say(f"{event.tool}: {event.content}")
        case StepRestarted():
            say(f"{event.route} failed ({event.cause}); this step begins again")
        case _:
            pass


def _query(event: ToolAnswered) -> Query | None:
    if event.handle is None or event.sql is None or event.result is None:
        return None
    return Query(
        handle=event.handle,
        sql=event.sql,
        purpose=event.purpose,
        basis=event.basis,
        result=event.result,
        version=event.version,
    )


def _say_nothing(line: str) -> None:
    del line


def _total(usages: Sequence[Usage]) -> Usage:
    return Usage(
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
        cached_tokens=sum(u.cached_tokens for u in usages),
    )
