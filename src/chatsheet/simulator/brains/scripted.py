"""Replies written beside the test that needs them, one exchange per call, in order, per deployment."""

from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from chatsheet.core import loose
from chatsheet.simulator.brain import BrainFailed, Call, Counted, Ended, Named, Piece, Say


class ScriptedCall(BaseModel):
    """A tool call of a scripted reply."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    arguments: dict[str, object]


class ScriptedUsage(BaseModel):
    """Token counts to report instead of estimated ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: int = Field(ge=0)
    output: int = Field(ge=0)


class Exchange(BaseModel):
    """One reply; `expect` must stand in the last message, or the script is wrong and says so.

    With `repeat` it answers every further call; `model` is the name it reports.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expect: str = ""
    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    finish_reason: str = ""
    usage: ScriptedUsage | None = None
    cached_tokens: int = Field(default=0, ge=0)
    model: str = ""
    repeat: bool = False


class ScriptedBrain:
    """Says what its script says."""

    name = "scripted"

    def __init__(self) -> None:
        self._scripts: dict[str, deque[Exchange]] = {}

    def add(self, deployment: str, exchanges: Sequence[Exchange]) -> None:
        """Append exchanges to a deployment's script."""
        self._scripts.setdefault(deployment, deque()).extend(exchanges)

    def clear(self, deployment: str) -> None:
        """Forget what is left of a deployment's script."""
        self._scripts.pop(deployment, None)

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Yield the next exchange's reply word by word; raises BrainFailed where the script does not fit."""
        script = self._scripts.get(deployment)
        if not script:
            raise BrainFailed(f"the script of {deployment} has no more exchanges")
        exchange = script[0]
        last = loose.obj(next(iter(loose.array(body.get("messages"))[-1:]), None)).get("content")
        last = last if isinstance(last, str) else loose.dumps(last)
        if exchange.expect not in last:
            raise BrainFailed(f"the script of {deployment} expects {exchange.expect!r} in the last message")
        if not exchange.repeat:
            script.popleft()
        words = exchange.text.split(" ") if exchange.text else []
        if exchange.model:
            yield Named(exchange.model)
        for number, word in enumerate(words):
            yield Say(word if number == len(words) - 1 else f"{word} ")
        for index, call in enumerate(exchange.calls):
            arguments = loose.dumps(call.arguments)
            yield Call(index, f"call_{deployment}_{index}", call.name, arguments[: len(arguments) // 2])
            yield Call(index, "", "", arguments[len(arguments) // 2 :])
        if exchange.finish_reason:
            yield Ended(exchange.finish_reason)
        if exchange.usage:
            yield Counted(exchange.usage.input, exchange.usage.output, exchange.cached_tokens)
        else:
            yield Counted(len(loose.dumps(body.get("messages"))) // 4, max(1, len(words)), exchange.cached_tokens)
