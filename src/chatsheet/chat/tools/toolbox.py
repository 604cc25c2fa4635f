"""Which tools a model is offered, and running one call: whatever goes wrong is told to the model, never raised."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from chatsheet.chat.events import Event, ModelReplied, ToolAnswered
from chatsheet.chat.loop import current_turn
from chatsheet.chat.tools import asking, charting, handles, nearest, reading, schema
from chatsheet.chat.tools.model import Moment, Outcome, Tool
from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.llm.model import ToolCall

_LARGEST_CALL = 64_000
_SPACE = re.compile(r"""(?P<quoted>'[^']*'|"[^"]*")|\s+""")
_SAME_FAILURES = 2
"""How often a call may fail in a turn before it is not run again."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one chat."""

    tools: tuple[Tool, ...]

    def schemas(self) -> list[JsonValue]:
        """Return the tool schemas, sorted by name, as chat-completions wants them."""
        return [schema.schema(tool.name, tool.arguments) for tool in self.tools]

    async def run(self, call: ToolCall, moment: Moment, turn: str) -> ToolAnswered:
        """Run one call."""
        began = time.perf_counter()
        known = {tool.name: tool for tool in self.tools}
        if (tool := known.get(call.name)) is None:
            likely = nearest.choices(call.name, known)
            hint = f"did you mean {likely[0]}?" if likely else f"the tools are {', '.join(known)}."
            return _refused(call, turn, f"there is no tool {call.name[:80]}; {hint}")
        if len(call.arguments) > _LARGEST_CALL:
            return _refused(call, turn, f"the arguments have {len(call.arguments)} characters; stay under {_LARGEST_CALL}.")
        if sum(failed == _meant(call) for failed in _failed(moment.log)) >= _SAME_FAILURES:
            again = "this same call has failed before and was not run again: do not repeat it."
            return _refused(call, turn, f"{again} Answer with what is known, or say what is missing.")
        try:
            outcome = await tool.call(call.arguments, moment)
        except ValidationError as error:
            return _refused(call, turn, f"wrong arguments: {'; '.join(_complaints(error, tool))}")
        except ChatSheetError as error:
            end = "" if error.what.endswith((".", ";", "!", ":")) else ":"
            return _refused(call, turn, f"{error.what}{end} {error.fix}")
        return _answered(call, turn, outcome, moment, round(1000 * (time.perf_counter() - began)))


def offered(*, is_small: bool = False, more: Sequence[Tool] = ()) -> Toolbox:
    """Return the tools for a model, sorted by name; with a small prompt budget only those it cannot do without."""
    tools = reading.SMALL if is_small else (*reading.TOOLS, asking.TOOL, charting.TOOL, *more)
    return Toolbox(tuple(sorted(tools, key=lambda tool: tool.name)))


def refuse(call: ToolCall, turn: str) -> ToolAnswered:
    """Answer a call that is over the limit, or came beside a question back."""
    return _refused(call, turn, "this call was not run: there were too many, or a question to the person came first")


def _answered(call: ToolCall, turn: str, outcome: Outcome, moment: Moment, milliseconds: int) -> ToolAnswered:
    told, handle = outcome.told, None
    if outcome.result is not None:
        handle = handles.next_name(moment.log, moment.opened.workbook)
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
        milliseconds=milliseconds,
    )


def _refused(call: ToolCall, turn: str, reason: str) -> ToolAnswered:
    content = loose.dumps({"error": reason})
    return ToolAnswered(turn=turn, call_id=call.id, tool=call.name, content=content, is_error=True)


def _failed(log: Sequence[Event]) -> Iterator[tuple[str, object]]:
    """Yield what the calls of this turn meant that failed."""
    calls: dict[str, ToolCall] = {}
    for event in current_turn(log):
        if isinstance(event, ModelReplied):
            calls = {call.id: call for call in event.calls}
        elif isinstance(event, ToolAnswered) and event.is_error and event.call_id in calls:
            yield _meant(calls[event.call_id])


def _meant(call: ToolCall) -> tuple[str, object]:
    """Return a call's name and arguments, whatever the space between them and between the words of their SQL."""
    read = loose.parse(call.arguments)
    given = loose.obj(loose.parse(read) if isinstance(read, str) else read)
    if not (sql := loose.text(given.get("sql"))):
        return call.name, given or call.arguments
    return call.name, {**given, "sql": _SPACE.sub(lambda found: found["quoted"] or " ", sql).strip()}


def _complaints(error: ValidationError, tool: Tool) -> Iterator[str]:
    """Yield what is wrong with arguments, and what there is instead."""
    fields = list(tool.arguments.model_fields)
    listed = f"the arguments are {', '.join(fields)}" if fields else "it takes no arguments"
    for one in error.errors(include_url=False, include_context=False, include_input=False)[:4]:
        place = ".".join(map(str, one["loc"]))[:80]
        match one["type"]:
            case "json_invalid":
                yield f"they are not JSON ({one['msg']}); send one JSON object"
            case "model_type" | "dict_type" if not place:
                yield f"they are no JSON object; {listed}"
            case "extra_forbidden":
                likely = nearest.choices(place, fields)
                yield f"there is no {place}; {f'did you mean {likely[0]}?' if likely else listed}"
            case "missing":
                yield f"{place} is missing"
            case _:
                yield f"{place}: {one['msg']}"
