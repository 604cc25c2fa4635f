"""What a route may ask for: the services of this process, and who asks."""

from dataclasses import replace
from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import JsonValue, TypeAdapter, ValidationError

from chatsheet.api.closed import IS_PERSON
from chatsheet.api.errors import RouteNotFound
from chatsheet.core.errors import BadInput
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.wiring import Services

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)

# async, though they wait for nothing: FastAPI sends a plain function to a thread, which costs more than many a request


async def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)  # set once in app.create


async def actor(request: Request) -> Actor:
    """Return who asks; a program that holds the token decides on proposals only where settings say so."""
    # local mode has one user; login modes bring others
    decides = bool(request.scope.get(IS_PERSON)) or (await _services(request)).settings.server.token_decides
    return replace(LOCAL, can_decide=decides)


async def whole_text(request: Request) -> None:
    """Raise BadInput for JSON with half of a surrogate pair: Python takes it, and no store or model does."""
    if request.headers.get("content-type", "").startswith("application/json") and (body := await request.body()):
        try:
            _JSON.validate_json(body)
        except ValidationError:
            raise BadInput("the body is no JSON of whole characters.", fix="send UTF-8.") from None


Served = Annotated[Services, Depends(_services)]
By = Annotated[Actor, Depends(actor)]


async def _admin(request: Request, asking: By) -> Actor:
    if not asking.is_admin:
        raise RouteNotFound.at(request.url.path)
    return asking


Admin = Annotated[Actor, Depends(_admin)]
"""For all others the route is not there."""
