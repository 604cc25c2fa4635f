"""Asks a pack's questions through the real chain and marks each answer; questions that follow on another share its chat."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from chatsheet.chat.driver import Chats
from chatsheet.chat.events import Answered, Cancelled, Event, Failed
from chatsheet.core.identity import Actor
from chatsheet.evals import judging
from chatsheet.evals.model import Ambiguous, Context, Expected, Known, Lacking, Mark, Question
from chatsheet.evals.pack import Pack
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.query import Limits

_PATIENT = Limits(deadline_s=60.0, wait_s=60.0)
"""For the queries of a pack: a busy machine must not end a run of hours."""

ASKER = Actor(workspace_id="evals", user_id="evals")
"""Asks in a workspace of its own: nobody's list of sheets shows a pack's workbooks."""


class Rehearser(Protocol):
    """Sees each question with its answer before it is asked, and its mark: whoever writes a script for the model has to."""

    def prepare(self, question: Question, expected: Expected) -> None: ...
    def check(self, question: Question, mark: Mark) -> Mark: ...


class Nobody:
    """Prepares nothing: a model answers."""

    def prepare(self, question: Question, expected: Expected) -> None:
        """Do nothing."""

    def check(self, question: Question, mark: Mark) -> Mark:
        """Leave the mark as it is."""
        del question
        return mark


class Examiner:
    """Asks the questions of one pack in one context."""

    def __init__(
        self, *, library: Library, chats: Chats, pack: Pack, context: Context, rehearser: Rehearser | None = None
    ) -> None:
        self._library = library
        self._chats = chats
        self._pack = pack
        self._context: Context = context
        self._rehearser = rehearser or Nobody()

    async def ask(self, conversation: Sequence[Question]) -> AsyncGenerator[Mark, None]:
        """Ask questions one after the other in one chat, and yield their marks."""
        opened = await self._library.bring_in(ASKER, self._pack.path(conversation[0].workbook))
        chat = await self._chats.start(ASKER, opened.sheet.id)
        seen = 0
        for question in conversation:
            expected = await self._expected(question, opened)
            self._rehearser.prepare(question, expected)
            began = time.perf_counter()
            await self._chats.ask(ASKER, chat.id, question.question, locale=question.language)
            turn, seen = await self._follow(chat.id, seen)
            seconds = time.perf_counter() - began
            mark = judging.judge(question, expected, turn, context=self._context, seconds=seconds)
            yield self._rehearser.check(question, mark)

    async def _expected(self, question: Question, opened: OpenSheet) -> Expected:
        match question.answer:
            case Known(sql=sql, also=also):
                queries: tuple[str, ...] = (sql, *also)
            case Ambiguous(readings=readings):
                queries = tuple(reading.sql for reading in readings)
            case Lacking():
                queries = ()
        asked = self._library.questions(opened)
        return Expected(results=tuple([await asked.run(asked.check(query), _PATIENT) for query in queries]))

    async def _follow(self, chat_id: str, after: int) -> tuple[list[Event], int]:
        """Return a turn's events and the number of the last; who is interrupted stops the turn."""
        turn: list[Event] = []
        try:
            async with aclosing(self._chats.watch(ASKER, chat_id, after=after)) as watched:
                async for numbered in watched:
                    if numbered.seq is None:
                        if isinstance(numbered.event, Failed):  # its end could not be stored
                            return [*turn, numbered.event], after
                        continue
                    after = numbered.seq
                    event = numbered.event
                    turn.append(event)  # pyright: ignore[reportArgumentType]  what is numbered is of the log
                    if isinstance(event, Answered | Failed | Cancelled):
                        return turn, after
        finally:
            await self._chats.stop(ASKER, chat_id)
        raise AssertionError("a watched turn ends with an event")
