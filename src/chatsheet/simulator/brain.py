"""What a brain is: it reads a chat-completions body and yields pieces of a reply."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Named:
    """The model that answers, where it has a name of its own; comes first."""

    model: str


@dataclass(frozen=True, slots=True)
class Say:
    """A piece of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A piece of a tool call; `id` and `name` come with its first piece."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the reply ended, where that is neither the text's end nor a tool call."""

    finish_reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Token counts; comes last."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


Piece = Named | Say | Call | Ended | Counted


class BrainFailed(Exception):
    """The brain cannot answer; the simulator turns it into a 500 that says why."""


class Brain(Protocol):
    """Answers behind the wire, between entering and leaving it."""

    @property
    def name(self) -> str: ...
    def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]: ...
    async def __aenter__(self) -> object: ...
    async def __aexit__(self, *error: object) -> None: ...
