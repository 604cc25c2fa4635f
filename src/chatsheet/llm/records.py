"""What the egress saw of a call that went through our LiteLLM, kept under the attempt id and read by the gateway."""

import asyncio
import contextlib
import fcntl
import time
from collections import OrderedDict
from pathlib import Path
from typing import Literal, TextIO

import aiohttp
import msgspec

from chatsheet.llm.model import Usage

_MOST_RECORDS = 10_000
_READ_S = 1.0
_FRESH_S = 0.1

End = Literal["open", "complete", "error", "cut"]
"""open: still running; complete: a finish reason and a proper end; error: no 200; cut: ended without one of the two."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The provider's own words about one call: status, model, finish reason, usage and how the stream ended."""

    attempt: str
    route: str
    cause: str | None = None
    filtered: str = ""
    """The categories of a content filter that was hit."""
    status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    adapted: tuple[str, ...] = ()
    """Parameters that were changed because the deployment refuses them."""
    model: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    end: End = "open"


class Records:
    """The latest records of one egress, oldest dropped first; waiting readers hear of an end at once."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._ended: dict[str, asyncio.Event] = {}

    def put(self, record: Record) -> None:
        self._records[record.attempt] = record
        self._records.move_to_end(record.attempt)
        while len(self._records) > _MOST_RECORDS:
            self._records.popitem(last=False)
        if record.end != "open" and (waiting := self._ended.pop(record.attempt, None)):
            waiting.set()

    async def ended(self, attempt: str, wait_s: float) -> Record | None:
        """Return the record of an attempt, waiting up to `wait_s` for its end; None where it was never seen."""
        record = self._records.get(attempt)
        if record is not None and record.end == "open":
            event = self._ended.setdefault(attempt, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), wait_s)
        return self._records.get(attempt)

    def latest(self) -> list[Record]:
        """Return the newest records, newest first."""
        return list(self._records.values())[:-51:-1]


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """Where the LiteLLM that we run and its egress listen; a file that only we can read says it to other processes."""

    pid: int
    litellm_pid: int | None
    is_ready: bool
    """LiteLLM itself has answered, under the pid above."""
    egress_url: str
    key: str

    @staticmethod
    def path(data: Path) -> Path:
        return data / "litellm" / "sidecar.json"


def lock_sidecar(data: Path) -> TextIO | None:
    """Take the lock that says "a sidecar runs here"; None where another process holds it. It ends with the process."""
    path = Sidecar.path(data).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


class RemoteRecords:
    """Reads records from the egress beside LiteLLM, which runs in a process of its own."""

    def __init__(self, data: Path) -> None:
        self._path = Sidecar.path(data)
        self._session: aiohttp.ClientSession | None = None
        self._seen: Sidecar | None = None
        self._seen_until = 0.0

    def sidecar(self) -> Sidecar | None:
        """Return where the sidecar listens, or None where none is running; looked up a few times a second at most."""
        now = time.monotonic()
        if now >= self._seen_until:
            self._seen_until = now + _FRESH_S
            try:
                self._seen = msgspec.json.decode(self._path.read_bytes(), type=Sidecar) if self._is_held() else None
            except (OSError, msgspec.DecodeError):
                self._seen = None
        return self._seen

    def _is_held(self) -> bool:
        """Tell whether a process holds the sidecar's lock; without one the file speaks of a process that is gone."""
        with self._path.with_suffix(".lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def is_ready(self) -> bool:
        """Tell whether the LiteLLM that we run has answered and not ended since."""
        sidecar = self.sidecar()
        return sidecar is not None and sidecar.is_ready

    def litellm_pid(self) -> int | None:
        """Return the process of the LiteLLM that is ready, or None."""
        sidecar = self.sidecar()
        return sidecar.litellm_pid if sidecar is not None and sidecar.is_ready else None

    async def get(self, attempt: str, *, wait: bool = True) -> Record | None:
        """Return what the egress recorded of an attempt, or None where it saw nothing or cannot be asked.

        With `wait`, a call that still runs is given a moment to end.
        """
        said = await self._ask("GET", f"{attempt}?wait={int(wait)}")
        try:
            return msgspec.json.decode(said, type=Record) if said else None
        except msgspec.DecodeError:
            return None

    async def abandon(self, attempt: str) -> None:
        """Make the egress end a call that nobody waits for any more."""
        await self._ask("DELETE", attempt)

    async def _ask(self, method: str, path: str) -> bytes:
        """Return what the egress says, or nothing where it cannot be asked."""
        sidecar = self.sidecar()
        if sidecar is None:
            return b""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=_READ_S), trust_env=False
            )
        headers = {"Authorization": f"Bearer {sidecar.key}"}
        try:
            async with self._session.request(method, f"{sidecar.egress_url}/records/{path}", headers=headers) as response:
                return await response.read() if response.ok else b""
        except (aiohttp.ClientError, TimeoutError):
            return b""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
