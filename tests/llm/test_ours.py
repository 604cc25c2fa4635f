"""Through a LiteLLM of ours, the egress's record is believed over LiteLLM's words."""

from dataclasses import replace

import pytest

from chatsheet.llm.model import ChatRequest, Usage
from tests.llm.rig import ROUTE, WHOLE, FixedRecords, Play, answers, gateway_over, head, hear, raw_server

pytestmark = pytest.mark.anyio

OURS = replace(ROUTE, kind="litellm", is_ours=True, auth="bearer")


async def heard_through_ours(seen: dict[str, object], play: Play) -> list[str | None]:
    """Ask through a stand-in for our LiteLLM, whose egress saw this."""
    records = FixedRecords(seen)
    async with raw_server(play) as server, gateway_over(replace(OURS, url=server.url), records=records) as gateway:
        heard = await hear(gateway)
    assert {attempt.proof for attempt in heard.trail.attempts} == {"egress"}
    return heard.causes


async def test_an_answer_that_the_provider_never_finished_is_not_believed() -> None:
    """S1: LiteLLM makes up a finish reason where Azure's stream ends early."""
    seen: dict[str, object] = {"route": "azure", "end": "cut", "cause": "stream.cut", "status": 200}
    assert await heard_through_ours(seen, answers(WHOLE, ends=True)) == ["stream.cut", "stream.cut"]


async def test_an_answer_whose_provider_still_speaks_is_not_believed() -> None:
    seen: dict[str, object] = {"route": "azure", "end": "open", "status": 200}
    assert await heard_through_ours(seen, answers(WHOLE, ends=True)) == ["stream.cut", "stream.cut"]


async def test_what_the_egress_saw_names_the_cause_of_litellms_error() -> None:
    body = b'{"error":{"message":"litellm.APIError: permission_error","code":"403"}}'
    play = answers(head("403 Forbidden", "application/json", len(body)) + body)
    seen: dict[str, object] = {"route": "azure", "end": "error", "cause": "azure.firewall", "status": 403}
    assert await heard_through_ours(seen, play) == ["azure.firewall"]


async def test_model_usage_and_finish_come_from_the_provider() -> None:
    seen: dict[str, object] = {
        "route": "azure",
        "end": "complete",
        "status": 200,
        "model": "real",
        "finish_reason": "length",
        "usage": {"input_tokens": 7},
    }
    play = answers(WHOLE, ends=True)
    async with (
        raw_server(play) as server,
        gateway_over(replace(OURS, url=server.url), records=FixedRecords(seen)) as gateway,
    ):
        reply = await gateway.complete(ChatRequest({}))
    assert (reply.model, reply.finish_reason, reply.usage) == ("real", "length", Usage(input_tokens=7))


async def test_a_litellm_of_others_is_not_vouched_for() -> None:
    play = answers(WHOLE, ends=True)
    async with raw_server(play) as server, gateway_over(replace(OURS, url=server.url, is_ours=False)) as gateway:
        assert (await hear(gateway)).trail.attempts[0].proof == "unverified"
