"""Our egress as a process of its own, in front of the upstream that argv names, with the key that argv names."""

import asyncio
import sys

from aiohttp import web

from benchmarks.gateway import answers, ours
from chatsheet.core.clock import SystemClock
from chatsheet.llm.egress import Egress
from chatsheet.llm.legs import Legs


async def serve(upstream: str, key: str) -> None:
    """Serve until killed; prints the port."""
    route = ours.Azure(upstream, answers.SHORT).route("azure", ours.Limits())
    app = Egress(routes={"azure": route}, legs=Legs(), key=key, clock=SystemClock()).app()
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
