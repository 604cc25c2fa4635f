"""LiteLLM dies, stops and comes back under fifty conversations at once, and no answer is lost, cut or spliced."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core import loose, settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.llm import litellm_proxy
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest, Reply
from chatsheet.llm.plan import plan
from chatsheet.llm.records import RemoteRecords
from chatsheet.simulator.brain import Counted, Piece, Say
from chatsheet.simulator.server import Simulator
from tests.e2e.conftest import AZURE_KEY, hybrid_settings
from tests.harness import program

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

CHATS = 50
TURNS = 4
WORDS = 20


class Counting:
    """A model that takes its time and says a text of its own for each question, so that splicing shows."""

    name = "counting"

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Say the question's number many times."""
        del deployment
        asked = loose.text(loose.obj(loose.array(body.get("messages"))[-1]).get("content"))
        for word in range(WORDS):
            yield Say(f"{asked}:{word} ")
            await asyncio.sleep(0.01)
        yield Counted(1, WORDS)


def answer_to(question: str) -> str:
    """Return the one right answer."""
    return "".join(f"{question}:{word} " for word in range(WORDS))


@dataclass(slots=True)
class Load:
    """Fifty conversations, and how far they are."""

    gateway: Gateway
    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    progress: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def chat(self, number: int) -> None:
        """Ask one question after the other."""
        for turn in range(TURNS):
            question = f"q{number}-{turn}"
            self.replies[question] = await self.gateway.complete(
                ChatRequest({"messages": [{"role": "user", "content": question}]})
            )
            async with self.progress:
                self.progress.notify_all()

    async def until(self, answers: int) -> None:
        """Wait until so many answers are there."""
        async with self.progress:
            await self.progress.wait_for(lambda: len(self.replies) >= answers)


@asynccontextmanager
async def loaded(folder: Path) -> AsyncGenerator[tuple[Gateway, RemoteRecords], None]:
    """Run simulator, LiteLLM with egress, and a gateway over them with short limits."""
    simulator = Simulator(brain=Counting(), key=AZURE_KEY, control_key="ck", deployments={"gpt-4o"})
    runner = web.AppRunner(simulator.wire_app(), access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config = hybrid_settings(folder, f"http://127.0.0.1:{runner.addresses[0][1]}")
    settings = settings_file.load(config)
    legs, records = Legs(), RemoteRecords(settings.data)
    routes = tuple(replace(route, first_content_s=3.0, idle_s=2.0) for route in plan(settings.llm).routes)
    gateway = Gateway(plan=replace(plan(settings.llm), routes=routes), legs=legs, records=records, clock=SystemClock())
    try:
        async with program("--config", str(config), "litellm", "run") as proxy:
            await proxy.wait_for("LiteLLM answers", 300)
            yield gateway, records
    finally:
        for close in (gateway.close, legs.close, records.close, runner.cleanup):
            await close()


def litellm_pid(records: RemoteRecords) -> int:
    """Return the process of LiteLLM."""
    sidecar = records.sidecar()
    assert sidecar is not None
    assert sidecar.litellm_pid is not None
    return sidecar.litellm_pid


async def test_no_answer_is_lost_while_litellm_is_killed_stopped_and_started_again(tmp_path: Path) -> None:
    async with loaded(tmp_path) as (gateway, records):
        load = Load(gateway)
        assert (await gateway.complete(ChatRequest({"messages": [{"role": "user", "content": "q"}]}))).route == "litellm"
        chats = [asyncio.ensure_future(load.chat(number)) for number in range(CHATS)]
        await load.until(CHATS // 2)
        os.kill(litellm_pid(records), signal.SIGKILL)
        await load.until(CHATS * 2)
        assert await litellm_proxy.wait_alive(gateway.plan.routes[0].url.removesuffix("/v1/chat/completions"), 120)
        stopped = litellm_pid(records)
        os.kill(stopped, signal.SIGSTOP)
        await asyncio.gather(*chats)
        os.kill(stopped, signal.SIGCONT)
        assert {question: reply.text for question, reply in load.replies.items()} == {
            f"q{number}-{turn}": answer_to(f"q{number}-{turn}") for number in range(CHATS) for turn in range(TURNS)
        }
        assert "azure" in {reply.route for reply in load.replies.values()}
        assert all(reply.trail.attempts[-1].proof != "unverified" for reply in load.replies.values())
