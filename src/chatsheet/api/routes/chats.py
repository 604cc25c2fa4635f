"""Chats: start one, ask, stop, follow the events, and read what became of a turn."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, RootModel

from chatsheet.api import stream
from chatsheet.api.deps import Asks, ChangesChat, Reads, ReadsChat, Served, StartsChat
from chatsheet.api.errors import ErrorAnswer
from chatsheet.ask import Answer, cited, collect
from chatsheet.chat.citations import MOST_ROWS, Citation
from chatsheet.chat.events import Answered, Cancelled, Decided, Event, Failed, Live, Selection
from chatsheet.chat.shelf import Kept
from chatsheet.core import locales
from chatsheet.core.errors import Conflict, NotFound

router = APIRouter(prefix="/api/chats", tags=["chats"])


class NewChat(BaseModel):
    """Which sheet the chat is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sheet_id: str


class ChatEntry(BaseModel):
    """A chat in a list."""

    model_config = ConfigDict(frozen=True)

    id: str
    sheet_id: str
    title: str = ""
    """Its own, else its first question."""
    questions: int = 0
    at: datetime | None = None
    """When it was last asked or answered."""
    found: str = ""
    """The words around what was searched."""


class ChatTitle(BaseModel):
    """What a chat is called; empty for its first question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str


class NewBranch(BaseModel):
    """Where the new chat leaves the old one: its first turn that is left out; null to take all along."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: str | None = None


class NewQuestion(BaseModel):
    """What is asked."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"question": "How much revenue came from EMEA in 2024?", "locale": "en"}]},
    )

    question: str
    locale: str = Field(default="en", max_length=locales.LONGEST, pattern=locales.SHAPE)
    """The BCP 47 tag by which the person reads and writes numbers."""
    selection: Selection | None = None
    """What is marked in the grid."""


class TurnStarted(BaseModel):
    """The turn that now runs; its events carry its id."""

    model_config = ConfigDict(frozen=True)

    turn: str


class LoggedEvent(BaseModel):
    """An event of a chat; in the stream its number is the SSE id, and live events have none."""

    model_config = ConfigDict(frozen=True)

    seq: int
    event: Event


class StreamedEvent(RootModel[Event | Live]):
    """The data of one event of the stream; `kind` says which it is."""


_EXAMPLE = (
    'id: 1\ndata: {"kind":"asked","turn":"turn_1","question":"How many orders?"}\n\n'
    'data: {"kind":"wrote","turn":"turn_1","text":"There are","is_all":false}\n\n'
)
_STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "model": StreamedEvent,
        "description": "Server-sent events; the data of each is one StreamedEvent.",
        "content": {"text/event-stream": {"example": _EXAMPLE}},
    }
}


class TurnNotFound(NotFound):
    """The chat has no such turn."""

    code = "chat.turn_not_found"


class TurnRunning(Conflict):
    """The turn has not ended."""

    code = "chat.turn_running"


class Nothing(BaseModel):
    """An empty JSON object."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@router.post("", status_code=201)
async def start(body: NewChat, services: Served, actor: StartsChat) -> ChatEntry:
    """Open a chat about a sheet."""
    chat = await services.chats.start(actor, body.sheet_id)
    return ChatEntry(id=chat.id, sheet_id=chat.sheet_id)


@router.get("")
async def listing(
    services: Served, actor: Reads, sheet_id: Annotated[str, Query()], text: Annotated[str, Query(max_length=200)] = ""
) -> list[ChatEntry]:
    """Return a sheet's chats, the last used first; with `text` those where it was asked or answered."""
    await services.library.open(actor, sheet_id)  # a sheet that is not there has no empty list
    return [_entry(kept) for kept in await services.chats.shelf.listing(actor, sheet_id, text=text)]


@router.patch("/{chat_id}")
async def rename(chat_id: str, body: ChatTitle, services: Served, actor: ChangesChat) -> ChatEntry:
    """Give a chat a title."""
    chat = await services.chats.shelf.rename(actor, chat_id, body.title)
    return ChatEntry(id=chat.id, sheet_id=chat.sheet_id, title=chat.title)


