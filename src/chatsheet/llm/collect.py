"""A stream's chunks put together into one reply, and the judgement whether it is whole. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatsheet.llm import wire
from chatsheet.llm.model import Reply, TextDelta, ToolCall, ToolDelta, Trail, Usage


@dataclass(slots=True)
class Collected:
    """What one attempt's stream said so far; `problem` names what makes it worthless."""

    text: list[str] = field(default_factory=list[str])
    tools: dict[int, ToolCall] = field(default_factory=dict[int, ToolCall])
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    is_done: bool = False
    problem: str = ""
    error_body: str = ""

    def take(self, data: bytes) -> Iterator[TextDelta | ToolDelta]:
        """Add one event's data and yield what of it a caller may see."""
        if data == wire.DONE:
            self.is_done = True
            return
        chunk = wire.read_chunk(data)
        if chunk is None:
            self.problem = "stream.malformed"
        elif chunk.error:
            self.problem, self.error_body = "stream.error", chunk.error
        else:
            self._add(chunk)
            if chunk.text:
                yield TextDelta(chunk.text)
            yield from chunk.tools

    def _add(self, chunk: wire.Chunk) -> None:
        self.text.append(chunk.text)
        for piece in chunk.tools:
            old = self.tools.get(piece.index, ToolCall(id="", name="", arguments=""))
            self.tools[piece.index] = ToolCall(
                id=piece.id or old.id, name=piece.name or old.name, arguments=old.arguments + piece.arguments
            )
        self.finish_reason = chunk.finish_reason or self.finish_reason
        self.model = chunk.model or self.model
        self.usage = chunk.usage or self.usage

    def verdict(self) -> str:
        """Return the cause why the stream, now at its end, is not a whole answer; empty where it is one."""
        if self.problem:
            return self.problem
        if self.finish_reason == "content_filter":
            return "content.filtered"
        if not self.finish_reason or not self.is_done:
            return "stream.cut"
        return "" if self.tools or any(self.text) else "stream.empty"

    def reply(self, *, route: str, trail: Trail) -> Reply:
        """Return the normalised reply."""
        return Reply(
            text="".join(self.text),
            tool_calls=tuple(self.tools[index] for index in sorted(self.tools)),
            finish_reason=self.finish_reason,
            usage=self.usage or Usage(),
            model=self.model,
            route=route,
            trail=trail,
        )
