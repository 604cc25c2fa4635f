"""The values that travel through the gateway: a request, its stream of events, one normalised reply, the decision trail."""

from dataclasses import dataclass
from typing import Literal

from chatsheet.core.acts import NOTHING, Spent
from chatsheet.core.loose import JsonObject


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """An OpenAI chat-completions body without `model` and `stream`: those are the gateway's to set."""

    body: JsonObject
    cache_key: str = ""
    """Names the part that many requests begin with, which ends with the first message; empty for none. Each deployment is
    told as far as it may be (capabilities.py)."""
    tenant: str = ""
    """Whose request it is; a reply is given again to the same tenant only, and to none where it is empty."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants made; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; `cached_tokens` are part of the input tokens."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


Proof = Literal["direct", "egress", "unverified", "cache"]
"""Who vouches for an attempt: our own connection to the provider, the egress behind our LiteLLM, or a proxy's word; or nobody
was asked: it is what the route said before to exactly the same request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one route. Categorical only: no prompt, key or provider text."""

    route: str
    cause: str | None
    proof: Proof
    status: int | None = None
    milliseconds: int
    first_content_ms: int | None = None
    request_id: str | None = None
    adapted: tuple[str, ...] = ()
    """Parameters that were renamed or left out because the deployment refuses them."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A route that was not tried because its breaker was open, and the cause that keeps it open."""

    route: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """How an answer came about: every attempt in order, the last one without a cause answered; and who was not asked."""

    attempts: tuple[Attempt, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def line(self) -> str:
        """Return the trail as one line a person can read."""
        left = [f"{s.route}: not tried ({s.cause})" for s in self.skipped]
        parts = [f"{a.route}: {a.cause or 'answered'} ({a.milliseconds} ms, {a.proof})" for a in self.attempts]
        return " → ".join([*left, *parts])


@dataclass(frozen=True, slots=True)
class Allowance:
    """The tokens of a minute that a deployment takes, and how many are left of it."""

    limit_tokens: int
    remaining_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The same for every route: what was said, by which model, at what cost, and how it got here."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str
    usage: Usage = Usage()
    model: str
    route: str
    trail: Trail
    cost: float | None = None
    """In the currency of the route's prices; None where no price is set."""
    spent: Spent = NOTHING
    """By all attempts, those that failed too."""
    allowance: Allowance | None = None
    """As the provider told beside this answer."""


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
