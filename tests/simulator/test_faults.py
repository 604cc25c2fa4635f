"""Every fault can be asked for by name and says what it is about."""

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.simulator.faults import FAULTS, by_deployment_name
from tests.harness import Wire, says

LOUD = [name for name, fault in FAULTS.items() if fault.status]


async def ask(wire: Wire, deployment: str, *, stream: bool = True) -> tuple[int, object, dict[str, str]]:
    """Call a deployment and return status, JSON and headers."""
    url = f"{wire.url}/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21"
    body = loose.dumps({"messages": [{"role": "user", "content": "Hi"}], "stream": stream})
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers={"api-key": wire.key}) as response:
        return response.status, loose.parse(await response.read()), {k.lower(): v for k, v in response.headers.items()}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_what_it_is_about_and_does_one_thing(name: str) -> None:
    fault = FAULTS[name]
    assert fault.about
    assert bool(fault.status) != bool(fault.stream)
    assert bool(fault.body) == bool(fault.status)


@pytest.mark.parametrize("name", FAULTS)
def test_a_deployments_name_may_ask_for_a_fault(name: str) -> None:
    assert by_deployment_name(f"gpt-4o--{name}") == ("gpt-4o", name)


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o--mini", "gpt-4o--", "gpt-4o-A1", "gpt--4o", "--", "gpt-4o--a1"])
def test_any_other_name_is_just_a_name(name: str) -> None:
    assert by_deployment_name(name) == (name, "")


@given(name=st.text())
def test_no_name_is_lost(name: str) -> None:
    deployment, fault = by_deployment_name(name)
    assert name == (f"{deployment}--{fault}" if fault else deployment)


@pytest.mark.anyio
@pytest.mark.parametrize("name", LOUD)
async def test_a_fault_is_answered_word_by_word(wire: Wire, name: str) -> None:
    status, body, headers = await ask(wire, f"gpt-4o--{name}")
    assert (status, body) == (FAULTS[name].status, FAULTS[name].body)
    assert FAULTS[name].headers.items() <= headers.items()


@pytest.mark.anyio
async def test_a_fault_by_name_is_played_on_every_call_and_for_nobody_else(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    assert [(await ask(wire, "gpt-4o--A1"))[0] for _ in range(3)] == [401, 401, 401]
    assert (await ask(wire, "gpt-4o"))[0] == 200


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [True, False])
async def test_a_reset_connection_never_answers_whether_it_streams_or_not(wire: Wire, stream: bool) -> None:  # noqa: FBT001
    wire.script("gpt-4o", says("Hi"))
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await ask(wire, "gpt-4o--reset", stream=stream)


def test_the_filters_answer_names_one_category() -> None:
    error = loose.obj(loose.obj(FAULTS["X1"].body).get("error"))
    results = loose.obj(loose.obj(error.get("innererror")).get("content_filter_result"))
    assert [name for name, result in results.items() if loose.obj(result).get("filtered")] == ["violence"]
