"""Budgets as they are kept: set, looked at, and asked before a model is called."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.audit import budgets, store
from chatsheet.audit.budgets import Budget, Decision, Kind, Standing
from chatsheet.audit.model import SpendDay
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import NotFound, Refused
from chatsheet.core.identity import Actor
from chatsheet.db.engine import Database, tell

_EVERYWHERE = ""
"""Where budgets of people in all workspaces are kept."""


class BudgetExceeded(Refused):
    """A budget is used up: no model is called until its next period, or until it is raised."""

    code = "budget.exceeded"
    status = 429


class BudgetNotFound(NotFound):
    """No such budget in this workspace."""

    code = "budget.not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The budgets of all workspaces, and what was spent of them."""

    database: Database
    clock: Clock

    async def decision(self, actor: Actor, *, job_id: str = "") -> Decision:
        """Return what the budgets that concern an actor, or a job of theirs, say now."""
        named = {("workspace", ""), ("user", actor.user_id), ("job", job_id)}
        async with self.database.unit() as connection:
            known = await store.budgets(connection, actor.workspace_id)
            mine = [one for one in known if (one.kind, one.subject) in named]
            standings = [await self._standing(connection, actor, one) for one in mine]
            if (everywhere := budgets.chosen(await store.budgets(connection, _EVERYWHERE), actor.user_id)) is not None:
                standings.append(await self._standing(connection, actor, everywhere, of=actor.user_id))
            return budgets.decide(standings)

    async def check(self, actor: Actor, *, job_id: str = "") -> None:
        """Raise BudgetExceeded where no model may be called for an actor, or a job of theirs."""
        decision = await self.decision(actor, job_id=job_id)
        if decision.level == "stop" and decision.because is not None:
            period = "day" if decision.because.budget.limits.period == "day" else "month"
            who = "an administrator" if decision.because.budget.kind == "person" else "an owner of the workspace"
            fix = f"ask {who} to raise the budget, or wait for the next {period} (UTC)."
            raise BudgetExceeded(decision.because.line(), fix=fix)

    async def warning(self, actor: Actor) -> str:
        """Return what a person is to know of budgets that near their end; empty for nothing."""
        because = (await self.decision(actor)).because
        return because.line() if because is not None else ""

    async def standings(self, actor: Actor) -> list[Standing]:
        """Return the budgets of a workspace and where they stand."""
        async with self.database.unit() as connection:
            known = await store.budgets(connection, actor.workspace_id)
            return [await self._standing(connection, actor, one) for one in known]

    async def of_people(self, actor: Actor) -> list[Standing]:
        """Return the budgets of people everywhere and where they stand; that of each person stands at nothing."""
        async with self.database.unit() as connection:
            return [await self._standing(connection, actor, one) for one in await store.budgets(connection, _EVERYWHERE)]

    async def set(self, actor: Actor, new: Budget) -> Standing:
        """Set a budget, in place of the one that there was."""
        async with self.database.unit() as connection:
            await store.set_budget(connection, _where(actor, new.kind), new, by=actor.user_id, at=self.clock.now())
            tell(connection, Act.of(actor, "budget.set", new.subject, {"kind": new.kind, **new.limits.model_dump(mode="json")}))
            return await self._standing(connection, actor, new)

    async def remove(self, actor: Actor, kind: Kind, subject: str) -> None:
        """Remove a budget; raises BudgetNotFound."""
        async with self.database.unit() as connection:
            if not await store.remove_budget(connection, _where(actor, kind), kind, subject):
                raise BudgetNotFound(f"there is no budget of {kind} {subject}".rstrip() + ".", fix="look at the list.")
            tell(connection, Act.of(actor, "budget.end", subject, {"kind": kind}))

    async def days(self, actor: Actor, since: date, until: date) -> list[SpendDay]:
        """Return what was spent in a workspace from day to day (UTC), the newest first."""
        async with self.database.unit() as connection:
            return await store.days(connection, actor.workspace_id, since, until)

    async def _standing(self, connection: AsyncConnection, actor: Actor, one: Budget, *, of: str = "") -> Standing:
        since = one.limits.since(self.clock.now().date())
        return Standing.of(one, await store.spent(connection, actor.workspace_id, since, one.kind, of or one.subject))


def _where(actor: Actor, kind: Kind) -> str:
    return _EVERYWHERE if kind == "person" else actor.workspace_id
