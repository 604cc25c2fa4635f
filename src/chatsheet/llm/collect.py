"""A stream's chunks put together into one reply, and the judgement whether it is whole. Pure."""

from dataclasses import dataclass, field

from chatsheet.llm import wire
from chatsheet.llm.model import Reply, TextDelta, ToolCall, ToolDelta, Trail, Usage

Delta = TextDelta | ToolDelta

_WHOLE = frozenset({"stop", "length", "tool_calls", "function_call", "eos_token", "stop_sequence", "end_turn", "max_tokens"})
"""The finish reasons that end an answer, OpenAI's and other makers'; `abort`, `error` and their like break it off."""


@dataclass(slots=True)
class _Tool:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Collected:
    """What one attempt's stream said so far; `problem` names what makes it worthless."""

    text: list[str] = field(default_factory=list[str])
    tools: dict[int, _Tool] = field(default_factory=dict[int, _Tool])
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    is_done: bool = False
    problem: str = ""
    error_body: str = ""
    filtered: str = ""
    _slots: dict[int | None, int] = field(default_factory=dict[int | None, int])

    def take(self, data: bytes, deltas: list[Delta]) -> None:
        """Add one event's data, and to `deltas` what of it a caller may see."""
        if data == wire.DONE:
            self.is_done = True
            return
        chunk = wire.read_chunk(data)
        if chunk is None:
            self.problem = "stream.malformed"
            return
        if chunk.model:
            self.model = chunk.model
        if chunk.usage is not None:
            self.usage = chunk.usage.usage()
        for choice in chunk.choices or ():
            if choice.index == 0:  # one is asked for; another's words must not get into it
                self._add(choice, deltas)
        if chunk.is_error:
            self.problem, self.error_body = "stream.error", data.decode(errors="replace")

    def _add(self, choice: wire.Choice, deltas: list[Delta]) -> None:
        delta = choice.delta
        if delta is not None:
            if said := delta.content or delta.refusal:
                self.text.append(said)
                deltas.append(TextDelta(said))
            for call in delta.tool_calls or ():
                self._add_tool(piece := wire.tool_delta(call, self._slot(call)))
                deltas.append(piece)
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
            if choice.finish_reason == "content_filter":
                self.filtered = wire.filtered(choice.content_filter_results)

    def _slot(self, call: wire.Call) -> int:
        """Return which call a piece belongs to: some servers number none, or all alike, and tell them apart by id or name."""
        slot = self._slots.get(call.index)
        if slot is not None:
            held = self.tools[slot]
            is_named = call.index is None and not call.id and call.function is not None and bool(call.function.name)
            if not (call.id and held.id and call.id != held.id) and not (is_named and held.name):
                return slot
        is_free = call.index is not None and call.index not in self.tools
        self._slots[call.index] = call.index if is_free and call.index is not None else max(self.tools, default=-1) + 1
        return self._slots[call.index]

    def _add_tool(self, piece: ToolDelta) -> None:
        tool = self.tools.setdefault(piece.index, _Tool())
        tool.id = piece.id or tool.id
        tool.name = piece.name or tool.name
        tool.arguments.append(piece.arguments)

    @property
    def is_complete(self) -> bool:
        """Whether the provider itself ended it: a finish reason of its own and a proper end."""
        return self.is_done and (self.finish_reason in _WHOLE or self.finish_reason == "content_filter")

    def verdict(self) -> str:
        """Return the cause why the stream, now at its end, is not a whole answer; empty where it is one."""
        if self.problem:
            return self.problem
        if self.finish_reason == "content_filter":
            return "content.filtered"
        if not self.is_complete:
            return "stream.cut"
        return "" if self.tools or self.text else "stream.empty"

    def reply(self, *, route: str, trail: Trail, cost: float | None = None) -> Reply:
        """Return the normalised reply."""
        tools = [self.tools[index] for index in sorted(self.tools)]
        return Reply(
            text="".join(self.text),
            tool_calls=tuple(ToolCall(t.id, t.name, "".join(t.arguments)) for t in tools),
            finish_reason=self.finish_reason,
            usage=self.usage or Usage(),
            model=self.model,
            route=route,
            trail=trail,
            cost=cost,
        )
