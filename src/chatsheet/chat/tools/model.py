"""What a tool is: a name, typed arguments, and what it does with them at a moment of a chat."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from chatsheet.chat.events import Basis, Chart, Event, Option, Proposal
from chatsheet.core import loose
from chatsheet.core.errors import BadInput
from chatsheet.core.identity import Actor
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import Result
from chatsheet.sheets.questions import Questions


class ToolRefused(BadInput):
    """The call cannot be obeyed; the model is told why, and what would work."""

    code = "chat.tool_refused"


class Part(BaseModel):
    """A value inside the arguments of a tool."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Arguments(Part):
    """The arguments of a tool; the docstring is what the model reads of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a tool is called: by whom, on which version of the sheet, after which events."""

    actor: Actor
    library: Library
    opened: OpenSheet
    log: Sequence[Event] = ()

    @property
    def questions(self) -> Questions:
        """What this version can be asked."""
        return self.library.questions(self.opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a tool gives: `told` is what the model reads, a result's handle is put before it; the rest is for the person."""

    told: JsonObject | str
    sql: str | None = None
    purpose: str = ""
    result: Result | None = None
    basis: Basis = field(default_factory=Basis)
    chart: Chart | None = None
    proposal: Proposal | None = None
    options: tuple[Option, ...] = ()


_Args = TypeVar("_Args", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool; `call` takes arguments as the model wrote them, and raises ValidationError or what the model should hear."""

    name: str
    arguments: type[Arguments]
    call: Callable[[str, Moment], Awaitable[Outcome]]


def tool(name: str, arguments: type[_Args], run: Callable[[_Args, Moment], Awaitable[Outcome]]) -> Tool:
    """Return the tool that does `run` with its arguments read and checked; `run` raises ChatSheetError."""

    async def call(text: str, moment: Moment) -> Outcome:
        inner = loose.text(loose.parse(text))  # some models write the object as a JSON string
        return await run(arguments.model_validate_json(inner or text.strip() or "{}"), moment)

    return Tool(name, arguments, call)
