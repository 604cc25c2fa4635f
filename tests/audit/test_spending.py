"""Budgets as they are kept: whose spending counts for which, when a period begins anew, and what is refused."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatsheet.audit.budgets import Budget, Kind, Limits
from chatsheet.audit.log import Audit, Writer
from chatsheet.audit.spending import BudgetExceeded, BudgetNotFound, Spending
from chatsheet.core.acts import Act, Spent
from chatsheet.core.identity import Actor
from chatsheet.db.engine import open_database
from tests.auth.conftest import HandClock

pytestmark = pytest.mark.anyio

ADA, BEN, STRANGER = Actor("w", "ada"), Actor("w", "ben"), Actor("elsewhere", "ada")


@dataclass(frozen=True, slots=True)
class Kept:
    """Budgets over a database of this test's own, and who counts for them."""

    spending: Spending
    audit: Audit
    clock: HandClock

    async def set(self, kind: Kind, subject: str = "", *, tokens: int = 1_000) -> None:
        """Set a budget of a month."""
        limits = Limits(period="month", tokens=tokens)
        await self.spending.set(ADA, Budget(kind=kind, subject=subject, limits=limits))

    async def spend(self, actor: Actor, tokens: int, *, job_id: str = "") -> None:
        """Tell of a model call."""
        act = Act.of(actor, "model.call", "s", {}, spent=Spent(input_tokens=tokens, cost=0.000_01))
        await self.audit.note(replace(act, job_id=job_id))

    async def level(self, actor: Actor, *, job_id: str = "") -> str:
        """Say what the budgets say."""
        return (await self.spending.decision(actor, job_id=job_id)).level


@pytest.fixture
async def kept(anyio_backend: str, database_at: Path | str) -> AsyncGenerator[Kept, None]:
    """Budgets on SQLite and then on Postgres; nothing is set."""
    del anyio_backend
    clock = HandClock()
    database = await open_database(database_at, witness=Writer(clock))
    yield Kept(Spending(database=database, clock=clock), Audit(database), clock)
    await database.close()


async def test_where_no_budget_is_set_anybody_may_spend(kept: Kept) -> None:
    await kept.spend(ADA, 10**12)
    await kept.spending.check(ADA)
    assert await kept.spending.warning(ADA) == ""


async def test_a_workspaces_budget_counts_what_all_in_it_spend_and_nobody_elsewhere(kept: Kept) -> None:
    await kept.set("workspace")
    await kept.spend(STRANGER, 5_000)
    await kept.spend(ADA, 600)
    assert await kept.level(BEN) == "ok"
    await kept.spend(BEN, 400)
    assert [await kept.level(one) for one in (ADA, BEN, STRANGER)] == ["stop", "stop", "ok"]


async def test_a_users_budget_is_theirs_alone(kept: Kept) -> None:
    await kept.set("user", "ben")
    await kept.spend(ADA, 5_000)
    await kept.spend(BEN, 850)
    assert [await kept.level(one) for one in (ADA, BEN)] == ["ok", "warn"]
    assert await kept.spending.warning(BEN) == (
        "of what your questions in this workspace may spend in a month, 850 of 1,000 tokens are spent."
    )


async def test_a_persons_budget_counts_what_they_spend_in_all_workspaces(kept: Kept) -> None:
    await kept.set("person")
    await kept.set("person", "ben", tokens=5_000)
    for one in (ADA, STRANGER, BEN):
        await kept.spend(one, 600)
    assert [await kept.level(one) for one in (ADA, STRANGER, BEN)] == ["stop", "stop", "ok"]
    with pytest.raises(BudgetExceeded, match="in all workspaces") as refused:
        await kept.spending.check(STRANGER)
    assert "administrator" in refused.value.fix
    await kept.spending.remove(ADA, "person", "")
    assert await kept.level(ADA) == "ok"


async def test_a_jobs_budget_is_the_jobs_whoever_started_it(kept: Kept) -> None:
    await kept.set("job", "job_1")
    await kept.spend(ADA, 5_000, job_id="job_2")
    await kept.spend(ADA, 600, job_id="job_1")
    await kept.spend(BEN, 400, job_id="job_1")
    assert [await kept.level(ADA, job_id=one) for one in ("", "job_1", "job_2")] == ["ok", "stop", "ok"]


async def test_a_budget_that_is_used_up_says_how_much_and_what_helps(kept: Kept) -> None:
    await kept.set("workspace")
    await kept.spend(ADA, 1_200)
    with pytest.raises(BudgetExceeded) as caught:
        await kept.spending.check(ADA)
    assert caught.value.what == "of what this workspace may spend in a month, 1,200 of 1,000 tokens are spent."
    assert "wait for the next month" in caught.value.fix


async def test_a_new_period_begins_with_nothing_spent(kept: Kept) -> None:
    await kept.set("workspace")
    await kept.spend(ADA, 1_200)
    kept.clock.pass_by(days=7)  # the last of the month
    assert await kept.level(ADA) == "stop"
    kept.clock.pass_by(days=1)
    assert await kept.level(ADA) == "ok"


async def test_a_budget_is_set_anew_and_removed(kept: Kept) -> None:
    await kept.set("workspace")
    await kept.set("workspace", tokens=5)
    assert [one.budget.limits.tokens for one in await kept.spending.standings(BEN)] == [5]
    assert await kept.spending.standings(STRANGER) == []
    await kept.spending.remove(BEN, "workspace", "")
    with pytest.raises(BudgetNotFound):
        await kept.spending.remove(BEN, "workspace", "")


async def test_what_was_spent_is_told_by_day_and_user(kept: Kept) -> None:
    await kept.spend(ADA, 10)
    await kept.spend(BEN, 20)
    kept.clock.pass_by(days=1)
    await kept.spend(ADA, 30)
    today = kept.clock.now().date()
    told = await kept.spending.days(ADA, today.replace(day=1), today)
    assert [(one.day.day, one.user_id, one.spent.tokens) for one in told] == [(24, "ada", 30), (23, "ada", 10), (23, "ben", 20)]
    assert told[0].spent.cost == pytest.approx(0.000_01)


async def test_nothing_is_lost_where_many_spend_at_once(kept: Kept) -> None:
    await kept.set("workspace")
    await asyncio.gather(*(kept.spend(one, 7) for one in (ADA, BEN) * 10))
    assert [one.tokens for one in await kept.spending.standings(ADA)] == [140]
