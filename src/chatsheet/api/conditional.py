"""Answers that a browser may keep: what a version holds never changes, so its number is the answer's tag.

The actor was let in before: a tag is no permission. `Vary` keeps an answer to the credentials that it was given to.
"""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version

from fastapi import Request, Response

from chatsheet.sheets.library import OpenSheet

_FORM = f"chatsheet {version('chatsheet')}, 1"
"""How answers are written; the last number counts changes of ours between releases."""
_FOREVER = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"
UNCHANGED: dict[int | str, dict[str, object]] = {304: {"description": "What the client has is still so.", "content": {}}}


class NotModified(Exception):
    """What was asked for is what the client has."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("not modified")
        self.headers = headers


def answer(error: NotModified) -> Response:
    """Return the answer without a body."""
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=error.headers)


def tag(request: Request, response: Response, opened: OpenSheet, *, named: str = "", content: str = "") -> None:
    """Give an answer its tag and say how long it holds; raises NotModified where the client has it.

    `named` is the version that the address names, empty for the head; `content` what the answer says besides the version.
    What rules narrow is asked for again each time: they may be others by then.
    """
    rules = opened.rules.key
    made = _tag(request, opened.sheet.id, opened.sheet.version, rules, content)
    lasting = _FOREVER if named and not rules else _ASK_AGAIN
    headers = {"ETag": made, "Cache-Control": lasting, "Vary": "Authorization, Cookie"}
    if made in _known(request):
        raise NotModified(headers)
    response.headers.update(headers)


def _tag(request: Request, *parts: str) -> str:
    asked = "\0".join((_FORM, *parts, request.url.path, request.url.query))
    return f'"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'


def _known(request: Request) -> set[str]:
    """Return the tags that the client has; a proxy may have made them weak."""
    listed = request.headers.get("if-none-match", "").split(",")
    return {one.strip().removeprefix("W/") for one in listed}
