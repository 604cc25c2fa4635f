"""The simulator's wire: Azure OpenAI's and OpenAI's dialects as their clients meet them."""

from dataclasses import dataclass

import aiohttp
import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from tests.harness import Wire, runs, says

pytestmark = pytest.mark.anyio

DATED = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
V1 = "/openai/v1/chat/completions"
OPENAI = "/v1/chat/completions"
MESSAGES: list[JsonValue] = [{"role": "user", "content": "Hello"}]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the simulator said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body as an object."""
        return dict(loose.obj(loose.parse(self.body)))

    @property
    def error(self) -> dict[str, object]:
        """The error inside the body."""
        return dict(loose.obj(self.json.get("error")))

    @property
    def events(self) -> list[dict[str, object]]:
        """Each event's chunk, the end mark left off."""
        assert self.body.endswith(b"data: [DONE]\n\n")
        lines = self.body.removesuffix(b"data: [DONE]\n\n").split(b"\n\n")[:-1]
        return [dict(loose.obj(loose.parse(line.removeprefix(b"data: ")))) for line in lines]


async def ask(wire: Wire, path: str = DATED, headers: dict[str, str] | None = None, **body: JsonValue) -> Answer:
    """Send one call, with the right key unless other headers are given."""
    sent = {"api-key": wire.key} if headers is None else headers
    text = loose.dumps({"model": "gpt-4o", "messages": MESSAGES, **body})
    async with aiohttp.ClientSession() as session, session.post(f"{wire.url}{path}", data=text, headers=sent) as response:
        return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, await response.read())


def delta(chunk: dict[str, object]) -> dict[str, object]:
    """Return a chunk's delta."""
    choice = loose.obj(loose.array(chunk.get("choices"))[0])
    return dict(loose.obj(choice.get("delta")))


def choice(chunk: dict[str, object]) -> dict[str, object]:
    """Return a chunk's only choice."""
    return dict(loose.obj(loose.array(chunk.get("choices"))[0]))


@pytest.mark.parametrize("path", [DATED, DATED.replace("2024-10-21", "2025-01-01-preview"), V1])
@pytest.mark.parametrize("header", ["api-key", "Authorization"])
async def test_azures_paths_take_the_key_under_either_header(wire: Wire, path: str, header: str) -> None:
    wire.script("gpt-4o", says("Hi"))
    value = wire.key if header == "api-key" else f"Bearer {wire.key}"
    assert (await ask(wire, path, {header: value})).status == 200


async def test_openais_path_takes_a_bearer_key_only(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    assert (await ask(wire, OPENAI, {"Authorization": f"Bearer {wire.key}"})).status == 200
    assert (await ask(wire, OPENAI, {"api-key": wire.key})).status == 401


@pytest.mark.parametrize(
    ("path", "headers", "words"),
    [
        (DATED, {"api-key": "wrong"}, "invalid subscription key"),
        (V1, {"api-key": "wrong"}, "invalid subscription key"),
        (DATED, {}, "invalid subscription key"),
        (OPENAI, {"Authorization": "Bearer wrong"}, "Incorrect API key provided"),
        (OPENAI, {}, "Incorrect API key provided"),
    ],
)
async def test_a_wrong_key_is_refused_in_the_dialects_words(wire: Wire, path: str, headers: dict[str, str], words: str) -> None:
    answer = await ask(wire, path, headers)
    assert answer.status == 401
    assert words in str(answer.error["message"])


async def test_a_wrong_token_is_refused_in_azures_words_for_tokens(wire: Wire) -> None:
    answer = await ask(wire, DATED, {"Authorization": "Bearer wrong"})
    assert answer.status == 401
    assert "audience is incorrect" in str(answer.json["message"])


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("", 404, "Resource not found"),
        ("?api-version=2024-08-06", 400, "API version not supported"),
        ("?api-version=v1", 400, "API version not supported"),
    ],
)
async def test_the_api_version_must_be_there_and_known(wire: Wire, query: str, status: int, message: str) -> None:
    answer = await ask(wire, DATED.partition("?")[0] + query)
    assert (answer.status, answer.error["message"]) == (status, message)


@pytest.mark.parametrize("path", [DATED.replace("gpt-4o", "other"), V1, OPENAI])
async def test_an_unknown_deployment_is_not_found(wire: Wire, path: str) -> None:
    answer = await ask(wire, path, {"Authorization": f"Bearer {wire.key}"}, model="other")
    assert (answer.status, answer.error["code"]) == (404, "DeploymentNotFound")


@pytest.mark.parametrize("path", ["/", "/openai", "/openai/openai/v1/chat/completions", "/v1/embeddings"])
async def test_every_other_path_is_not_found(wire: Wire, path: str) -> None:
    answer = await ask(wire, path)
    assert (answer.status, answer.error["message"]) == (404, "Resource not found")


