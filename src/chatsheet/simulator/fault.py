"""What a fault is: an answer or a misbehaving stream that the wire can play, or a failure that is rehearsed elsewhere. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from chatsheet.core import loose

Misbehaviour = Literal[
    "reset",  # before any answer
    "silence",
    "slow",  # after the opening, before the first content
    "empty",
    "refused",
    "dribble",
    "keepalive",
    "cut",  # in the middle
    "stall",
    "truncate",
    "malformed",
    "error",
    "filtered",
    "no-done",  # at the end
]
RetryAfterForm = Literal["seconds", "http-date", "ms", "x-ms"]
Parameter = Literal["after", "delay_s", "retry_after", "retry_after_form", "location"]

SLOW_S = 5.0
DRIP_S = 0.2


class Tuning(BaseModel):
    """How a fault is played, where it can be chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: int = Field(default=3, ge=0)
    """How many pieces of content come before the trouble."""
    delay_s: float | None = Field(default=None, ge=0, le=3600)
    """How late the first content is, or how far apart pieces without content are."""
    retry_after: float | None = Field(default=2, ge=0)
    """What a 429 says; null says nothing."""
    retry_after_form: RetryAfterForm = "seconds"
    """Under which header, and how written."""
    location: str = "http://127.0.0.1:9/elsewhere"
    """Where a redirect leads."""


@dataclass(frozen=True, slots=True)
class HasField:
    """Only for a body with this top-level field."""

    name: str


@dataclass(frozen=True, slots=True)
class EndsWithAssistant:
    """Only for a conversation whose last message is the assistant's."""


@dataclass(frozen=True, slots=True)
class LacksHeader:
    """Only for a call without this header, named in lower case."""

    name: str


Condition = HasField | EndsWithAssistant | LacksHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer instead of the brain's (`status` with `body` or `text`), or a stream that goes wrong (`stream`).

    `body` is then the error that is sent inside the stream. With `when`, other calls are answered as if nothing were wrong.
    """

    about: str
    status: int = 0
    body: JsonValue = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    stream: Misbehaviour | None = None
    when: Condition | None = None
    takes: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A failure without a form on this wire, and how to rehearse it for real."""

    about: str
    kind: Literal["listener", "identity", "environment"]
    how: str


def fits(fault: Fault, body: Mapping[str, object], header_names: Collection[str]) -> bool:
    """Tell whether a fault is for this call; header names are compared in lower case."""
    match fault.when:
        case None:
            return True
        case HasField(name):
            return body.get(name) is not None
        case LacksHeader(name):
            return name not in {header.lower() for header in header_names}
        case EndsWithAssistant():
            last = loose.obj(next(iter(loose.array(body.get("messages"))[-1:]), None))
            return last.get("role") == "assistant"


def error(code: str | None, message: str, **more: JsonValue) -> JsonValue:
    """Return an error in the envelope that OpenAI and Azure share."""
    return {"error": {"code": code, "message": message, **more}}
