"""A reply that is left before its end has cost something too: nobody counted it, so it is estimated."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from chatsheet.core import loose
from chatsheet.core.acts import Spent
from chatsheet.core.tasks import to_the_end
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import ChatRequest, Finished, StreamEvent, TextDelta, ToolDelta

_LETTERS = 4
"""Of a token, roughly."""


async def stream(
    gateway: Gateway, request: ChatRequest, on_left: Callable[[Spent], Awaitable[None]]
) -> AsyncGenerator[StreamEvent, None]:
    """Yield what the gateway yields; whoever leaves before the end has `on_left` told what that took, by estimate."""
    said = 0
    is_over = False
    try:
        async with aclosing(gateway.stream(request)) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        said += len(text)
                    case ToolDelta(arguments=arguments):
                        said += len(arguments)
                    case Finished():
                        is_over = True
                    case _:
                        pass
                yield event
    except (asyncio.CancelledError, GeneratorExit):
        if not is_over:
            await to_the_end(_told(on_left, estimate(request, said)))
        raise


def estimate(request: ChatRequest, said: int) -> Spent:
    """Return roughly what a request took that was left after so many letters of its reply; its price is not known. Pure."""
    asked = len(loose.dumps(request.body))
    return Spent(input_tokens=asked // _LETTERS, output_tokens=said // _LETTERS, unpriced_calls=1)


async def _told(on_left: Callable[[Spent], Awaitable[None]], spent: Spent) -> None:
    await on_left(spent)
