"""Which row and column rules hold for which role on a sheet. Whether they fit the sheet is for sheets/rules.py to say."""

from sqlalchemy import delete, select

from chatsheet.auth import rules as form
from chatsheet.auth.shares import hold
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, NotFound
from chatsheet.core.identity import Actor, Role, Rules
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import sheet_rule


class RulesNotFound(NotFound):
    """No rules hold for this role."""

    code = "rules.not_found"


class RulesForOwners(BadInput):
    """Owners see everything: under rules they could not even take them back."""

    code = "rules.for_owners"


class Ruling:
    """The rules of all sheets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, sheet_id: str) -> dict[Role, Rules]:
        """Return a sheet's rules by role, the lowest first."""
        query = select(sheet_rule.c.role, sheet_rule.c.body).where(sheet_rule.c.sheet_id == sheet_id)
        async with self._database.unit() as connection:
            rows = await connection.execute(query.order_by(sheet_rule.c.role))
            return {Role(role): form.parse(body) for role, body in rows}

    async def set(self, actor: Actor, sheet_id: str, role: Role, rules: Rules) -> None:
        """Let rules hold for a role from now on; raises RulesForOwners."""
        if role is Role.OWNER:
            raise RulesForOwners("owners see everything of a sheet.", fix="set rules for viewers or editors.")
        said = {"body": form.form(rules), "created_by": actor.user_id, "created_at": self._clock.now()}
        row = {"sheet_id": sheet_id, "role": int(role), "workspace_id": actor.workspace_id, **said}
        async with self._database.unit() as connection:
            await hold(connection, actor, sheet_id)
            adding = writing.insert(connection, sheet_rule).values(row)
            await connection.execute(adding.on_conflict_do_update(index_elements=sheet_rule.primary_key.columns, set_=said))
            tell(connection, Act.of(actor, "sheet.rules", sheet_id, {"role": role.name.lower(), "rules": rules.key}))

    async def remove(self, actor: Actor, sheet_id: str, role: Role) -> None:
        """Let a role see all of a sheet again; raises RulesNotFound."""
        this = (sheet_rule.c.sheet_id == sheet_id) & (sheet_rule.c.role == role)
        async with self._database.unit() as connection:
            ended = await connection.execute(delete(sheet_rule).where(this))
            if ended.rowcount:
                tell(connection, Act.of(actor, "sheet.rules", sheet_id, {"role": role.name.lower(), "rules": ""}))
        if not ended.rowcount:
            raise RulesNotFound(f"no rules hold for {role.name.lower()}s.", fix="look at the sheet's rules.")
