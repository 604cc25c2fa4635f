"""Up the ladder of one path: rung after rung, timed, to the first that is broken."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chatsheet.core.clock import Clock
from chatsheet.doctor import commands, findings, ladder
from chatsheet.doctor.ladder import Probe
from chatsheet.doctor.model import Depth, Finding, PathReport, PrivateProof, Rung, RungName, Speed
from chatsheet.doctor.paths import Path
from chatsheet.doctor.probes import (
    calls,
    certificates,
    connections,
    credentials,
    environment,
    lint,
    litellm,
    names,
    privacy,
    proxies,
    servers,
)
from chatsheet.doctor.probes.calls import Called
from chatsheet.doctor.subject import Subject

_PROBES: Mapping[RungName, Probe] = {
    "settings": lint.look,
    "environment": environment.look,
    "dns": names.look,
    "proxy": proxies.look,
    "tcp": connections.look,
    "tls": certificates.look,
    "server": servers.look,
    "litellm_up": litellm.look_up,
    "litellm_key": litellm.look_key,
    "litellm_alias": litellm.look_alias,
    "litellm_health": litellm.look_health,
}
"""Who looks at each rung that needs no call."""
_MOST_S = 18.0
"""A path's share of the twenty seconds that a run may take."""
_MOST_SLOW_S = 300.0
_REACHED_S = 6.0
"""What the layers below a call may take beside a first answer that is late."""
_MOST_PROBE_S = 6.0
_EXPLAINS: Mapping[str, frozenset[str]] = {
    "litellm.database_url": frozenset({"litellm.down", "unknown", "provider.error", "stream.silent"}),
    "litellm.proxied_loopback": frozenset(
        {"litellm.down", "unknown", "provider.error", "provider.not_json", "net.proxy_refused"}
    ),
}
"""Warnings that are the reason for what broke later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far, and how many calls for the medians."""

    depth: Depth = "call"
    probes: int = 3


@dataclass(slots=True)
class _Climb:
    """A path on its way up."""

    subject: Subject
    say: Callable[[Rung], None]
    rungs: list[Rung] = field(default_factory=list[Rung])
    private: PrivateProof | None = None
    open_to_public: tuple[Finding, ...] = ()

    @property
    def clock(self) -> Clock:
        return self.subject.means.clock

    @property
    def is_broken(self) -> bool:
        return bool(self.rungs) and self.rungs[-1].status in {"broken", "not_reached"}

    def add(self, rung: Rung, milliseconds: int | None = None) -> None:
        """Take the next rung, with what other rungs noted for it."""
        noted = self.subject.evidence.get(rung.name, ())
        found = tuple(self._with_commands(one) for one in rung.findings)
        told = rung.model_copy(update={"milliseconds": milliseconds, "evidence": (*rung.evidence, *noted), "findings": found})
        self.rungs.append(told)
        self.say(told)

    def _with_commands(self, found: Finding) -> Finding:
        lines = found.commands or commands.for_cause(found.hides or found.cause, self.subject.path)
        return found.model_copy(update={"commands": lines})

    def skip(self, name: RungName) -> None:
        self.add(findings.not_reached(name))

    async def look(self, name: RungName, probe: Probe) -> None:
        """Let a probe look, within its time."""
        started = self.clock.monotonic()
        try:
            async with asyncio.timeout(_MOST_PROBE_S):
                rung = await probe(self.subject)
        except TimeoutError:
            late = findings.finding("net.connect_timeout", f"no answer within {_MOST_PROBE_S:g} s on this layer")
            rung = findings.broken(name, late)
        self.add(rung, self._since(started))

    def _since(self, started: float) -> int:
        return round((self.clock.monotonic() - started) * 1000)


async def up(subject: Subject, limits: Limits, say: Callable[[Rung], None]) -> PathReport:
    """Walk a path's rungs in order and return what was found; raises nothing for what a route does."""
    most_s = _MOST_SLOW_S if subject.route.is_slow else max(_MOST_S, subject.route.first_content_s + _REACHED_S)
    subject.ends = subject.means.clock.monotonic() + most_s
    climb = _Climb(subject, say)
    called: Called | None = None
    speed: Speed | None = None
    for name in ladder.reached(subject.path):
        if climb.is_broken:
            climb.skip(name)
        elif (probe := _PROBES.get(name)) is not None:
            await climb.look(name, probe)
    if _is_private(subject.path) and subject.path.way == "direct" and subject.hosts:
        climb.private, climb.open_to_public = await privacy.prove(subject)
    if climb.is_broken or limits.depth == "reach":
        for name in ladder.called(subject.path):
            climb.skip(name)
    else:
        called = await _call(climb)
        if not climb.is_broken and called is not None:
            speed = await calls.speed(subject, called, limits.probes)
    return _report(climb, called, speed)


