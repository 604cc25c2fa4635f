"""Small reports as values: paths that answer, fail or are not configured, for whoever needs some."""

from datetime import UTC, datetime
from typing import Literal

from chatsheet.doctor import findings
from chatsheet.doctor.model import PathReport, PrivateProof, ProbeAnswer, Report, RouteHistory, Rung, RungName, Speed
from chatsheet.llm.causes import CATALOGUE

DAY = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ANSWER = ProbeAnswer(model="gpt-4o-2024-11-20", finish_reason="stop", called_tool=True, input_tokens=19, output_tokens=1)
PROVEN = PrivateProof(is_proven=True, peer="10.1.2.4", peer_class="private", public_path="refused")
UNPROVEN = PrivateProof(is_proven=False, reasons=("a LiteLLM that others run cannot be looked into",))


def path(name: str, *, is_in_use: bool = True, is_private: bool = False, is_simulated: bool = False) -> PathReport:
    """Return a healthy path; `litellm → azure` goes through our LiteLLM, `other → gpt-4` through one of others."""
    route, _, alias = name.partition(" → ")
    provider: Literal["azure", "openai", "unknown"] = (
        "azure" if "azure" in (alias or route) else "openai" if "openai" in (alias or route) else "unknown"
    )
    is_ours = bool(alias) and provider != "unknown"
    return PathReport(
        name=name,
        route=route,
        serves=alias,
        provider=provider,
        way="litellm" if alias else "direct",
        is_ours=is_ours,
        is_in_use=is_in_use,
        is_simulated=is_simulated,
        is_private=is_private,
        state="healthy",
        rungs=(findings.passed("settings"), findings.passed("chat", "status 200")),
        answer=ANSWER,
        speed=Speed(probes=5, failed=0, first_content_ms=320 if alias else 300, total_ms=600),
        private=PROVEN if is_private else None,
        proof="egress" if is_ours else "unverified" if alias else "direct",
    )


def ill(name: str, cause: str, *, rung: RungName = "auth", hides: str = "", is_in_use: bool = True) -> PathReport:
    """Return a path whose first broken rung is `rung`."""
    what = f"seen: {CATALOGUE[cause].evidence}" if cause in CATALOGUE else "seen"
    found = findings.finding(cause if cause in CATALOGUE else "unknown", what, hides=hides)
    rungs: tuple[Rung, ...] = (
        findings.passed("settings"),
        findings.broken(rung, found, "status 401"),
        findings.not_reached("stream"),
    )
    changed = {"state": "ill", "cause": cause, "rungs": rungs, "answer": None, "speed": None, "proof": None, "private": None}
    return path(name, is_in_use=is_in_use).model_copy(update=changed)


def unset(name: str) -> PathReport:
    """Return a path that lacks a key."""
    changed = {"state": "not_configured", "rungs": (), "answer": None, "speed": None, "proof": None}
    return path(name, is_in_use=False).model_copy(update=changed)


def quiet(route: str, *, calls: int = 500, fell_back: int = 0) -> RouteHistory:
    """Return 30 days of a route."""
    return RouteHistory(
        route=route, calls=calls, fell_back=fell_back, causes=(("net.connect_timeout", fell_back),) if fell_back else ()
    )


def report(*paths: PathReport, at: datetime = DAY) -> Report:
    """Return a report of these paths alone, before anything is compared."""
    return Report(at=at, version="0.1.0", seconds=2.5, paths=paths)
