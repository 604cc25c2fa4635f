"""Watches for moments in which the machine ran nothing of this process, so that a time limit passed with no time given."""

import threading
import time

_ASKED_S = 0.1
_STALL_S = 1.0
"""Time limits on loopback are seconds; a pause of one is told from a busy event loop, and far above a thread's usual delay."""


class Stalls:
    """A thread that asks for the processor ten times a second and notes when it was last kept waiting for a second."""

    def __init__(self) -> None:
        self._last = float("-inf")
        self._since = float("-inf")
        threading.Thread(target=self._watch, name="stalls", daemon=True).start()

    def begin(self) -> None:
        """Begin a test."""
        self._since = time.monotonic()

    def seen(self) -> bool:
        """Say whether the machine stood still since the test began."""
        return self._last >= self._since

    def _watch(self) -> None:
        before = time.monotonic()
        while True:
            time.sleep(_ASKED_S)
            now = time.monotonic()
            if now - before >= _STALL_S + _ASKED_S:
                self._last = now
            before = now
