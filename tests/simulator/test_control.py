"""The control port: faults and scripts are set from outside, and what the wire saw is told without values."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from chatsheet.core import loose
from tests.harness import Wire

pytestmark = pytest.mark.anyio

CONTROL_KEY = "ck-test"


@dataclass(frozen=True, slots=True)
class Control:
    """Calls the control port."""

    url: str
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None, key: str = CONTROL_KEY) -> tuple[int, object]:
        """Send one call and return its status and JSON."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        data = None if body is None else loose.dumps(body)
        async with self.session.request(method, f"{self.url}{path}", data=data, headers=headers) as response:
            return response.status, loose.parse(await response.read())


@pytest.fixture
async def control(wire: Wire) -> AsyncGenerator[Control, None]:
    """The control port of the simulator."""
    runner = web.AppRunner(wire.simulator.control_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Control(f"http://127.0.0.1:{int(runner.addresses[0][1])}", session)
    await runner.cleanup()


async def chat(wire: Wire, deployment: str = "gpt-4o") -> int:
    """Call a deployment and return the status."""
    url = f"{wire.url}/openai/v1/chat/completions?secret=query-canary"
    body = loose.dumps({"model": deployment, "messages": [{"role": "user", "content": "prompt-canary"}]})
    headers = {"api-key": wire.key, "x-custom": "header-canary"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status


@pytest.mark.parametrize("key", ["", "wrong", "sk-simulator"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/faults"), ("POST", "/faults"), ("DELETE", "/faults"), ("GET", "/requests")]
)
async def test_every_call_needs_the_control_key(control: Control, key: str, method: str, path: str) -> None:
    assert (await control.call(method, path, key=key))[0] == 401


async def test_a_fault_is_played_until_it_is_taken_back(control: Control, wire: Wire) -> None:
    assert (await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": "503"}))[0] == 200
    assert [await chat(wire) for _ in range(3)] == [503, 503, 503]
    assert (await control.call("DELETE", "/faults"))[0] == 200
    await control.call("POST", "/scripts", {"deployment": "gpt-4o", "exchanges": [{"text": "Hi"}]})
    assert await chat(wire) == 200


async def test_a_fault_may_be_played_a_number_of_times(control: Control, wire: Wire) -> None:
    await control.call("POST", "/scripts", {"deployment": "gpt-4o", "exchanges": [{"text": "Hi"}]})
    await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": "503", "times": 2})
    assert [await chat(wire) for _ in range(3)] == [503, 503, 200]


async def test_a_fault_is_played_for_its_own_deployment_only(control: Control, wire: Wire) -> None:
    await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": "503"})
    await control.call("POST", "/scripts", {"deployment": "other", "exchanges": [{"text": "Hi"}]})
    assert [await chat(wire, "other"), await chat(wire)] == [200, 503]


async def test_faults_are_listed_with_what_they_are_about_and_what_is_left(control: Control) -> None:
    await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": "503", "times": 2})
    _, listed = await control.call("GET", "/faults")
    assert loose.obj(listed).get("active") == {"gpt-4o": {"fault": "503", "left": 2}}
    assert loose.obj(loose.obj(listed).get("known")).get("503") == "overloaded"


@pytest.mark.parametrize(
    "order",
    [
        {"deployment": "gpt-4o", "fault": "A99"},
        {"deployment": "gpt-4o"},
        {"deployment": "gpt-4o", "fault": "A1", "times": 0},
        {"deployment": "gpt-4o", "fault": "A1", "often": 2},
        [],
        "text",
    ],
)
async def test_an_order_that_cannot_be_played_is_refused(control: Control, wire: Wire, order: object) -> None:
    assert (await control.call("POST", "/faults", order))[0] == 400
    assert not wire.simulator.state.orders


async def test_an_unknown_fault_is_refused_with_the_known_ones(control: Control) -> None:
    _, answer = await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": "A99"})
    assert "A1, A2" in str(loose.obj(answer).get("error"))


async def test_a_script_makes_its_deployment(control: Control, wire: Wire) -> None:
    assert await chat(wire, "new") == 404
    await control.call("POST", "/scripts", {"deployment": "new", "exchanges": [{"text": "Hi"}]})
    assert await chat(wire, "new") == 200


async def test_what_the_wire_saw_is_told_without_any_value(control: Control, wire: Wire) -> None:
    wire.fault("gpt-4o", "503")
    await chat(wire)
    status, seen = await control.call("GET", "/requests")
    assert status == 200
    request = loose.obj(loose.array(seen)[0])
    assert (request.get("path"), request.get("deployment")) == ("/openai/v1/chat/completions", "gpt-4o")
    assert {"api-key", "x-custom"} <= {loose.text(name).lower() for name in loose.array(request.get("headers"))}
    assert "canary" not in loose.dumps(seen)
    assert wire.key not in loose.dumps(seen)
