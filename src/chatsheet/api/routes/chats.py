"""Chats: start one, ask, stop, and follow the events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import stream
from chatsheet.api.deps import By, Served
from chatsheet.chat.events import Selection

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


class NewQuestion(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    locale: str = Field(default="en", max_length=35, pattern=r"^[A-Za-z0-9-]+$")
    """The BCP 47 tag by which the person reads and writes numbers."""
    selection: Selection | None = None
    """What is marked in the grid."""


class TurnStarted(BaseModel):
    """The turn that now runs; its events carry its id."""

    model_config = ConfigDict(frozen=True)

    turn: str


class Nothing(BaseModel):
    """An empty JSON object."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@router.post("", status_code=201)
async def start(body: NewChat, services: Served, actor: By) -> ChatEntry:
    """Open a chat about a sheet."""
    chat = await services.chats.start(actor, body.sheet_id)
    return ChatEntry(id=chat.id, sheet_id=chat.sheet_id)


@router.get("")
async def listing(services: Served, actor: By, sheet_id: Annotated[str, Query()]) -> list[ChatEntry]:
    """Return a sheet's chats, newest first."""
    return [ChatEntry(id=chat.id, sheet_id=chat.sheet_id) for chat in await services.chats.listing(actor, sheet_id)]


@router.post("/{chat_id}/questions", status_code=202)
async def ask(chat_id: str, body: NewQuestion, services: Served, actor: By) -> TurnStarted:
    """Ask; the turn runs on its own, whoever watches."""
    turn = await services.chats.ask(actor, chat_id, body.question, locale=body.locale, selection=body.selection)
    return TurnStarted(turn=turn)


@router.post("/{chat_id}/stop", status_code=202)
async def stop(chat_id: str, body: Nothing, services: Served, actor: By) -> Nothing:
    """Stop the turn that runs, if one does."""
    await services.chats.stop(actor, chat_id)
    return body


@router.get("/{chat_id}/events")
async def events(
    chat_id: str,
    services: Served,
    actor: By,
    after: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[int | None, Header()] = None,
) -> StreamingResponse:
    """Follow the chat as server-sent events: its log after a number, then what happens, until the client leaves."""
    await services.chats.get(actor, chat_id)
    watched = services.chats.watch(actor, chat_id, after=max(after, last_event_id or 0))
    return StreamingResponse(stream.events(watched, stream.numbered), media_type="text/event-stream", headers=stream.HEADERS)
