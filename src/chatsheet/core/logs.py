"""What goes into the log and in which form: one line a record, and of an exception where it was, never what it said.

Messages of exceptions quote what they failed on: cells, SQL, questions. Their types and places do not.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

from chatsheet.core.loose import JsonObject

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["text", "json"]
_OURS = "chatsheet"
_MOST_FRAMES = 30


class Text(logging.Formatter):
    """A record for a person."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = "\n".join(_told(record))  # else it would be made of what the exception said
        return super().format(record)


class Json(logging.Formatter):
    """A record as one JSON object on a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: JsonObject = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= getattr(record, "said", {})
        if lines := _told(record):
            said["exception"] = [*lines]
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def open_log(*, level: Level, form: Form) -> None:
    """Send the records of this process to stderr: ours from `level` on, those of libraries from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else Text())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(level.upper())


def _told(record: logging.LogRecord) -> list[str]:
    return _chain(record.exc_info[1]) if record.exc_info and record.exc_info[1] is not None else []


def _chain(error: BaseException) -> list[str]:
    lines: list[str] = []
    known: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in known:
        known.add(id(at))
        lines += [f"{type(at).__module__}.{type(at).__qualname__}", *_places(at.__traceback__)]
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return lines


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_MOST_FRAMES:]
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
