"""Whole replies of models, kept for exactly the same request to exactly the same deployment, where settings say so.

Kept is only what the provider ended itself, at temperature 0, vouched for by our own connection or our egress. What is told of
a repeated reply says so: its trail has an attempt whose proof is `cache`, and it cost no tokens.
"""

from collections.abc import Iterator
from importlib.metadata import version

from pydantic import TypeAdapter

from chatsheet.cache.cache import Cache, Caches, Kind
from chatsheet.cache.keys import ModelReply
from chatsheet.core import loose
from chatsheet.llm.model import ChatRequest, Reply, StreamEvent, TextDelta, ToolDelta
from chatsheet.llm.routes import Route

_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)
_WHOLE = frozenset({"stop", "tool_calls"})
_TEMPLATE = f"chatsheet {version('chatsheet')}"


class Replies:
    """The replies that this process, or its replicas, were given."""

    def __init__(self, caches: Caches, *, ttl_s: float) -> None:
        kind = Kind[Reply](name=ModelReply.kind, encode=_REPLY.dump_json, decode=_REPLY.validate_json, ttl_s=ttl_s)
        self._cache: Cache[Reply] = caches.of(kind)

    @staticmethod
    def key(request: ChatRequest, route: Route) -> ModelReply | None:
        """Return the key of a request on a route; None for one whose reply must not be given again. Pure.

        Requests that do not say whose they are, or that ask for chance or several choices, are among these.
        """
        body = request.body
        is_chance = isinstance(body.get("temperature"), bool) or body.get("temperature") != 0
        if not request.tenant or is_chance or body.get("n", 1) != 1:
            return None
        return ModelReply(
            tenant=request.tenant,
            template=_TEMPLATE,
            provider=f"{route.kind} {route.name}",
            model=route.model,
            deployment=f"{route.url} {route.fingerprint}",
            request=loose.dumps(body),
        )

    async def look(self, key: ModelReply) -> Reply | None:
        """Return the reply that was given to this."""
        return await self._cache.look(key)

    async def keep(self, key: ModelReply, reply: Reply) -> None:
        """Keep a reply, if it is whole and sure."""
        self._cache.counts.computes += 1
        if may_keep(reply):
            await self._cache.keep(key, reply)


def may_keep(reply: Reply) -> bool:
    """Tell whether a reply may be given again. Pure."""
    last = reply.trail.attempts[-1] if reply.trail.attempts else None
    return (
        reply.finish_reason in _WHOLE
        and bool(reply.text or reply.tool_calls)
        and last is not None
        and last.cause is None
        and last.proof in {"direct", "egress"}
        and "temperature" not in last.adapted
    )


def deltas(reply: Reply) -> Iterator[StreamEvent]:
    """Yield a whole reply as a stream does. Pure."""
    if reply.text:
        yield TextDelta(reply.text)
    for index, call in enumerate(reply.tool_calls):
        yield ToolDelta(index, call.id, call.name, call.arguments)
