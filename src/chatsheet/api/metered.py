"""The gateway as a program of somebody's calls it: what each call took is counted for them, however it ended."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from chatsheet.chat import deeds
from chatsheet.core.acts import Spent
from chatsheet.core.identity import Actor
from chatsheet.core.tasks import to_the_end
from chatsheet.llm import metering
from chatsheet.llm.gateway import NoRouteAnswered, RequestRefused
from chatsheet.llm.model import ChatRequest, Finished, Reply, StreamEvent
from chatsheet.wiring import Services


class Metered:
    """The gateway, for one actor."""

    def __init__(self, services: Services, actor: Actor) -> None:
        self._services = services
        self._actor = actor

    async def complete(self, request: ChatRequest) -> Reply:
        """Return the whole reply; raises NoRouteAnswered, RequestRefused, NotConfigured."""
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.reply
        raise AssertionError("a stream ends with Finished or an error")

    async def stream(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply as it comes; the call is counted before its end is told."""
        try:
            async with aclosing(metering.stream(self._services.gateway, request, self._left)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        await self._count(event.reply.spent, {"route": event.reply.route, "model": event.reply.model})
                    yield event
        except (NoRouteAnswered, RequestRefused) as error:
            route = error.trail.attempts[-1].route if error.trail.attempts else ""
            await self._count(error.spent, {"route": route, "code": error.code})
            raise

    async def _left(self, spent: Spent) -> None:
        await self._count(spent, {"is_broken_off": True})

    async def _count(self, spent: Spent, said: deeds.Body) -> None:
        # a client that leaves now has spent it all the same
        await to_the_end(self._services.audit.note(deeds.called(self._actor, "", spent, said)))
