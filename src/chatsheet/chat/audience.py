"""Who watches which chat. A watcher that comes late, or reads slowly, gets what was written meanwhile in one piece."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from chatsheet.chat.events import Event, Live, Wrote


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event of the log with its place in it; a live one has none."""

    seq: int | None
    event: Event | Live


class Watcher:
    """One who watches: holds what was not read yet, pieces of text joined."""

    def __init__(self) -> None:
        self._unread: deque[Numbered] = deque()
        self._came = asyncio.Event()

    async def next(self) -> Numbered:
        """Return the next event, when there is one."""
        while not self._unread:
            self._came.clear()
            await self._came.wait()
        return self._unread.popleft()

    def take(self, numbered: Numbered) -> None:
        """Put an event behind the others."""
        last = self._unread[-1].event if self._unread else None
        if isinstance(numbered.event, Wrote) and isinstance(last, Wrote):
            text = last.text + numbered.event.text
            numbered = Numbered(None, last.model_copy(update={"text": text}))
            self._unread.pop()
        self._unread.append(numbered)
        self._came.set()

    def skip(self, seq: int) -> None:
        """Forget what the log up to `seq` says already."""
        known = [place for place, one in enumerate(self._unread, 1) if one.seq is not None and one.seq <= seq]
        for _ in range(max(known, default=0)):
            self._unread.popleft()


class Audience:
    """The watchers of each chat, and what its running step has written so far."""

    def __init__(self) -> None:
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._written: dict[str, list[Wrote]] = {}

    def tell(self, chat_id: str, numbered: Numbered) -> None:
        """Tell everyone who watches a chat."""
        if isinstance(numbered.event, Wrote):
            self._written.setdefault(chat_id, []).append(numbered.event)
        else:  # a step that ended, or began again
            self._written.pop(chat_id, None)
        for watcher in self._watchers.get(chat_id, ()):
            watcher.take(numbered)

    @contextmanager
    def watching(self, chat_id: str) -> Generator[Watcher, None, None]:
        """Watch a chat from now on, beginning with all of what its running step has written."""
        watcher = Watcher()
        if pieces := self._written.get(chat_id):
            text = "".join(piece.text for piece in pieces)
            watcher.take(Numbered(None, Wrote(turn=pieces[0].turn, text=text, is_all=True)))
        self._watchers[chat_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[chat_id].discard(watcher)
            if not self._watchers[chat_id]:
                del self._watchers[chat_id]
