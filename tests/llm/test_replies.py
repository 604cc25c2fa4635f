"""A whole reply is given again for exactly the same request, and says so; nothing half, chancy or of others is."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet import hybrid
from chatsheet.cache import keys
from chatsheet.cache.cache import Caches
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import Settings
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import Attempt, ChatRequest, Finished, Reply, TextDelta, Trail
from chatsheet.llm.plan import plan
from chatsheet.llm.replies import Replies, deltas, may_keep
from chatsheet.telemetry.model_calls import ModelCalls
from tests.harness import NoRecords, Wire, azure_settings, says
from tests.llm.rig import ROUTE

pytestmark = pytest.mark.anyio

ASKED = ChatRequest({"messages": [{"role": "user", "content": "Hello"}], "temperature": 0}, tenant="local")
ANSWERED = Attempt(route="r", cause=None, proof="direct", milliseconds=1)
WHOLE = Reply(text="Hi", finish_reason="stop", model="m", route="r", trail=Trail(attempts=(ANSWERED,)))


@asynccontextmanager
async def keeping(settings: Settings, caches: Caches) -> AsyncGenerator[Gateway, None]:
    """Build a gateway that keeps replies."""
    legs = Legs()
    replies = Replies(caches, ttl_s=60)
    gateway = Gateway(plan=plan(settings.llm), legs=legs, records=NoRecords(), clock=SystemClock(), replies=replies)
    try:
        yield gateway
    finally:
        await gateway.close()
        await legs.close()


async def test_the_same_request_is_answered_again_without_asking_and_its_trail_says_so(wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", says("Hi"), says("Other"))
    async with keeping(azure_settings(tmp_path, wire, "gpt-4o"), Caches.open()) as gateway:
        first, second = await gateway.complete(ASKED), await gateway.complete(ASKED)
    assert (first.text, second.text, wire.calls("gpt-4o")) == ("Hi", "Hi", 1)
    assert [one.proof for one in second.trail.attempts] == ["cache"]
    assert "cache" in second.trail.line()
    assert (second.usage.input_tokens, second.cost) == (0, 0.0)


@pytest.mark.parametrize(("said", "calls"), [("", 2), ("[cache]\nmodel_replies = true\n", 1)])
async def test_settings_decide_whether_replies_are_kept(wire: Wire, tmp_path: Path, said: str, calls: int) -> None:
    wire.script("gpt-4o", says("Hi"), says("Hi"))
    settings = azure_settings(tmp_path, wire, "gpt-4o", more=said)
    opening = hybrid.opened(settings, clock=SystemClock(), telemetry=ModelCalls.off(), caches=Caches.open())
    async with opening as (gateway, _):
        for _ in range(2):
            await gateway.complete(ASKED)
    assert wire.calls("gpt-4o") == calls


async def test_another_tenant_or_question_is_asked(wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", says("1"), says("2"), says("3"), says("4"))
    others = (replace(ASKED, tenant="other"), replace(ASKED, tenant=""), ChatRequest({**ASKED.body, "seed": 1}, tenant="local"))
    async with keeping(azure_settings(tmp_path, wire, "gpt-4o"), Caches.open()) as gateway:
        assert [(await gateway.complete(one)).text for one in (ASKED, *others)] == ["1", "2", "3", "4"]


async def test_a_stream_of_a_kept_reply_is_the_whole_text_and_the_end(wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", says("Hi"))
    async with keeping(azure_settings(tmp_path, wire, "gpt-4o"), Caches.open()) as gateway:
        await gateway.complete(ASKED)
        events = [event async for event in gateway.stream(ASKED)]
    assert events[0] == TextDelta("Hi")
    assert isinstance(events[1], Finished)


@pytest.mark.parametrize(
    "reply",
    [
        replace(WHOLE, finish_reason="length"),
        replace(WHOLE, finish_reason="content_filter"),
        replace(WHOLE, text=""),
        replace(WHOLE, trail=Trail()),
        replace(WHOLE, trail=Trail(attempts=(replace(ANSWERED, proof="unverified"),))),
        replace(WHOLE, trail=Trail(attempts=(replace(ANSWERED, proof="cache"),))),
        replace(WHOLE, trail=Trail(attempts=(replace(ANSWERED, cause="stream.cut"),))),
        replace(WHOLE, trail=Trail(attempts=(replace(ANSWERED, adapted=("temperature",)),))),
    ],
)
def test_what_is_cut_unsure_or_was_left_to_chance_is_not_kept(reply: Reply) -> None:
    assert may_keep(WHOLE)
    assert not may_keep(reply)


@pytest.mark.parametrize("body", [{}, {"temperature": 0.1}, {"temperature": False}, {"temperature": 0, "n": 2}])
def test_requests_that_ask_for_chance_have_no_key(body: dict[str, int | float]) -> None:
    assert Replies.key(ChatRequest({**body}, tenant="local"), ROUTE) is None


def test_another_deployment_credential_or_order_of_words_is_another_key() -> None:
    asked = ChatRequest({"temperature": 0, "a": 1, "b": 2}, tenant="local")
    turned = ChatRequest({"temperature": 0, "b": 2, "a": 1}, tenant="local")
    routes = [ROUTE, *(replace(ROUTE, **{name: "other"}) for name in ("name", "kind", "url", "model", "key_header"))]
    found = {keys.digest(key) for route in routes for one in (asked, turned) if (key := Replies.key(one, route))}
    assert len(found) == 12


def test_a_reply_of_calls_is_streamed_as_calls() -> None:
    assert list(deltas(replace(WHOLE, text=""))) == []
