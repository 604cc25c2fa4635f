"""Findings and rungs made from causes of the catalogue. Pure."""

from chatsheet.doctor.model import Finding, Rung, RungName
from chatsheet.llm.causes import CATALOGUE


def finding(cause: str, what: str, *, fix: str = "", commands: tuple[str, ...] = (), hides: str = "") -> Finding:
    """Return a finding; the fix is the catalogue's unless this case has a better one."""
    known = CATALOGUE[cause]
    return Finding(
        cause=cause, layer=known.layer, owner=known.owner, what=what, fix=fix or known.fix, commands=commands, hides=hides
    )


def passed(name: RungName, *evidence: str, warnings: tuple[Finding, ...] = ()) -> Rung:
    """Return a rung that holds, perhaps with warnings."""
    return Rung(name=name, status="warned" if warnings else "passed", evidence=evidence, findings=_as_warnings(warnings))


def broken(
    name: RungName,
    found: Finding,
    *evidence: str,
    also: tuple[Finding, ...] = (),
    warnings: tuple[Finding, ...] = (),
) -> Rung:
    """Return a rung that does not hold; what broke it first comes first, `also` holds what else did."""
    return Rung(name=name, status="broken", evidence=evidence, findings=(found, *also, *_as_warnings(warnings)))


def _as_warnings(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(one.model_copy(update={"is_warning": True}) for one in found)


def not_reached(name: RungName) -> Rung:
    """Return a rung behind a broken one."""
    return Rung(name=name, status="not_reached")
