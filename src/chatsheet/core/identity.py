"""Who asks: every row carries a workspace id and every service call an actor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program on whose behalf a call is made, inside one workspace (tenant)."""

    workspace_id: str
    user_id: str
    is_admin: bool = False
    """Whether they may see and do what concerns the installation, such as examining its routes."""
    can_decide: bool = True
    """Whether they may decide on what a chat proposes."""


LOCAL = Actor(workspace_id="local", user_id="local", is_admin=True)
"""The one user of local mode: loopback only, no login, the owner."""
