"""What an answer costs: known prices times known counts, and nothing made up where one is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.llm import cost
from chatsheet.llm.model import Usage
from chatsheet.llm.routes import Price

PRICE = Price(input=2.5, cached=1.25, output=10)
COUNTS = st.integers(0, 10**9)


def test_tokens_cost_what_the_route_says_per_million() -> None:
    assert cost.of(Usage(1_000_000, 100_000), PRICE) == pytest.approx(3.5)


def test_cached_tokens_cost_their_own_price_and_are_not_paid_twice() -> None:
    assert cost.of(Usage(1_000_000, 0, 400_000), PRICE) == pytest.approx(0.6 * 2.5 + 0.4 * 1.25)


@pytest.mark.parametrize(("usage", "price"), [(None, PRICE), (Usage(1, 1), None), (None, None)])
def test_what_is_not_known_is_not_zero(usage: Usage | None, price: Price | None) -> None:
    assert cost.of(usage, price) is None


def test_no_tokens_cost_nothing() -> None:
    assert cost.of(Usage(), PRICE) == 0


@given(fresh=COUNTS, cached=COUNTS, output=COUNTS)
def test_a_cost_is_never_negative_and_never_more_than_without_a_cache(fresh: int, cached: int, output: int) -> None:
    found = cost.of(Usage(fresh + cached, output, cached), PRICE)
    without = cost.of(Usage(fresh + cached, output), PRICE)
    assert found is not None
    assert without is not None
    assert 0 <= found <= without + 1e-9 * without


def test_a_provider_that_counts_wrongly_makes_no_negative_cost() -> None:
    found = cost.of(Usage(10, 0, 100), PRICE)
    assert found is not None
    assert found >= 0
