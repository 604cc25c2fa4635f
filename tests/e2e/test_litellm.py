"""The hybrid with a real LiteLLM 1.106.2 in it: through it, around it, and never fooled by it."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chatsheet.core.clock import SystemClock
from chatsheet.llm import litellm_proxy
from chatsheet.llm.gateway import Gateway, RequestRefused
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import Reply
from chatsheet.llm.plan import plan
from chatsheet.llm.records import RemoteRecords
from tests.e2e.conftest import AZURE_KEY, MASTER_KEY, Hybrid, environment_of, hybrid_settings, in_memory, is_alive
from tests.harness import HELLO, run_program, runs, says

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]


@asynccontextmanager
async def gateway(hybrid: Hybrid) -> AsyncGenerator[Gateway, None]:
    """Build a gateway that reads the records of the running egress."""
    legs, records = Legs(), RemoteRecords(hybrid.settings.data)
    try:
        yield Gateway(plan=plan(hybrid.settings.llm), legs=legs, records=records, clock=SystemClock())
    finally:
        await legs.close()
        await records.close()


async def ask(hybrid: Hybrid) -> Reply:
    hybrid.wire.simulator.state.orders.pop("gone", None)
    async with gateway(hybrid) as door:
        return await door.complete(HELLO)


@pytest.fixture(autouse=True)
async def _ready(hybrid: Hybrid) -> None:
    """Start each test with LiteLLM alive, whatever the test before did to it, and nothing left of its script."""
    assert await litellm_proxy.wait_alive("http://" + plan(hybrid.settings.llm).routes[0].url.split("/")[2], 120)
    hybrid.wire.simulator.state.orders.clear()
    hybrid.wire.brain.clear("gpt-4o")


async def test_an_answer_comes_through_litellm_and_the_egress_vouches_for_it(hybrid: Hybrid) -> None:
    hybrid.wire.script("gpt-4o", says("Hello to you."))
    reply = await ask(hybrid)
    (attempt,) = reply.trail.attempts
    assert (reply.text, reply.route, attempt.proof) == ("Hello to you.", "litellm", "egress")
    assert reply.model == "gpt-4o-simulated"  # what really answered, not LiteLLM's alias
    sidecar = hybrid.sidecar()
    headers = {"Authorization": f"Bearer {sidecar.key}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{sidecar.egress_url}/records") as response:
        latest = (await response.json())[0]
    assert (latest["route"], latest["status"], latest["end"], latest["cause"]) == ("azure", 200, "complete", None)


async def test_tool_calls_and_usage_are_the_same_on_both_ways(hybrid: Hybrid) -> None:
    hybrid.wire.script("gpt-4o", runs("SELECT 1"), runs("SELECT 1"))
    through = await ask(hybrid)
    hybrid.wire.fault("gpt-4o", "503", times=1)
    direct = await ask(hybrid)
    assert (through.route, direct.route) == ("litellm", "azure")
    same = ("text", "tool_calls", "finish_reason", "usage", "model")
    assert [getattr(through, name) for name in same] == [getattr(direct, name) for name in same]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("A1", "azure.key_wrong"),
        ("A5", "azure.key_auth_disabled"),
        ("N1", "azure.public_access_disabled"),
        ("D1", "azure.deployment_not_found"),
        ("C1", "azure.rate_limited"),
        ("500", "provider.error"),
        ("503", "provider.unavailable"),
        ("S1", "stream.cut"),
        ("S2", "stream.empty"),
        ("cut", "stream.cut"),
    ],
)
async def test_what_azure_really_said_decides_and_the_direct_route_answers(hybrid: Hybrid, fault: str, cause: str) -> None:
    words = "one two three four five six"
    hybrid.wire.script("gpt-4o", says(words), says(words))
    hybrid.wire.fault("gpt-4o", fault, times=1)
    reply = await ask(hybrid)
    first, second = reply.trail.attempts
    assert (first.route, first.cause, first.proof) == ("litellm", cause, "egress")
    assert (second.route, second.cause) == ("azure", None)
    assert reply.text == words


async def test_silence_behind_litellm_ends_at_the_first_content_limit(hybrid: Hybrid) -> None:
    hybrid.wire.script("gpt-4o", says("ok"))
    hybrid.wire.fault("gpt-4o", "silence", times=1)
    reply = await ask(hybrid)
    assert reply.trail.attempts[0].cause == "stream.silent"
    assert reply.trail.attempts[0].milliseconds < 6_000
    assert reply.route == "azure"


async def test_the_content_filter_is_not_routed_around(hybrid: Hybrid) -> None:
    hybrid.wire.fault("gpt-4o", "X1")
    before = hybrid.wire.calls("gpt-4o")
    with pytest.raises(RequestRefused, match="violence"):
        await ask(hybrid)
    assert hybrid.wire.calls("gpt-4o") == before + 1


async def test_litellm_knows_no_azure_key_and_nothing_of_our_environment(hybrid: Hybrid) -> None:
    pid = hybrid.sidecar().litellm_pid
    assert pid is not None
    environment = environment_of(pid)
    assert AZURE_KEY not in environment
    assert "CANARY-environment" not in environment
    assert AZURE_KEY not in "\n".join(hybrid.proxy.said)


async def test_neither_litellms_arguments_nor_its_files_hold_an_azure_key(hybrid: Hybrid) -> None:
    pid = hybrid.sidecar().litellm_pid
    assert pid is not None
    arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    config = Path(arguments[arguments.index("--config") + 1])
    text = config.read_text(encoding="utf-8")
    assert "model_name: azure" in text
    for said in (*arguments, *(path.read_text(errors="replace") for path in config.parent.rglob("*") if path.is_file())):
        assert AZURE_KEY not in said
        assert MASTER_KEY not in said
        assert hybrid.sidecar().key not in said


async def test_litellms_memory_holds_its_own_keys_and_none_of_azures(hybrid: Hybrid) -> None:
    hybrid.wire.script("gpt-4o", says("Hello."))
    assert (await ask(hybrid)).route == "litellm"
    pid = hybrid.sidecar().litellm_pid
    assert pid is not None
    assert in_memory(pid, MASTER_KEY)
    assert not in_memory(pid, AZURE_KEY)


async def test_litellm_and_its_egress_listen_on_loopback_only(hybrid: Hybrid) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = {route.egress_port for route in hybrid.settings.llm.route.values() if route.kind == "litellm"}
    ports |= {plan(hybrid.settings.llm).routes[0].url.split(":")[2].split("/")[0]}
    wanted = {f"{int(port):04X}" for port in ports}
    hosts = {line[1].split(":")[0] for line in listening if line[3] == "0A" and line[1].split(":")[1] in wanted}
    assert hosts == {"0100007F"}


@pytest.mark.parametrize("name", ["azure_v1", "openai"])
async def test_other_served_routes_answer_under_their_own_alias(hybrid: Hybrid, name: str) -> None:
    """The testing plan's other cells: OpenAI and Azure's v1 path, both through the same LiteLLM."""
    hybrid.wire.script("gpt-4o", says("Through the alias."))
    llm = hybrid.settings.llm
    proxy = llm.route["litellm"]
    settings = llm.model_copy(update={"route": {**llm.route, "litellm": proxy.model_copy(update={"model": name})}})
    legs, records = Legs(), RemoteRecords(hybrid.settings.data)
    door = Gateway(plan=plan(settings), legs=legs, records=records, clock=SystemClock())
    reply = await door.complete(HELLO)
    await legs.close()
    await records.close()
    assert (reply.text, reply.route, reply.trail.attempts[0].proof) == ("Through the alias.", "litellm", "egress")


async def test_a_second_supervisor_is_refused_and_the_first_goes_on(hybrid: Hybrid) -> None:
    code, _, err = await run_program("--config", str(hybrid.config), "litellm", "run")
    assert code == 1
    assert "error[litellm.already_running]" in err
    hybrid.wire.script("gpt-4o", says("Still vouched for."))
    assert (await ask(hybrid)).trail.attempts[0].proof == "egress"


@pytest.mark.parametrize("which", ["egress_port", "base_url"])
async def test_a_taken_port_is_an_error_and_no_key_goes_to_who_holds_it(hybrid: Hybrid, tmp_path: Path, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = int(holder.getsockname()[1])
        config = hybrid_settings(tmp_path, hybrid.wire.url)
        setting = str(taken) if which == "egress_port" else f"http://127.0.0.1:{taken}"
        variable = f"CHATSHEET_LLM_ROUTE_LITELLM_{which.upper()}"
        code, _, err = await run_program("--config", str(config), "litellm", "run", env={variable: setting})
        holder.settimeout(0)
        with pytest.raises(BlockingIOError):
            holder.accept()
    assert code == 1
    assert "error[litellm.port_taken]" in err


async def test_killed_litellm_is_bypassed_at_once_and_comes_back_by_itself(hybrid: Hybrid) -> None:
    hybrid.wire.script("gpt-4o", says("Directly."), says("Again through."))
    pid = hybrid.sidecar().litellm_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        while is_alive(pid):
            await asyncio.sleep(0)
    reply = await ask(hybrid)
    assert [(a.route, a.cause) for a in reply.trail.attempts] == [("litellm", "litellm.down"), ("azure", None)]
    while hybrid.sidecar().litellm_pid in {pid, None}:
        await asyncio.sleep(0)
    await hybrid.proxy.wait_for(f"LiteLLM answers .*pid {hybrid.sidecar().litellm_pid}", 120)
    assert (await ask(hybrid)).route == "litellm"
