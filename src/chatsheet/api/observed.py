"""Every request that came through the door, as a metric and, at level info, a line of the log: by its route, not its path."""

import logging
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatsheet.telemetry.requests import Requests

log = logging.getLogger(__name__)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_OTHER = "_OTHER"


class Observed:
    """The middleware between the door and the routes."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR)
        is_told = False

        def tell() -> None:
            nonlocal is_told
            if is_told:
                return
            is_told, seconds = True, time.perf_counter() - began
            method = str(scope["method"]) if scope["method"] in _METHODS else _OTHER
            route = str(getattr(scope.get("route"), "path", _OTHER))
            self._requests.answered(method=method, route=route, status=status, seconds=seconds)
            said = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000)}
            log.info("%s %s %d", method, route, status, extra={"said": said})

        async def send_seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                tell()
            await send(message)

        try:
            await self._app(scope, receive, send_seen)
        finally:
            tell()  # an answer that never began
