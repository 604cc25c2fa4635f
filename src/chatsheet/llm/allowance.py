"""What a provider says of its limits beside an answer: `x-ratelimit-…`, or as LiteLLM 1.106.2 passes them on. Pure."""

from collections.abc import Mapping

from chatsheet.llm.model import Allowance


def read(headers: Mapping[str, str]) -> Allowance | None:
    """Return what headers say of the tokens of a minute; None where they say nothing."""
    limit, remaining = (_number(headers, f"x-ratelimit-{name}-tokens") for name in ("limit", "remaining"))
    return None if limit is None or remaining is None else Allowance(limit, remaining)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(name) or headers.get(f"llm_provider-{name}") or ""
    return int(said) if said.isdecimal() and len(said) <= 15 else None  # noqa: PLR2004  what any counter holds
