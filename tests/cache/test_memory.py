"""Memory holds no more bytes than allowed, counted by an estimate that is never too small."""

import gc
import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from chatsheet.cache.memory import Memory, weigh
from chatsheet.core.clock import SystemClock
from chatsheet.sheets.model import Result, ResultColumn


@dataclass(slots=True)
class Hands:
    """A clock that a test turns."""

    at: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at


def memory(max_bytes: int = 1_000) -> Memory:
    return Memory(max_bytes=max_bytes, clock=SystemClock())


def test_the_longest_unused_makes_room() -> None:
    kept = memory()
    for name in ("query:a", "query:b"):
        kept.put(name, name, weight=400, ttl_s=9)
    kept.get("query:a")
    kept.put("profile:c", "c", weight=400, ttl_s=9)
    assert [kept.get(name) is not None for name in ("query:a", "query:b", "profile:c")] == [True, False, True]
    assert (kept.evictions("query"), kept.bytes("query"), kept.bytes("profile"), kept.bytes()) == (1, 400, 400, 800)


def test_what_is_larger_than_everything_is_not_kept_and_takes_nothing_away() -> None:
    kept = memory()
    kept.put("query:a", "a", weight=400, ttl_s=9)
    kept.put("query:b", "b", weight=1_001, ttl_s=9)
    assert kept.get("query:a") is not None
    assert (kept.get("query:b"), kept.entries("query")) == (None, 1)


def test_a_value_ends_with_its_time() -> None:
    clock = Hands()
    kept = Memory(max_bytes=1_000, clock=clock)
    kept.put("reply:a", "a", weight=10, ttl_s=5)
    clock.at = 5.1
    assert (kept.get("reply:a"), kept.bytes(), kept.bytes("reply"), kept.evictions("reply")) == (None, 0, 0, 0)


@given(puts=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 1_200)), max_size=60))
def test_the_bound_holds_whatever_is_put(puts: list[tuple[int, int]]) -> None:
    kept = memory()
    for name, weight in puts:
        kept.put(f"query:{name}", name, weight=weight, ttl_s=9)
        assert kept.bytes() == kept.bytes("query") <= 1_000


def test_clearing_forgets_everything_and_says_how_much_that_was() -> None:
    kept = memory()
    kept.put("query:a", "a", weight=400, ttl_s=9)
    assert (kept.clear(), kept.get("query:a"), kept.bytes(), kept.bytes("query")) == (400, None, 0, 0)


ROWS: list[tuple[JsonValue, ...]] = [
    (1, 2.5, None),
    ("north", "south", "a longer text with some words"),
    ("naïve", "\N{CJK UNIFIED IDEOGRAPH-4E2D}\N{CJK UNIFIED IDEOGRAPH-6587}", "plain and \N{GRINNING FACE}"),
    (123456.789, 987654321, "2026-11-23"),
    (True, ["a", "b"], ""),
]


def test_results_take_no_more_memory_than_they_are_counted_for() -> None:
    columns = tuple(ResultColumn(name=name, type="VARCHAR") for name in "abc")
    for row in ROWS:
        text = Result(columns=columns, rows=(row,) * 2_000, row_count=2_000, truncated=False).model_dump_json().encode()
        gc.collect()
        tracemalloc.start()
        made = Result.model_validate_json(text)
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken <= weigh(text), row
        assert made.row_count == 2_000
