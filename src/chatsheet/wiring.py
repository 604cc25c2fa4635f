"""The only place that constructs anything but the gateway: settings in, services out, closed in reverse order."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from chatsheet import hybrid
from chatsheet.audit.log import Audit, Writer
from chatsheet.audit.spending import Spending
from chatsheet.auth import credentials
from chatsheet.auth.access import Access
from chatsheet.auth.accounts import Accounts
from chatsheet.auth.limits import Rates
from chatsheet.auth.members import Members
from chatsheet.auth.passwords import Passwords
from chatsheet.auth.ruling import Ruling
from chatsheet.auth.sessions import Sessions
from chatsheet.auth.shares import Shares
from chatsheet.auth.tokens import Tokens
from chatsheet.auth.users import Users
from chatsheet.cache.cache import Caches
from chatsheet.chat.drawing import Drawings
from chatsheet.chat.driver import Chats
from chatsheet.chat.events import AiColumnProposal
from chatsheet.chat.live import Live
from chatsheet.chat.loop import Limits
from chatsheet.context.glossary.glossary import Glossary
from chatsheet.context.prompt import Scope
from chatsheet.core import processes
from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.core.presence import Presence, present
from chatsheet.core.settings import Settings
from chatsheet.db import secrets
from chatsheet.db.engine import Database, open_database
from chatsheet.doctor.clinic import Clinic
from chatsheet.doctor.model import Report, RouteHistory
from chatsheet.doctor.order import Known, OnRung, Order, nobody
from chatsheet.doctor.readiness import Readiness
from chatsheet.jobs.files import Files
from chatsheet.jobs.finding import Finder
from chatsheet.jobs.imports import Imports
from chatsheet.jobs.model import AiColumn
from chatsheet.jobs.service import Jobs
from chatsheet.jobs.worker import Worker
from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.plan import plan
from chatsheet.llm.records import RemoteRecords
from chatsheet.sheets.library import Library
from chatsheet.sheets.objects import open_objects
from chatsheet.sheets.query import Engine
from chatsheet.sheets.room import Room
from chatsheet.sheets.stored import Stored
from chatsheet.sheets.uploads import Uploads
from chatsheet.telemetry.history import History, RouteCounts
from chatsheet.telemetry.setup import Telemetry, open_telemetry
from chatsheet.upkeep.forgetting import Forgetting
from chatsheet.upkeep.retention import Retention

if TYPE_CHECKING:
    from chatsheet.auth.oidc import Oidc

log = logging.getLogger(__name__)

_DATABASE = "chatsheet.sqlite"
_WHOLE = Order()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""  # gone since the start: then no change to it is proposed


@dataclass(slots=True, kw_only=True)
class Doctor:
    """Examines the routes of the settings that hold now, and weighs what calls met on them."""

    settings: Settings
    records: RemoteRecords
    clock: Clock
    history: History | None
    settings_file: Path | None = None

    async def examine(self, on_rung: OnRung = nobody, before: Report | None = None, order: Order = _WHOLE) -> Report:
        """Examine the routes; `before` is the last report."""
        from chatsheet.doctor import examination  # noqa: PLC0415  its probes are for those who examine

        history = weighed(await self.history.read()) if self.history is not None else ()
        text = await asyncio.to_thread(_text, self.settings_file) if self.settings_file is not None else ""
        return await examination.examine(
            self.settings,
            order,
            environment=processes.whole_environment(),
            records=self.records,
            clock=self.clock,
            known=Known(before=before, history=history, settings_text=text),
            on_rung=on_rung,
        )


def weighed(counted: tuple[RouteCounts, ...]) -> tuple[RouteHistory, ...]:
    """Return what telemetry counted as the doctor weighs it: causes that say nothing against a route are left out."""
    return tuple(
        RouteHistory(
            route=one.route,
            calls=one.attempts,
            fell_back=one.fell_back,
            causes=tuple((c, n) for c, n in one.causes if c in CATALOGUE and CATALOGUE[c].counts_against_route),
        )
        for one in counted
    )


@dataclass(frozen=True, slots=True)
class AiColumns:
    """What a chat proposes becomes the draft of a job: its costs are seen before it is started."""

    jobs: Jobs

    async def start(self, actor: Actor, sheet_id: str, proposal: AiColumnProposal, *, key: str) -> str:
        """Make the draft and return its id; a second one with the same key is the same job."""
        fields = proposal.model_dump(include={"table", "label", "template", "output", "choices", "where"})
        order = AiColumn.model_validate(fields, strict=False)
        return (await self.jobs.draft(actor, sheet_id, order, version=proposal.version, mark=key)).id


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the three doors share."""

    settings: Settings
    database: Database
    audit: Audit
    spending: Spending
    access: Access
    accounts: Accounts
    users: Users
    members: Members
    shares: Shares
    ruling: Ruling
    sessions: Sessions
    oidc: "Oidc | None"
    """Logins at the identity provider, where the mode is that."""
    tokens: Tokens
    rates: Rates
    engine: Engine
    library: Library
    glossary: Glossary
    uploads: Uploads
    imports: Imports
    gateway: Gateway
    records: RemoteRecords
    chats: Chats
    jobs: Jobs
    caches: Caches
    room: Room
    retention: Retention
    live: Live
    drawings: Drawings
    presence: Presence
    clock: Clock
    telemetry: Telemetry
    history: History
    doctor: Doctor
    clinic: Clinic
    readiness: Readiness

    async def change(self, settings: Settings) -> None:
        """Go on with the routes of changed settings; what else changed waits for the next start."""
        self.doctor.settings = settings
        await self.gateway.change(plan(settings.llm))

    def worker(self, *, alive: Path | None = None) -> Worker:
        """Build a worker on jobs, which works once it is started and until it is closed; it touches `alive` at each beat."""

        def on_beat(waiting: int) -> None:
            self.telemetry.tell_waiting(waiting)
            if alive is not None:
                alive.touch()

        return Worker(
            database=self.database, access=self.access, spending=self.spending, library=self.library, gateway=self.gateway,
            clock=self.clock, files=self.jobs.files, at_once=self.settings.jobs.at_once, drain_s=self.settings.jobs.drain_s,
            on_beat=on_beat,
        )  # fmt: skip


