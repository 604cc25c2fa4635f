"""pydantic-ai and LangChain on both doors, as their users write them."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# LangChain leaves parts of its own signatures without types

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx2
import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from chatsheet.core import loose
from chatsheet.llm.transport import HybridTransport
from tests.contracts.conftest import Door, calls
from tests.harness import says
from tests.llm.rig import ROUTE, answers, gateway_over, head, raw_server

pytestmark = pytest.mark.anyio
BERN: dict[str, object] = {"name": "Bern", "people": 137_000}
LOOK = calls(("population", {"city": "Bern"}))


class City(BaseModel):
    """What is asked for in a shape."""

    name: str
    people: int


def population(city: str) -> int:
    """Return how many people live in a city."""
    return {"Bern": 137_000}[city]


# ── pydantic-ai ──


async def test_an_agent_uses_a_tool_and_returns_a_type(door: Door) -> None:
    door.script(LOOK, calls(("final_result", BERN)))
    async with door.sdk() as client:
        model = OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client))
        agent = Agent(model, output_type=City, tools=[population])
        result = await agent.run("How many people live in Bern?")
    assert result.output == City(name="Bern", people=137_000)
    assert door.wire.calls("one") == 2


async def test_an_agent_streams_its_type_after_a_tool(door: Door) -> None:
    door.script(LOOK, calls(("final_result", BERN)))
    async with door.sdk() as client:
        model = OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client))
        agent = Agent(model, output_type=City, tools=[population])
        async with agent.run_stream("How many people live in Bern?") as run:
            assert await run.get_output() == City(name="Bern", people=137_000)


async def test_an_agent_streams_text_on_the_second_route(door: Door) -> None:
    door.kill_first(says("one two three"))
    async with door.sdk() as client:
        agent = Agent(OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client)))
        async with agent.run_stream("Count.") as run:
            assert "".join([piece async for piece in run.stream_text(delta=True)]) == "one two three"


async def test_an_agent_sees_the_filter_as_its_providers_refusal(door: Door) -> None:
    door.wire.fault("one", "X1")
    async with door.sdk() as client:
        agent = Agent(OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client)))
        with pytest.raises(ModelHTTPError) as caught:
            await agent.run("Something bad.")
    assert caught.value.status_code == 400
    assert loose.obj(caught.value.body)["code"] == "content_filter"


async def test_an_agents_broken_stream_is_an_error(door: Door) -> None:
    door.script(says("one two three four five six"))
    door.wire.fault("one", "cut")
    async with door.sdk() as client:
        agent = Agent(OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client)))
        with pytest.raises(ModelAPIError, match="failed after content"):
            async with agent.run_stream("Count.") as run:
                await run.get_output()


# ── LangChain ──


@pytest.fixture
async def chat(door: Door) -> AsyncGenerator[ChatOpenAI, None]:
    """LangChain's model over the door, for its synchronous and its asynchronous calls."""
    async with door.http_async() as on_loop:
        with door.http_sync() as in_threads:
            yield ChatOpenAI(
                model="gpt-4o",
                base_url=door.base_url,
                api_key=SecretStr(door.key),
                http_client=in_threads,
                http_async_client=on_loop,
            )


@tool("population")
def population_tool(city: str) -> int:
    """Return how many people live in a city."""
    return population(city)


async def test_a_chain_is_invoked_both_ways(door: Door, chat: ChatOpenAI) -> None:
    door.script(says("one"), says("two"))
    assert (await chat.ainvoke("Hello")).text == "one"
    assert (await asyncio.to_thread(chat.invoke, "Hello")).text == "two"


async def test_a_chain_streams_both_ways(door: Door, chat: ChatOpenAI) -> None:
    door.script(says("one two three"), says("four five six"))
    assert "".join([chunk.text async for chunk in chat.astream("Count.")]) == "one two three"
    assert await asyncio.to_thread(lambda: "".join(chunk.text for chunk in chat.stream("On."))) == "four five six"


async def test_a_chain_calls_a_tool_and_reads_its_result(door: Door, chat: ChatOpenAI) -> None:
    door.script(LOOK, says("137000 people.", expect="137000"))
    bound = chat.bind_tools([population_tool])
    question = HumanMessage("How many people live in Bern?")
    asked = await bound.ainvoke([question])
    assert isinstance(asked, AIMessage)
    assert asked.tool_calls[0]["args"] == {"city": "Bern"}
    result = ToolMessage(str(population_tool.invoke(asked.tool_calls[0]["args"])), tool_call_id=asked.tool_calls[0]["id"])
    assert (await bound.ainvoke([question, asked, result])).text == "137000 people."


async def test_a_chain_returns_a_type_by_schema_and_by_tool(door: Door, chat: ChatOpenAI) -> None:
    door.script(says('{"name": "Bern", "people": 137000}'), calls(("City", BERN)))
    by_schema = chat.with_structured_output(City, method="json_schema")
    by_tool = chat.with_structured_output(City, method="function_calling")
    assert await by_schema.ainvoke("Bern?") == await by_tool.ainvoke("Bern?") == City(name="Bern", people=137_000)


async def test_a_chain_does_not_notice_a_dead_first_route(door: Door, chat: ChatOpenAI) -> None:
    door.kill_first(says("one two three"))
    answer = await chat.ainvoke("Count.")
    assert answer.text == "one two three"
    assert answer.response_metadata["model_name"] == "two-simulated"


async def test_a_chain_knows_a_prompt_that_is_too_long() -> None:
    body = b'{"error":{"code":"context_length_exceeded","message":"the maximum context length is 128000 tokens."}}'
    refusal = answers(head("400 Bad Request", "application/json", len(body)), body)
    async with raw_server(refusal) as server:
        transport = HybridTransport(lambda: gateway_over(replace(ROUTE, url=server.url)), model="gpt-4o")
        async with httpx2.AsyncClient(transport=transport) as client:
            chat = ChatOpenAI(model="gpt-4o", base_url="http://hybrid/v1", api_key=SecretStr("x"), http_async_client=client)
            with pytest.raises(ContextOverflowError):
                await chat.ainvoke("A long question.")
