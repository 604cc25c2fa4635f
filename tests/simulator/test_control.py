"""The control port: faults and scripts are set from outside, and what the wire saw is told without values."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import aiohttp
import pytest

from chatsheet.core import loose
from chatsheet.simulator.faults import ELSEWHERE
from chatsheet.simulator.network import Network
from chatsheet.simulator.serving import serving
from chatsheet.simulator.tokens import TokenRule
from tests.harness import Wire, says
from tests.simulator.test_azure_wire import ask

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
    async with serving(wire.simulator.control_app()) as port, aiohttp.ClientSession() as session:
        yield Control(f"http://127.0.0.1:{port}", session)


async def chat(wire: Wire, deployment: str = "gpt-4o") -> int:
    """Call a deployment and return the status."""
    url = f"{wire.url}/openai/v1/chat/completions?secret=query-canary"
    body = loose.dumps({"model": deployment, "messages": [{"role": "user", "content": "prompt-canary"}]})
    headers = {"api-key": wire.key, "x-custom": "header-canary", "x-chatsheet-attempt": "att_1", "traceparent": "00-1-2-01"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status


@pytest.mark.parametrize("key", ["", "wrong", "sk-simulator"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/faults"),
        ("POST", "/faults"),
        ("DELETE", "/faults"),
        ("POST", "/scripts"),
        ("POST", "/tokens"),
        ("POST", "/quotas"),
        ("GET", "/requests"),
        ("GET", "/network"),
        ("POST", "/network/dns"),
    ],
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
        {"deployment": "gpt-4o", "fault": "A1", "mix": {"A2": 1}},
        {"deployment": "gpt-4o", "mix": {"A2": 0}},
        {"deployment": "gpt-4o", "mix": {"A99": 1}},
        {"deployment": "gpt-4o", "mix": {"A2": 1}, "times": 3},
        {"deployment": "gpt-4o", "mix": {"A2": 1}, "percent": 101},
        {"deployment": "gpt-4o", "fault": "A1", "after": 2},
        {"deployment": "gpt-4o", "fault": "429", "retry_after_form": "weeks"},
        {"deployment": "gpt-4o", "fault": "cut", "after": -1},
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


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_what_has_no_form_on_the_wire_is_refused_with_how_it_is_rehearsed(
    control: Control, wire: Wire, name: str
) -> None:
    status, answer = await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": name})
    assert status == 409
    assert ELSEWHERE[name].how in str(loose.obj(answer).get("error"))
    assert not wire.simulator.state.orders


async def test_a_fault_is_played_as_tuned(control: Control, wire: Wire) -> None:
    order = {"deployment": "gpt-4o", "fault": "429", "retry_after": 2, "retry_after_form": "ms", "times": 1}
    assert (await control.call("POST", "/faults", order))[0] == 200
    played = wire.simulator.state.orders["gpt-4o"]
    assert (played.tuning.retry_after, played.tuning.retry_after_form) == (2, "ms")
    assert await chat(wire) == 429


async def test_a_mix_is_played_at_random_and_listed(control: Control, wire: Wire) -> None:
    await control.call("POST", "/scripts", {"deployment": "gpt-4o", "exchanges": [{"text": "Hi", "repeat": True}]})
    order = {"deployment": "gpt-4o", "mix": {"500": 1, "503": 1}, "percent": 50, "seed": 7}
    assert (await control.call("POST", "/faults", order))[0] == 200
    assert {await chat(wire) for _ in range(30)} == {200, 500, 503}
    _, listed = await control.call("GET", "/faults")
    told = loose.obj(loose.obj(loose.obj(listed).get("active")).get("gpt-4o"))
    assert told == {"mix": {"500": 1, "503": 1}, "percent": 50, "seed": 7}


async def test_one_fault_may_be_played_now_and_then(control: Control, wire: Wire) -> None:
    await control.call("POST", "/scripts", {"deployment": "gpt-4o", "exchanges": [{"text": "Hi", "repeat": True}]})
    await control.call("POST", "/faults", {"deployment": "gpt-4o", "fault": "503", "percent": 50, "seed": 7})
    assert {await chat(wire) for _ in range(20)} == {200, 503}


async def test_faults_of_one_deployment_may_be_taken_back(control: Control, wire: Wire) -> None:
    wire.fault("gpt-4o", "503")
    wire.fault("other", "503")
    await control.call("DELETE", "/faults?deployment=other")
    assert list(wire.simulator.state.orders) == ["gpt-4o"]


async def test_a_deployment_reports_the_model_it_is_told(control: Control, wire: Wire) -> None:
    await control.call(
        "POST", "/scripts", {"deployment": "gpt-4o", "model": "gpt-4o-2024-11-20", "exchanges": [{"text": "Hi"}]}
    )
    assert (await ask(wire)).json["model"] == "gpt-4o-2024-11-20"


async def test_the_wire_is_told_which_tokens_to_take(control: Control, wire: Wire) -> None:
    assert (await control.call("POST", "/tokens", {"tenant": "t"}))[1] == {"tokens": "taken"}
    assert wire.simulator.state.tokens == TokenRule(tenant="t")
    assert (await control.call("POST", "/tokens", {"audience": None}))[1] == {"tokens": "refused"}
    assert wire.simulator.state.tokens is None


async def test_a_deployment_keeps_to_the_tokens_of_its_minute_and_says_what_is_left(control: Control, wire: Wire) -> None:
    assert (await control.call("POST", "/quotas", {"deployment": "gpt-4o", "tokens": 30}))[0] == 200
    wire.script("gpt-4o", *[says("word " * 20)] * 3)
    answers = [await ask(wire) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    left = [int(answer.headers["x-ratelimit-remaining-tokens"]) for answer in answers[:2]]
    assert 30 > left[0] > left[1]
    assert answers[0].headers["x-ratelimit-limit-tokens"] == "30"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert (await control.call("POST", "/quotas", {"deployment": "gpt-4o", "tokens": None}))[0] == 200
    assert (await ask(wire)).status == 200


async def test_a_quota_is_for_a_deployment_that_is_there(control: Control) -> None:
    assert (await control.call("POST", "/quotas", {"deployment": "none", "tokens": 30}))[0] == 404
    assert (await control.call("POST", "/quotas", {"deployment": "gpt-4o", "tokens": 0}))[0] == 400


async def test_listeners_are_set_over_the_control_port_where_there_are_any(wire: Wire, control: Control) -> None:
    assert (await control.call("POST", "/network/tls", {"mode": "expired"}))[0] == 409
    async with Network(("127.0.0.1", wire.port)) as network, aiohttp.ClientSession() as session:
        async with serving(wire.simulator.control_app(network)) as port:
            other = Control(f"http://127.0.0.1:{port}", session)
            assert (await other.call("POST", "/network/tls", {"mode": "expired"}))[0] == 200
            assert (await other.call("POST", "/network/tls", {"mode": "rusty"}))[0] == 400
            assert (await other.call("POST", "/network/pigeon", {}))[0] == 404
            assert loose.obj((await other.call("GET", "/network"))[1]).keys() >= {"dns", "proxy"}
        assert network.tls.mode == "expired"


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
    assert (request.get("fields"), request.get("stream")) == (["messages", "model"], False)
    assert (request.get("attempt"), request.get("traceparent")) == ("att_1", "00-1-2-01")
    assert request.get("played") == "503"
    assert "canary" not in loose.dumps(seen)
    assert wire.key not in loose.dumps(seen)
