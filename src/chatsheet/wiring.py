"""The only place that constructs anything but the gateway: settings in, services out, closed in reverse order."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chatsheet import hybrid
from chatsheet.chat.driver import Chats
from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.presence import Presence, present
from chatsheet.core.settings import Settings
from chatsheet.db.engine import Database, open_database
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.plan import plan
from chatsheet.llm.records import RemoteRecords
from chatsheet.sheets.library import Library
from chatsheet.sheets.query import Engine
from chatsheet.telemetry.setup import Telemetry, open_telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the three doors share."""

    settings: Settings
    database: Database
    engine: Engine
    library: Library
    gateway: Gateway
    records: RemoteRecords
    chats: Chats
    presence: Presence
    clock: Clock
    telemetry: Telemetry

    async def change(self, settings: Settings) -> None:
        """Go on with the routes of changed settings; what else changed waits for the next start."""
        await self.gateway.change(plan(settings.llm))


@asynccontextmanager
async def open_services(settings: Settings, *, has_page: bool = True) -> AsyncGenerator[Services, None]:
    """Build every service of a process and close them again, whatever happens in between.

    A process that serves no HTTP has no page for its metrics.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        telemetry = open_telemetry(settings.telemetry, has_page=has_page)
        stack.push_async_callback(asyncio.to_thread, telemetry.close)
        presence = stack.enter_context(present(settings.data))
        database = await open_database(settings.data / "chatsheet.sqlite")
        stack.push_async_callback(database.close)
        engine = Engine()
        stack.push_async_callback(engine.close)
        library = Library(database=database, folder=settings.data, engine=engine, clock=clock)
        opened = await stack.enter_async_context(hybrid.opened(settings, clock=clock, telemetry=telemetry.model_calls))
        gateway, records = opened
        chats = Chats(database=database, library=library, gateway=gateway, clock=clock)
        stack.push_async_callback(chats.close)
        yield Services(
            settings=settings,
            database=database,
            engine=engine,
            library=library,
            gateway=gateway,
            records=records,
            chats=chats,
            presence=presence,
            clock=clock,
            telemetry=telemetry,
        )
