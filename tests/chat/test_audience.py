"""Who watches sees the same, whenever they come and however slowly they read."""

import pytest

from chatsheet.chat.audience import Audience, Numbered, Watcher
from chatsheet.chat.events import Asked, Event, Live, StepRestarted, Wrote

pytestmark = pytest.mark.anyio


def wrote(text: str) -> Numbered:
    return Numbered(None, Wrote(turn="t", text=text))


async def read(watcher: Watcher, count: int) -> list[Event | Live]:
    return [(await watcher.next()).event for _ in range(count)]


async def test_who_comes_in_the_middle_of_a_step_gets_what_it_has_written_and_then_what_comes() -> None:
    audience = Audience()
    for piece in ("The ", "sum "):
        audience.tell("c", wrote(piece))
    with audience.watching("c") as watcher:
        assert await read(watcher, 1) == [Wrote(turn="t", text="The sum ", is_all=True)]
        audience.tell("c", wrote("is 4."))
        assert await read(watcher, 1) == [Wrote(turn="t", text="is 4.")]


async def test_a_step_that_began_again_has_written_nothing() -> None:
    audience = Audience()
    audience.tell("c", wrote("12 or"))
    audience.tell("c", Numbered(None, StepRestarted(turn="t", route="litellm", cause="stream.cut")))
    with audience.watching("c") as watcher:
        audience.tell("c", wrote("42"))
        assert await read(watcher, 1) == [Wrote(turn="t", text="42")]


async def test_a_slow_reader_gets_the_pieces_in_one() -> None:
    audience = Audience()
    with audience.watching("c") as watcher:
        for number in range(1_000):
            audience.tell("c", wrote(f"{number} "))
        (event,) = await read(watcher, 1)
    assert isinstance(event, Wrote)
    assert event.text.split() == [str(number) for number in range(1_000)]


async def test_what_the_log_says_already_is_not_told_again() -> None:
    audience = Audience()
    audience.tell("c", wrote("old "))
    with audience.watching("c") as watcher:
        asked = Asked(turn="u", question="Next?")
        audience.tell("c", Numbered(7, asked))
        audience.tell("c", wrote("new"))
        watcher.skip(7)
        assert await read(watcher, 1) == [Wrote(turn="t", text="new")]


async def test_chats_do_not_hear_each_other_and_nothing_is_kept_of_who_left() -> None:
    audience = Audience()
    with audience.watching("a") as here, audience.watching("b") as there:
        audience.tell("a", wrote("for a"))
        audience.tell("b", wrote("for b"))
        assert [await read(here, 1), await read(there, 1)] == [[wrote("for a").event], [wrote("for b").event]]
    audience.tell("a", Numbered(1, Asked(turn="t", question="?")))
