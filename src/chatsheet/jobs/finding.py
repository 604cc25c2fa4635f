"""What is found in a workbook as it is brought in becomes drafts, which ask nothing before somebody wants their sample."""

import hashlib
import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.jobs import asking, found, store
from chatsheet.jobs.found import Found
from chatsheet.jobs.model import Job
from chatsheet.sheets.library import OpenSheet

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finder:
    """Hears of what is brought in."""

    database: Database
    clock: Clock

    async def imported(self, actor: Actor, opened: OpenSheet) -> None:
        """Draft each column that another program's model was to fill, once for each sheet.

        A file is a sheet without its drafts too: what goes wrong is for the log, and for the next time it is brought in.
        """
        orders = found.orders(opened.workbook) if opened.is_whole else ()
        if not orders:
            return
        try:
            async with self.database.unit() as connection:
                await writing.hold(connection, "jobs")
                for one in orders:
                    await self._draft(connection, actor, opened, one)
        except (ChatSheetError, SQLAlchemyError) as error:
            log.warning("the drafts of %s could not be made (%s)", opened.sheet.id, type(error).__name__)

    async def _draft(self, connection: AsyncConnection, actor: Actor, opened: OpenSheet, one: Found) -> None:
        sheet_id = opened.sheet.id
        named = hashlib.sha256(f"{one.order.table}\0{one.column}".encode()).hexdigest()[:32]
        mark = f"found {sheet_id} {named}"
        if await store.marked(connection, actor, mark) is not None:
            return
        new = Job(
            id=new_id("job"),
            sheet_id=sheet_id,
            state="draft",
            order=one.order,
            version=opened.sheet.version,
            formula=one.formula,
            is_settled=True,
            created_by=actor.user_id,
            created_at=self.clock.now(),
        )
        await store.add(connection, actor, new, mark=mark)
        said = {"job": new.id, "prompt": asking.prompt_hash(one.order), "is_found": True}
        tell(connection, Act.of(actor, "job.draft", sheet_id, said))
