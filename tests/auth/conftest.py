"""A database of its own for each test, and a clock that stands still until told otherwise."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import Members
from chatsheet.auth.passwords import Passwords
from chatsheet.auth.ruling import Ruling
from chatsheet.auth.sessions import Sessions
from chatsheet.auth.shares import Shares
from chatsheet.auth.tokens import Tokens
from chatsheet.auth.users import Users
from chatsheet.db.engine import Database


@dataclass(slots=True)
class HandClock:
    """Time that passes when a test says so."""

    at: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_by(self, **time: float) -> None:
        """Let so many hours, minutes, seconds go by."""
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> HandClock:
    """Morning."""
    return HandClock()


@pytest.fixture
def passwords() -> Generator[Passwords, None, None]:
    """The real hash."""
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
def accounts(database: Database, passwords: Passwords, clock: HandClock) -> Accounts:
    """Nobody yet."""
    return Accounts(database, passwords, clock)


@pytest.fixture
def users(database: Database) -> Users:
    """Whom administrators see."""
    return Users(database)


@pytest.fixture
def members(database: Database, clock: HandClock) -> Members:
    """Workspaces, and who is in them."""
    return Members(database, clock)


@pytest.fixture
def shares(database: Database, clock: HandClock) -> Shares:
    """No shares yet."""
    return Shares(database, clock)


@pytest.fixture
def ruling(database: Database, clock: HandClock) -> Ruling:
    """No rules yet."""
    return Ruling(database, clock)


@pytest.fixture
def sessions(database: Database, clock: HandClock) -> Sessions:
    """Sessions that end after 8 hours without a request, and after 24 in any case."""
    return Sessions(database, clock, idle=timedelta(hours=8), absolute=timedelta(hours=24))


@pytest.fixture
def tokens(database: Database, clock: HandClock) -> Tokens:
    """No API tokens yet."""
    return Tokens(database, clock)
