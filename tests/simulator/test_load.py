"""Many streams at once leave nothing behind: no task, no connection, no order."""

import asyncio

import aiohttp
import pytest

from chatsheet.core import loose
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain
from chatsheet.simulator.listeners.tls import TlsListener
from chatsheet.simulator.server import Simulator
from chatsheet.simulator.serving import serving
from chatsheet.simulator.state import Mix

pytestmark = pytest.mark.anyio

BODY = loose.dumps({"messages": [{"role": "user", "content": "Hi"}], "stream": True, "stream_options": {"include_usage": True}})
PATH = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
CALLS, AT_ONCE = 400, 50


def simulator() -> Simulator:
    """Return a simulator that always answers."""
    brain = ScriptedBrain()
    brain.add("gpt-4o", [Exchange(text="one two three four", repeat=True)])
    return Simulator(brain=brain, key="sk", control_key="ck", deployments={"gpt-4o"})


async def load(url: str, *, calls: int = CALLS, at_once: int = AT_ONCE, connector: aiohttp.BaseConnector | None = None) -> int:
    """Make calls, so many at once, and count those that were answered whole."""
    left = iter(range(calls))
    whole = 0
    async with aiohttp.ClientSession(connector=connector) as session:

        async def worker() -> None:
            nonlocal whole
            for _ in left:
                try:
                    async with session.post(f"{url}{PATH}", data=BODY, headers={"api-key": "sk"}) as response:
                        whole += (await response.read()).endswith(b"data: [DONE]\n\n")
                except (aiohttp.ClientError, ConnectionError):
                    pass

        await asyncio.gather(*(worker() for _ in range(at_once)))
    return whole


async def settled(before: set["asyncio.Task[object]"]) -> None:
    """Wait until only the tasks of before are left."""
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.01)


async def test_every_stream_is_answered_and_none_stays() -> None:
    before = asyncio.all_tasks()
    async with serving(simulator().wire_app()) as port:
        assert await load(f"http://127.0.0.1:{port}") == CALLS
    await settled(before)


async def test_chaos_leaves_nothing_behind_either() -> None:
    before = asyncio.all_tasks()
    chaotic = simulator()
    chaotic.state.orders["gpt-4o"] = Mix({"cut": 1, "500": 1, "reset": 1, "S1": 1, "malformed": 1}, percent=20, seed=7)
    async with serving(chaotic.wire_app()) as port:
        assert CALLS * 0.7 < await load(f"http://127.0.0.1:{port}") < CALLS * 0.95
    await settled(before)


async def test_clients_that_leave_take_their_streams_with_them() -> None:
    before = asyncio.all_tasks()
    stuck = simulator()
    stuck.state.orders["gpt-4o"] = Mix({"stall": 1, "dribble": 1, "silence": 1}, percent=100, seed=7)
    async with serving(stuck.wire_app()) as port:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await load(f"http://127.0.0.1:{port}")
        await settled(before)


async def test_tls_in_front_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with serving(simulator().wire_app()) as port, TlsListener(("127.0.0.1", port)) as tls:
        connector = aiohttp.TCPConnector(ssl=False)
        assert await load(f"https://localhost:{tls.port}", calls=100, connector=connector) == 100
    await settled(before)
