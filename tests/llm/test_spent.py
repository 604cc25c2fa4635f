"""What a call spent: all of its attempts count, those that failed too, and none twice."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from chatsheet.core import loose
from chatsheet.core.acts import NOTHING, Spent
from chatsheet.llm.gateway import Gateway, NoRouteAnswered
from chatsheet.llm.routes import Price
from tests.llm.rig import Play, answers, gateway_over, hear, raw_server
from tests.llm.stage import DONE, STREAM, refuses, reply_of, route_to, tokens, whole

pytestmark = pytest.mark.anyio

PRICE = Price(input=1, cached=1, output=2)
USAGE: loose.JsonObject = {"model": "m", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}}
COUNTED = f"data: {loose.dumps(USAGE)}\n\n".encode()
NO_END = answers(STREAM, *tokens(5), COUNTED, DONE, ends=True)
"""Tokens that the provider counts, and no finish reason: no answer, and paid for."""
FIVE, SIXTY = (Spent(input_tokens=9, output_tokens=number, cost=(9 + 2 * number) / 1e6) for number in (5, 60))


@asynccontextmanager
async def routes(first: Play, second: Play, price: Price | None = PRICE) -> AsyncGenerator[Gateway, None]:
    """Serve two routes, the second after the first."""
    async with raw_server(first) as one, raw_server(second) as two:
        made = [replace(route_to(one.url), price=price), replace(route_to(two.url, "second"), price=price)]
        async with gateway_over(*made) as gateway:
            yield gateway


async def test_an_answer_tells_what_it_took() -> None:
    async with routes(whole(), whole()) as gateway:
        assert reply_of(await hear(gateway)).spent == SIXTY


async def test_an_attempt_that_failed_after_the_provider_counted_is_paid_too() -> None:
    async with routes(NO_END, whole()) as gateway:
        spent = reply_of(await hear(gateway)).spent
    assert (spent.tokens, spent.cost, spent.unpriced_calls) == (83, pytest.approx(FIVE.cost + SIXTY.cost), 0)


async def test_a_call_that_nobody_answers_tells_what_it_took() -> None:
    async with routes(NO_END, refuses(401, "Access denied due to invalid subscription key")) as gateway:
        heard = await hear(gateway)
    assert isinstance(heard.error, NoRouteAnswered)
    assert heard.error.spent == FIVE + FIVE  # the first route is asked once more


async def test_what_was_never_begun_takes_nothing() -> None:
    denied = refuses(401, "Access denied due to invalid subscription key")
    async with routes(denied, denied) as gateway:
        heard = await hear(gateway)
    assert isinstance(heard.error, NoRouteAnswered)
    assert heard.error.spent == NOTHING


async def test_without_a_price_the_calls_are_counted_apart() -> None:
    async with routes(NO_END, whole(), price=None) as gateway:
        assert reply_of(await hear(gateway)).spent == Spent(input_tokens=18, output_tokens=65, unpriced_calls=2)


async def test_an_answer_that_nobody_counted_is_a_call_without_a_price() -> None:
    async with routes(answers(STREAM, *tokens(2), *whole_end(), ends=True), whole()) as gateway:
        assert reply_of(await hear(gateway)).spent == Spent(unpriced_calls=1)


def whole_end() -> tuple[bytes, bytes]:
    """Return a proper end without a count."""
    return b'data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n', DONE
