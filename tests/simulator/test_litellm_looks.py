"""What LiteLLM's door says besides completions: its version, its config, its health, and faults of every call."""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

import aiohttp
import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.ids import new_id
from chatsheet.simulator.brains.obliging import ObligingBrain
from chatsheet.simulator.faults import FAULTS, layer_of
from chatsheet.simulator.serving import serving
from tests.harness import Wire
from tests.simulator.test_faults import listen

pytestmark = pytest.mark.anyio

GET = ("/v1/models", "/models", "/v1/model/info", "/model/info", "/health", "/health/readiness/details")
OPEN = ("/health/liveliness", "/health/readiness", "/public/model_hub/info")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen at a path."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Mapping[str, object]:
        return loose.obj(loose.parse(self.body))


@dataclass(frozen=True, slots=True)
class Door:
    """Looks at LiteLLM's door and sets it up."""

    wire: Wire
    control: str
    session: aiohttp.ClientSession

    async def get(self, path: str, key: str | None = None) -> Looked:
        """Look at a path; with the right key unless another is given."""
        headers = {"Authorization": f"Bearer {self.wire.key if key is None else key}"} if key != "" else {}
        async with self.session.get(f"{self.wire.url}/litellm{path}", headers=headers, allow_redirects=False) as response:
            return Looked(response.status, response.headers, await response.text())

    async def set(self, path: str, body: JsonValue) -> int:
        """Post to the control port."""
        headers = {"Authorization": "Bearer ck-test"}
        async with self.session.post(f"{self.control}{path}", data=loose.dumps(body), headers=headers) as response:
            return response.status

    async def health(self, model: str = "gpt-4o") -> tuple[int, str]:
        """Return status and the first error of a health check."""
        looked = await self.get(f"/health?model={model}")
        failed = loose.array(looked.json.get("unhealthy_endpoints"))
        return looked.status, loose.text(loose.obj(next(iter(failed), None)).get("error"))


@pytest.fixture
async def door(wire: Wire) -> AsyncGenerator[Door, None]:
    """The door, on which every deployment answers."""
    wire.simulator.brain = ObligingBrain()
    async with serving(wire.simulator.control_app()) as port, aiohttp.ClientSession() as session:
        yield Door(wire, f"http://127.0.0.1:{port}", session)


@pytest.mark.parametrize("path", GET)
async def test_a_look_needs_the_key(door: Door, path: str) -> None:
    statuses = [(await door.get(path, key)).status for key in ("", "sk-wrong", None)]
    assert statuses == [401, 400, 200]


@pytest.mark.parametrize("path", OPEN)
async def test_some_need_none(door: Door, path: str) -> None:
    assert (await door.get(path, "")).status == 200


async def test_the_version_is_told_and_may_be_another(door: Door) -> None:
    assert loose.parse((await door.get("/public/model_hub/info", "")).body) == {
        "docs_title": "LiteLLM API",
        "custom_docs_description": None,
        "litellm_version": "1.106.2",
        "useful_links": {},
    }
    await door.set("/litellm", {"version": "1.107.0"})
    assert (await door.get("/health/readiness/details")).json["litellm_version"] == "1.107.0"


async def test_the_config_is_told_without_keys_and_may_be_another(door: Door) -> None:
    await door.set("/litellm", {"deployment": "bare", "model": "gpt-4o", "api_base": "${AZURE}", "api_version": ""})
    entries = [loose.obj(one) for one in loose.array((await door.get("/model/info")).json["data"])]
    told = {str(one["model_name"]): loose.obj(one["litellm_params"]) for one in entries}
    assert (told["gpt-4o"]["model"], told["gpt-4o"]["api_base"]) == ("azure/gpt-4o", door.wire.url)
    assert (told["bare"]["model"], told["bare"]["api_base"], "api_version" in told["bare"]) == ("gpt-4o", "${AZURE}", False)
    assert "api_key" not in told["gpt-4o"]


async def test_a_dropped_deployment_is_in_no_list(door: Door) -> None:
    await door.set("/litellm", {"deployment": "dropped", "is_listed": False})
    for path in ("/v1/models", "/model/info"):
        assert "dropped" not in (await door.get(path)).body
    assert await door.health("dropped") == (503, "")


async def test_a_healthy_model_is_told_with_200(door: Door) -> None:
    looked = await door.get("/health?model=gpt-4o")
    assert (looked.status, looked.json["healthy_count"], looked.json["unhealthy_endpoints"]) == (200, 1, [])


