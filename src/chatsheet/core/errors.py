"""The one error tree: each class carries a stable code and an HTTP status, each instance what happened and the fix.

    ChatSheetError
    ├── BadInput        400  the caller's file, question or arguments
    │   └── SettingsInvalid  the settings file or the environment
    ├── Refused         403  closed by rule, whoever asks
    │   └── TooSoon     429  closed for a while: `retry_after_s`
    ├── NotFound        404  not there, or not yours: the two look alike
    ├── Conflict        409  two things cannot both be
    └── Unavailable     503  another party (model, proxy, worker) did not do its part

Features subclass these beside the code that raises them; `api/errors.py` and `cli/main.py` are the only translators.
"""

from typing import ClassVar


class ChatSheetError(Exception):
    """An error a person can act on: `what` happened (with the reason) and the `fix` to try."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def line(self) -> str:
        """Return the error as one line for a terminal or a log."""
        return f"error[{self.code}]: {self.what} Fix: {self.fix}"


class BadInput(ChatSheetError):
    """What was given cannot be used."""

    code = "input.invalid"
    status = 400


class Refused(ChatSheetError):
    """Closed by rule."""

    code = "request.refused"
    status = 403


class TooSoon(Refused):
    """Asked again before its time."""

    code = "request.too_soon"
    status = 429
    retry_after_s = 1.0


class NotFound(ChatSheetError):
    """Not there, or not visible to this actor."""

    code = "not_found"
    status = 404


class Conflict(ChatSheetError):
    """The state does not allow it."""

    code = "conflict"
    status = 409


class Unavailable(ChatSheetError):
    """Another party did not do its part."""

    code = "unavailable"
    status = 503


class StorageUnavailable(Unavailable):
    """The data folder cannot be read or written."""

    code = "storage.unavailable"


def revive(code: str, what: str, fix: str) -> ChatSheetError:
    """Return the error that another process of ours described by its code; an unknown code is an internal one."""
    todo: list[type[ChatSheetError]] = [ChatSheetError]
    while todo:
        kind = todo.pop()
        if kind.code == code:
            error = kind.__new__(kind)
            ChatSheetError.__init__(error, what, fix=fix)
            return error
        todo.extend(kind.__subclasses__())
    return ChatSheetError(what, fix=fix)
