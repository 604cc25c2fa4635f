"""Sixteen ways in which a provider fails, as public fail-over benches have them: S01 to S16, each rescued over sockets."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.llm import breaker
from chatsheet.llm.gateway import NoRouteAnswered, RequestRefused
from chatsheet.llm.model import ChatRequest, Restarted, TextDelta
from chatsheet.llm.routes import Price
from tests.harness import HELLO
from tests.llm.rig import Heard, Play, answers, event, gateway_over, hear, raw_server
from tests.llm.stage import (
    DONE,
    STREAM,
    cut,
    deployment,
    in_turn,
    refuses,
    reply_of,
    reset,
    route_to,
    silent,
    text_of,
    tokens,
    until_closed,
    whole,
)

pytestmark = [pytest.mark.anyio, pytest.mark.flaky(reruns=3)]  # each holds to the deadline, on a machine that may be busy

DEADLINE_S = 3
LIMITED = refuses(429, "Please retry after 1 seconds.", retry_after="1", retry_after_ms="400")
LIMITED_FOR_LONGER = refuses(429, "Please retry after 2 seconds.", retry_after="2")
LIMITED_FOR_A_DAY = refuses(429, "Please retry after 86400 seconds.", retry_after="86400")
ERROR, OVERLOADED = refuses(500, "The server had an error"), refuses(503, "The service is temporarily unavailable.")
TOO_LONG = refuses(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded")
FILTERED = refuses(400, "The response was filtered due to Azure OpenAI's content management policy.", code="content_filter")
MALFORMED = answers(STREAM, *tokens(9), b'data: {"choices":[{"del\n\n', *tokens(50), event(finish="stop"), DONE, ends=True)
UNENDED = answers(STREAM, *tokens(60), event(finish="stop"), ends=True)


class Outcome:
    """What a caller heard, how long it took, and how often each route was called with which bodies."""

    def __init__(self, heard: Heard, took_s: float, seen: list[list[bytes]]) -> None:
        self.heard = heard
        self.took_s = took_s
        self.calls = [len(one) for one in seen]
        self.bodies: list[list[JsonObject]] = [[body_of(sent) for sent in one] for one in seen]


def body_of(sent: bytes) -> JsonObject:
    return dict(loose.parse(sent.partition(b"\r\n\r\n")[2]))  # type: ignore[arg-type]


async def ask(*plays: Play, windows: tuple[int | None, ...] = (), request: ChatRequest = HELLO) -> Outcome:
    """Ask a gateway with one route for each play, in order; it must end by the deadline."""
    seen: list[list[bytes]] = [[] for _ in plays]
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(raw_server(p, s)) for p, s in zip(plays, seen, strict=True)]
        limits = [0.3 if n == 0 or n < len(plays) - 1 else 2.0 for n in range(len(plays))]  # who answers may take its time
        routes = [route_to(server.url, f"r{n}", first_content_s=limits[n]) for n, server in enumerate(servers)]
        for n, window in enumerate(windows):
            routes[n] = replace(routes[n], context_window_tokens=window)
        gateway = await stack.enter_async_context(gateway_over(*routes, deadline_s=DEADLINE_S))
        started = time.monotonic()
        heard = await hear(gateway, request)
        took_s = time.monotonic() - started
    assert took_s < DEADLINE_S + 0.25
    return Outcome(heard, took_s, seen)


def shown(heard: Heard) -> str:
    """Return what a caller has on screen at the end."""
    texts: list[str] = []
    for one in heard.events:
        match one:
            case Restarted():
                texts.clear()
            case TextDelta(text):
                texts.append(text)
            case _:
                pass
    return "".join(texts)


async def test_s01_a_short_limit_is_waited_for_where_there_is_no_other_route() -> None:
    out = await ask(in_turn(LIMITED, whole()))
    assert (out.heard.text, out.heard.causes) == (text_of(60), ["azure.rate_limited", None])
    assert 0.4 <= out.took_s < 2


async def test_s01_a_short_limit_is_not_waited_for_where_there_is_another_route() -> None:
    out = await ask(in_turn(LIMITED_FOR_LONGER, whole()), whole())
    assert (out.heard.text, out.calls) == (text_of(60), [1, 1])
    assert out.took_s < 1.5


async def test_s02_a_limit_that_stays_ends_as_a_typed_error_by_the_deadline() -> None:
    out = await ask(LIMITED)
    assert isinstance(out.heard.error, NoRouteAnswered)
    assert out.heard.error.cause.code == "azure.rate_limited"
    assert 2 <= out.calls[0] <= 4


async def test_s02_a_limit_longer_than_the_deadline_is_not_waited_for() -> None:
    out = await ask(LIMITED_FOR_A_DAY)
    assert out.calls == [1]
    assert out.took_s < 1.5


async def test_s02_a_limit_that_stays_costs_one_call_where_there_is_another_route() -> None:
    async with (
        raw_server(LIMITED_FOR_A_DAY, seen := []) as limited,
        raw_server(whole()) as other,
        gateway_over(route_to(limited.url), route_to(other.url, "second")) as gateway,
    ):
        for _ in range(10):
            assert (await hear(gateway)).text == text_of(60)
    assert len(seen) == 1


@pytest.mark.parametrize("play", [ERROR, OVERLOADED, reset, UNENDED, MALFORMED, cut(40)])
async def test_s03_s05_s08_s10_s11_a_stumble_is_tried_again_at_once_where_there_is_no_other_route(play: Play) -> None:
    out = await ask(in_turn(play, whole()))
    assert (out.heard.text, shown(out.heard), out.calls) == (text_of(60), text_of(60), [2])
    assert out.took_s < 1.5


@pytest.mark.parametrize(
    ("play", "cause"),
    [
        (ERROR, "provider.error"),
        (OVERLOADED, "provider.unavailable"),
        (reset, "net.reset"),
        (silent, "stream.silent"),
        (answers(STREAM, b'data: {"choices":[],"model":"m"}\n\n'), "stream.silent"),
        (cut(40), "stream.cut"),
        (answers(STREAM, *tokens(20)), "stream.stalled"),
        (MALFORMED, "stream.malformed"),
        (UNENDED, "stream.cut"),
    ],
    ids=[
        "S03 500",
        "S04 503",
        "S05 reset",
        "S06 silence",
        "S07 late",
        "S08 cut",
        "S09 stall",
        "S10 malformed",
        "S11 no end mark",
    ],
)
async def test_s03_to_s11_the_next_route_answers_from_the_start_and_the_failed_one_is_called_once(
    play: Play, cause: str
) -> None:
    out = await ask(play, whole())
    assert (out.heard.text, shown(out.heard)) == (text_of(60), text_of(60))
    assert (out.heard.causes, out.calls) == ([cause, None], [1, 1])


async def test_s04_an_overload_that_stays_is_tried_twice_and_then_told() -> None:
    out = await ask(OVERLOADED)
    assert isinstance(out.heard.error, NoRouteAnswered)
    assert (out.heard.causes, out.calls) == (["provider.unavailable"] * 2, [2])


async def test_s06_silence_is_not_asked_a_second_time() -> None:
    out = await ask(silent)
    assert (out.heard.causes, out.calls) == (["stream.silent"], [1])
    assert out.took_s < 1.5


async def test_s07_a_first_token_within_the_routes_limit_is_waited_for() -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        await whole()(reader, writer)

    out = await ask(late, whole())
    assert (out.heard.causes, out.calls) == ([None], [1, 0])


@pytest.mark.parametrize("play", [cut(40), answers(STREAM, *tokens(20)), MALFORMED, UNENDED])
async def test_s08_to_s11_what_was_shown_is_taken_back_and_never_continued(play: Play) -> None:
    out = await ask(play, whole())
    restarts = [n for n, one in enumerate(out.heard.events) if isinstance(one, Restarted)]
    assert len(restarts) == 1
    assert out.heard.events[0] == TextDelta("t0 ")
    assert out.heard.events[restarts[0] + 1] == TextDelta("t0 ")


async def test_s12_a_long_prompt_goes_to_the_larger_window_and_nowhere_else() -> None:
    out = await ask(TOO_LONG, whole(), whole(), windows=(8_192, None, 128_000))
    assert (out.heard.text, out.calls) == (text_of(60), [1, 0, 1])


async def test_s12_a_long_prompt_is_never_sent_again_where_no_window_is_larger() -> None:
    out = await ask(TOO_LONG, whole(), windows=(8_192, 8_192))
    assert isinstance(out.heard.error, RequestRefused)
    assert (out.heard.causes, out.calls) == (["request.context_length"], [1, 0])


async def test_s13_a_filtered_prompt_is_told_and_not_routed_around() -> None:
    out = await ask(FILTERED, whole())
    assert isinstance(out.heard.error, RequestRefused)
    assert (out.heard.causes, out.calls) == (["content.filtered"], [1, 0])


async def test_s14_the_next_route_gets_the_callers_own_messages_and_nothing_of_the_dead_answer() -> None:
    messages: list[object] = [{"role": "system", "content": "s"}, {"role": "user", "content": "Hello"}]
    out = await ask(cut(40), whole(), request=ChatRequest({"messages": messages, "temperature": 0.1}))  # type: ignore[dict-item]
    assert out.bodies[0] == out.bodies[1]
    assert out.bodies[1][0]["messages"] == messages


async def test_s15_an_overload_that_passes_is_served_throughout_and_its_route_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breaker, "PROBE_EVERY_S", 0.05)
    async with (
        deployment() as primary,
        deployment() as other,
        gateway_over(route_to(primary.url), route_to(other.url, "second")) as gateway,
    ):
        primary.status = 503
        served = [reply_of(await hear(gateway)).route for _ in range(20)]
        primary.status = 200
        await until_closed(gateway)
        assert reply_of(await hear(gateway)).route == "first"
    assert served == ["second"] * 20


async def test_s16_the_account_names_the_model_that_answered() -> None:
    async with raw_server(cut(40)) as dead, raw_server(whole(60, model="gpt-4.1-2025")) as other:
        first = replace(route_to(dead.url), model="gpt-4o", price=Price(input=1, cached=1, output=1))
        second = replace(route_to(other.url, "second"), model="gpt-4.1", price=Price(input=2, cached=1, output=8))
        async with gateway_over(first, second) as gateway:
            reply = reply_of(await hear(gateway))
    assert (reply.model, reply.route) == ("gpt-4.1-2025", "second")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (9, 60)
    assert reply.cost == pytest.approx((9 * 2 + 60 * 8) / 1e6)
    assert [(one.route, one.cause, one.status) for one in reply.trail.attempts] == [
        ("first", "stream.cut", 200),
        ("second", None, 200),
    ]
    assert [one.first_content_ms is not None for one in reply.trail.attempts] == [True, True]


# ── faults that are not the route's ──


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Invalid schema for function 'run_sql': 'x' is not of type 'object'.", "invalid_function_parameters"),
        ("Invalid value: 'robot'. Supported values are: 'system', 'user'.", "invalid_value"),
    ],
)
async def test_a_bad_request_is_told_and_not_routed_around(message: str, code: str) -> None:
    out = await ask(refuses(400, message, code=code), whole())
    assert isinstance(out.heard.error, RequestRefused)
    assert out.calls == [1, 0]


async def test_a_parameter_that_a_caller_sent_does_not_open_the_route_for_others() -> None:
    play = in_turn(refuses(400, "Unsupported parameter: 'logit_bias' is not supported with this model."), whole())
    async with (
        raw_server(play) as server,
        raw_server(whole()) as other,
        gateway_over(route_to(server.url), route_to(other.url, "second")) as gateway,
    ):
        await hear(gateway, ChatRequest({**HELLO.body, "logit_bias": {"1": 1}}))
        assert gateway.health.state(gateway.plan.routes)[0].state == "closed"


async def test_a_caller_that_reads_slowly_is_not_taken_for_a_route_that_stalls() -> None:
    is_read = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers(STREAM, event("one "))(reader, writer)
        await is_read.wait()
        await answers(event("two"), event(finish="stop"), DONE)(reader, writer)

    async with raw_server(play) as server, gateway_over(route_to(server.url, idle_s=0.1)) as gateway:
        events: list[object] = []
        async for one in gateway.stream(HELLO):
            events.append(one)
            if not is_read.is_set():
                is_read.set()
                await asyncio.sleep(0.3)  # the caller's own work
    assert not any(isinstance(one, Restarted) for one in events)


async def test_a_wait_that_makes_no_sense_does_not_keep_the_next_route_from_answering() -> None:
    nonsense = refuses(429, "slow down", retry_after="Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
    out = await ask(nonsense, whole())
    assert out.heard.text == text_of(60)


@pytest.mark.parametrize("code", ["content_filter", "context_length_exceeded"])
async def test_a_terminal_error_inside_a_stream_is_as_terminal_as_before_it(code: str) -> None:
    error = loose.dumps({"error": {"code": code, "message": code}})
    out = await ask(answers(STREAM, f"data: {error}\n\n".encode(), DONE, ends=True), whole())
    assert isinstance(out.heard.error, RequestRefused)
    assert out.calls == [1, 0]


async def test_a_stream_that_only_sends_comments_has_stalled() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers(STREAM, event("one "))(reader, writer)
        while not writer.is_closing():
            await answers(b": keep-alive\n\n")(reader, writer)
            await asyncio.sleep(0.02)

    async with raw_server(play) as server, raw_server(whole()) as other:
        routes = route_to(server.url, idle_s=1), route_to(other.url, "second", first_content_s=2)
        async with gateway_over(*routes, deadline_s=2) as gateway:
            assert (await hear(gateway)).causes == ["stream.stalled", None]


async def test_several_faults_in_a_row_are_all_in_the_trail() -> None:
    out = await ask(ERROR, silent, cut(40), whole())
    assert out.heard.causes == ["provider.error", "stream.silent", "stream.cut", None]
    assert shown(out.heard) == text_of(60)
