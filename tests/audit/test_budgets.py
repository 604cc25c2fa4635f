"""What budgets say: nothing, a warning, or no more calls."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chatsheet.audit import budgets
from chatsheet.audit.budgets import Budget, Level, Limits, Standing
from chatsheet.core.acts import Spent

OFTEN = st.integers(min_value=0, max_value=10**9)


def standing(tokens: int, *, limit: int | None = 1_000, cost: float = 0.0, money: float | None = None) -> Standing:
    limits = Limits(period="day", tokens=limit, cost=money)
    return Standing.of(Budget(kind="workspace", limits=limits), Spent(input_tokens=tokens, cost=cost))


@pytest.mark.parametrize(
    ("tokens", "level"), [(0, "ok"), (799, "ok"), (800, "warn"), (999, "warn"), (1_000, "stop"), (5_000, "stop")]
)
def test_a_budget_warns_from_its_soft_share_on_and_stops_at_its_limit(tokens: int, level: Level) -> None:
    assert budgets.decide([standing(tokens)]).level == level


def test_no_budget_says_nothing() -> None:
    assert budgets.decide([]) == budgets.Decision()


def test_of_tokens_and_cost_the_one_that_is_nearer_to_its_limit_counts() -> None:
    assert budgets.decide([standing(1, cost=9.0, money=10.0)]).level == "warn"
    assert budgets.decide([standing(1, limit=None, cost=10.0, money=10.0)]).level == "stop"


def test_of_several_budgets_the_one_that_is_used_up_most_is_told() -> None:
    full = standing(1_000)
    decision = budgets.decide([standing(10), standing(850), full, standing(900)])
    assert (decision.level, decision.because) == ("stop", full)


def test_a_budget_that_warns_goes_before_one_that_has_less_left_and_says_nothing() -> None:
    early = Budget(kind="workspace", limits=Limits(period="day", tokens=1_000, soft=0.1))
    decision = budgets.decide([standing(700), Standing.of(early, Spent(output_tokens=200))])
    assert (decision.level, decision.because and decision.because.tokens) == ("warn", 200)


def test_a_limit_of_nothing_lets_nobody_begin() -> None:
    assert budgets.decide([standing(0, limit=0)]).level == "stop"


def test_where_it_stands_is_said_in_a_sentence() -> None:
    told = standing(850, cost=1.5, money=3.0).line()
    assert told == "of what this workspace may spend in a day, 850 of 1,000 tokens and 1.50 of 3.00 are spent."


def test_a_day_and_a_month_begin_where_calendars_say() -> None:
    assert Limits(period="day", tokens=1).since(date(2026, 11, 23)) == date(2026, 11, 23)
    assert Limits(period="month", tokens=1).since(date(2026, 11, 23)) == date(2026, 11, 1)


@pytest.mark.parametrize(
    "limits",
    [
        {"period": "day"},
        {"period": "week", "tokens": 1},
        {"period": "day", "tokens": -1},
        {"period": "day", "cost": float("nan")},
        {"period": "day", "tokens": 1, "soft": 0},
        {"period": "day", "tokens": 1, "soft": 1.1},
    ],
)
def test_limits_that_mean_nothing_are_refused(limits: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(limits)


@given(st.lists(st.tuples(OFTEN, OFTEN), max_size=5), OFTEN)
def test_who_spends_more_is_never_allowed_more(spent: list[tuple[int, int]], more: int) -> None:
    order = ["ok", "warn", "stop"]
    before = budgets.decide([standing(tokens, limit=limit) for tokens, limit in spent])
    after = budgets.decide([standing(tokens + more, limit=limit) for tokens, limit in spent])
    assert order.index(after.level) >= order.index(before.level)
