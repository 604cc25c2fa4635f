"""Under /litellm the simulator speaks as LiteLLM does, in front of the same deployments."""

import aiohttp
import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.simulator.brains.scripted import Exchange
from tests.harness import Wire, says
from tests.simulator.test_azure_wire import Answer, ask
from tests.simulator.test_faults import LONG, contents

pytestmark = pytest.mark.anyio

PATH = "/litellm/v1/chat/completions"


async def call(wire: Wire, model: str = "gpt-4o", **body: JsonValue) -> Answer:
    """Call a model through the door."""
    return await ask(wire, PATH, {"Authorization": f"Bearer {wire.key}"}, model=model, stream=True, **body)


async def test_an_answer_names_the_alias_and_carries_litellms_headers(wire: Wire) -> None:
    wire.script("gpt-4o", Exchange(text="Hi", model="gpt-4o-2024-11-20"))
    answer = await call(wire)
    assert {chunk["model"] for chunk in answer.events} == {"gpt-4o"}
    assert b"filter" not in answer.body
    assert answer.headers["x-litellm-version"] == "1.106.2"
    assert "apim-request-id" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 401, "No api key passed in."),
        ({"Authorization": "Bearer sk-wrong"}, 400, "No connected db."),
        ({"api-key": "wrong"}, 400, "No connected db."),
    ],
)
async def test_a_missing_key_and_a_wrong_one_are_told_as_litellm_does(
    wire: Wire, headers: dict[str, str], status: int, words: str
) -> None:
    answer = await ask(wire, PATH, headers)
    assert answer.status == status
    assert words in str(answer.error["message"])


async def test_an_unknown_alias_is_named(wire: Wire) -> None:
    answer = await call(wire, "gtp-4o")
    assert answer.status == 400
    assert "model=gtp-4o" in str(answer.error["message"])


async def test_azures_faults_come_in_litellms_words(wire: Wire) -> None:
    answer = await call(wire, "gpt-4o--A1")
    assert answer.status == 401
    assert str(answer.error["message"]).startswith("litellm.AuthenticationError: AzureException")


@pytest.mark.parametrize("fault", ["S1", "S2"])
async def test_litellm_makes_a_proper_end_of_a_stream_without_one(wire: Wire, fault: str) -> None:
    wire.script("gpt-4o", says(LONG))
    answer = await call(wire, f"gpt-4o--{fault}")
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert b'"finish_reason":"stop"' in answer.body
    assert len(contents(answer.body.decode())) == {"S1": 3, "S2": 0}[fault]


async def test_litellm_tells_of_a_cut_inside_the_stream(wire: Wire) -> None:
    wire.script("gpt-4o", says(LONG))
    answer = await call(wire, "gpt-4o--cut")
    assert b"Traceback" in answer.body
    assert answer.body.endswith(b"data: [DONE]\n\n")


async def test_it_is_always_healthy_and_lists_its_aliases_behind_the_key(wire: Wire) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("liveliness", "liveness", "readiness"):
            async with session.get(f"{wire.url}/litellm/health/{path}") as response:
                assert response.status == 200
        async with session.get(f"{wire.url}/litellm/v1/models") as response:
            assert response.status == 401
        headers = {"Authorization": f"Bearer {wire.key}"}
        async with session.get(f"{wire.url}/litellm/v1/models", headers=headers) as response:
            listed = loose.obj(loose.parse(await response.read()))
    assert listed["data"] == [{"id": "gpt-4o", "object": "model"}]
