"""What an answer costs, from the route's own prices. Pure."""

from chatsheet.core.acts import NOTHING, Spent
from chatsheet.llm.model import Usage
from chatsheet.llm.routes import Price

_PER = 1_000_000


def of(usage: Usage | None, price: Price | None) -> float | None:
    """Return the cost of an answer, or None where the price or the count is not known: unknown is never zero."""
    if usage is None or price is None:
        return None
    fresh = max(0, usage.input_tokens - usage.cached_tokens)
    return (fresh * price.input + usage.cached_tokens * price.cached + usage.output_tokens * price.output) / _PER


def spent(usage: Usage | None, price: Price | None, *, is_answer: bool) -> Spent:
    """Return what an attempt spent; an answer that nobody counted, or priced, is a call without a price."""
    if usage is None:
        return Spent(unpriced_calls=1) if is_answer else NOTHING
    cost = of(usage, price)
    return Spent(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=cost or 0.0,
        unpriced_calls=int(cost is None),
    )
