"""The first level: values in this process, bounded by the bytes they take; the longest unused goes first."""

from collections import Counter
from dataclasses import dataclass

from cachetools import LRUCache

from chatsheet.cache import keys
from chatsheet.core.clock import Clock

_SCALAR, _OBJECT, _ARRAY, _WIDEST, _ENTRY = 96, 600, 64, 4, 1_000


def weigh(encoded: bytes) -> int:
    """Return how many bytes a value takes in memory at most, told from its JSON. Pure.

    A character of UTF-8 takes up to four bytes in a Python text, and every number, text or field an object of its own.
    """
    scalars = encoded.count(b",") + encoded.count(b":") + 1
    containers = _OBJECT * encoded.count(b"{") + _ARRAY * encoded.count(b"[")
    return _ENTRY + _WIDEST * len(encoded) + _SCALAR * scalars + containers


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, the bytes it counts for, and until when it holds, on the monotonic clock."""

    value: object
    weight: int
    until: float


class _Bounded(LRUCache[str, Entry]):
    """Counts what it drops to make room."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda entry: entry.weight)
        self.bytes: Counter[str] = Counter()
        self.entries: Counter[str] = Counter()
        self.evictions: Counter[str] = Counter()

    def popitem(self) -> tuple[str, Entry]:
        name, entry = super().popitem()
        self.evictions[keys.kind_of(name)] += 1
        self.gone(name, entry)
        return name, entry

    def gone(self, name: str, entry: Entry) -> None:
        kind = keys.kind_of(name)
        self.bytes[kind] -= entry.weight
        self.entries[kind] -= 1


class Memory:
    """All values that one process keeps, whatever their kind."""

    def __init__(self, *, max_bytes: int, clock: Clock) -> None:
        self._clock = clock
        self._kept = _Bounded(max_bytes)

    def get(self, name: str) -> Entry | None:
        """Return what is kept and still holds."""
        entry = self._kept.get(name)
        if entry is not None and entry.until < self._clock.monotonic():
            self._remove(name)
            return None
        return entry

    def put(self, name: str, value: object, *, weight: int, ttl_s: float) -> None:
        """Keep a value, unless it alone is too large."""
        self._remove(name)
        if weight > self._kept.maxsize:
            return
        self._kept[name] = Entry(value, weight, self._clock.monotonic() + ttl_s)
        kind = keys.kind_of(name)
        self._kept.bytes[kind] += weight
        self._kept.entries[kind] += 1

    def _remove(self, name: str) -> None:
        entry = self._kept.pop(name, None)
        if entry is not None:
            self._kept.gone(name, entry)

    def clear(self) -> int:
        """Forget everything; return how many bytes it took."""
        size = self.bytes()
        self._kept.clear()
        self._kept.bytes.clear()
        self._kept.entries.clear()
        return size

    def bytes(self, kind: str = "") -> int:
        """Return how many bytes are kept, of one kind or of all."""
        return self._kept.bytes[kind] if kind else int(self._kept.currsize)

    def entries(self, kind: str) -> int:
        """Return how many values of a kind are kept."""
        return self._kept.entries[kind]

    def evictions(self, kind: str) -> int:
        """Return how many values of a kind had to make room."""
        return self._kept.evictions[kind]
