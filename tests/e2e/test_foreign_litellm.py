"""A LiteLLM that others run holds the Azure key itself, and nobody vouches for it: it is told apart and not trusted."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import yaml

from chatsheet.core import processes, settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.loose import JsonObject
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.llm import litellm_config, litellm_proxy
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.plan import build
from chatsheet.llm.records import RemoteRecords
from chatsheet.llm.routes import Plan, Route
from tests.contracts.exchanges import WORDS, answer
from tests.contracts.ways import Heard, Recorded, ask
from tests.harness import Wire, free_ports, start_wire, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

KEY = "sk-key-of-the-simulated-azure"
MASTER = "sk-master-of-others"
CAUSES = {
    "A1": "azure.key_wrong",
    "D1": "azure.deployment_not_found",
    "N1": "azure.public_access_disabled",
    "C1": "azure.rate_limited",
    "X1": "content.filtered",
    "500": "provider.error",
}
PRIVATE = 'network = "private"\nprivate_networks = ["127.0.0.0/8"]\n'
SETTINGS = """
data = '{data}'
[llm]
routes = ["theirs"]
[llm.route.theirs]
kind = "litellm"
base_url = "{theirs}"
key = "{master}"
{more}
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A LiteLLM as others may run it, with all its defaults, and the Azure behind it."""

    url: str
    wire: Wire
    folder: Path

    def settings(self, more: str = "") -> Path:
        """Write settings with a route to it, and one around it."""
        text = SETTINGS.replace("{data}", str(self.folder)).replace("{theirs}", self.url).replace("{more}", more)
        return write_settings(self.folder, text.replace("{wire}", self.wire.url), {"azure": KEY, "master": MASTER})

    def calls(self) -> int:
        """Count the calls that Azure saw."""
        return len(self.wire.simulator.state.requests)


def deployment(alias: str) -> str:
    """Return the deployment behind an alias; its name makes the simulator play the fault."""
    fault = {"gpt-4o": "", "cooled": "A1", "retried": "500"}.get(alias, alias)
    return f"gpt-4o--{fault}" if fault else "gpt-4o"


def config(wire_url: str) -> JsonObject:
    """Return the config that somebody else would write: one alias per fault, so that no cooldown hides another cause."""
    shared: JsonObject = {"api_base": wire_url, "api_key": KEY, "api_version": "2024-10-21"}
    return {
        "model_list": [
            {"model_name": alias, "litellm_params": {"model": f"azure/{deployment(alias)}", **shared}}
            for alias in ("gpt-4o", "S1", "cooled", "retried", *CAUSES)
        ]
    }


@pytest.fixture(scope="module")
async def foreign(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Foreign, None]:
    """Run a simulator and a LiteLLM that leads straight to it; the switches only keep it offline and quiet."""
    del anyio_backend
    folder, (port,) = tmp_path_factory.mktemp("foreign"), free_ports(1)
    switches = litellm_config.environment(master_key=MASTER, egress_key="")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), **switches}
    async with start_wire(KEY) as wire:
        wire.simulator.brain = Recorded(WORDS)
        path = folder / "config.yaml"
        path.write_text(yaml.safe_dump(config(wire.url)), encoding="utf-8")
        program = str(litellm_proxy.install(print) / "bin" / "litellm")
        argv = (program, "--config", str(path), "--host", "127.0.0.1", "--port", str(port))
        process = await processes.start(argv, env=env, cwd=folder)
        try:
            url = f"http://127.0.0.1:{port}"
            assert await litellm_proxy.wait_alive(url, 120, is_worth_it=lambda: process.returncode is None)
            yield Foreign(url, wire, folder)
        finally:
            await processes.stop(process, grace_s=2)


@asynccontextmanager
async def gateway_on(foreign: Foreign, route: Route) -> AsyncGenerator[Gateway, None]:
    """Build a gateway whose only route is this one; there is no egress whose records it could read."""
    legs, records = Legs(), RemoteRecords(foreign.folder)
    gateway = Gateway(plan=Plan((route,), 15), legs=legs, records=records, clock=SystemClock())
    try:
        yield gateway
    finally:
        await gateway.close()
        await legs.close()
        await records.close()


def theirs(foreign: Foreign, alias: str = "gpt-4o", more: str = "") -> Route:
    """Return the route through their LiteLLM."""
    return replace(build(settings_file.load(foreign.settings(more)).llm, "theirs"), model=alias)


def directly(foreign: Foreign, alias: str) -> Route:
    """Return the route to the same deployment without it."""
    route = build(settings_file.load(foreign.settings()).llm, "azure")
    return replace(route, url=route.url.replace("gpt-4o", deployment(alias)))


async def ask_once(foreign: Foreign, route: Route) -> Heard:
    """Ask once, with nothing remembered from before."""
    async with gateway_on(foreign, route) as gateway:
        return await ask(gateway)


async def test_its_answer_is_right_and_unverified_and_names_only_the_alias(foreign: Foreign) -> None:
    heard, wanted = await ask_once(foreign, theirs(foreign)), answer(WORDS)
    assert (heard.outcome.text, heard.outcome.usage) == (wanted.text, wanted.usage)
    assert (heard.outcome.model, heard.proofs) == ("gpt-4o", ("unverified",))


@pytest.mark.parametrize("fault", CAUSES)
async def test_its_failures_are_named_as_those_of_the_direct_route(foreign: Foreign, fault: str) -> None:
    retold, real = await ask_once(foreign, theirs(foreign, fault)), await ask_once(foreign, directly(foreign, fault))
    assert retold.outcome == real.outcome
    assert real.outcome.cause == CAUSES[fault]
    assert (set(retold.proofs), set(real.proofs)) == ({"unverified"}, {"direct"})


async def test_a_truncated_stream_is_passed_off_as_complete_and_only_the_proof_warns(foreign: Foreign) -> None:
    """S1: finish reason, usage and end mark are made up; nothing in the answer tells, so the trail says unverified."""
    retold, real = await ask_once(foreign, theirs(foreign, "S1")), await ask_once(foreign, directly(foreign, "S1"))
    assert real.outcome.cause == "stream.cut"
    assert (retold.outcome.text, retold.outcome.finish_reason) == ("one two three ", "stop")
    assert retold.outcome.usage.output_tokens > 0
    assert retold.proofs == ("unverified",)


async def test_a_cooldown_shows_the_first_cause_that_was_remembered(foreign: Foreign) -> None:
    """L9: after a 401 LiteLLM says 429 and asks Azure no more."""
    route = theirs(foreign, "cooled")
    async with gateway_on(foreign, route) as gateway:
        first = (await ask(gateway)).outcome
        calls = foreign.calls()
        second = (await ask(gateway)).outcome
    assert [one.attempts[0].status for one in (first, second)] == [401, 429]
    assert [one.cause for one in (first, second)] == ["azure.key_wrong", "azure.key_wrong"]
    assert foreign.calls() == calls
    assert (await ask_once(foreign, route)).outcome.cause == "litellm.cooldown"  # nothing is remembered here


async def test_it_retries_by_itself_unless_it_is_told_not_to(foreign: Foreign) -> None:
    before = foreign.calls()
    heard = await ask_once(foreign, theirs(foreign, "retried"))
    assert foreign.calls() - before == len(heard.proofs)
    before = foreign.calls()
    asked = {"model": "retried", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {MASTER}"}) as session,
        session.post(f"{foreign.url}/v1/chat/completions", json=asked) as response,
    ):
        assert response.status == 500
    assert foreign.calls() - before == 3


async def test_it_is_refused_on_a_private_route(foreign: Foreign) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        theirs(foreign, more=PRIVATE)
    assert "llm.route.theirs.network" in caught.value.what
    assert "cannot be proven private" in caught.value.what
    assert "trust_proxy = true" in caught.value.fix


async def test_it_may_be_trusted_on_a_private_route_and_stays_unverified(foreign: Foreign) -> None:
    heard = await ask_once(foreign, theirs(foreign, more=f"{PRIVATE}trust_proxy = true\n"))
    assert (heard.outcome.cause, heard.proofs) == ("", ("unverified",))