@pytest.mark.parametrize(
    ("fault", "words"), [("A1", "invalid subscription key"), ("L12", "Missing credentials"), ("A10", "Type")]
)
async def test_health_tells_what_a_call_would_meet_with_a_stack_trace(door: Door, fault: str, words: str) -> None:
    door.wire.fault("gpt-4o", fault, times=1)
    status, error = await door.health()
    assert status == 503
    assert error.startswith("litellm.")
    assert words in error
    assert "stack trace: Traceback" in error
    assert door.wire.simulator.state.orders  # it was not counted


@pytest.mark.parametrize(("fault", "expected"), [("L9", (200, "")), ("L8", (503, "")), ("L3", (200, "")), ("S1", (200, ""))])
async def test_health_sees_nothing_of_what_only_callers_meet(door: Door, fault: str, expected: tuple[int, str]) -> None:
    door.wire.fault("gpt-4o", fault)
    assert await door.health() == expected


async def test_a_health_error_may_be_set_by_a_faults_name_or_in_words(door: Door) -> None:
    await door.set("/litellm", {"deployment": "gpt-4o", "health_error": "D1"})
    assert "deployment for this resource does not exist" in (await door.health())[1]
    await door.set("/litellm", {"deployment": "gpt-4o", "health_error": "something else"})
    assert (await door.health())[1].startswith("something else\n")


async def test_a_fault_for_every_call_is_played_on_looks_and_calls_whatever_the_key(door: Door) -> None:
    await door.set("/faults", {"deployment": "*", "fault": "L3"})
    assert {(await door.get(path)).status for path in GET} == {400}
    assert {(await door.get(path, "")).status for path in OPEN} == {200}  # they ask for no key
    assert "No connected db." in (await listen(door.wire, "gpt-4o", "L3")).body


async def test_a_page_in_between_is_met_by_everybody_as_it_stands(door: Door) -> None:
    await door.set("/faults", {"deployment": "*", "fault": "N12"})
    looks = [await door.get(path, "") for path in (*GET, *OPEN)]
    assert {(looked.status, looked.body) for looked in looks} == {(403, FAULTS["N12"].text)}
    assert (await listen(door.wire, "gpt-4o", "L3")).body == FAULTS["N12"].text


async def test_a_connection_that_is_reset_before_any_answer_is_reset_for_looks_too(door: Door) -> None:
    await door.set("/faults", {"deployment": "*", "fault": "reset"})
    for path in ("/v1/models", "/health/liveliness"):
        with pytest.raises(aiohttp.ClientError):
            await door.get(path)


async def test_an_answer_may_be_written_by_the_caller(door: Door) -> None:
    answer: JsonValue = {"status": 401, "body": {"error": {"message": "Key not good"}}, "headers": {"X-Ms-Region": "here"}}
    await door.set("/faults", {"deployment": "gpt-4o", "answer": answer, "times": 1})
    heard = await listen(door.wire, "gpt-4o", "L3")  # not retold in LiteLLM's words
    assert (heard.status, heard.body) == (401, '{"error":{"message":"Key not good"}}')
    assert (await listen(door.wire, "gpt-4o")).status == 200


@pytest.mark.parametrize(
    "order",
    [
        {"deployment": "gpt-4o", "fault": "A1", "answer": {"status": 401}},
        {"deployment": "gpt-4o", "answer": {"status": 99}},
        {"deployment": "gpt-4o", "answer": {"status": 401}, "percent": 50},
        {"deployment": "gpt-4o", "answer": {"status": 401}, "after": 3},
    ],
)
async def test_an_answer_that_cannot_be_played_is_refused(door: Door, order: JsonValue) -> None:
    assert await door.set("/faults", order) == 400


async def test_what_was_set_is_taken_back_with_the_faults(door: Door) -> None:
    await door.set("/litellm", {"deployment": "gpt-4o", "model": "gpt-4o", "version": "1.107.0"})
    async with door.session.delete(f"{door.control}/faults", headers={"Authorization": "Bearer ck-test"}) as response:
        assert response.status == 200
    assert "azure/gpt-4o" in (await door.get("/model/info")).body
    assert "1.106.2" in (await door.get("/public/model_hub/info")).body


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if layer_of(name) and fault.status])
async def test_nothing_that_is_sent_names_the_fault(door: Door, fault: str) -> None:
    deployment = new_id("d")
    door.wire.fault(deployment, fault)
    sent: list[str] = []
    for path in ("/openai/v1", "/litellm/v1"):
        url, body = f"{door.wire.url}{path}/chat/completions", {"model": deployment, "messages": [{"role": "user"}]}
        async with door.session.post(url, json=body, headers={"Authorization": f"Bearer {door.wire.key}"}) as response:
            sent += [str(dict(response.headers)), await response.text()]
    looked = await door.get(f"/health?model={deployment}")
    assert not re.search(rf"\b{fault}\b", " ".join((*sent, str(dict(looked.headers)), looked.body)))