async def _call(climb: _Climb) -> Called | None:
    """Make the calls, and tell what each rung from here on has of them."""
    subject, left = climb.subject, list(ladder.called(climb.subject.path))
    if subject.path.way == "direct":
        await climb.look("auth", credentials.look)
        if climb.is_broken:
            for name in left[1:]:
                climb.skip(name)
            return None
        left.remove("auth")
    called = await calls.chat(subject)
    failed_at = ladder.place(called.cause, subject.path) if called.cause is not None else None
    if failed_at == "auth" and "auth" not in left:
        climb.rungs.pop()  # what looked well by itself was refused
        left.insert(0, "auth")
    for name in left:
        if climb.is_broken:
            climb.skip(name)
        elif name == failed_at and called.is_out_of_time:
            climb.add(calls.out_of_time(name))
        elif name == failed_at:
            climb.add(findings.broken(name, called.finding(subject), *called.evidence), called.total_ms)
        else:
            await _tell(climb, name, called)
    return called


async def _tell(climb: _Climb, name: RungName, called: Called) -> None:
    """Add a rung that the call did not break."""
    match name:
        case "permission":
            climb.add(findings.passed(name, warnings=climb.open_to_public))
        case "model":
            climb.add(calls.model(climb.subject, called))
        case "parameters":
            climb.add(await calls.parameters(climb.subject) if called.cause is None else findings.passed(name))
        case "chat":
            climb.add(findings.passed(name, *called.evidence), called.first_content_ms)
        case "stream":
            climb.add(findings.passed(name, f"ended with {called.answer.finish_reason}"), called.total_ms)
        case "tools":
            climb.add(await calls.tools(climb.subject))
        case _:
            climb.add(findings.passed(name))


# ── the report of a path ──


def blank(path: Path) -> PathReport:
    """Return the report of a path whose key is not set."""
    return PathReport(
        name=path.name,
        route=path.route.name,
        serves=path.serves,
        provider=path.provider,
        way=path.way,
        is_ours=path.route.is_ours,
        is_in_use=path.is_in_use,
        is_private=_is_private(path),
        state="not_configured",
    )


def _report(climb: _Climb, called: Called | None, speed: Speed | None) -> PathReport:
    subject, found = climb.subject, _cause(climb.rungs)
    rungs = tuple(_explained(rung, found) for rung in climb.rungs)
    is_whole = called is not None and called.cause is None
    provider = next(iter(subject.evidence.get("provider", ())), "")
    return blank(subject.path).model_copy(
        update={
            "state": "ill" if found is not None else "healthy",
            "cause": found.cause if found is not None else "",
            "rungs": rungs,
            "provider": provider if provider in {"azure", "openai"} else subject.path.provider,
            "is_simulated": subject.served_by == "simulator" or (called is not None and called.is_simulated),
            "answer": called.answer if is_whole and called is not None else None,
            "speed": speed,
            "private": climb.private,
            "proof": called.proof if called is not None else None,
        }
    )


def _cause(rungs: list[Rung]) -> Finding | None:
    """Return why a path is ill: the first broken rung's finding, or the earlier warning that explains it."""
    first = next((rung.findings[0] for rung in rungs if rung.status == "broken"), None)
    if first is None:
        return None
    warnings = (found for rung in rungs if rung.status == "warned" for found in rung.findings)
    reason = next((found for found in warnings if first.cause in _EXPLAINS.get(found.cause, ())), None)
    return first if reason is None else reason.model_copy(update={"hides": first.cause})


def _explained(rung: Rung, found: Finding | None) -> Rung:
    """Put the finding that explains a broken rung before its own."""
    if rung.status != "broken" or found is None or found.cause == rung.findings[0].cause:
        return rung
    return rung.model_copy(update={"findings": (found, *rung.findings)})


def _is_private(path: Path) -> bool:
    return (path.behind or path.settings).network == "private"
