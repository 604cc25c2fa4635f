"""The chain: every change of an entry is seen, and named by the first entry that it touches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from chatsheet.audit import chain
from chatsheet.audit.chain import GENESIS, Broken, Entry, Walk

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def written(number: int) -> list[Entry]:
    """Return so many entries as they were written."""
    entries: list[Entry] = []
    for seq in range(1, number + 1):
        said = Entry(
            seq=seq,
            at=AT,
            workspace_id="w",
            actor_id="u",
            action="sheet.query",
            subject="s",
            body={"sql": "SELECT 1", "n": seq},
        )
        entries.append(chain.link(said, entries[-1].hash if entries else GENESIS))
    return entries


def walked(entries: Sequence[Entry], expected: str = "") -> Walk:
    so_far = chain.walk(expected)
    for entry in entries:
        so_far = chain.follow(so_far, entry)
    return chain.end(so_far)


def broken(entries: Sequence[Entry], expected: str = "") -> Broken | None:
    return walked(entries, expected).broken


def test_what_was_written_is_whole_and_its_head_is_the_last_hash() -> None:
    entries = written(5)
    assert walked(entries) == Walk(entries=5, head=entries[-1].hash, is_met=True)


def test_nothing_is_a_whole_chain() -> None:
    assert walked([]) == Walk(is_met=True)


@pytest.mark.parametrize(
    "change",
    [
        {"at": AT + timedelta(microseconds=1)},
        {"workspace_id": "other"},
        {"actor_id": "other"},
        {"action": "sheet.export"},
        {"subject": "other"},
        {"body": {"sql": "SELECT 2", "n": 3}},
        {"body": {"sql": "SELECT 1"}},
        {"hash": "0" * 64},
        {"hash": ""},
    ],
    ids=str,
)
def test_a_change_of_any_field_is_seen_at_its_entry(change: dict[str, object]) -> None:
    entries = written(5)
    entries[2] = replace(entries[2], **change)
    assert broken(entries) == Broken(3, "changed")


def test_an_entry_that_was_changed_and_hashed_again_breaks_the_next() -> None:
    entries = written(5)
    entries[2] = chain.link(replace(entries[2], actor_id="other"), entries[1].hash)
    assert broken(entries) == Broken(4, "changed")


@pytest.mark.parametrize("gone", [1, 3, 4])
def test_an_entry_that_was_removed_is_named(gone: int) -> None:
    assert broken([one for one in written(5) if one.seq != gone]) == Broken(gone, "removed")


def test_an_entry_that_was_removed_and_its_followers_counted_anew_is_seen() -> None:
    entries = written(5)
    assert broken([*entries[:2], *(replace(one, seq=one.seq - 1) for one in entries[3:])]) == Broken(3, "changed")


@pytest.mark.parametrize("other", [3, 5])
def test_entries_that_changed_places_are_reordered(other: int) -> None:
    entries = written(5)
    second, moved = entries[1], entries[other - 1]
    entries[1], entries[other - 1] = replace(moved, seq=2), replace(second, seq=other)
    assert broken(entries) == Broken(2, "reordered")


def test_an_entry_that_was_put_in_twice_is_seen() -> None:
    entries = written(3)
    assert broken([*entries[:2], entries[1], entries[2]]) == Broken(3, "reordered")


def test_a_cut_end_is_seen_by_a_hash_that_was_noted() -> None:
    entries = written(5)
    assert broken(entries[:3]) is None
    assert broken(entries[:3], entries[4].hash) == Broken(4, "truncated")
    assert broken([], entries[0].hash) == Broken(1, "truncated")


def test_a_noted_hash_is_met_however_the_log_grew() -> None:
    entries = written(5)
    assert broken(entries, entries[2].hash) is None
    assert broken(entries, GENESIS) is None


def test_a_whole_chain_that_was_written_anew_is_seen_by_a_hash_that_was_noted() -> None:
    noted, entries = written(5)[-1].hash, written(5)
    entries[0] = chain.link(replace(entries[0], actor_id="other"), GENESIS)
    for place in range(1, 5):
        entries[place] = chain.link(entries[place], entries[place - 1].hash)
    assert broken(entries) is None
    assert broken(entries, noted) == Broken(6, "truncated")


def test_the_hash_does_not_depend_on_how_a_database_tells_a_time_or_orders_a_body() -> None:
    entry = written(1)[0]
    there = timezone(timedelta(hours=9))
    told = replace(entry, at=entry.at.astimezone(there), body={"n": 1, "sql": "SELECT 1"})
    assert chain.digest(told, GENESIS) == entry.hash


def test_the_hash_of_an_entry_stays_what_it_is() -> None:
    assert written(1)[0].hash == "6ae12cb8a98e7edddede4707d5f39ceac11c854153f366a79a9e2fd4236f05fc"
