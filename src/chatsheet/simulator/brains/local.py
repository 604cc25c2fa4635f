"""A real small model on this machine behind the simulator's wire: Qwen2.5-Coder-1.5B-Instruct under llama.cpp.

One slot with a queue. Prompt prefixes are kept on disk, so that a restarted model does not read a workbook's card again.
Its quirks are evened out here: a bare SELECT is read as a run_sql call, and after a result it is asked for prose only.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import aiohttp

from chatsheet.core import ids, loose, processes
from chatsheet.core.loose import JsonObject
from chatsheet.simulator import weights
from chatsheet.simulator.brain import BrainFailed, Call, Counted, Piece, Say
from chatsheet.simulator.brains import llama_server

log = logging.getLogger(__name__)

_MAX_TOKENS = 400
_LOAD_S = 120.0
_SLOTS_KEPT = 6
_POLL_S = 0.2
_FENCE = re.compile(r"^```(?:sql|json)?\s*|\s*```$")
_SQL_START = re.compile(r"\s*(```|SELECT\b|WITH\b)", re.IGNORECASE)
_ENOUGH_TO_TELL = 8
"""Characters after which a reply that is no SQL shows it."""


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

    async def __aenter__(self) -> None:
        self._slots.mkdir(parents=True, exist_ok=True)
        env = {
            **processes.base_environment(),
            "OMP_WAIT_POLICY": "passive",  # waiting threads would otherwise spin on the few cores there are
            "GOMP_SPINCOUNT": "0",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        pipe = asyncio.subprocess.PIPE
        argv = [processes.python(), "-m", llama_server.__name__]
        self._process = await processes.start(argv, env=env, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("started with pipes")
        told: JsonObject = {"model": str(self._weights), "key": self._key, "slots": str(self._slots), "threads": 2}
        self._process.stdin.write(loose.dumps(told).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(_LOAD_S):
            address = (await self._process.stdout.readline()).decode().strip()
        if not address:
            raise weights.WeightsWrong("the model could not be loaded.", fix="run `chatsheet model pull` again.")
        self._session = aiohttp.ClientSession(
            address if "://" in address else f"http://{address}",
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=2),
            connector=aiohttp.TCPConnector(force_close=True),  # llama.cpp ends idle connections without a word
            trust_env=False,
        )

    async def __aexit__(self, *error: object) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            await processes.stop(self._process, grace_s=0)  # it would finish its running work first

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
        held, is_telling = "", _may_call(body)
        sent = {**_request(body), "stream": True, "stream_options": {"include_usage": True}}
        async with session.post("/v1/chat/completions", json=sent) as response:
            if response.status != 200:  # noqa: PLR2004
                raise BrainFailed(f"the local model refused: {(await response.text())[:200]}")
            async for line in response.content:
                chunk = loose.obj(loose.parse(line.removeprefix(b"data: ")))
                for piece in _pieces(chunk):
                    if not is_telling or not isinstance(piece, Say):
                        if held and not isinstance(piece, Counted):
                            yield Say(held)
                            held = ""
                        if isinstance(piece, Counted) and held:
                            yield _as_call(held)
                            held = ""
                        yield piece
                        continue
                    held += piece.text
                    if len(held.strip()) >= _ENOUGH_TO_TELL and not _SQL_START.match(held):
                        yield Say(held)
                        held, is_telling = "", False

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
        text = loose.dumps([weights.SHA256, llama_server.CONTEXT_TOKENS, stable, body.get("tools")])
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


def _request(body: Mapping[str, object]) -> dict[str, object]:
    limits = [loose.number(body.get(name)) for name in ("max_tokens", "max_completion_tokens")]
    kept = ("messages", "tools", "response_format", "seed", "stop")
    return {
        **{name: body[name] for name in kept if body.get(name) is not None},
        "tool_choice": "auto" if _may_call(body) else "none",
        "max_tokens": min([limit for limit in limits if limit] or [_MAX_TOKENS]),
        "temperature": 0,
        "cache_prompt": True,
    }


def _may_call(body: Mapping[str, object]) -> bool:
    """Tell whether a tool call is wanted: after a result that is no error this model would only repeat its call."""
    last = loose.obj(next(iter(loose.array(body.get("messages"))[-1:]), None))
    has_result = last.get("role") == "tool" and not loose.text(last.get("content")).startswith('{"error"')
    return bool(body.get("tools")) and body.get("tool_choice") != "none" and not has_result


def _pieces(chunk: Mapping[str, object]) -> list[Piece]:
    pieces: list[Piece] = []
    choice = loose.obj(next(iter(loose.array(chunk.get("choices"))), None))
    delta = loose.obj(choice.get("delta"))
    if text := loose.text(delta.get("content")):
        pieces.append(Say(text))
    for call in map(loose.obj, loose.array(delta.get("tool_calls"))):
        function = loose.obj(call.get("function"))
        parts = (loose.text(call.get("id")), loose.text(function.get("name")), loose.text(function.get("arguments")))
        pieces.append(Call(loose.number(call.get("index")), *parts))
    if usage := loose.obj(chunk.get("usage")):
        cached = loose.number(loose.obj(usage.get("prompt_tokens_details")).get("cached_tokens"))
        counts = loose.number(usage.get("prompt_tokens")), loose.number(usage.get("completion_tokens"))
        pieces.append(Counted(*counts, cached_tokens=cached))
    return pieces


def _as_call(text: str) -> Say | Call:
    """Read a reply that is nothing but SQL as the call it stands for."""
    sql = _FENCE.sub("", text.strip()).strip()
    is_sql = re.match(r"(SELECT|WITH)\b", sql, re.IGNORECASE) is not None
    return Call(0, ids.new_id("call"), "run_sql", loose.dumps({"purpose": "", "sql": sql})) if is_sql else Say(text)
