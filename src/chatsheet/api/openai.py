"""`/v1`: the hybrid for any OpenAI client over HTTP; what is taken and how answers look is `llm/completions.py`.

A client that leaves ends its upstream call at once, whether it waits for a stream or for a whole answer.
"""

import asyncio
from contextlib import aclosing

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from chatsheet.api.deps import CALLS_MODEL, CallsModel, Served
from chatsheet.api.metered import Metered
from chatsheet.core.identity import Actor
from chatsheet.llm import door
from chatsheet.llm.door import Call, Head
from chatsheet.wiring import Services


class OpenAIError(BaseModel):
    """What OpenAI's clients read of an error; ours say more."""

    model_config = ConfigDict(frozen=True, extra="allow")

    message: str
    type: str
    code: str | None = None
    param: str | None = None


class OpenAIErrorAnswer(BaseModel):
    """The JSON of an error under /v1."""

    model_config = ConfigDict(frozen=True)

    error: OpenAIError


_ERROR: dict[int | str, dict[str, object]] = {
    status: {"model": OpenAIErrorAnswer, "description": "What happened, and what to do."}
    for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504)
}
"""What a provider may answer, and the door."""
router = APIRouter(prefix="/v1", tags=["openai"], dependencies=[CALLS_MODEL], responses=_ERROR)


@router.get("/models")
async def models(request: Request, services: Served, actor: CallsModel) -> Response:
    """Return the one model that is configured."""
    return await _answer(request, services, actor)


@router.get("/models/{model}")
async def one_model(model: str, request: Request, services: Served, actor: CallsModel) -> Response:
    """Return the configured model; any other name is not found."""
    del model  # it is read from the path, as the transport does
    return await _answer(request, services, actor)


@router.post("/chat/completions")
async def chat_completions(request: Request, services: Served, actor: CallsModel) -> Response:
    """Answer through the hybrid; a stream that breaks after content ends in an in-band error, never in a false end."""
    return await _answer(request, services, actor)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def elsewhere(request: Request, services: Served, actor: CallsModel) -> Response:
    """Say what there is, as OpenAI's clients read it."""
    return await _answer(request, services, actor)


async def _answer(request: Request, services: Services, actor: Actor) -> Response:
    hold = request.headers.get(door.HOLD_HEADER, "")
    call = Call(method=request.method, path=request.url.path, hold=hold, body=await request.body())
    return _Answer(call, services, actor)


class _Answer(Response):
    """An answer that is written while it comes, and given up when the client leaves."""

    def __init__(self, call: Call, services: Services, actor: Actor) -> None:
        super().__init__()
        self._call = call
        self._services = services
        self._actor = actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        finally:
            writing.cancel()
            leaving.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        parts = door.answer(self._call, model=self._services.settings.llm.model, gateway=self._gateway)
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, Head):
                    headers = Headers(dict(part.headers)).raw
                    await send({"type": "http.response.start", "status": part.status, "headers": headers})
                else:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _gateway(self) -> Metered:
        await self._services.spending.check(self._actor)
        return Metered(self._services, self._actor)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
