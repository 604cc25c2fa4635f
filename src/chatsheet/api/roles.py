"""How roles are called in JSON. Pure."""

from typing import Literal

from chatsheet.core.identity import Role

RoleName = Literal["viewer", "editor", "owner"]
LesserName = Literal["viewer", "editor"]
"""What a sheet can be shared as, and what rules can be set for."""
_NAMES: dict[Role, RoleName] = {Role.VIEWER: "viewer", Role.EDITOR: "editor", Role.OWNER: "owner"}
_LESSER: dict[Role, LesserName] = {Role.VIEWER: "viewer", Role.EDITOR: "editor"}


def name(role: Role) -> RoleName:
    """Return a role's name."""
    return _NAMES[role]


def lesser(role: Role) -> LesserName:
    """Return the name of a role below the owner's."""
    return _LESSER[role]


def of(named: RoleName) -> Role:
    """Return the role with this name."""
    return next(role for role, one in _NAMES.items() if one == named)
