"""What a route may ask for: the services of this process, and who asks, if they may."""

from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import JsonValue, TypeAdapter, ValidationError

from chatsheet.api.errors import RouteNotFound
from chatsheet.auth import policy
from chatsheet.auth.policy import Action, Denied, Principal, Standing
from chatsheet.core.errors import BadInput, ChatSheetError, NotFound
from chatsheet.core.identity import Actor
from chatsheet.wiring import Services

PRINCIPAL = "chatsheet.principal"
"""Where a request's ASGI scope says whom the door let in; nothing: the path is open to everybody."""
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)

# async, though they wait for nothing: FastAPI sends a plain function to a thread, which costs more than many a request


class SheetHidden(NotFound):
    """No such sheet, or one of strangers."""

    code = "sheet.not_found"


class ChatHidden(NotFound):
    """No such chat, or one of strangers."""

    code = "chat.not_found"


class WorkspaceNotFound(NotFound):
    """No such workspace, or one of strangers."""

    code = "workspace.not_found"


async def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)  # set once in app.create


Served = Annotated[Services, Depends(_services)]


async def principal(request: Request) -> Principal:
    """Return whom the door let in."""
    return cast("Principal", request.scope[PRINCIPAL])  # set by the door on every path that is not open


Asking = Annotated[Principal, Depends(principal)]


class May:
    """A route's one action: gives the actor that may do it, where the call goes, or raises why not."""

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, request: Request, services: Served, asking: Asking) -> Actor:
        """Raise what strangers are told, the same as for what never was there, or Denied; return the actor."""
        named = {name: await _named(request, name) for name in ("sheet_id", "chat_id", "workspace_id")}
        standing = await services.access.standing(asking, **named)
        if policy.allows(asking, self.action, standing):
            return policy.actor(asking, standing)
        raise self._refusal(request, asking, standing, named)

    def _refusal(self, request: Request, asking: Principal, standing: Standing, named: dict[str, str]) -> ChatSheetError:
        if self.action is Action.INSTALLATION:
            return RouteNotFound.at(request.url.path)
        if policy.sees(asking, standing) or not any(named.values()):
            return Denied("you may not do that.", fix="ask an owner of the workspace for the right, or use another token.")
        if named["chat_id"]:
            return ChatHidden(f"there is no chat {named['chat_id']}.", fix="start one for a sheet.")
        if named["sheet_id"]:
            return SheetHidden(f"there is no sheet {named['sheet_id']}.", fix="open one of the list.")
        return WorkspaceNotFound(f"there is no workspace {named['workspace_id']}.", fix="choose one of yours.")


async def _named(request: Request, name: str) -> str:
    """Return what a request is about: from its path, its query, or its body, whose shape the route checks."""
    if found := request.path_params.get(name) or request.query_params.get(name):
        return str(found)
    if request.headers.get("content-type", "").startswith("application/json") and (body := await request.body()):
        try:
            said = _JSON.validate_json(body)
        except ValidationError:
            return ""
        value = said.get(name) if isinstance(said, dict) else None
        return value if isinstance(value, str) else ""
    return ""


async def whole_text(request: Request) -> None:
    """Raise BadInput for JSON with half of a surrogate pair: Python takes it, and no store or model does."""
    if request.headers.get("content-type", "").startswith("application/json") and (body := await request.body()):
        try:
            _JSON.validate_json(body)
        except ValidationError:
            raise BadInput("the body is no JSON of whole characters.", fix="send UTF-8.") from None


Lists = Annotated[Actor, Depends(May(Action.LIST))]
Imports = Annotated[Actor, Depends(May(Action.IMPORT))]
Reads = Annotated[Actor, Depends(May(Action.READ))]
ReadsWhole = Annotated[Actor, Depends(May(Action.READ_WHOLE))]
Edits = Annotated[Actor, Depends(May(Action.EDIT))]
Removes = Annotated[Actor, Depends(May(Action.REMOVE))]
Shares = Annotated[Actor, Depends(May(Action.SHARE))]
Defines = Annotated[Actor, Depends(May(Action.GLOSSARY))]
ReadsChat = Annotated[Actor, Depends(May(Action.CHAT_READ))]
StartsChat = Annotated[Actor, Depends(May(Action.CHAT_START))]
Asks = Annotated[Actor, Depends(May(Action.CHAT_ASK))]
ChangesChat = Annotated[Actor, Depends(May(Action.CHAT_CHANGE))]
SeesMembers = Annotated[Actor, Depends(May(Action.MEMBERS_READ))]
NamesMembers = Annotated[Actor, Depends(May(Action.MEMBERS))]
Audits = Annotated[Actor, Depends(May(Action.AUDIT))]
Admin = Annotated[Actor, Depends(May(Action.INSTALLATION))]
Itself = Annotated[Actor, Depends(May(Action.ITSELF))]
OwnSessions = Annotated[Actor, Depends(May(Action.SESSIONS))]
CALLS_MODEL = Depends(May(Action.MODEL))
CallsModel = Annotated[Actor, CALLS_MODEL]
SEES_STATUS = Depends(May(Action.STATUS))
