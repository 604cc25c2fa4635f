"""The side where ours runs: asks the gateway over the routes it is told, or the doctor, and tells how it went.

Run inside its namespace as `python -m tests.netbed.near CONFIG`.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import JsonValue

from chatsheet import hybrid
from chatsheet.core import loose, processes, settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import DoctorSettings, Settings
from chatsheet.doctor import examination
from chatsheet.doctor.examination import Order
from chatsheet.llm.gateway import Gateway, NoRouteAnswered, RequestRefused
from chatsheet.llm.model import Trail
from chatsheet.llm.records import RemoteRecords
from chatsheet.telemetry.model_calls import ModelCalls
from tests.harness import HELLO
from tests.netbed import lines


def along(settings: Settings, routes: Sequence[str], *, through: str) -> Settings:
    """Return settings that try these routes; `through` is the one that LiteLLM is asked for before them, or empty."""
    llm = settings.llm
    if not through:
        return settings.model_copy(update={"llm": llm.model_copy(update={"routes": (*routes,)})})
    limit = {"first_content_s": llm.route[through].first_content_s}
    litellm = llm.route["litellm"].model_copy(update={"model": through, **limit})
    changed = {"routes": ("litellm", *routes), "route": {**llm.route, "litellm": litellm}}
    return settings.model_copy(update={"llm": llm.model_copy(update=changed)})


async def heard(gateway: Gateway) -> Mapping[str, JsonValue]:
    """Return the answer, or that there was none, with its trail."""
    try:
        reply = await gateway.complete(HELLO)
    except (NoRouteAnswered, RequestRefused) as error:
        return {"text": "", "model": "", **told(error.trail)}
    return {"text": reply.text, "model": reply.model, **told(reply.trail)}


def told(trail: Trail) -> Mapping[str, JsonValue]:
    """Return a trail as JSON."""
    tried = trail.attempts
    return {
        "causes": [one.cause for one in tried],
        "routes": [one.route for one in tried],
        "proofs": [one.proof for one in tried],
        "milliseconds": [one.milliseconds for one in tried],
    }


async def ask(settings: Settings, question: Mapping[str, object], kept: AsyncExitStack) -> Mapping[str, JsonValue]:
    """Ask over a gateway that nobody used before; it stays open, as a server's does, unless the caller leaves at once."""
    routes = [str(name) for name in loose.array(question.get("routes"))]
    wanted = along(settings, routes, through=loose.text(question.get("through")))
    opening = hybrid.opened(wanted, clock=SystemClock(), telemetry=ModelCalls.off())
    if question.get("leaves") is True:
        async with opening as (gateway, _):
            return await heard(gateway)
    gateway, _ = await kept.enter_async_context(opening)
    return await heard(gateway)


async def examined(settings: Settings, place: str, public_dns: Sequence[str]) -> JsonValue:
    """Have the doctor examine a place, directly and through LiteLLM, and return its report."""
    records = RemoteRecords(settings.data)
    try:
        report = await examination.examine(
            settings.model_copy(update={"doctor": DoctorSettings(public_dns=(*public_dns,))}),
            Order(probes=1, only=place),
            environment=processes.whole_environment(),
            records=records,
            clock=SystemClock(),
        )
    finally:
        await records.close()
    return loose.parse(report.model_dump_json())


async def main(config: Path) -> None:
    """Answer until standard input ends."""
    settings, kept = settings_file.load(config), AsyncExitStack()

    async def reply(question: Mapping[str, object]) -> Mapping[str, JsonValue]:
        if place := loose.text(question.get("examine")):
            servers = [str(one) for one in loose.array(question.get("public_dns"))]
            return {"report": await examined(settings, place, servers)}
        calls = [loose.obj(call) for call in loose.array(question.get("calls"))]
        return {"answers": [{**one} for one in await asyncio.gather(*(ask(settings, call, kept) for call in calls))]}

    await lines.answer(reply)
    os._exit(0)  # a look-up that hangs would hold the interpreter


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
