"""Who asks, as what, and under which row and column rules: every row carries a workspace id, every service call an actor."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum

Scalar = bool | int | float | str


class Role(IntEnum):
    """What somebody is in a workspace, or on a sheet that was shared with them; each may do all that the lower ones may."""

    VIEWER = 1
    """Reads, asks, exports."""
    EDITOR = 2
    """Edits, corrects, imports, decides on proposals."""
    OWNER = 3
    """Shares, removes, names members, sets rules and budgets."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row must fulfil to be seen; `test` and `values` as a window's filter has them (sheets/windows.py)."""

    column: str
    test: str
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRule:
    """What of one table is seen: the rows that fulfil every condition, without the hidden columns."""

    table: str
    hidden: tuple[str, ...] = ()
    rows: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Row and column rules of an actor on one sheet; none: all of it is seen."""

    tables: tuple[TableRule, ...] = ()

    @property
    def key(self) -> str:
        """What tells these rules from others wherever something derived from the sheet is kept; empty without rules."""
        if not self.tables:
            return ""
        text = json.dumps([asdict(one) for one in self.tables], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def of(self, table: str) -> TableRule:
        """Return the rule of a table; an empty one where none was set."""
        return next((one for one in self.tables if one.table == table), TableRule(table))


UNRULED = Rules()


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program on whose behalf a call is made, inside one workspace (tenant)."""

    workspace_id: str
    user_id: str
    is_admin: bool = False
    """Whether they may see and do what concerns the installation, such as examining its routes."""
    can_decide: bool = True
    """Whether they may decide on what a chat proposes."""
    role: Role = Role.OWNER
    """What they are on the sheet, or in the workspace, that the call is about."""
    rules: Rules = UNRULED
    """What of the sheet they see; services that read it apply them."""
    credential: str = field(default="", compare=False, repr=False)
    """What opened the door for them, without its secret; empty: nothing that ends before they do."""
    is_member: bool = True
    """Whether they see all sheets of the workspace; else those that were shared with them."""


LOCAL = Actor(workspace_id="local", user_id="local", is_admin=True)
"""The one user of local mode: loopback only, no login, the owner."""
