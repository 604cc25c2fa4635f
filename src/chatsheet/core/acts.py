"""What somebody did, as it is told to the audit log, and what that spent. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from chatsheet.core.identity import Actor

Action = Literal[
    "sheet.import",
    "sheet.edit",
    "sheet.undo",
    "sheet.redo",
    "sheet.correction",
    "sheet.export",
    "sheet.remove",
    "sheet.query",
    "sheet.share",
    "sheet.unshare",
    "sheet.rules",
    "sheet.glossary",
    "chat.asked",
    "chat.failed",
    "chat.remove",
    "proposal.made",
    "proposal.applied",
    "proposal.declined",
    "proposal.undone",
    "model.call",
    "login",
    "login.failed",
    "logout",
    "session.end",
    "token.make",
    "token.revoke",
    "user.make",
    "user.change",
    "user.close",
    "user.password",
    "user.forget",
    "workspace.remove",
    "member.set",
    "member.end",
    "budget.set",
    "budget.end",
    "audit.export",
    "job.draft",
    "job.sample",
    "job.start",
    "job.pause",
    "job.resume",
    "job.cancel",
    "job.retry",
    "job.end",
    "job.row",
    "job.export",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Tokens as providers counted them, and what they cost by the routes' prices; calls without a price are counted apart."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    unpriced_calls: int = 0

    @property
    def tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=self.cost + other.cost,
            unpriced_calls=self.unpriced_calls + other.unpriced_calls,
        )


NOTHING = Spent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody did. No cell values and no questions: SQL is the only text of a person's or a model's in it."""

    action: Action
    workspace_id: str = ""
    """Empty for what is no workspace's, such as a login."""
    actor_id: str = ""
    """Empty where nobody is known, as at a login that failed."""
    subject: str = ""
    """The sheet, user, session or token that it was done to."""
    body: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    spent: Spent = NOTHING
    job_id: str = ""
    """The job that spent it, if one did."""

    @classmethod
    def of(cls, actor: Actor, action: Action, subject: str, body: Mapping[str, JsonValue], *, spent: Spent = NOTHING) -> "Act":
        """Return what an actor did in their workspace."""
        return cls(
            action=action, workspace_id=actor.workspace_id, actor_id=actor.user_id, subject=subject, body=body, spent=spent
        )
