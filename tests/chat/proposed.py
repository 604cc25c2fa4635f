"""A chat about a small sheet, without a model: what its tools propose, and deciding on it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from chatsheet.chat import store
from chatsheet.chat.deciding import AiColumns, Deciding
from chatsheet.chat.events import AiColumnProposal, EditProposal, Event, Proposal, ToolAnswered
from chatsheet.chat.tools import proposing, toolbox
from chatsheet.chat.tools.model import Moment
from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.engine import Database, open_database
from chatsheet.llm.model import ToolCall
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.query import Engine
from tests.harness import state_in
from tests.sheets import edited

ANNA, BEN = Actor(LOCAL.workspace_id, "anna"), Actor(LOCAL.workspace_id, "ben")


@dataclass(slots=True)
class Jobs:
    """Starts nothing and remembers it; the same key is the same job."""

    started: dict[str, AiColumnProposal] = field(default_factory=dict[str, AiColumnProposal])

    async def start(self, actor: Actor, sheet_id: str, proposal: AiColumnProposal, *, key: str) -> str:
        """Return the job's id."""
        del actor, sheet_id
        self.started[key] = proposal
        return f"job {list(self.started).index(key) + 1}"


@dataclass(frozen=True, slots=True)
class Talk:
    """A chat and what it stands on."""

    database: Database
    library: Library
    sheet_id: str
    chat_id: str
    ai_columns: AiColumns | None = None

    @property
    def deciding(self) -> Deciding:
        """A process of its own that decides on this chat's proposals."""
        return Deciding(
            database=self.database, library=self.library, clock=SystemClock(), append=self.append, ai_columns=self.ai_columns
        )

    async def append(self, actor: Actor, chat_id: str, event: Event) -> None:
        """Write an event into the log."""
        async with self.database.unit() as connection:
            await store.append(connection, actor, chat_id, [event], at=SystemClock().now())

    async def log(self) -> list[Event]:
        """Return the chat's log."""
        async with self.database.unit() as connection:
            return await store.log(connection, LOCAL, self.chat_id)

    async def call(self, name: str, **arguments: JsonValue) -> ToolAnswered:
        """Let a model call a tool, and put the answer into the log."""
        opened = await self.opened()
        box = toolbox.offered(more=proposing.offered(has_ai_columns=self.ai_columns is not None))
        moment = Moment(actor=LOCAL, library=self.library, opened=opened, log=await self.log())
        answered = await box.run(ToolCall(id="c1", name=name, arguments=loose.dumps(arguments)), moment, "turn_1")
        await self.append(LOCAL, self.chat_id, answered)
        return answered

    async def propose(self, *ops: Mapping[str, JsonValue], reason: str = "because") -> ToolAnswered:
        """Let a model propose edits of the table `prices`, columns item, price, count, sold, rows 2 to 5."""
        listed: list[JsonValue] = [{"table": "prices", **op} for op in ops]
        return await self.call("propose_edit", edits=listed, reason=reason)

    async def opened(self) -> OpenSheet:
        """Return the sheet at its head."""
        return await self.library.open(LOCAL, self.sheet_id)

    async def column(self, name: str) -> list[JsonValue]:
        """Return a column's values at the head."""
        return await edited.column(self.library, await self.opened(), name)


@asynccontextmanager
async def talking(
    folder: Path, *, content: bytes = edited.PRICES, name: str = "prices.csv", ai_columns: AiColumns | None = None
) -> AsyncGenerator[Talk, None]:
    """Open a chat about a file."""
    database = await open_database(state_in(folder))
    engine = Engine()
    library = Library(database=database, folder=folder, engine=engine, clock=SystemClock())
    try:
        opened = await edited.bring(library, folder, content, name)
        async with database.unit() as connection:
            chat = await store.add(connection, LOCAL, sheet_id=opened.sheet.id, at=SystemClock().now())
        yield Talk(database, library, opened.sheet.id, chat.id, ai_columns)
    finally:
        await library.close()
        await engine.close()
        await database.close()


def edit_of(answered: ToolAnswered) -> EditProposal:
    """Return the edit that a tool's answer proposes."""
    proposal: Proposal | None = answered.proposal
    assert isinstance(proposal, EditProposal), answered.content
    return proposal
