"""What a route may ask for: the services of this process, and who asks, if they may."""

from collections.abc import Mapping
from typing import Annotated, cast

from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute
from pydantic import JsonValue, TypeAdapter, ValidationError

from chatsheet.api.errors import RouteNotFound
from chatsheet.auth import policy
from chatsheet.auth.policy import Action, Denied, Principal, Standing
from chatsheet.core.errors import BadInput, ChatSheetError, NotFound
from chatsheet.core.identity import Actor
from chatsheet.wiring import Services

PRINCIPAL = "chatsheet.principal"
"""Where a request's ASGI scope says whom the door let in; nothing: the path is open to everybody."""
_ABOUT = ("chat_id", "job_id", "sheet_id", "workspace_id")
_OF_A_SHEET = frozenset(Action) - {
    Action.ITSELF, Action.SESSIONS, Action.OPEN, Action.LIST, Action.IMPORT, Action.MEMBERS_READ, Action.MEMBERS, Action.AUDIT,
    Action.MODEL, Action.STATUS, Action.INSTALLATION,
}  # fmt: skip
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)

# async, though they wait for nothing: FastAPI sends a plain function to a thread, which costs more than many a request


class SheetHidden(NotFound):
    """No such sheet, or one of strangers."""

    code = "sheet.not_found"


class ChatHidden(NotFound):
    """No such chat, or one of strangers."""

    code = "chat.not_found"


class JobHidden(NotFound):
    """No such job, or one of strangers."""

    code = "job.not_found"


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
        named = await _named(request)
        if self.action in _OF_A_SHEET and not named.keys() & {"sheet_id", "chat_id", "job_id"}:
            raise BadInput("the request names no sheet.", fix="give sheet_id.")  # never one's standing in the workspace
        return await self._let_in(request, services, asking, named)

    async def _let_in(self, request: Request, services: Services, asking: Principal, named: Mapping[str, str]) -> Actor:
        standing = await services.access.standing(asking, **named)
        if policy.allows(asking, self.action, standing):
            return policy.actor(asking, standing)
        raise self._refusal(request, asking, standing, named)

    def _refusal(self, request: Request, asking: Principal, standing: Standing, named: Mapping[str, str]) -> ChatSheetError:
        if self.action is Action.INSTALLATION:
            return RouteNotFound.at(request.url.path)
        if policy.sees(asking, standing) or not any(named.values()):
            return Denied("you may not do that.", fix="ask an owner of the workspace for the right, or use another token.")
        if chat_id := named.get("chat_id"):
            return ChatHidden(f"there is no chat {chat_id}.", fix="start one for a sheet.")
        if job_id := named.get("job_id"):
            return JobHidden(f"there is no job {job_id}.", fix="list the jobs of the sheet.")
        if sheet_id := named.get("sheet_id"):
            return SheetHidden(f"there is no sheet {sheet_id}.", fix="open one of the list.")
        return WorkspaceNotFound(f"there is no workspace {named['workspace_id']}.", fix="choose one of yours.")


class MayIn(May):
    """A route's action in the workspace that its address names after the question mark, else in the first of one's own."""

    async def __call__(
        self,
        request: Request,
        services: Served,
        asking: Asking,
        workspace_id: Annotated[str, Query(max_length=40, description="By default the first of one's own.")] = "",
    ) -> Actor:
        """Raise as `May` does; return the actor."""
        return await self._let_in(request, services, asking, {"workspace_id": workspace_id})


def actions(route: APIRoute) -> set[Action]:
    """Return what a route says that whoever calls it wants."""
    todo, found = [route.dependant], set[Action]()
    while todo:
        one = todo.pop()
        todo.extend(one.dependencies)
        if isinstance(one.call, May):
            found.add(one.call.action)
    return found


async def _named(request: Request) -> dict[str, str]:
    """Return what a request is about, from where its route reads it and nowhere else: path, query or body.

    An id that the route does not read must not be looked up: who is an owner there might be nobody here.
    """
    if named := {name: str(request.path_params[name]) for name in _ABOUT if name in request.path_params}:
        return named
    route = cast("APIRoute", request.scope["route"])  # ours are no other
    if any(one.alias == "sheet_id" for one in route.dependant.query_params):
        said: JsonValue = dict(request.query_params)
    else:
        said = await _body(request)
    sheet_id = said.get("sheet_id") if isinstance(said, dict) else None
    return {"sheet_id": sheet_id} if isinstance(sheet_id, str) and sheet_id else {}


async def whole_text(request: Request) -> None:
    """Raise BadInput for JSON with half of a surrogate pair or a NUL: Python takes them, and not every store or model does."""
    await _body(request)


async def _body(request: Request) -> JsonValue:
    """Return a JSON body; None for none. Raises BadInput."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()  # as the door reads it
    if kind != "application/json" or not (body := await request.body()):
        return None
    try:
        said = _JSON.validate_json(body)
    except ValidationError:
        raise BadInput("the body is no JSON of whole characters.", fix="send UTF-8.") from None
    if rb"\u0000" in body and _has_nul(said):
        raise BadInput("a text of the body holds a NUL character.", fix="send it without.")
    return said


def _has_nul(said: JsonValue) -> bool:
    match said:
        case str():
            return "\0" in said
        case dict():
            return any("\0" in name or _has_nul(value) for name, value in said.items())
        case list():
            return any(map(_has_nul, said))
        case _:
            return False


Lists = Annotated[Actor, Depends(MayIn(Action.LIST))]
Imports = Annotated[Actor, Depends(MayIn(Action.IMPORT))]
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
Audits = Annotated[Actor, Depends(MayIn(Action.AUDIT))]
SeesSpend = Annotated[Actor, Depends(MayIn(Action.MEMBERS_READ))]
SetsBudgets = Annotated[Actor, Depends(MayIn(Action.MEMBERS))]
OpensWorkspace = Annotated[Actor, Depends(May(Action.OPEN))]
Admin = Annotated[Actor, Depends(May(Action.INSTALLATION))]
Itself = Annotated[Actor, Depends(May(Action.ITSELF))]
OwnSessions = Annotated[Actor, Depends(May(Action.SESSIONS))]
CALLS_MODEL = Depends(May(Action.MODEL))
CallsModel = Annotated[Actor, CALLS_MODEL]
SEES_STATUS = Depends(May(Action.STATUS))
