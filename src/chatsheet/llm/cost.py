"""What an answer costs, from the route's own prices. Pure."""

from chatsheet.llm.model import Usage
from chatsheet.llm.routes import Price

_PER = 1_000_000


def of(usage: Usage | None, price: Price | None) -> float | None:
    """Return the cost of an answer, or None where the price or the count is not known: unknown is never zero."""
    if usage is None or price is None:
        return None
    fresh = max(0, usage.input_tokens - usage.cached_tokens)
    return (fresh * price.input + usage.cached_tokens * price.cached + usage.output_tokens * price.output) / _PER
