"""The chain of audit entries: each holds a hash over itself and the hash before it, so that no change goes unseen. Pure.

Whoever can write to the database can also write the whole chain anew, or cut its end off: a hash that was noted elsewhere,
given as the expected head, shows that too.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pydantic import JsonValue

GENESIS = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act as it is kept; `seq` counts from 1 without gaps."""

    seq: int
    at: datetime
    workspace_id: str
    actor_id: str
    action: str
    subject: str
    body: JsonValue
    hash: str = ""

    def told(self) -> dict[str, JsonValue]:
        """Return the entry as JSON."""
        return {
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "workspace": self.workspace_id,
            "actor": self.actor_id,
            "action": self.action,
            "subject": self.subject,
            "body": self.body,
            "hash": self.hash,
        }


How = Literal["changed", "removed", "reordered", "truncated"]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that is not as it was written: another now, gone, in another place, or cut off with all after it."""

    seq: int
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far the chain was followed: `entries` good ones, the hash of the last, and what broke it."""

    entries: int = 0
    head: str = GENESIS
    expected: str = ""
    """A hash that must be in the chain; empty for none."""
    is_met: bool = False
    broken: Broken | None = None


def digest(entry: Entry, before: str) -> str:
    """Return the hash of an entry that stands behind the hash `before`, whatever hash it holds."""
    said = entry.told()
    del said["hash"]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def link(entry: Entry, before: str) -> Entry:
    """Return an entry with its hash."""
    return replace(entry, hash=digest(entry, before))


def walk(expected: str = "") -> Walk:
    """Return the beginning of the chain."""
    return Walk(expected=expected, is_met=expected in {"", GENESIS})


def follow(so_far: Walk, entry: Entry) -> Walk:
    """Return the walk after one more entry; behind a break it only finds out whether what is missing there stands later."""
    place = so_far.entries + 1
    if so_far.broken is not None:
        is_moved = so_far.broken.how != "reordered" and _fits(entry, place, so_far.head)
        return replace(so_far, broken=Broken(place, "reordered")) if is_moved else so_far
    if entry.seq == place and _fits(entry, place, so_far.head):
        is_met = so_far.is_met or entry.hash == so_far.expected
        return replace(so_far, entries=place, head=entry.hash, is_met=is_met)
    if _fits(entry, place, so_far.head) or entry.seq < place:
        return replace(so_far, broken=Broken(place, "reordered"))
    return replace(so_far, broken=Broken(place, "changed" if entry.seq == place else "removed"))


def end(so_far: Walk) -> Walk:
    """Return the walk at the end of the entries: what is expected and was not met has been cut off."""
    if so_far.broken is not None or so_far.is_met:
        return so_far
    return replace(so_far, broken=Broken(so_far.entries + 1, "truncated"))


def _fits(entry: Entry, place: int, before: str) -> bool:
    return digest(replace(entry, seq=place), before) == entry.hash
