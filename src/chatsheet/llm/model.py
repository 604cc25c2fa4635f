"""The values that travel through the gateway: a request, its stream of events, one normalised reply, the decision trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """An OpenAI chat-completions body without `model` and `stream`: those are the gateway's to set."""

    body: Mapping[str, JsonValue]


class ToolCall(_Value):
    """A call that the model wants made; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


class Usage(_Value):
    """Tokens as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


Proof = Literal["direct", "egress", "unverified"]
"""Who vouches for an attempt: our own connection to the provider, the egress behind our LiteLLM, or a proxy's word."""


class Attempt(_Value):
    """One try at one route. Categorical only: no prompt, key or provider text."""

    route: str
    cause: str | None
    proof: Proof
    status: int | None = None
    milliseconds: int
    first_content_ms: int | None = None
    request_id: str | None = None


class Trail(_Value):
    """How an answer came about: every attempt in order; the last one without a cause answered."""

    attempts: tuple[Attempt, ...] = ()

    def line(self) -> str:
        """Return the trail as one line a person can read."""
        parts = [f"{a.route}: {a.cause or 'answered'} ({a.milliseconds} ms, {a.proof})" for a in self.attempts]
        return " → ".join(parts)


class Reply(_Value):
    """The same for every route: what was said, by which model, at what cost, and how it got here."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str
    usage: Usage = Usage()
    model: str
    route: str
    trail: Trail


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A piece of a tool call; `id` and `name` come with its first piece."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The route died after content was delivered: what was shown is void, the step begins again."""

    route: str
    cause: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream's last event."""

    reply: Reply


StreamEvent = TextDelta | ToolDelta | Restarted | Finished
