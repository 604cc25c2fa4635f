"""Does what the loop says: calls the model, runs tools, appends events, tells watchers. A turn outlives its watchers."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from chatsheet.audit.spending import Spending
from chatsheet.auth.access import Access
from chatsheet.auth.policy import Action, Denied
from chatsheet.chat import answers, calls, citations, deeds, loop, messages, questions, removal, store
from chatsheet.chat.audience import Audience, Numbered, Watcher
from chatsheet.chat.citations import Citation, CitationNotFound, NotTraced
from chatsheet.chat.deciding import AiColumns, Deciding
from chatsheet.chat.events import (
    AccessEnded,
    Answered,
    Asked,
    Decided,
    Event,
    ModelReplied,
    Nudged,
    Selection,
    StepRestarted,
    ToolAnswered,
    Wrote,
)
from chatsheet.chat.loop import Answer, AskBack, CallModel, GiveUp, Limit, Limits, Nudge, RefuseTool, Rest, RunTool
from chatsheet.chat.proposals import Decision, Standing
from chatsheet.chat.questions import QuestionInvalid
from chatsheet.chat.shelf import Shelf
from chatsheet.chat.store import Chat
from chatsheet.chat.tools import proposing, searching, toolbox
from chatsheet.chat.tools.model import Moment
from chatsheet.chat.tools.toolbox import Toolbox
from chatsheet.chat.turns import Turns
from chatsheet.context.glossary.glossary import Glossary
from chatsheet.context.prompt import Scope
from chatsheet.core import loose
from chatsheet.core.acts import NOTHING, Act, Spent
from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks
from chatsheet.db.engine import Database, tell
from chatsheet.llm import metering
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import ChatRequest, Finished, Restarted, TextDelta, ToolCall
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import Workbook

log = logging.getLogger(__name__)

_MAX_ANSWER_TOKENS = 800
_ELSEWHERE_S = 2.0
"""How often a watcher looks for what another process wrote, and whether it may still watch."""
_UNDER_RULES = NotTraced(
    code=Denied.code,
    what="this was asked under other row and column rules than yours.",
    fix="ask it in a chat of your own.",
)


class TurnLimit(ChatSheetError):
    """The turn used up what a turn may take without an answer."""

    code = "chat.turn_limit"
    status = 422


class Chats:
    """The chats of a workspace: ask, watch, stop."""

    def __init__(
        self,
        *,
        database: Database,
        access: Access,
        library: Library,
        glossary: Glossary,
        gateway: Gateway,
        clock: Clock,
        limits: Limits | None = None,
        ai_columns: AiColumns | None = None,
        shape: Callable[[Scope], Scope] = lambda scope: scope,
    ) -> None:
        """`shape` changes what prompts are about, as an evaluation does that compares contexts."""
        self.shelf = Shelf(database=database, clock=clock)
        """The chats as a list: to search, name and branch."""
        self._database = database
        self._access = access
        self._spending = Spending(database=database, clock=clock)
        self._library = library
        self._glossary = glossary
        self._gateway = gateway
        self._clock = clock
        self._limits = limits or Limits()
        self._shape = shape
        self._audience = Audience()
        self.turns = Turns(database=database, clock=clock, audience=self._audience, work=self._obey)
        """Those that run here."""
        self._tasks = Tasks()
        self._proposing = proposing.offered(has_ai_columns=ai_columns is not None)
        self._deciding = Deciding(
            database=database, library=library, clock=clock, append=self.turns.append, ai_columns=ai_columns
        )

    async def start(self, actor: Actor, sheet_id: str) -> Chat:
        """Open a chat about a sheet; raises SheetNotFound."""
        opened = await self._library.open(actor, sheet_id)
        if self._budget is not None:  # a route that reads slowly says so by its budget
            self._tasks.spawn(self.warm(actor, sheet_id), name="warm prompt")
        async with self._database.unit() as connection:
            await self._library.hold(connection, actor, sheet_id)
            return await store.add(connection, actor, sheet_id=opened.sheet.id, at=self._clock.now())

    async def warm(self, actor: Actor, sheet_id: str) -> None:
        """Let the model read a sheet's stable prompt once, so that its prefix cache holds it before anyone asks."""
        opened = await self._library.open(actor, sheet_id)
        asked: list[Event] = [Asked(turn="warm", question="Hello")]
        box = self._box(opened)
        request = self._request(asked, await self._scope(actor, opened, box), box, with_tools=False)
        try:
            await self._spending.check(actor)
            reply = await self._gateway.complete(replace(request, body={**request.body, "max_tokens": 1}))
            async with self._database.unit() as connection:
                tell(connection, deeds.called(actor, sheet_id, reply.spent, {"route": reply.route, "model": reply.model}))
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

        Raises ChatNotFound, QuestionInvalid, Denied under other rules than the chat's, ChatMovedOn where a turn still runs.
        """
        question = questions.checked(question)
        chat = await self.get(actor, chat_id)
        _check_rules(actor, chat)
        if selection is not None:
            _check(selection, (await self._library.open(actor, chat.sheet_id)).workbook)
        turn_id = new_id("turn")
        asked = Asked(turn=turn_id, question=question, day=self._clock.now().date(), locale=locale, selection=selection)
        await self.turns.start(actor, chat_id, asked)
        return turn_id

    async def citation(
        self,
        actor: Actor,
        chat_id: str,
        handle: str,
        *,
        row: int | None = None,
        column: str | None = None,
        most_rows: int = citations.MOST_ROWS,
    ) -> Citation:
        """Return what a number stands on, at the version that its query ran on; raises ChatNotFound, CitationNotFound."""
        async with self._database.unit() as connection:
            chat = await store.get(connection, actor, chat_id)
            events = await store.log(connection, actor, chat_id)
        answered = next((e for e in events if isinstance(e, ToolAnswered) and e.handle == handle), None)
        if answered is None:
            raise CitationNotFound(f"there is no result {handle} in this chat.", fix="take a handle from its answers.")
        opened = await self._library.at(actor, chat.sheet_id, answered.version, is_cited=True)
        why = None if actor.rules.key == chat.rules_key else _UNDER_RULES
        asked = self._library.questions(opened)
        return await citations.cite(asked, answered, row=row, column=column, most_rows=most_rows, why=why)

    async def stop(self, actor: Actor, chat_id: str) -> None:
        """Stop the running turn, if any; raises ChatNotFound."""
        await self.get(actor, chat_id)
        await self.turns.stop(chat_id)

    async def remove(self, actor: Actor, chat_id: str) -> None:
        """Remove a chat with all that was said in it; what it changed in the sheet stays. Raises ChatNotFound."""
        await self.stop(actor, chat_id)
        async with self._database.unit() as connection:
            sheet_id = await store.sheet_of(connection, chat_id)
            await store.remove(connection, actor, chat_id)
            tell(connection, Act.of(actor, "chat.remove", sheet_id, {"chat": chat_id}))

    async def remove_sheet(self, actor: Actor, sheet_id: str) -> None:
        """Remove a sheet with its chats, glossary, shares, rules and history; raises SheetNotFound.

        Its files are left to the sweep: another sheet may stand on the same.
        """
        async with self._database.unit() as connection:
            chats = await store.of_sheet(connection, actor, sheet_id)
        for chat_id in chats:
            await self.turns.stop(chat_id)
        async with self._database.unit() as connection:
            gone = await removal.with_sheet(connection, actor, sheet_id)
        await self._library.forget(gone)

    async def watch(self, actor: Actor, chat_id: str, *, after: int = 0) -> AsyncGenerator[Numbered, None]:
        """Yield the events after number `after`, then live ones as they come, until access ends; raises ChatNotFound."""
        with self._audience.watching(chat_id) as watcher:
            async with self._database.unit() as connection:
                chat = await store.get(connection, actor, chat_id)
                events = await store.log(connection, actor, chat_id)
            for seq, event in enumerate(events, 1):
                if seq > after:
                    yield Numbered(seq, event)
            told = len(events)
            turn = next((event.turn for event in reversed(events) if not isinstance(event, Decided)), "")
            looked = self._clock.monotonic()
            while True:
                watcher.skip(told)
                left = looked + _ELSEWHERE_S - self._clock.monotonic()
                came = await self._came(actor, chat_id, watcher, told, wait_s=max(left, 0.0))
                if self._clock.monotonic() - looked >= _ELSEWHERE_S:
                    if (ended := await self._ended(actor, chat, turn)) is not None:
                        yield Numbered(None, ended)
                        return
                    looked = self._clock.monotonic()
                for one in came:
                    told = one.seq or told
                    turn = turn if isinstance(one.event, Decided) else one.event.turn
                    yield one

    async def _came(self, actor: Actor, chat_id: str, watcher: Watcher, told: int, *, wait_s: float) -> list[Numbered]:
        """Return what comes next, here or from another process; nothing where that takes longer."""
        try:
            async with asyncio.timeout(wait_s):
                return [await watcher.next()]
        except TimeoutError:
            return await self._told_elsewhere(actor, chat_id, told)

    async def _ended(self, actor: Actor, chat: Chat, turn: str) -> AccessEnded | None:
        """Return that an actor may not see a chat any more, or None."""
        try:
            await self._access.watching(actor, chat.sheet_id, Action.CHAT_READ)
            await self._fresh(actor, chat, Action.CHAT_READ)
        except Denied as error:
            return AccessEnded(turn=turn, code=error.code, what=error.what, fix=error.fix)
        return None

    async def _fresh(self, actor: Actor, chat: Chat, action: Action) -> Actor:
        """Return the actor as they are now; raises Denied where they may not, or are under other rules than the chat."""
        now = await self._access.fresh(actor, chat.sheet_id, action)
        if action is not Action.CHAT_READ or now.rules.tables:
            _check_rules(now, chat)
        return now

    async def _told_elsewhere(self, actor: Actor, chat_id: str, told: int) -> list[Numbered]:
        """Return what another process wrote into a chat's log behind number `told`."""
        if self.turns.is_running(chat_id):
            return []
        async with self._database.unit() as connection:
            events = await store.log_after(connection, actor, chat_id, told)
        return [Numbered(seq, event) for seq, event in enumerate(events, told + 1)]

    async def proposals(self, actor: Actor, chat_id: str) -> tuple[Standing, ...]:
        """Return a chat's proposals and what became of them, oldest first; raises ChatNotFound."""
        return await self._deciding.standings(actor, chat_id)

    async def decide(
        self, actor: Actor, chat_id: str, proposal_id: str, decision: Decision, consent: Sequence[str] = ()
    ) -> Standing:
        """Obey a person's decision on a proposal; raises the errors of proposals.py, EditConflict, ChatNotFound."""
        return await self._deciding.decide(actor, chat_id, proposal_id, decision, consent)

    async def _obey(self, actor: Actor, chat_id: str, turn: str) -> None:
        async with self._database.unit() as connection:
            chat = await store.get(connection, actor, chat_id)
            events = await store.log(connection, actor, chat_id)
        while not isinstance(command := loop.step(events, self._limits), Rest):
            now = await self._fresh(actor, chat, Action.CHAT_ASK)
            event, spent = await self._obeyed(now, chat, turn, events, command)
            await self.turns.append(actor, chat_id, event, spent)
            events.append(event)

    async def _obeyed(
        self, actor: Actor, chat: Chat, turn: str, events: Sequence[Event], command: loop.Work
    ) -> tuple[Event, Spent]:
        """Do what the loop says, and return what came of it and what it took of models; raises BudgetExceeded."""
        match command:
            case CallModel(with_tools):
                await self._spending.check(actor)
                opened = await self._library.open(actor, chat.sheet_id)
                box = self._box(opened)
                request = self._request(events, await self._scope(actor, opened, box), box, with_tools=with_tools)
                return await self._call_model(actor, chat, turn, replace(request, tenant=actor.workspace_id))
            case RunTool(call):
                opened = await self._library.open(actor, chat.sheet_id)
                moment = Moment(actor=actor, library=self._library, opened=opened, log=events)
                return await self._box(opened).run(call, moment, turn), NOTHING
            case RefuseTool(call):
                return toolbox.refuse(call, turn), NOTHING
            case Nudge(reason):
                return Nudged(turn=turn, reason=reason), NOTHING
            case GiveUp(limit):
                raise self._limit(limit)
            case Answer(text):
                return await self._warned(actor, answers.answered(text, loop.current_turn(events))), NOTHING
            case AskBack(text):
                return await self._warned(actor, answers.asked_back(text, loop.current_turn(events))), NOTHING

    async def _warned(self, actor: Actor, answered: Answered) -> Answered:
        """Return an answer that tells of a budget which nears its end."""
        warning = await self._spending.warning(actor)
        return answered.model_copy(update={"warnings": (warning,)}) if warning else answered

    def _box(self, opened: OpenSheet) -> Toolbox:
        more = (*(self._proposing if opened.is_whole else ()), *searching.offered(opened.workbook))
        return toolbox.offered(is_small=self._budget is not None, more=more)

    @property
    def _budget(self) -> int | None:
        return self._gateway.plan.prompt_budget_tokens

    async def _scope(self, actor: Actor, opened: OpenSheet, box: Toolbox) -> Scope:
        return self._shape(
            Scope(
                workbook=opened.workbook,
                version=opened.sheet.version,
                seen_under=opened.rules.key,
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

    async def _call_model(self, actor: Actor, chat: Chat, turn: str, request: ChatRequest) -> tuple[ModelReplied, Spent]:
        async def left(spent: Spent) -> None:
            said: deeds.Body = {"chat": chat.id, "turn": turn, "is_broken_off": True}
            async with self._database.unit() as connection:
                tell(connection, deeds.called(actor, chat.sheet_id, spent, said))

        began = time.perf_counter()
        async with aclosing(metering.stream(self._gateway, request, left)) as stream:
            async for event in stream:
                match event:
                    case TextDelta(text):
                        self._audience.tell(chat.id, Numbered(None, Wrote(turn=turn, text=text)))
                    case Restarted(route, cause):
                        self._audience.tell(chat.id, Numbered(None, StepRestarted(turn=turn, route=route, cause=cause)))
                    case Finished(reply):
                        written_out = () if reply.tool_calls else calls.written_out(reply.text)
                        replied = ModelReplied(
                            turn=turn,
                            text="" if written_out else reply.text,
                            calls=_told_apart(reply.tool_calls or written_out),
                            finish_reason=reply.finish_reason,
                            model=reply.model,
                            route=reply.route,
                            usage=reply.usage,
                            trail=reply.trail,
                            cost=reply.cost,
                            milliseconds=round(1000 * (time.perf_counter() - began)),
                        )
                        return replied, reply.spent
                    case _:
                        pass
        raise AssertionError("a stream ends with Finished or an error")

    async def close(self) -> None:
        """Stop the work on every running turn."""
        await self.turns.close()
        await self._tasks.close()


def _told_apart(calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
    """Return calls with an id each: some servers give none, or all the same one, and each needs its own answer."""
    if len({call.id for call in calls if call.id}) == len(calls):
        return calls
    return tuple(replace(call, id=f"call_{number}") for number, call in enumerate(calls, 1))


def _check_rules(actor: Actor, chat: Chat) -> None:
    if actor.rules.key != chat.rules_key:
        raise Denied("this chat was held under other row and column rules than yours.", fix="start a new chat.")


def _check(selection: Selection, workbook: Workbook) -> None:
    table = workbook.table(selection.table)
    if table is None:
        raise QuestionInvalid(f"there is no table {selection.table} to select from.", fix="select again.")
    unknown = set(selection.columns) - {column.name for column in table.columns}
    if unknown:
        raise QuestionInvalid(f"{table.id} has no column {', '.join(sorted(unknown))}.", fix="select again.")
