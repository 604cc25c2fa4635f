"""Which tools a model is offered, and running one call: whatever goes wrong is told to the model, never raised."""

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from chatsheet.chat.events import ToolAnswered
from chatsheet.chat.tools import charting, reading
from chatsheet.chat.tools.model import Moment, Tool
from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.loose import JsonObject
from chatsheet.llm.model import ToolCall

_READING = (*reading.TOOLS, charting.TOOL)
_SMALL = ("run_sql",)
"""What a model with a small prompt budget is offered: its card says the rest."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one chat."""

    tools: tuple[Tool, ...]

    def schemas(self) -> list[JsonValue]:
        """Return the tool schemas, sorted by name, as chat-completions wants them."""
        return [_schema(tool) for tool in self.tools]

    async def run(self, call: ToolCall, moment: Moment, turn: str) -> ToolAnswered:
        """Run one call."""
        began = time.perf_counter()
        known = {tool.name: tool for tool in self.tools}
        try:
            if (tool := known.get(call.name)) is None:
                nearest = difflib.get_close_matches(call.name, known, n=1, cutoff=0.5)
                hint = f"did you mean {nearest[0]}?" if nearest else f"the tools are {', '.join(known)}."
                return _refused(call, turn, f"there is no tool {call.name}; {hint}")
            outcome = await tool.call(call.arguments, moment)
        except ValidationError as error:
            fields = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
            return _refused(call, turn, f"wrong arguments: {fields}")
        except ChatSheetError as error:
            return _refused(call, turn, f"{error.what} {error.fix}")
        told, handle = outcome.told, None
        if outcome.result is not None:
            handle = f"r{1 + sum(isinstance(event, ToolAnswered) and event.handle is not None for event in moment.log)}"
            told = {"handle": handle, **told} if isinstance(told, dict) else f"{handle}: {told}"
        return ToolAnswered(
            turn=turn,
            call_id=call.id,
            tool=call.name,
            content=told if isinstance(told, str) else loose.dumps(told),
            handle=handle,
            sql=outcome.sql,
            purpose=outcome.purpose,
            version=moment.opened.sheet.version,
            result=outcome.result,
            basis=outcome.basis,
            chart=outcome.chart,
            proposal=outcome.proposal,
            options=outcome.options,
            milliseconds=round(1000 * (time.perf_counter() - began)),
        )


def offered(*, is_small: bool = False, more: Sequence[Tool] = ()) -> Toolbox:
    """Return the tools for a model, sorted by name; with a small prompt budget only those it cannot do without."""
    tools = [tool for tool in (*_READING, *more) if not is_small or tool.name in _SMALL]
    return Toolbox(tuple(sorted(tools, key=lambda tool: tool.name)))


def refuse(call: ToolCall, turn: str) -> ToolAnswered:
    """Answer a call that is over the limit, or came beside a question back."""
    return _refused(call, turn, "too many calls at once; this one was not run")


def _refused(call: ToolCall, turn: str, reason: str) -> ToolAnswered:
    content = loose.dumps({"error": reason})
    return ToolAnswered(turn=turn, call_id=call.id, tool=call.name, content=content, is_error=True)


def _schema(tool: Tool) -> JsonValue:
    schema = tool.arguments.model_json_schema()
    properties: JsonObject = {
        name: {key: value for key, value in loose.obj(prop).items() if key != "title"}  # pyright: ignore[reportAssignmentType]
        for name, prop in loose.obj(schema.get("properties")).items()
    }
    parameters: JsonObject = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.arguments.__doc__, "parameters": parameters},
    }
