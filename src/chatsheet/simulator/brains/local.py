"""A real small model on this machine behind the simulator's wire: Qwen2.5-Coder-1.5B-Instruct under llama.cpp.

One slot with a queue. Prompt prefixes are kept on disk, so that a restarted model does not read a workbook's card again.
Its quirks are evened out here: a bare SELECT is read as a run_sql call, and after a result it is asked for prose only.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Self

import aiohttp

from chatsheet.core import ids, loose, processes
from chatsheet.core.errors import Unavailable
from chatsheet.core.loose import JsonObject
from chatsheet.simulator import weights
from chatsheet.simulator.brain import BrainFailed, Counted, Piece, Say
from chatsheet.simulator.brains import adapt

log = logging.getLogger(__name__)

_LOAD_S = 120.0
_SLOTS_KEPT = 6
_POLL_S = 0.2
_CONTEXT_TOKENS = 4096
_SERVER = "chatsheet.simulator.brains.llama_server"
"""Not imported: its library belongs into its own process."""


_LOAD_FIX = "install the extra `local`, and OpenMP's runtime (on Debian: apt-get install libgomp1)."


class ModelNotLoaded(Unavailable):
    """The process of the local model ended before it served."""

    code = "model.not_loaded"


class LocalBrain:
    """The local model; enter it to load the weights."""

    name = "local"

    def __init__(self, model_file: Path | None) -> None:
        self._weights = weights.find(model_file)
        self._slots = weights.place().parent / "prefixes"
        self._key = ids.new_key()
        self._turn = asyncio.Lock()
        self._prefix = ""
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._drain: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._slots.mkdir(parents=True, exist_ok=True)
        env = {
            **processes.base_environment(),
            "OMP_WAIT_POLICY": "passive",  # waiting threads would otherwise spin on the few cores there are
            "GOMP_SPINCOUNT": "0",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        pipe = asyncio.subprocess.PIPE
        argv = [processes.python(), "-m", _SERVER]
        self._process = await processes.start(argv, env=env, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.PIPE)
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("started with pipes")
        told: JsonObject = {
            "model": str(self._weights),
            "key": self._key,
            "slots": str(self._slots),
            "threads": 2,
            "context": _CONTEXT_TOKENS,
        }
        self._process.stdin.write(loose.dumps(told).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(_LOAD_S):
            address = (await self._process.stdout.readline()).decode().strip()
        if not address:
            said = (await self._process.stderr.read()).decode(errors="replace") if self._process.stderr else ""
            reason = (said.strip().splitlines() or ["it said nothing"])[-1]
            raise ModelNotLoaded(f"the local model did not start: {reason}.", fix=_LOAD_FIX)
        self._drain = asyncio.ensure_future(_forget(self._process.stderr))
        self._session = aiohttp.ClientSession(
            address if "://" in address else f"http://{address}",
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=2),
            connector=aiohttp.TCPConnector(force_close=True),  # llama.cpp ends idle connections without a word
            trust_env=False,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            await processes.stop(self._process, grace_s=0)  # it would finish its running work first
        if self._drain is not None:
            await self._drain

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Yield the model's reply as its tokens come; waits for its turn in the queue."""
        del deployment
        async with self._turn:
            await self._until_idle()
            prefix = self._prefix_of(body)
            await self._restore(prefix)
            try:
                async for piece in self._complete(body):
                    yield piece
            except aiohttp.ClientError as error:
                raise BrainFailed(f"the local model broke off ({type(error).__name__})") from None
            await self._save(prefix)

    async def _complete(self, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        session = self._opened()
        held, is_telling = "", adapt.may_call(body)
        sent = {**adapt.request(body), "stream": True, "stream_options": {"include_usage": True}}
        async with session.post("/v1/chat/completions", json=sent) as response:
            if not response.ok:
                raise BrainFailed(f"the local model refused: {(await response.text())[:200]}")
            async for line in response.content:
                for piece in adapt.pieces(loose.obj(loose.parse(line.removeprefix(b"data: ")))):
                    if is_telling and isinstance(piece, Say):
                        held += piece.text
                        if adapt.is_prose(held):
                            yield Say(held)
                            held, is_telling = "", False
                        continue
                    if held:
                        yield adapt.as_call(held) if isinstance(piece, Counted) else Say(held)
                        held = ""
                    yield piece

    async def _until_idle(self) -> None:
        """Wait for work whose client left: llama.cpp does not stop while it still reads the prompt."""
        while True:
            async with self._opened().get("/slots") as response:
                slots = loose.array(loose.parse(await response.read()))
            if not any(loose.obj(slot).get("is_processing") is True for slot in slots):
                return
            await asyncio.sleep(_POLL_S)

    def _prefix_of(self, body: Mapping[str, object]) -> str:
        stable = [m for m in loose.array(body.get("messages")) if loose.obj(m).get("role") == "system"]
        text = loose.dumps([weights.SHA256, _CONTEXT_TOKENS, stable, body.get("tools")])
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    async def _restore(self, prefix: str) -> None:
        file = self._slots / prefix
        if prefix != self._prefix and file.is_file():
            await self._slot("restore", file)
            file.touch()
        self._prefix = prefix

    async def _save(self, prefix: str) -> None:
        file = self._slots / prefix
        if not file.is_file():
            await self._slot("save", file)
            kept = sorted(self._slots.iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)
            for old in kept[_SLOTS_KEPT:]:
                old.unlink()

    async def _slot(self, action: str, file: Path) -> None:
        try:
            async with self._opened().post(f"/slots/0?action={action}", json={"filename": file.name}) as response:
                response.raise_for_status()
        except aiohttp.ClientError as error:  # slower, not wrong
            log.warning("the prompt prefix could not be %sd: %s", action, type(error).__name__)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise AssertionError("entered before use")
        return self._session


async def _forget(stream: asyncio.StreamReader | None) -> None:
    """Read a pipe to its end, so that who writes into it never waits."""
    while stream is not None and await stream.read(2**16):
        pass
