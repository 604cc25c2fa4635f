"""Whether calls would be answered now: a real call of the last minute proves a route; only without one is it asked."""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from chatsheet.core.clock import Clock
from chatsheet.core.tasks import Tasks
from chatsheet.llm.routes import Plan, Route

PROVEN_S: Final = 60.0
FAILED_S: Final = 10.0
_HOLD_S = 5.0
"""The longest that whoever asks waits for a proof."""


class Prover(Protocol):
    """What readiness asks of the gateway."""

    @property
    def plan(self) -> Plan: ...
    def answered_s_ago(self, route: Route) -> float | None: ...
    async def prove(self, route: Route) -> str: ...


class RouteProof(BaseModel):
    """Whether a route is proven, and by its cause why not."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: Literal["proven", "failed", "unproven"]
    cause: str


class Ready(BaseModel):
    """Ready where at least one route is proven."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ready", "not_ready"]
    routes: tuple[RouteProof, ...]


@dataclass(slots=True)
class _Proof:
    """The latest try to prove a route."""

    task: asyncio.Task[None] | None = None
    cause: str = ""
    ended: float = float("-inf")

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()


class Readiness:
    """Proves routes one call at a time each, and remembers how that went."""

    def __init__(self, *, gateway: Prover, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock
        self._proofs: dict[str, _Proof] = {}
        self._tasks = Tasks()

    async def look(self) -> Ready:
        """Return which routes are proven; waits for a proof where none is, but not for a slow route's."""
        routes = self._gateway.plan.routes
        self._proofs = {key: self._proofs.get(key) or _Proof() for key in (route.fingerprint for route in routes)}
        tries = [(route, self._proofs[route.fingerprint]) for route in routes]
        for route, proof in tries:
            self._renew(route, proof)
        until = self._clock.monotonic() + _HOLD_S
        while not any(self._is_proven(*one) for one in tries) and (awaited := _awaited(tries)):
            left_s = until - self._clock.monotonic()
            done, _ = await asyncio.wait(awaited, timeout=max(0.0, left_s), return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
        seen = tuple(self._seen(*one) for one in tries)
        is_ready = any(one.state == "proven" for one in seen)
        return Ready(status="ready" if is_ready else "not_ready", routes=seen)

    async def close(self) -> None:
        """Break off what runs."""
        await self._tasks.close()

    def _renew(self, route: Route, proof: _Proof) -> None:
        """Prove a route again where the last answer is too old, unless that is under way or failed a moment ago."""
        age_s = self._gateway.answered_s_ago(route)
        is_fresh = age_s is not None and age_s <= PROVEN_S
        if not is_fresh and not proof.is_running and proof.ended + FAILED_S <= self._clock.monotonic():
            proof.task = self._tasks.spawn(self._prove(route, proof), name=f"prove {route.name}")

    async def _prove(self, route: Route, proof: _Proof) -> None:
        try:
            proof.cause = await self._gateway.prove(route)
        finally:
            proof.ended = self._clock.monotonic()

    def _is_proven(self, route: Route, proof: _Proof) -> bool:
        age_s = self._gateway.answered_s_ago(route)
        # nobody waits for a slow route, so its last answer holds while it is asked again
        is_renewed = route.is_slow and proof.is_running
        return age_s is not None and age_s <= PROVEN_S * (2 if is_renewed else 1)

    def _seen(self, route: Route, proof: _Proof) -> RouteProof:
        if self._is_proven(route, proof):
            return RouteProof(name=route.name, state="proven", cause="")
        return RouteProof(name=route.name, state="failed" if proof.cause else "unproven", cause=proof.cause)


def _awaited(tries: list[tuple[Route, _Proof]]) -> list[asyncio.Task[None]]:
    return [proof.task for route, proof in tries if not route.is_slow and proof.task is not None and not proof.task.done()]
