"""One call on one route, outside of routing: what probes and the doctor send."""

from collections.abc import Mapping

from chatsheet.core.loose import JsonObject
from chatsheet.llm import wire
from chatsheet.llm.attempt import Attempt, Failed
from chatsheet.llm.model import ChatRequest


async def run(attempt: Attempt, request: ChatRequest, headers: Mapping[str, str]) -> Failed | None:
    """Make the call of an attempt from its request to its verdict; return how it failed, or None for a whole answer.

    The caller closes the attempt.
    """
    route = attempt.route
    body: JsonObject = wire.body(request, route, attempt.id if route.is_ours else "")
    try:
        batch = await attempt.open(body, {**wire.limits(route), **headers}, route.first_content_s)
        while batch:
            batch = await attempt.more()
        await attempt.judge()
    except Failed as failed:
        return failed
    return None
