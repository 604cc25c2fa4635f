"""What a model proposed in a chat, and a person's decision on it."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import errors
from chatsheet.api.deps import ReadsChat, Served
from chatsheet.api.routes.edits import EditConflictAnswer, EditConflictBody
from chatsheet.chat.proposals import Decision, Standing
from chatsheet.sheets.library import EditConflict

router = APIRouter(prefix="/api/chats/{chat_id}/proposals", tags=["chats"])


class NewDecision(BaseModel):
    """What to do with a proposal; `consent` names what it may write that reaches out of the sheet, such as HYPERLINK."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Decision
    consent: Annotated[tuple[str, ...], Field(max_length=100)] = ()


@router.get("")
async def listing(chat_id: str, services: Served, actor: ReadsChat) -> list[Standing]:
    """Return a chat's proposals and what became of them, oldest first."""
    return list(await services.chats.proposals(actor, chat_id))


@router.post("/{proposal_id}/decision", responses={409: {"model": EditConflictAnswer}}, response_model=Standing)
async def decide(
    chat_id: str, proposal_id: str, body: NewDecision, services: Served, actor: ReadsChat
) -> Standing | JSONResponse:
    """Apply, decline or undo; 409 with both values where somebody changed the same cells: the proposal stays open."""
    try:
        return await services.chats.decide(actor, chat_id, proposal_id, body.decision, body.consent)
    except EditConflict as error:
        told = EditConflictBody(**errors.body(error).model_dump(), cells=error.cells)
        return JSONResponse({"error": told.model_dump(mode="json")}, status_code=error.status)
