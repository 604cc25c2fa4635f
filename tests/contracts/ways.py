"""The ways to a provider, and what a call on one of them came to: everything that must not depend on the way."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.llm import plan
from chatsheet.llm.gateway import Gateway, NoRouteAnswered, RequestRefused
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest, Finished, Proof, Reply, TextDelta, ToolCall, Trail, Usage
from chatsheet.llm.records import RemoteRecords
from chatsheet.llm.routes import Plan, Route
from chatsheet.simulator.brain import Brain, Piece
from tests.chain import DIALECTS, Hybrid
from tests.harness import HELLO

NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a provider: the served route, and whether LiteLLM and the egress lie between."""

    served: str
    is_through: bool

    def __str__(self) -> str:
        return f"{self.served} {'through LiteLLM' if self.is_through else 'directly'}"

    def route(self, hybrid: Hybrid) -> Route:
        """Return the route."""
        llm = hybrid.settings.llm
        return replace(plan.build(llm, "litellm"), model=self.served) if self.is_through else plan.build(llm, self.served)


def ways(suffix: str = "") -> list[Way]:
    """Return all six: three dialects, each through LiteLLM and directly."""
    return [way for dialect in DIALECTS for way in pair(f"{dialect}{suffix}")]


def pair(served: str) -> list[Way]:
    """Return both ways to one served route."""
    return [Way(served, is_through=True), Way(served, is_through=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take; generous where a test is not about time."""

    first_content_s: float = 10
    idle_s: float = 10
    deadline_s: float = 15


@dataclass(frozen=True, slots=True)
class Tried:
    """What an attempt of the trail says, without its timing and its route."""

    cause: str | None
    status: int | None
    has_request_id: bool
    adapted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that must not depend on the way."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: Usage = NOTHING
    model: str = ""
    cause: str = ""
    """Of the error that the caller gets; empty for an answer."""
    refusal: str = ""
    """The words of a refusal: they name the filter's category."""
    attempts: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a way said, and who vouches for it."""

    outcome: Outcome
    proofs: tuple[Proof, ...]


async def ask(gateway: Gateway, request: ChatRequest = HELLO) -> Heard:
    """Run a request to its end."""
    delivered: list[str] = []
    try:
        async with aclosing(gateway.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    delivered.append(event.text)
                if isinstance(event, Finished):
                    assert "".join(delivered).endswith(event.reply.text)
                    return _answered(event.reply)
    except NoRouteAnswered as error:
        return _failed(error, error.trail, error.cause.code)
    except RequestRefused as error:
        return _failed(error, error.trail, error.cause.code, error.what)
    raise AssertionError("a stream ends with Finished or an error")


def _answered(reply: Reply) -> Heard:
    outcome = Outcome(
        text=reply.text,
        tool_calls=reply.tool_calls,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        model=reply.model,
        attempts=_tried(reply.trail),
    )
    return Heard(outcome, _proofs(reply.trail))


def _failed(error: ChatSheetError, trail: Trail, cause: str, refusal: str = "") -> Heard:
    assert error.fix
    return Heard(Outcome(cause=cause, refusal=refusal, attempts=_tried(trail)), _proofs(trail))


def _tried(trail: Trail) -> tuple[Tried, ...]:
    return tuple(Tried(one.cause, one.status, one.request_id is not None, one.adapted) for one in trail.attempts)


def _proofs(trail: Trail) -> tuple[Proof, ...]:
    return tuple(one.proof for one in trail.attempts)


@asynccontextmanager
async def gateway_on(hybrid: Hybrid, route: Route, limits: Limits | None = None) -> AsyncGenerator[Gateway, None]:
    """Build a gateway whose only route is this one, so that it must answer."""
    limits = limits or Limits()
    legs, records = Legs(), RemoteRecords(hybrid.settings.data)
    only = replace(route, first_content_s=limits.first_content_s, idle_s=limits.idle_s)
    gateway = Gateway(plan=Plan((only,), limits.deadline_s), legs=legs, records=records, clock=SystemClock())
    try:
        yield gateway
    finally:
        await gateway.close()
        await legs.close()
        await records.close()


async def ask_on(hybrid: Hybrid, way: Way, request: ChatRequest = HELLO, limits: Limits | None = None) -> Heard:
    """Ask once, on one way alone."""
    async with gateway_on(hybrid, way.route(hybrid), limits) as gateway:
        return await ask(gateway, request)


async def ask_all(
    hybrid: Hybrid, asked: Sequence[Way], request: ChatRequest = HELLO, limits: Limits | None = None
) -> dict[Way, Outcome]:
    """Ask the same on several ways at once; whoever should vouch for each attempt does."""
    heard = await asyncio.gather(*(ask_on(hybrid, way, request, limits) for way in asked))
    for way, one in zip(asked, heard, strict=True):
        assert set(one.proofs) == {"egress" if way.is_through else "direct"}, str(way)
    return {way: one.outcome for way, one in zip(asked, heard, strict=True)}


# ── what the provider says ──


@dataclass(slots=True)
class Recorded:
    """A brain that says the same to every call, and keeps what it was asked."""

    pieces: Sequence[Piece]
    bodies: list[Mapping[str, object]] = field(default_factory=list[Mapping[str, object]])
    name: str = "recorded"

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Say it."""
        del deployment
        self.bodies.append(body)
        for piece in self.pieces:
            yield piece


@contextmanager
def saying(hybrid: Hybrid, *pieces: Piece) -> Generator[Recorded]:
    """Let the simulator say this while the body runs, whatever deployment is asked."""
    simulator, brain = hybrid.wire.simulator, Recorded(pieces)
    before: Brain = simulator.brain
    simulator.brain = brain
    try:
        yield brain
    finally:
        simulator.brain = before
