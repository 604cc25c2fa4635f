"""Budgets: how much a workspace, a user in it, a job, or a person everywhere may spend in a day or a month. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatsheet.core.acts import Spent

Kind = Literal["workspace", "user", "job", "person"]
"""`person`: in all workspaces together, as administrators set it; without a subject for each who has none of their own."""
Level = Literal["ok", "warn", "stop"]
_WHOSE: dict[Kind, str] = {
    "workspace": "this workspace",
    "user": "your questions in this workspace",
    "job": "this job",
    "person": "your questions in all workspaces",
}


class Limits(BaseModel):
    """What may be spent in a period (UTC): tokens, cost in the currency of the routes' prices, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: Literal["day", "month"]
    tokens: Annotated[int | None, Field(ge=0, le=10**15)] = None
    cost: Annotated[float | None, Field(ge=0, le=10**9, allow_inf_nan=False)] = None
    soft: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The share from which on a warning is given."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.tokens is None and self.cost is None:
            raise ValueError("give tokens, cost or both")
        return self

    def since(self, today: date) -> date:
        """Return the first day of the period."""
        return today if self.period == "day" else today.replace(day=1)


class Budget(BaseModel):
    """Whose budget it is, and its limits; `subject` is the user or the job, empty for the workspace or for each person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    subject: Annotated[str, Field(max_length=40)] = ""
    limits: Limits

    @model_validator(mode="after")
    def _names_whose(self) -> Self:
        if self.kind != "person" and (self.kind == "workspace") != (not self.subject):
            raise ValueError("a user's or a job's budget names them as subject, a workspace's nobody")
        return self


class Standing(BaseModel):
    """A budget, and what was spent of it in the present period."""

    model_config = ConfigDict(frozen=True)

    budget: Budget
    tokens: int = 0
    cost: float = 0.0
    unpriced_calls: int = 0
    """Calls on routes without a price: a limit of cost knows nothing of them."""

    @classmethod
    def of(cls, budget: Budget, spent: Spent) -> Self:
        """Return where a budget stands."""
        return cls(budget=budget, tokens=spent.tokens, cost=spent.cost, unpriced_calls=spent.unpriced_calls)

    @property
    def share(self) -> float:
        """How much of it is used up: 1 and more is all; of tokens and cost whichever is nearer to its limit."""
        limits = self.budget.limits
        return max(_share(self.tokens, limits.tokens), _share(self.cost, limits.cost))

    @property
    def level(self) -> Level:
        """What follows: nothing, a warning, or no more calls."""
        if self.share >= 1:
            return "stop"
        return "warn" if self.share >= self.budget.limits.soft else "ok"

    def line(self) -> str:
        """Return where it stands in a sentence."""
        limits = self.budget.limits
        parts = [f"{self.tokens:,} of {limits.tokens:,} tokens"] if limits.tokens is not None else []
        parts += [f"{self.cost:,.2f} of {limits.cost:,.2f}"] if limits.cost is not None else []
        return f"of what {_WHOSE[self.budget.kind]} may spend in a {limits.period}, {' and '.join(parts)} are spent."


class Decision(BaseModel):
    """Whether a model may be called now, and the budget that says so; None where no budget says anything."""

    model_config = ConfigDict(frozen=True)

    level: Level = "ok"
    because: Standing | None = None


def chosen(known: Iterable[Budget], user_id: str) -> Budget | None:
    """Return the budget of a person everywhere: their own, else that of each."""
    persons = {one.subject: one for one in known if one.kind == "person"}
    return persons.get(user_id) or persons.get("")


def decide(standings: Iterable[Standing]) -> Decision:
    """Return what the budgets say together: the one that is used up most decides."""
    because = max(standings, key=lambda one: (one.level == "stop", one.level == "warn", one.share), default=None)
    if because is None or because.level == "ok":
        return Decision()
    return Decision(level=because.level, because=because)


def _share(spent: float, limit: float | None) -> float:
    if limit is None:
        return 0.0
    return spent / limit if limit else 1.0
