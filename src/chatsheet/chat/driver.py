"""Does what the loop says: calls the model, runs tools, appends events, tells watchers. A turn outlives its watchers."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta

from chatsheet.chat import answers, calls, citations, loop, messages, store
from chatsheet.chat.audience import Audience, Numbered
from chatsheet.chat.citations import Citation, CitationNotFound
from chatsheet.chat.deciding import AiColumns, Deciding
from chatsheet.chat.events import (
    Answered,
    Asked,
    Cancelled,
    Event,
    Failed,
    ModelReplied,
    Nudged,
    Selection,
    StepRestarted,
    ToolAnswered,
    Wrote,
)
from chatsheet.chat.loop import Answer, AskBack, CallModel, GiveUp, Limit, Limits, Nudge, RefuseTool, Rest, RunTool
from chatsheet.chat.proposals import Decision, Standing
from chatsheet.chat.store import Chat, ChatMovedOn
from chatsheet.chat.tools import proposing, searching, toolbox
from chatsheet.chat.tools.model import Moment
from chatsheet.chat.tools.toolbox import Toolbox
from chatsheet.context.glossary.glossary import Glossary
from chatsheet.context.prompt import Scope
from chatsheet.core import loose
from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, ChatSheetError
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks, to_the_end
from chatsheet.db.engine import Database
from chatsheet.llm.gateway import Gateway, NoRouteAnswered, RequestRefused
from chatsheet.llm.model import ChatRequest, Finished, Restarted, TextDelta, Trail
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import Workbook

log = logging.getLogger(__name__)

_LONGEST_QUESTION = 4_000
_MAX_ANSWER_TOKENS = 800
_MOST_TRIES = 5
_AWAITED = timedelta(hours=1)


class QuestionInvalid(BadInput):
    """The question is empty or far too long."""

    code = "chat.question_invalid"


class TurnLimit(ChatSheetError):
    """The turn used up what a turn may take without an answer."""

    code = "chat.turn_limit"
    status = 422


class TurnInterrupted(ChatSheetError):
    """The process that worked on the turn was stopped, and nobody waits for it any more."""

    code = "chat.interrupted"
    status = 410


@dataclass(slots=True)
class _Turn:
    """A turn that runs, or is about to."""

    task: asyncio.Task[None] | None = None
    is_stopped: bool = False
    """A person wants it stopped; a process that merely ends leaves its turns to be resumed."""


class Chats:
    """The chats of a workspace: ask, watch, stop."""

    def __init__(
        self,
        *,
        database: Database,
        library: Library,
        glossary: Glossary,
        gateway: Gateway,
        clock: Clock,
        limits: Limits | None = None,
        ai_columns: AiColumns | None = None,
        shape: Callable[[Scope], Scope] = lambda scope: scope,
    ) -> None:
        """`shape` changes what prompts are about, as an evaluation does that compares contexts."""
        self._database = database
        self._library = library
        self._glossary = glossary
        self._gateway = gateway
        self._clock = clock
        self._limits = limits or Limits()
        self._shape = shape
        self._running: dict[str, _Turn] = {}
        self._audience = Audience()
        self._tasks = Tasks()
        self._proposing = proposing.offered(has_ai_columns=ai_columns is not None)
        self._deciding = Deciding(database=database, library=library, clock=clock, append=self._append, ai_columns=ai_columns)

    async def start(self, actor: Actor, sheet_id: str) -> Chat:
        """Open a chat about a sheet; raises SheetNotFound."""
        opened = await self._library.open(actor, sheet_id)
        if self._budget is not None:  # a route that reads slowly says so by its budget
            self._tasks.spawn(self.warm(actor, sheet_id), name="warm prompt")
        async with self._database.unit() as connection:
            return await store.add(connection, actor, sheet_id=opened.sheet.id, at=self._clock.now())

    async def warm(self, actor: Actor, sheet_id: str) -> None:
        """Let the model read a sheet's stable prompt once, so that its prefix cache holds it before anyone asks."""
        opened = await self._library.open(actor, sheet_id)
        asked: list[Event] = [Asked(turn="warm", question="Hello")]
        box = self._box(opened)
        request = self._request(asked, await self._scope(actor, opened, box), box, with_tools=False)
        try:
            await self._gateway.complete(replace(request, body={**request.body, "max_tokens": 1}))
        except ChatSheetError as error:
            log.info("the prompt of sheet %s was not warmed: %s", sheet_id, error.code)

    async def listing(self, actor: Actor, sheet_id: str) -> list[Chat]:
        """Return a sheet's chats, newest first."""
        async with self._database.unit() as connection:
            return await store.listing(connection, actor, sheet_id)

    async def get(self, actor: Actor, chat_id: str) -> Chat:
        """Return one chat; raises ChatNotFound."""
        async with self._database.unit() as connection:
            return await store.get(connection, actor, chat_id)

    async def log(self, actor: Actor, chat_id: str) -> list[Event]:
        """Return everything that happened in a chat, in order; raises ChatNotFound."""
        async with self._database.unit() as connection:
            await store.get(connection, actor, chat_id)
            return await store.log(connection, actor, chat_id)

    async def ask(
        self, actor: Actor, chat_id: str, question: str, *, locale: str = "en", selection: Selection | None = None
    ) -> str:
        """Append a question and start its turn in the background; returns the turn's id.

        Raises ChatNotFound, QuestionInvalid, ChatMovedOn where a turn still runs.
        """
        question = question.strip()
        if not 0 < len(question) <= _LONGEST_QUESTION:
            raise QuestionInvalid(
                f"a question has 1 to {_LONGEST_QUESTION} characters; this one has {len(question)}.", fix="shorten it."
            )
        chat = await self.get(actor, chat_id)
        if selection is not None:
            _check(selection, (await self._library.open(actor, chat.sheet_id)).workbook)
        if chat_id in self._running:
            raise ChatMovedOn("the last question is still being answered.", fix="wait for it, or stop it.")
        self._running[chat_id] = turn = _Turn()
        try:
            turn_id = new_id("turn")
            day = self._clock.now().date()
            asked = Asked(turn=turn_id, question=question, day=day, locale=locale, selection=selection)
            await self._append(actor, chat_id, asked)
        except BaseException:
            del self._running[chat_id]
            raise
        turn.task = self._tasks.spawn(self._drive(actor, chat_id, turn_id), name=f"turn {turn_id}")
        return turn_id

    async def citation(
        self, actor: Actor, chat_id: str, handle: str, *, row: int | None = None, column: str | None = None
    ) -> Citation:
        """Return what a number stands on, at the version that its query ran on; raises ChatNotFound, CitationNotFound."""
        async with self._database.unit() as connection:
            chat = await store.get(connection, actor, chat_id)
            events = await store.log(connection, actor, chat_id)
        answered = next((e for e in events if isinstance(e, ToolAnswered) and e.handle == handle), None)
        if answered is None:
            raise CitationNotFound(f"there is no result {handle} in this chat.", fix="take a handle from its answers.")
        opened = await self._library.at(actor, chat.sheet_id, answered.version)
        return await citations.cite(self._library.questions(opened), answered, row=row, column=column)

    async def stop(self, actor: Actor, chat_id: str) -> None:
        """Stop the running turn, if any; raises ChatNotFound."""
        await self.get(actor, chat_id)
        turn = self._running.get(chat_id)
        if turn is not None and turn.task is not None:
            turn.is_stopped = True
            turn.task.cancel()
            await asyncio.wait({turn.task})

    async def watch(self, actor: Actor, chat_id: str, *, after: int = 0) -> AsyncGenerator[Numbered, None]:
        """Yield the events after number `after`, then live ones as they come, without end; raises ChatNotFound."""
        with self._audience.watching(chat_id) as watcher:
            async with self._database.unit() as connection:
                await store.get(connection, actor, chat_id)
                events = await store.log(connection, actor, chat_id)
            for seq, event in enumerate(events, 1):
                if seq > after:
                    yield Numbered(seq, event)
            watcher.skip(len(events))
            while True:
                yield await watcher.next()

    async def proposals(self, actor: Actor, chat_id: str) -> tuple[Standing, ...]:
        """Return a chat's proposals and what became of them, oldest first; raises ChatNotFound."""
        return await self._deciding.standings(actor, chat_id)

    async def decide(
        self, actor: Actor, chat_id: str, proposal_id: str, decision: Decision, consent: Sequence[str] = ()
    ) -> Standing:
        """Obey a person's decision on a proposal; raises the errors of proposals.py, EditConflict, ChatNotFound."""
        return await self._deciding.decide(actor, chat_id, proposal_id, decision, consent)

    async def resume(self) -> None:
        """Go on with the turns that a stopped process left open: their logs say where they were.

        One that nobody can be waiting for any more ends instead, and says so.
        """
        async with self._database.unit() as connection:
            left_open = await store.open_turns(connection)
        for actor, chat_id, turn_id, at in left_open:
            if self._clock.now() - at > _AWAITED:
                error = TurnInterrupted("the server was stopped while it worked on this.", fix="ask again.")
                await self._append(actor, chat_id, Failed(turn=turn_id, code=error.code, what=error.what, fix=error.fix))
                continue
            self._running[chat_id] = turn = _Turn()
            turn.task = self._tasks.spawn(self._drive(actor, chat_id, turn_id), name=f"turn {turn_id}")

    async def _append(self, actor: Actor, chat_id: str, event: Event) -> None:
        """Store an event and tell of it; a stop that comes meanwhile waits, or a turn could have no end, or two."""
        await to_the_end(self._stored(actor, chat_id, event))

    async def _stored(self, actor: Actor, chat_id: str, event: Event) -> None:
        seq, tries = 0, 1 if isinstance(event, Asked) else _MOST_TRIES
        while not seq:
            tries -= 1
            try:
                async with self._database.unit() as connection:
                    seq = await store.append(connection, actor, chat_id, [event], at=self._clock.now())
            except ChatMovedOn:  # a person decided on a proposal in the same moment: the place behind that is as good
                if not tries:
                    raise
        if isinstance(event, Answered | Failed | Cancelled):
            self._running.pop(chat_id, None)  # before anyone hears of it: who hears the end may ask again at once
        self._audience.tell(chat_id, Numbered(seq, event))

    async def _drive(self, actor: Actor, chat_id: str, turn: str) -> None:
        """Obey the loop until the turn is over; whatever happens, the turn ends with an event."""
        try:
            await self._obey(actor, chat_id, turn)
        except asyncio.CancelledError:
            if chat_id in self._running and self._running[chat_id].is_stopped:
                await self._append(actor, chat_id, Cancelled(turn=turn))
        except ChatSheetError as error:
            trail = error.trail if isinstance(error, NoRouteAnswered | RequestRefused) else Trail()
            failed = Failed(turn=turn, code=error.code, what=error.what, fix=error.fix, trail=trail)
            await self._fail(actor, chat_id, failed)
        except Exception:  # boundary: a turn must end with an event, whatever broke
            log.exception("turn %s failed", turn)
            what = "something in ChatSheetAI itself went wrong; the log says where."
            failed = Failed(turn=turn, code=ChatSheetError.code, what=what, fix="ask again, or report it.")
            await self._fail(actor, chat_id, failed)
        finally:
            self._running.pop(chat_id, None)

    async def _fail(self, actor: Actor, chat_id: str, failed: Failed) -> None:
        """End a turn with its failure; who waits hears of it even where it cannot be stored."""
        try:
            await self._append(actor, chat_id, failed)
        except Exception:  # boundary: a full disk must not leave a person waiting
            log.exception("the end of turn %s could not be stored", failed.turn)
            self._audience.tell(chat_id, Numbered(None, failed))

    async def _obey(self, actor: Actor, chat_id: str, turn: str) -> None:
        async with self._database.unit() as connection:
            chat = await store.get(connection, actor, chat_id)
            events = await store.log(connection, actor, chat_id)
        while True:
            opened = await self._library.open(actor, chat.sheet_id)
            box = self._box(opened)
            match loop.step(events, self._limits):
                case Rest():
                    return
                case CallModel(with_tools):
                    scope = await self._scope(actor, opened, box)
                    request = self._request(events, scope, box, with_tools=with_tools)
                    event: Event = await self._call_model(chat_id, turn, request)
                case Nudge(reason):
                    event = Nudged(turn=turn, reason=reason)
                case RunTool(call):
                    moment = Moment(actor=actor, library=self._library, opened=opened, log=events)
                    event = await box.run(call, moment, turn)
                case RefuseTool(call):
                    event = toolbox.refuse(call, turn)
                case GiveUp(limit):
                    raise self._limit(limit)
                case Answer(text):
                    event = answers.answered(text, loop.current_turn(events))
                case AskBack(text):
                    event = answers.asked_back(text, loop.current_turn(events))
            await self._append(actor, chat_id, event)
            events.append(event)

    def _box(self, opened: OpenSheet) -> Toolbox:
        more = (*self._proposing, *searching.offered(opened.workbook))
        return toolbox.offered(is_small=self._budget is not None, more=more)

    @property
    def _budget(self) -> int | None:
        return self._gateway.plan.prompt_budget_tokens

    async def _scope(self, actor: Actor, opened: OpenSheet, box: Toolbox) -> Scope:
        return self._shape(
            Scope(
                workbook=opened.workbook,
                version=opened.sheet.version,
                budget_tokens=self._budget,
                file=opened.sheet.name,
                tools=loose.dumps(box.schemas()),
                glossary=await self._glossary.entries(actor, opened),
            )
        )

    def _limit(self, limit: Limit) -> TurnLimit:
        said = {
            "steps": f"{self._limits.model_steps} model steps",
            "tokens": f"{self._limits.tokens} tokens",
            "cost": f"a cost of {self._limits.cost}",
            "time": f"{self._limits.seconds:g} seconds",
        }
        return TurnLimit(f"the model gave no answer within {said[limit]}.", fix="ask for less at once.")

    @staticmethod
    def _request(events: Sequence[Event], scope: Scope, box: Toolbox, *, with_tools: bool) -> ChatRequest:
        return ChatRequest(
            {
                "messages": [*messages.build(events, scope)],
                "temperature": 0,
                "max_tokens": _MAX_ANSWER_TOKENS,
                "tools": box.schemas(),
                "tool_choice": "auto" if with_tools else "none",
            },
            cache_key=scope.cache_key,
        )

    async def _call_model(self, chat_id: str, turn: str, request: ChatRequest) -> ModelReplied:
        began = time.perf_counter()
        async with aclosing(self._gateway.stream(request)) as stream:
            async for event in stream:
                match event:
                    case TextDelta(text):
                        self._audience.tell(chat_id, Numbered(None, Wrote(turn=turn, text=text)))
                    case Restarted(route, cause):
                        self._audience.tell(chat_id, Numbered(None, StepRestarted(turn=turn, route=route, cause=cause)))
                    case Finished(reply):
                        written_out = () if reply.tool_calls else calls.written_out(reply.text)
                        return ModelReplied(
                            turn=turn,
                            text="" if written_out else reply.text,
                            calls=reply.tool_calls or written_out,
                            finish_reason=reply.finish_reason,
                            model=reply.model,
                            route=reply.route,
                            usage=reply.usage,
                            trail=reply.trail,
                            cost=reply.cost,
                            milliseconds=round(1000 * (time.perf_counter() - began)),
                        )
                    case _:
                        pass
        raise AssertionError("a stream ends with Finished or an error")

    async def close(self) -> None:
        """Stop every running turn."""
        await self._tasks.close()


def _check(selection: Selection, workbook: Workbook) -> None:
    table = workbook.table(selection.table)
    if table is None:
        raise QuestionInvalid(f"there is no table {selection.table} to select from.", fix="select again.")
    unknown = set(selection.columns) - {column.name for column in table.columns}
    if unknown:
        raise QuestionInvalid(f"{table.id} has no column {', '.join(sorted(unknown))}.", fix="select again.")
