"""Budgets of a workspace, of users in it and of jobs; and what was spent."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api.deps import Admin, SeesSpend, Served, SetsBudgets
from chatsheet.audit.budgets import Budget, Kind, Level, Limits, Standing
from chatsheet.core.errors import BadInput

router = APIRouter(prefix="/api", tags=["budgets"])
_DAYS = 30
_MOST_DAYS = 366


class BudgetState(Standing):
    """A budget, what was spent of it in the present period (UTC), and what follows from that."""

    state: Level


class NewBudget(BaseModel):
    """A budget to set, in place of the one that there was; `subject` is the user or the job, empty for the workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    subject: Annotated[str, Field(max_length=40)] = ""
    limits: Limits


class PersonBudget(BaseModel):
    """What a user may spend in all workspaces together; without one, each user who has no such budget of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: Annotated[str, Field(max_length=40)] = ""
    limits: Limits


class Spending(BaseModel):
    """What a user, or a job of theirs, spent of a day (UTC)."""

    model_config = ConfigDict(frozen=True)

    day: date
    user: str
    job: str
    input_tokens: int
    output_tokens: int
    cost: float
    unpriced_calls: int
    """Calls on routes without a price: they are not in `cost`."""


class SpendingInvalid(BadInput):
    """The days that are asked for are none, or too many."""

    code = "spend.days_invalid"


class BudgetInvalid(BadInput):
    """A budget is of a workspace, or of a user or a job that it names."""

    code = "budget.invalid"


@router.get("/budgets")
async def budgets(services: Served, actor: SetsBudgets) -> list[BudgetState]:
    """Return a workspace's budgets and where they stand."""
    return [_state(one) for one in await services.spending.standings(actor)]


@router.put("/budgets")
async def set_budget(services: Served, actor: SetsBudgets, body: NewBudget) -> BudgetState:
    """Set a budget."""
    if body.kind == "person":
        raise BudgetInvalid("a person's budget everywhere is an administrator's to set.", fix="use /api/users/budgets.")
    if (body.kind == "workspace") != (not body.subject):
        raise BudgetInvalid("a user's or a job's budget names them, a workspace's nobody.", fix="correct subject.")
    if body.kind == "user" and not services.access.is_local:
        await services.accounts.get(body.subject)
    return _state(await services.spending.set(actor, Budget(kind=body.kind, subject=body.subject, limits=body.limits)))


@router.delete("/budgets", status_code=204)
async def remove_budget(
    services: Served,
    actor: SetsBudgets,
    kind: Kind,
    subject: Annotated[str, Query(max_length=40)] = "",
) -> None:
    """Remove a budget."""
    if kind == "person":
        raise BudgetInvalid("a person's budget everywhere is an administrator's to remove.", fix="use /api/users/budgets.")
    await services.spending.remove(actor, kind, subject)


@router.get("/users/budgets")
async def budgets_of_people(services: Served, actor: Admin) -> list[BudgetState]:
    """Return the budgets of people in all workspaces, and where they stand; one without a subject is each person's."""
    return [_state(one) for one in await services.spending.of_people(actor)]


@router.put("/users/budgets")
async def set_budget_of_people(services: Served, actor: Admin, body: PersonBudget) -> BudgetState:
    """Set what a person, or each who has none of their own, may spend in all workspaces together."""
    if body.user and not services.access.is_local:
        await services.accounts.get(body.user)
    return _state(await services.spending.set(actor, Budget(kind="person", subject=body.user, limits=body.limits)))


@router.delete("/users/budgets", status_code=204)
async def remove_budget_of_people(services: Served, actor: Admin, user: Annotated[str, Query(max_length=40)] = "") -> None:
    """Remove a person's budget, or that of each."""
    await services.spending.remove(actor, "person", user)


@router.get("/spend")
async def spend(
    services: Served,
    actor: SeesSpend,
    since: date | None = None,
    until: date | None = None,
) -> list[Spending]:
    """Return what was spent in a workspace, day by day (UTC) and the newest first; of the last 30 days where none are named."""
    until = until or services.clock.now().date()
    since = since or max(date.min + timedelta(days=_DAYS), until) - timedelta(days=_DAYS - 1)
    if not 0 <= (until - since).days <= _MOST_DAYS:
        raise SpendingInvalid(f"{since} to {until} are no days, or too many.", fix=f"ask for at most {_MOST_DAYS} days.")
    return [
        Spending(
            day=one.day,
            user=one.user_id,
            job=one.job_id,
            input_tokens=one.spent.input_tokens,
            output_tokens=one.spent.output_tokens,
            cost=one.spent.cost,
            unpriced_calls=one.spent.unpriced_calls,
        )
        for one in await services.spending.days(actor, since, until)
    ]


def _state(standing: Standing) -> BudgetState:
    fields = {"budget": standing.budget, "tokens": standing.tokens, "cost": standing.cost}
    return BudgetState.model_validate({**fields, "unpriced_calls": standing.unpriced_calls, "state": standing.level})
