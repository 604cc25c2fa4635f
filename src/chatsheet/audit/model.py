"""What is asked of the audit log, and what was spent: values."""

from dataclasses import dataclass
from datetime import date, datetime

from chatsheet.core.acts import Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are wanted; what is left out is any."""

    workspace_id: str | None = None
    action: str = ""
    actor_id: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


ALL = Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendDay:
    """What a user, or a job of theirs, spent of a day (UTC)."""

    day: date
    user_id: str
    job_id: str
    spent: Spent
