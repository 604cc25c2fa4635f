"""The one translation of errors to HTTP: status, stable code, what happened, and the fix."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chatsheet.api import conditional
from chatsheet.api.conditional import NotModified
from chatsheet.core import loose
from chatsheet.core.errors import BadInput, ChatSheetError, NotFound, StorageUnavailable, TooSoon

_SEE = "see /api/openapi.json."
_CLIENT_LEFT = 499  # nginx: the client closed the request; nobody reads it
log = logging.getLogger(__name__)


class ErrorBody(BaseModel):
    """What every error of the API looks like; `message` and `type` are for OpenAI clients."""

    model_config = ConfigDict(frozen=True)

    code: str
    what: str
    fix: str
    message: str
    type: str = "chatsheet_error"


class ErrorAnswer(BaseModel):
    """The JSON of an error."""

    model_config = ConfigDict(frozen=True)

    error: ErrorBody


class MethodNotAllowed(BadInput):
    """The address is there, and takes other methods."""

    code = "request.method_not_allowed"
    status = HTTPStatus.METHOD_NOT_ALLOWED


class RouteNotFound(NotFound):
    """No such address."""

    code = "request.not_found"

    @classmethod
    def at(cls, path: str) -> "RouteNotFound":
        """Return the error for an address."""
        return cls(f"there is nothing at {path}.", fix=_SEE)


def body(error: ChatSheetError) -> ErrorBody:
    """Return an error as JSON says it."""
    return ErrorBody(code=error.code, what=error.what, fix=error.fix, message=f"{error.what} {error.fix}")


def response(error: ChatSheetError) -> JSONResponse:
    """Return the HTTP form of an error."""
    headers = {"Retry-After": str(math.ceil(error.retry_after_s))} if isinstance(error, TooSoon) else None
    return JSONResponse({"error": body(error).model_dump()}, status_code=error.status, headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of the application leave in this form."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        del request
        return response(error if isinstance(error, ChatSheetError) else _internal(error))

    async def storage(request: Request, error: Exception) -> JSONResponse:
        del request
        log.error("storage failed", exc_info=error)
        reason = error.strerror if isinstance(error, OSError) else None
        return response(StorageUnavailable(f"the data folder cannot be used: {reason}.", fix="check its space and rights."))

    async def left(request: Request, error: Exception) -> JSONResponse:
        del request, error
        return JSONResponse({}, status_code=_CLIENT_LEFT)

    async def unchanged(request: Request, error: Exception) -> Response:
        del request
        return conditional.answer(error if isinstance(error, NotModified) else NotModified({}))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        del request
        details = cast("list[dict[str, object]]", error.errors()) if isinstance(error, RequestValidationError) else []
        named = "; ".join(map(_named, details))
        return response(BadInput(f"the request is not valid: {named}.", fix=_SEE))

    async def http(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        path = request.url.path
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return response(MethodNotAllowed(f"{path} takes no {request.method}.", fix=_SEE))
        answer = response(RouteNotFound.at(path))
        answer.status_code = status
        return answer

    app.add_exception_handler(ChatSheetError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(OSError, storage)
    app.add_exception_handler(ClientDisconnect, left)
    app.add_exception_handler(NotModified, unchanged)
    app.add_exception_handler(Exception, ours)


def _named(detail: Mapping[str, object]) -> str:
    """Return a field's name and what is wrong with it; the framework's own answer would repeat the input."""
    place = cast("tuple[object, ...]", detail["loc"])
    if detail["type"] == "json_invalid":
        return f"the body is no JSON at character {place[-1]} ({loose.text(loose.obj(detail.get('ctx')).get('error'))})"
    return f"{'.'.join(map(str, place[1:])) or 'body'}: {detail['msg']}"


def _internal(error: Exception) -> ChatSheetError:
    log.error("unhandled error", exc_info=error)
    return ChatSheetError("something in ChatSheetAI itself went wrong; the log says where.", fix="try again, or report it.")