async def test_a_call_without_messages_is_refused(wire: Wire) -> None:
    answer = await ask(wire, messages=[])
    assert (answer.status, answer.error["param"]) == (400, "messages")


async def test_an_azure_stream_comes_in_azures_order(wire: Wire) -> None:
    wire.script("gpt-4o", says("one two"))
    events = (await ask(wire, stream=True, stream_options={"include_usage": True})).events
    first, role, one, two, finish, usage = events
    assert first["choices"] == []
    assert "prompt_filter_results" in first
    assert delta(role)["role"] == "assistant"
    assert [delta(one), delta(two)] == [{"content": "one "}, {"content": "two"}]
    assert loose.obj(choice(one)["content_filter_results"])
    assert (choice(finish)["finish_reason"], delta(finish)) == ("stop", {})
    assert usage["choices"] == []
    assert loose.obj(usage["usage"])["completion_tokens"] == 2


async def test_an_openai_stream_has_no_filter_results(wire: Wire) -> None:
    wire.script("gpt-4o", says("one"))
    answer = await ask(wire, OPENAI, {"Authorization": f"Bearer {wire.key}"}, stream=True)
    assert b"filter" not in answer.body
    assert delta(answer.events[0])["role"] == "assistant"


async def test_usage_is_streamed_only_when_asked_for(wire: Wire) -> None:
    wire.script("gpt-4o", says("one"))
    assert not any("usage" in chunk for chunk in (await ask(wire, stream=True)).events)


async def test_every_chunk_of_a_stream_has_one_id_and_model(wire: Wire) -> None:
    wire.script("gpt-4o", says("one two"))
    events = (await ask(wire, stream=True)).events[1:]
    assert len({(chunk["id"], chunk["model"], chunk["object"]) for chunk in events}) == 1
    assert events[0]["object"] == "chat.completion.chunk"


async def test_an_answer_may_come_whole(wire: Wire) -> None:
    wire.script("gpt-4o", says("one two"))
    answer = (await ask(wire)).json
    assert answer["object"] == "chat.completion"
    assert loose.obj(choice(answer)["message"])["content"] == "one two"
    assert choice(answer)["finish_reason"] == "stop"
    usage = loose.obj(answer["usage"])
    assert usage["total_tokens"] == loose.number(usage["prompt_tokens"]) + 2
    assert "prompt_filter_results" in answer


async def test_a_tool_call_comes_in_pieces(wire: Wire) -> None:
    wire.script("gpt-4o", runs("SELECT 1"))
    _, _, first, second, finish = (await ask(wire, stream=True)).events
    calls = [loose.obj(loose.array(delta(chunk)["tool_calls"])[0]) for chunk in (first, second)]
    functions = [loose.obj(call["function"]) for call in calls]
    assert (calls[0]["id"], functions[0]["name"]) == ("call_gpt-4o_0", "run_sql")
    assert "id" not in calls[1]
    assert "".join(loose.text(f["arguments"]) for f in functions) == '{"purpose":"test","sql":"SELECT 1"}'
    assert choice(finish)["finish_reason"] == "tool_calls"


async def test_a_tool_call_may_come_whole(wire: Wire) -> None:
    wire.script("gpt-4o", runs("SELECT 1"))
    answer = choice((await ask(wire)).json)
    call = loose.obj(loose.array(loose.obj(answer["message"])["tool_calls"])[0])
    assert answer["finish_reason"] == "tool_calls"
    assert loose.obj(call["function"]) == {"name": "run_sql", "arguments": '{"purpose":"test","sql":"SELECT 1"}'}


async def test_answers_carry_azures_headers(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    headers = (await ask(wire)).headers
    assert headers["x-ratelimit-remaining-tokens"].isdigit()
    assert headers["x-ratelimit-remaining-requests"].isdigit()
    assert headers["apim-request-id"] == headers["x-request-id"]
    assert headers["x-ms-region"] == "Simulator"


async def test_the_simulator_never_passes_for_azure(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    assert "simulated" in str((await ask(wire)).json["model"])


async def test_a_script_that_has_ended_says_so(wire: Wire) -> None:
    answer = await ask(wire, stream=True)
    assert answer.status == 500
    assert "no more exchanges" in str(answer.error["message"])


async def test_a_script_that_expects_other_words_says_so_and_waits_for_them(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi", expect="Goodbye"))
    assert "expects 'Goodbye'" in str((await ask(wire)).error["message"])
    assert (await ask(wire, messages=[{"role": "user", "content": "Goodbye"}])).status == 200


@pytest.mark.parametrize("path", ["/v1/models", "/openai/v1/models"])
async def test_deployments_are_listed_behind_the_key(wire: Wire, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{wire.url}{path}") as response:
            assert response.status == 401
        async with session.get(f"{wire.url}{path}", headers={"Authorization": f"Bearer {wire.key}"}) as response:
            listed = loose.obj(loose.parse(await response.read()))
    assert listed["data"] == [{"id": "gpt-4o", "object": "model"}]
