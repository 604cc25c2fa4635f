"""What the parts about trouble share: the fault server's addresses, one timed request, and how a part is run and reported."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.gateway import ours, processes
from benchmarks.gateway.ours import Azure
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import Finished, Reply, TextDelta

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Faults:
    """The fault server, seen from a client."""

    port: int
    tls: int
    hole: int
    closed: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def way(self, deployment: str) -> Azure:
        """Return a direct route to a deployment of that name."""
        return Azure(self.url, deployment)

    async def switch(self, behaviour: str) -> None:
        """Tell the deployment `switch` what to do from now on."""
        async with aiohttp.ClientSession(trust_env=False) as session, session.get(f"{self.url}/switch/{behaviour}") as response:
            response.raise_for_status()

    async def stats(self) -> dict[str, dict[str, int]]:
        """Return what the server was asked and played."""
        async with aiohttp.ClientSession(trust_env=False) as session, session.get(f"{self.url}/stats") as response:
            return json.loads(await response.read())


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: when its first content came, when it ended, and its answer."""

    first_ms: float
    all_ms: float
    reply: Reply


async def hear(gateway: Gateway) -> Heard:
    """Ask and time; raises what the gateway raises."""
    start, first = time.perf_counter_ns(), 0
    async with aclosing(gateway.stream(ours.QUESTION)) as events:
        async for event in events:
            if not first and isinstance(event, TextDelta):
                first = time.perf_counter_ns()
            if isinstance(event, Finished):
                return Heard((first - start) / 1e6, (time.perf_counter_ns() - start) / 1e6, event.reply)
    raise AssertionError("a stream ends with Finished or an error")


def main(part: Callable[[Faults, Mapping[str, float]], Awaitable[Figures]]) -> None:
    """Run a part as its own process: the ports and options come in argv, figures go out as one line."""
    faults, options = Faults(**json.loads(sys.argv[1])), json.loads(sys.argv[2])
    print(json.dumps(asyncio.run(_run(part, faults, options))))


async def _run(
    part: Callable[[Faults, Mapping[str, float]], Awaitable[Figures]], faults: Faults, options: Mapping[str, float]
) -> Figures:
    return await part(faults, options)


def run(module: str, options: Mapping[str, float], limit_s: float = 300) -> Figures:
    """Run a part beside a fault server of its own and return its figures."""
    with processes.module("faults", cpu=processes.BESIDE) as server:
        ports = server.line(20)
        with processes.module(module, ports, json.dumps(dict(options))) as child:
            return json.loads(child.line(limit_s))


def open_sockets() -> int:
    """Count the sockets that this process holds."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            count += str(descriptor.readlink()).startswith("socket:")
        except OSError:  # the listing's own descriptor is gone by now
            continue
    return count
