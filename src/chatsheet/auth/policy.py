"""Who may do what: one table and one function over it. Pure.

A principal is who the door let in; a standing is what the database says of them where the call goes. Permissions are read for
each request and never cached.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chatsheet.core.errors import Refused
from chatsheet.core.identity import UNRULED, Actor, Role, Rules


class Scope(StrEnum):
    """What an API token may be used for; a person's session has all."""

    READ = "read"
    """Sheets, chats, exports, audit: to look."""
    ASK = "ask"
    """Ask questions about sheets; costs tokens."""
    EDIT = "edit"
    """Import, edit, correct, share."""
    DECIDE = "decide"
    """Decide on what a chat proposes, as a person would."""
    MODEL = "model"
    """Call models through /v1."""
    ADMIN = "admin"
    """What concerns the installation."""


class Action(StrEnum):
    """Everything that a request may want; each route names one."""

    ITSELF = "itself"
    """One's own account: who am I, my workspaces."""
    SESSIONS = "sessions"
    """One's own sessions and API tokens; a token can neither see nor make them."""
    OPEN = "open a workspace"
    """One more, of which one is the owner."""
    LIST = "list"
    """Sheets of a workspace, and those shared with one."""
    IMPORT = "import"
    """Bring a workbook in."""
    READ = "read"
    """Rows, queries, profile, exports of tables: what rules can be applied to."""
    READ_WHOLE = "read whole"
    """The original file, its raw cells and formulas, the history with its values: what rules cannot be applied to."""
    EDIT = "edit"
    """Change cells, correct how a sheet was read, undo."""
    REMOVE = "remove"
    """Delete a sheet."""
    SHARE = "share"
    """See and change with whom a sheet is shared, and its rules."""
    GLOSSARY = "glossary"
    """Change what a sheet's words mean to the model."""
    CHAT_READ = "read a chat"
    CHAT_START = "start a chat"
    CHAT_ASK = "ask in a chat"
    CHAT_CHANGE = "change a chat"
    """Rename or remove it."""
    CHAT_DECIDE = "decide in a chat"
    """Apply or decline what a chat proposes."""
    MEMBERS_READ = "see members"
    MEMBERS = "change members"
    """Name members of a workspace and their roles, and its budgets."""
    AUDIT = "read the audit log"
    """Of a workspace."""
    MODEL = "call a model"
    """Through /v1."""
    STATUS = "status"
    """Which routes there are and how they do."""
    INSTALLATION = "installation"
    """Doctor, all users and workspaces, caches, metrics."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What an action asks of a standing."""

    scope: Scope
    role: Role | None = None
    """None: whoever is known."""
    whole: bool = False
    """Refused to those who see only part of the sheet."""
    person: bool = False
    """Refused to API tokens."""
    admin: bool = False


_NEEDS: Mapping[Action, _Need] = {
    Action.ITSELF: _Need(Scope.READ),
    Action.SESSIONS: _Need(Scope.READ, person=True),
    Action.OPEN: _Need(Scope.EDIT, person=True),
    Action.LIST: _Need(Scope.READ, Role.VIEWER),
    Action.IMPORT: _Need(Scope.EDIT, Role.EDITOR),
    Action.READ: _Need(Scope.READ, Role.VIEWER),
    Action.READ_WHOLE: _Need(Scope.READ, Role.VIEWER, whole=True),
    Action.EDIT: _Need(Scope.EDIT, Role.EDITOR, whole=True),
    Action.REMOVE: _Need(Scope.EDIT, Role.OWNER, whole=True),
    Action.SHARE: _Need(Scope.EDIT, Role.OWNER, whole=True),
    Action.GLOSSARY: _Need(Scope.EDIT, Role.EDITOR, whole=True),
    Action.CHAT_READ: _Need(Scope.READ, Role.VIEWER),
    Action.CHAT_START: _Need(Scope.ASK, Role.VIEWER),
    Action.CHAT_ASK: _Need(Scope.ASK, Role.VIEWER),
    Action.CHAT_CHANGE: _Need(Scope.ASK, Role.VIEWER),
    Action.CHAT_DECIDE: _Need(Scope.DECIDE, Role.EDITOR, whole=True),
    Action.MEMBERS_READ: _Need(Scope.READ, Role.VIEWER),
    Action.MEMBERS: _Need(Scope.EDIT, Role.OWNER, person=True),
    Action.AUDIT: _Need(Scope.READ, Role.OWNER),
    Action.MODEL: _Need(Scope.MODEL),
    Action.STATUS: _Need(Scope.READ),
    Action.INSTALLATION: _Need(Scope.ADMIN, admin=True),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom the door let in."""

    user_id: str
    is_admin: bool = False
    scopes: frozenset[Scope] | None = None
    """What the API token that opened the door is for; None: a person's session."""
    workspace_id: str = ""
    """The one workspace that the API token is for; empty: all of the user's."""
    credential: str = field(default="", compare=False, repr=False)
    """What opened the door, without its secret: what is still read when that ends has to end too. Empty: nothing that ends."""

    @property
    def is_person(self) -> bool:
        """Whether a session opened the door, not a token."""
        return self.scopes is None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of a principal where a call goes: a workspace, and the sheet or chat in it."""

    workspace_id: str = ""
    member: Role | None = None
    """Their role in the workspace."""
    shared: Role | None = None
    """Their role on the sheet, where it was shared with them."""
    rules: Mapping[Role, Rules] | None = None
    """The sheet's rules by role."""
    chat_creator: str = ""
    chat_rules: str | None = None
    """Under which rules the chat was held (`Rules.key`); None: the call is not about a chat."""

    @property
    def role(self) -> Role | None:
        """The higher of both roles; None: a stranger."""
        return max((one for one in (self.member, self.shared) if one is not None), default=None)


class Denied(Refused):
    """Somebody may see what a call is about, and may not do this with it."""

    code = "access.denied"


def sees(principal: Principal, standing: Standing) -> bool:
    """Tell whether what a call is about exists for this principal; what does not looks like what was never there."""
    role = standing.role
    if role is None or principal.workspace_id not in {"", standing.workspace_id}:
        return False
    if standing.chat_rules is None:
        return True
    rules = _rules(role, standing).key
    return rules in {"", standing.chat_rules}  # what was said under other rules may tell what these hide


def allows(principal: Principal, action: Action, standing: Standing) -> bool:
    """Tell whether a principal may do this there."""
    need = _NEEDS[action]
    if principal.scopes is not None and (need.person or need.scope not in principal.scopes):
        return False
    if need.admin:
        return principal.is_admin and not principal.workspace_id
    if need.role is None:
        return True
    role = standing.role
    if role is None or role < need.role or not sees(principal, standing):
        return False
    if need.whole and _rules(role, standing).tables:
        return False
    is_own = standing.chat_creator in {"", principal.user_id}
    return is_own or action not in {Action.CHAT_ASK, Action.CHAT_CHANGE} or role is Role.OWNER


def actor(principal: Principal, standing: Standing) -> Actor:
    """Return the actor that services are called with, narrowed to where the call goes."""
    role = standing.role or Role.VIEWER
    return Actor(
        workspace_id=standing.workspace_id,
        user_id=principal.user_id,
        is_admin=allows(principal, Action.INSTALLATION, standing),
        can_decide=allows(principal, Action.CHAT_DECIDE, standing),
        role=role,
        rules=_rules(role, standing),
        credential=principal.credential,
        is_member=standing.member is not None,
    )


def _rules(role: Role, standing: Standing) -> Rules:
    return (standing.rules or {}).get(role, UNRULED)