@router.delete("/{chat_id}")
async def remove(chat_id: str, services: Served, actor: ChangesChat) -> Nothing:
    """Stop a chat and remove it with all that was said in it; what it changed in the sheet stays."""
    await services.chats.remove(actor, chat_id)
    return Nothing()


@router.post("/{chat_id}/branches", status_code=201)
async def branch(chat_id: str, body: NewBranch, services: Served, actor: StartsChat) -> ChatEntry:
    """Open a chat that begins as this one did, up to a turn; proposals that are open stay here."""
    chat = await services.chats.shelf.branch(actor, chat_id, before=body.before)
    return ChatEntry(id=chat.id, sheet_id=chat.sheet_id, title=chat.title)


@router.post("/{chat_id}/questions", status_code=202)
async def ask(chat_id: str, body: NewQuestion, services: Served, actor: Asks) -> TurnStarted:
    """Ask; the turn runs on its own, whoever watches."""
    turn = await services.chats.ask(actor, chat_id, body.question, locale=body.locale, selection=body.selection)
    return TurnStarted(turn=turn)


@router.post("/{chat_id}/stop", status_code=202)
async def stop(chat_id: str, body: Nothing, services: Served, actor: Asks) -> Nothing:
    """Stop the turn that runs, if one does."""
    await services.chats.stop(actor, chat_id)
    return body


@router.get("/{chat_id}/citations/{handle}")
async def citation(
    chat_id: str,
    handle: str,
    services: Served,
    actor: ReadsChat,
    row: Annotated[int | None, Query(ge=0)] = None,
    column: Annotated[str | None, Query()] = None,
    most_rows: Annotated[int, Query(ge=1, le=100_000)] = MOST_ROWS,
) -> Citation:
    """Return the query, rows and cells that a number of an answer stands on, with so many row ids of each table."""
    return await services.chats.citation(actor, chat_id, handle, row=row, column=column, most_rows=most_rows)


@router.get("/{chat_id}/turns/{turn}", responses={409: {"model": ErrorAnswer, "description": "It runs, or was stopped."}})
async def answer(chat_id: str, turn: str, services: Served, actor: ReadsChat) -> Answer:
    """Return a turn's answer with everything that leads to it, as `chatsheet ask --json` does; a failed turn is its error."""
    chat = await services.chats.get(actor, chat_id)
    happened = [one for one in await services.chats.log(actor, chat_id) if not isinstance(one, Decided) and one.turn == turn]
    if not happened:
        raise TurnNotFound(f"there is no turn {turn} here.", fix="take the id that asking gave.")
    if not isinstance(happened[-1], Answered | Failed | Cancelled):
        raise TurnRunning("the question is still being answered.", fix="follow the events, or ask again later.")
    return await cited(services, actor, collect(happened).model_copy(update={"chat": chat.id, "sheet": chat.sheet_id}))


@router.get("/{chat_id}/log")
async def log(chat_id: str, services: Served, actor: ReadsChat, after: Annotated[int, Query(ge=0)] = 0) -> list[LoggedEvent]:
    """Return what happened after a number, without waiting."""
    known = enumerate(await services.chats.log(actor, chat_id), 1)
    return [LoggedEvent(seq=seq, event=event) for seq, event in known if seq > after]


@router.get("/{chat_id}/events", response_class=stream.EventStream, responses=_STREAM)
async def events(
    chat_id: str,
    services: Served,
    actor: ReadsChat,
    after: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[int | None, Header()] = None,
) -> StreamingResponse:
    """Follow the chat as server-sent events: its log after a number, then what happens, until the client leaves.

    `id` is an event's number in the log; a client that was cut sends the last one as `Last-Event-ID` and misses nothing. Live
    events (`wrote`, `step_restarted`) have no id: a `wrote` with `is_all` begins the step's text again.
    """
    await services.chats.get(actor, chat_id)
    watched = services.chats.watch(actor, chat_id, after=max(after, last_event_id or 0))
    return stream.EventStream(stream.events(watched, stream.numbered), headers=stream.HEADERS)


def _entry(kept: Kept) -> ChatEntry:
    return ChatEntry(
        id=kept.chat.id, sheet_id=kept.chat.sheet_id, title=kept.title, questions=kept.questions, at=kept.at, found=kept.found
    )