@asynccontextmanager
async def open_doctor(settings: Settings, settings_file: Path | None) -> AsyncGenerator[tuple[Doctor, Clinic | None], None]:
    """Build the doctor alone, and where it keeps its reports; without a database it examines all the same."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = await _database_if_usable(settings)
        history = None
        if database is not None:
            stack.push_async_callback(database.close)
            history = History(database=database, clock=clock, workspace_id=LOCAL.workspace_id)
        records = RemoteRecords(settings.data)
        stack.push_async_callback(records.close)
        doctor = Doctor(settings=settings, records=records, clock=clock, history=history, settings_file=settings_file)
        yield doctor, Clinic(examine=doctor.examine, database=database, clock=clock) if database is not None else None


def database_at(settings: Settings) -> Path | str:
    """Return where the database is: a file, or the address of a Postgres database."""
    url = settings.database.url
    return url.reveal() if url else settings.data / _DATABASE


async def _database(settings: Settings) -> Database:
    return await open_database(database_at(settings), pool=settings.database.pool, witness=Writer(SystemClock()))


async def _database_if_usable(settings: Settings) -> Database | None:
    """Return the database; None where there is none, or none that this version can write."""
    if settings.database.url is None and not await asyncio.to_thread((settings.data / _DATABASE).exists):
        return None
    try:
        return await _database(settings)
    except ChatSheetError as error:
        log.warning("reports and fall-backs are not kept: %s", error.what)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        where = settings.data / _DATABASE
        log.warning("reports and fall-backs are not kept: %s cannot be used (%s)", where, type(error).__name__)
    return None


def _caches(settings: Settings, clock: Clock, key: bytes) -> Caches:
    url = settings.redis.url.reveal() if settings.redis.url is not None else None
    return Caches.open(memory_mb=settings.cache.memory_mb, url=url, key=key, clock=clock)


def oidc(settings: Settings, database: Database, sessions: Sessions, clock: Clock) -> "Oidc | None":
    """Build the logins at the identity provider, where the mode is that."""
    if settings.auth.mode != "oidc":
        return None
    from chatsheet.auth.oidc import Oidc  # noqa: PLC0415  its libraries take a while
    from chatsheet.auth.provider import IdentityProvider  # noqa: PLC0415  see above

    chosen = settings.auth.oidc
    return Oidc(database, clock, provider=IdentityProvider(chosen, clock), sessions=sessions, settings=chosen)


def stored_of(settings: Settings) -> Stored | None:
    """Return the versions in the object store that settings name, if they name one; raises StorageUnavailable."""
    objects = open_objects(settings.files)
    return None if objects is None else Stored(objects)


def _room(settings: Settings, database: Database, clock: Clock) -> Room:
    limit = int(settings.cache.disk_gb * 10**9)
    return Room(database=database, folder=settings.data, limit=limit, clock=clock, stored=stored_of(settings))


@asynccontextmanager
async def open_caches(settings: Settings) -> AsyncGenerator[tuple[Caches, Room], None]:
    """Build what keeps values, alone: the second level and the room on disk, for commands that look at them."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(present(settings.data))
        database = await _database(settings)
        stack.push_async_callback(database.close)
        caches = _caches(settings, clock, await secrets.shared(database, "cache"))
        stack.push_async_callback(caches.close)
        yield caches, _room(settings, database, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who may log in, and as what."""

    accounts: Accounts
    users: Users
    members: Members


@asynccontextmanager
async def open_people(settings: Settings) -> AsyncGenerator[People, None]:
    """Build accounts alone, for commands that name people."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(present(settings.data))
        database = await _database(settings)
        stack.push_async_callback(database.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        yield People(accounts=Accounts(database, passwords, clock), users=Users(database), members=Members(database, clock))


@asynccontextmanager
async def open_upkeep(settings: Settings) -> AsyncGenerator[tuple[Forgetting, Retention], None]:
    """Build what lets go of data, alone."""
    clock = SystemClock()
    async with open_people(settings) as people, AsyncExitStack() as stack:
        database = await _database(settings)
        stack.push_async_callback(database.close)
        engine = Engine()
        stack.push_async_callback(engine.close)
        library = Library(database=database, folder=settings.data, engine=engine, clock=clock, stored=stored_of(settings))
        stack.push_async_callback(library.close)
        forgetting = Forgetting(
            database=database, library=library, accounts=people.accounts, users=people.users, members=people.members
        )
        yield forgetting, _retention(settings, database, _room(settings, database, clock), clock)


def _retention(settings: Settings, database: Database, room: Room, clock: Clock) -> Retention:
    return Retention(database=database, room=room, clock=clock, settings=settings.retention)


@asynccontextmanager
async def open_audit(settings: Settings) -> AsyncGenerator[Audit, None]:
    """Build the audit log alone."""
    database = await _database(settings)
    try:
        yield Audit(database)
    finally:
        await database.close()


@asynccontextmanager
async def open_library(settings: Settings) -> AsyncGenerator[tuple[Library, Glossary], None]:
    """Build the library and its glossaries alone, for commands that ask no model."""
    async with AsyncExitStack() as stack:
        stack.enter_context(present(settings.data))
        database = await _database(settings)
        stack.push_async_callback(database.close)
        engine = Engine()
        stack.push_async_callback(engine.close)
        clock = SystemClock()
        library = Library(database=database, folder=settings.data, engine=engine, clock=clock, stored=stored_of(settings))
        stack.push_async_callback(library.close)
        library.on_import = Finder(database, clock).imported
        yield library, Glossary(database=database, library=library, clock=clock)


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    has_page: bool = True,
    is_local: bool = False,
    settings_file: Path | None = None,
    limits: Limits | None = None,
    shape: Callable[[Scope], Scope] = lambda scope: scope,
) -> AsyncGenerator[Services, None]:
    """Build every service of a process and close them again, whatever happens in between.

    A process that serves no HTTP has no page for its metrics. Who may read the data folder is its local user, whatever login
    the page wants: commands say `is_local`. An evaluation has limits and prompts of its own.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        presence = stack.enter_context(present(settings.data))
        database = await _database(settings)
        stack.push_async_callback(database.close)
        history = History(database=database, clock=clock, workspace_id=LOCAL.workspace_id)
        stack.push_async_callback(history.close)
        history.open()
        telemetry = open_telemetry(settings.telemetry, has_page=has_page, listener=history)
        stack.push_async_callback(asyncio.to_thread, telemetry.close)
        caches = _caches(settings, clock, await secrets.shared(database, "cache"))
        stack.push_async_callback(caches.close)
        telemetry.watch_caches(caches.states)
        engine = Engine()
        stack.push_async_callback(engine.close)
        objects = open_objects(settings.files)
        stored = Stored(objects) if objects is not None else None
        library = Library(database=database, folder=settings.data, engine=engine, clock=clock, caches=caches, stored=stored)
        stack.push_async_callback(library.close)
        uploads = Uploads(folder=settings.data, clock=clock, objects=objects)
        imports = Imports(database=database, library=library, uploads=uploads, clock=clock)
        stack.push_async_callback(imports.close)
        opened = await stack.enter_async_context(
            hybrid.opened(settings, clock=clock, telemetry=telemetry.model_calls, caches=caches)
        )
        gateway, records = opened
        glossary = Glossary(database=database, library=library, clock=clock)
        auth = settings.auth
        idle, absolute = timedelta(hours=auth.session_idle_h), timedelta(hours=auth.session_absolute_h)
        sessions = Sessions(database, clock, idle=idle, absolute=absolute)
        without_login = timedelta(days=auth.oidc.tokens_without_login_days) if auth.mode == "oidc" else None
        tokens = Tokens(database, clock, without_login=without_login)
        access = Access(database, is_local=is_local or auth.mode == "local", again=credentials.again(sessions, tokens))
        jobs = Jobs(
            database=database, access=access, library=library, clock=clock,
            files=Files(folder=settings.data, clock=clock, objects=objects), at_once=settings.jobs.at_once,
        )  # fmt: skip
        library.on_import = Finder(database, clock).imported
        chats = Chats(
            database=database, access=access, library=library, glossary=glossary, gateway=gateway, clock=clock, limits=limits,
            ai_columns=AiColumns(jobs), shape=shape,
        )  # fmt: skip
        stack.push_async_callback(chats.close)
        doctor = Doctor(settings=settings, records=records, clock=clock, history=history, settings_file=settings_file)
        clinic = Clinic(examine=doctor.examine, database=database, clock=clock)
        stack.push_async_callback(clinic.close)
        readiness = Readiness(gateway=gateway, clock=clock)
        stack.push_async_callback(readiness.close)
        auth, redis = settings.auth, settings.redis.url
        passwords = Passwords()
        stack.callback(passwords.close)
        rates = Rates(
            logins_per_minute=auth.logins_per_minute,
            requests_per_minute=auth.token_requests_per_minute,
            clock=clock,
            redis_url=redis.reveal() if redis else None,
        )
        stack.push_async_callback(rates.close)
        room = _room(settings, database, clock)
        yield Services(
            settings=settings,
            database=database,
            audit=Audit(database),
            spending=Spending(database=database, clock=clock),
            access=access,
            accounts=Accounts(database, passwords, clock),
            users=Users(database),
            members=Members(database, clock),
            shares=Shares(database, clock),
            ruling=Ruling(database, clock),
            sessions=sessions,
            oidc=oidc(settings, database, sessions, clock),
            tokens=tokens,
            rates=rates,
            engine=engine,
            library=library,
            glossary=glossary,
            uploads=uploads,
            imports=imports,
            gateway=gateway,
            records=records,
            chats=chats,
            jobs=jobs,
            caches=caches,
            room=room,
            retention=_retention(settings, database, room, clock),
            live=Live(database=database, access=access, library=library, clock=clock),
            drawings=Drawings(),
            presence=presence,
            clock=clock,
            telemetry=telemetry,
            history=history,
            doctor=doctor,
            clinic=clinic,
            readiness=readiness,
        )
