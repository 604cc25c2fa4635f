"""Replies that go wrong: what is in the stream when it does, and what happens to calls that do not stream."""

import pytest

from chatsheet.core import loose
from chatsheet.simulator.fault import Tuning
from chatsheet.simulator.state import Order
from tests.harness import Wire, runs, says
from tests.simulator.test_faults import LONG, Heard, contents, listen

pytestmark = pytest.mark.anyio


async def hear(wire: Wire, name: str, *, patience_s: float = 5, stream: bool = True, **tuning: object) -> Heard:
    """Play a fault as tuned on a long reply."""
    wire.script("gpt-4o", says(LONG))
    wire.simulator.state.orders["gpt-4o"] = Order(name, None, Tuning.model_validate(tuning))
    return await listen(wire, "gpt-4o", patience_s=patience_s, stream=stream)


@pytest.mark.parametrize("name", ["cut", "S1", "S3", "error-in-stream", "X2"])
@pytest.mark.parametrize("after", [0, 1, 6])
async def test_trouble_comes_after_as_many_pieces_as_wanted(wire: Wire, name: str, after: int) -> None:
    heard = await hear(wire, name, after=after)
    assert contents(heard.body) == ["one ", "two ", "three ", "four ", "five ", "six "][:after]


@pytest.mark.parametrize("name", ["cut", "S1", "malformed", "error-in-stream"])
async def test_trouble_comes_at_the_end_of_a_reply_that_is_shorter(wire: Wire, name: str) -> None:
    heard = await hear(wire, name, after=99)
    assert contents(heard.body)[-1] == "seven"
    assert heard.end == "broken" or '"finish_reason":"stop"' not in heard.body or name == "malformed"


async def test_a_truncated_stream_has_neither_finish_reason_nor_end_mark(wire: Wire) -> None:
    body = (await hear(wire, "S1")).body
    assert "[DONE]" not in body
    assert '"finish_reason":"stop"' not in body


async def test_a_stream_without_its_end_mark_has_a_finish_reason(wire: Wire) -> None:
    body = (await hear(wire, "no-done")).body
    assert "[DONE]" not in body
    assert '"finish_reason":"stop"' in body


async def test_an_empty_stream_ends_as_if_all_were_well(wire: Wire) -> None:
    body = (await hear(wire, "S2")).body
    assert '"finish_reason":"stop"' in body
    assert body.endswith("data: [DONE]\n\n")


async def test_a_malformed_event_is_the_only_one_that_cannot_be_read(wire: Wire) -> None:
    body = (await hear(wire, "malformed", after=2)).body
    events = [line.removeprefix("data: ") for line in body.split("\n\n")[:-2]]
    assert [number for number, event in enumerate(events) if loose.parse(event) is None] == [4]


async def test_an_error_after_metadata_comes_before_any_content(wire: Wire) -> None:
    events = (await hear(wire, "C5")).body.split("\n\n")
    assert "prompt_filter_results" in events[0]
    assert '"error":{"code":"429"' in events[2]


async def test_a_gateways_traceback_stands_inside_the_stream(wire: Wire) -> None:
    assert "Traceback (most recent call last)" in (await hear(wire, "S3")).body


async def test_a_filtered_answer_says_so_in_its_finish_and_names_the_category(wire: Wire) -> None:
    body = (await hear(wire, "X2", after=0)).body
    assert '"finish_reason":"content_filter"' in body
    assert '"violence":{"filtered":true' in body


async def test_a_slow_stream_opens_at_once_and_answers_in_the_end(wire: Wire) -> None:
    heard = await hear(wire, "slow", delay_s=0.01)
    assert contents(heard.body)[0] == "one "
    assert heard.body.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(("name", "drop"), [("keepalive", ": keepalive\n\n"), ("dribble", '"content":""')])
async def test_a_stream_may_be_kept_alive_without_content(wire: Wire, name: str, drop: str) -> None:
    heard = await hear(wire, name, delay_s=0.01, patience_s=0.3)
    assert heard.body.count(drop) > 5
    assert contents(heard.body) == []


@pytest.mark.parametrize(
    ("name", "status", "end"),
    [
        ("cut", 200, "broken"),
        ("S1", 200, "broken"),
        ("stall", 200, "open"),
        ("malformed", 200, "whole"),
        ("dribble", 0, "open"),
        ("error-in-stream", 500, "whole"),
        ("C5", 500, "whole"),
    ],
)
async def test_a_whole_answer_goes_wrong_in_its_own_way(wire: Wire, name: str, status: int, end: str) -> None:
    heard = await hear(wire, name, stream=False, patience_s=0.3 if end == "open" else 5)
    assert (heard.status, heard.end) == (status, end)
    assert status == 500 or loose.parse(heard.body) is None


@pytest.mark.parametrize(("name", "finish"), [("S2", "stop"), ("X2", "content_filter"), ("slow", "stop")])
async def test_a_whole_answer_may_be_empty_filtered_or_late(wire: Wire, name: str, finish: str) -> None:
    tuning = {"delay_s": 0.01} if name == "slow" else {}
    answer = loose.obj(loose.parse((await hear(wire, name, stream=False, **tuning)).body))
    choice = loose.obj(loose.array(answer.get("choices"))[0])
    assert choice.get("finish_reason") == finish
    assert (loose.obj(choice.get("message")).get("content") is None) == (name == "S2")


async def test_tool_calls_are_pieces_too(wire: Wire) -> None:
    wire.script("gpt-4o", runs("SELECT 1"))
    wire.simulator.state.orders["gpt-4o"] = Order("S1", None, Tuning(after=1))
    body = (await listen(wire, "gpt-4o")).body
    assert body.count('"tool_calls"') == 1
