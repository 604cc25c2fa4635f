"""A hundred turns that stream at once beside one alone in the same run, what an idle chat keeps, and how soon a stop stops.

The server is `chatsheet serve` on core 0; the model, played, and who watches are this process on core 1. Each chunk carries the
moment at which the model said it; its delay ends when a watcher has read it. Rounds go one, hundred, one, hundred.

    python benchmarks/chat_streams.py [--turns 100] [--rounds 3] [--per-second 20]
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context import Line
from benchmarks.gateway import processes
from chatsheet.core import loose
from chatsheet.simulator.brain import Call, Counted, Piece, Say
from tests.harness import Program, program, start_wire, write_settings

RESULTS = Path(__file__).parent / "results" / "chat_streams.json"
CHUNKS = 60
"""Of a turn at least; at most twice as many, so that turns end while others stream."""
IDLE, STOPS = 300, 20
TOKEN = "token-of-this-benchmark-0123456789abcdef"  # noqa: S105  of a server that lives for this run
SETTINGS = """
data = '{data}'
[server]
port = 0
token = "{token}"
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""
ENDLESS = "SELECT count(*) AS n FROM sales a, sales b, sales c, sales d WHERE a.revenue + b.revenue + c.revenue + d.revenue > 1"
_LETTERS = str.maketrans("0123456789", "abcdefghij")
_DIGITS = str.maketrans("abcdefghij", "0123456789")


@dataclass(slots=True)
class Clockwork:
    """A model that says what time it is, so many times a second; asked to talk it never ends, asked to query it queries."""

    per_second: float
    name: str = "clockwork"
    playing: int = 0
    together: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(1))
    """Where streams wait for each other, so that all speak at the same time, each at a moment of its own."""

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Say the time in letters, as words: numbers would want a query."""
        del deployment
        asked = loose.text(loose.obj(loose.array(body.get("messages"))[-1]).get("content"))
        self.playing += 1
        try:
            if asked.endswith("query"):
                yield Call(0, "c1", "run_sql", loose.dumps({"purpose": "p", "sql": ENDLESS}))
            if asked.endswith("stream"):
                await self.together.wait()
                await asyncio.sleep(random.random() / self.per_second)
            chunks = {"stream": random.randint(CHUNKS, 2 * CHUNKS), "talk": sys.maxsize}.get(asked.rsplit(maxsplit=1)[-1], 1)
            begun = time.perf_counter()
            for number in range(0 if asked.endswith("query") else chunks):
                await asyncio.sleep(max(0.0, begun + number / self.per_second - time.perf_counter()))
                yield Say(f"{str(time.monotonic_ns()).translate(_LETTERS)} ")
            yield Counted(1, 1)
        finally:
            self.playing -= 1


@dataclass(frozen=True, slots=True)
class Stand:
    """A server with a sheet, and a client of it."""

    server: Program
    client: aiohttp.ClientSession
    model: Clockwork
    sheet: str

    async def chat(self) -> str:
        """Open a chat."""
        async with self.client.post("/api/chats", json={"sheet_id": self.sheet}) as response:
            response.raise_for_status()
            return str((await response.json())["id"])

    async def ask(self, chat: str, question: str) -> None:
        """Ask."""
        async with self.client.post(f"/api/chats/{chat}/questions", json={"question": question}) as response:
            response.raise_for_status()

    async def follow(self, chat: str, question: str = "") -> AsyncGenerator[tuple[int, Mapping[str, object]], None]:
        """Yield the moment in ns at which each event is read, and the event; once it watches it asks, where it is to."""
        async with self.client.get(f"/api/chats/{chat}/events") as response:
            if question:
                await self.ask(chat, question)
            async for line in response.content:
                if line.startswith(b"data: "):
                    yield time.monotonic_ns(), loose.obj(json.loads(line[6:]))

    async def until(self, chat: str, *kinds: str) -> int:
        """Wait for an event of a kind, and return when it was read."""
        async with contextlib.aclosing(self.follow(chat)) as followed:
            async for at, event in followed:
                if event["kind"] in kinds:
                    return at
        raise AssertionError("the stream ended")

    async def delays(self, chat: str) -> list[float]:
        """Ask, and return the delay of each chunk in ms."""
        found: list[float] = []
        async with contextlib.aclosing(self.follow(chat, "stream")) as followed:
            async for at, event in followed:
                if event["kind"] == "wrote":
                    found += [(at - int(word.translate(_DIGITS))) / 1e6 for word in str(event["text"]).split()]
                elif event["kind"] in {"answered", "failed"}:
                    if len(found) != len(str(event.get("text")).split()):
                        raise AssertionError(f"{len(found)} chunks were told of {event}")
                    return found
        raise AssertionError("the stream ended")

    def waited_ns(self) -> int:
        """Return how long the server's loop was ready to run and others had its core."""
        return int(Path(f"/proc/{self.server.process.pid}/schedstat").read_text().split()[1])

    def rss_kb(self) -> float:
        """Return the resident memory of the server."""
        return 1024 * processes.rss_mb(self.server.process.pid)


@contextlib.asynccontextmanager
async def standing(per_second: float) -> AsyncGenerator[Stand, None]:
    """Run the model, the server and a client, with a sheet of two columns."""
    model = Clockwork(per_second)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with start_wire(model=model) as wire:
            text = SETTINGS.replace("{data}", str(folder / "data")).replace("{wire}", wire.url)
            config = write_settings(folder, text, {"azure": wire.key, "token": TOKEN})
            async with program("--config", str(config), "serve") as server:
                address = (await server.wait_for(r"http://127\.0\.0\.1:\d+")).group()
                if processes.MEASURED is not None and processes.BESIDE is not None:
                    pin(server.process.pid, processes.MEASURED)
                    pin(os.getpid(), processes.BESIDE)
                connector = aiohttp.TCPConnector(limit=0)
                headers = {"Authorization": f"Bearer {TOKEN}"}
                async with aiohttp.ClientSession(address, connector=connector, headers=headers) as client:
                    rows = "".join(f"region {row % 7},{row}\n" for row in range(1_000))
                    sent = client.post("/api/sheets", params={"name": "sales.csv"}, data=f"region,revenue\n{rows}".encode())
                    async with sent as response:
                        sheet = str((await response.json())["sheet"]["id"])
                    yield Stand(server, client, model, sheet)


def pin(pid: int, core: int) -> None:
    """Keep all threads of a process on a core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


@dataclass(slots=True)
class Delays:
    """Of every chunk, alone and together, in ms."""

    alone: list[float] = field(default_factory=list[float])
    together: list[float] = field(default_factory=list[float])
    cpu_us: list[float] = field(default_factory=list[float])
    """CPU of the server per chunk, together."""
    kept_waiting: list[float] = field(default_factory=list[float])
    """In %: how long the server could have run, together, and others had its core."""


async def stream(stand: Stand, turns: int, rounds: int) -> Delays:
    """Measure chunks of one turn alone, then of many at once, in turns."""
    kept = Delays()
    await stand.delays(await stand.chat())
    for _ in range(rounds):
        kept.alone += await stand.delays(await stand.chat())
        chats = [await stand.chat() for _ in range(turns)]
        stand.model.together = asyncio.Barrier(turns)
        cpu, waited, begun = processes.cpu_ns(stand.server.process.pid), stand.waited_ns(), time.monotonic_ns()
        many = await asyncio.gather(*map(stand.delays, chats))
        kept.kept_waiting.append(100 * (stand.waited_ns() - waited) / (time.monotonic_ns() - begun))
        kept.cpu_us.append((processes.cpu_ns(stand.server.process.pid) - cpu) / 1e3 / sum(map(len, many)))
        stand.model.together = asyncio.Barrier(1)
        kept.together += [delay for one in many for delay in one]
    return kept


async def idle(stand: Stand) -> float:
    """Return what an open chat with a finished turn keeps, in KB: of many that nobody watches any more."""
    await _finished(stand, IDLE)
    before = stand.rss_kb()
    await _finished(stand, IDLE)
    return (stand.rss_kb() - before) / IDLE


async def _finished(stand: Stand, chats: int) -> None:
    for _ in range(chats // 10):
        ten = [await stand.chat() for _ in range(10)]
        for chat in ten:
            await stand.ask(chat, "one word")
        await asyncio.gather(*(stand.until(chat, "answered") for chat in ten))


async def stops(stand: Stand, question: str, reached: str) -> tuple[list[float], list[float]]:
    """Return the seconds from a stop to `cancelled` at a watcher, and to the end of all work on it."""
    told: list[float] = []
    ended: list[float] = []
    for _ in range(STOPS):
        chat = await stand.chat()
        await stand.ask(chat, question)
        await stand.until(chat, reached)
        busy = workers(stand) if question == "query" else set[int]()
        watching = asyncio.ensure_future(stand.until(chat, "cancelled", "answered", "failed"))
        await asyncio.sleep(0.2)  # the query has reached its worker, the watcher its stream
        begun = time.monotonic_ns()
        async with stand.client.post(f"/api/chats/{chat}/stop", json={}) as response:
            response.raise_for_status()
        told.append((await watching - begun) / 1e9)
        while stand.model.playing or (busy and busy <= workers(stand)):
            await asyncio.sleep(0.001)
        ended.append((time.monotonic_ns() - begun) / 1e9)
    return told, ended


def workers(stand: Stand) -> set[int]:
    """Return the query workers of the server that have not ended."""
    children = Path(f"/proc/{stand.server.process.pid}/task/{stand.server.process.pid}/children").read_text().split()
    return {int(pid) for pid in children if _is_live(pid)}


def _is_live(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def lines(
    turns: int, delays: Delays, kept: float, talk: tuple[list[float], ...], query: tuple[list[float], ...]
) -> Iterator[Line]:
    """Yield the lines of the table."""
    alone, together = p95(delays.alone), p95(delays.together)
    yield Line(what="chunk of one turn alone, p95", value=alone, unit="ms")
    yield Line(what=f"chunk of {turns} turns at once, p95", value=together, unit="ms", bare=alone)
    yield Line(what="extra delay per chunk, p95", value=together - alone, unit="ms", goal=50)
    middle = statistics.median(delays.together) - statistics.median(delays.alone)
    yield Line(what="extra delay per chunk, median", value=middle, unit="ms")
    yield Line(
        what="CPU of the server per chunk, its turn's begin and end included", value=statistics.median(delays.cpu_us), unit="us"
    )
    yield Line(what="time that other programs had its core", value=statistics.median(delays.kept_waiting), unit="%")
    yield Line(what="memory per idle chat", value=kept, unit="KB", goal=200)
    for what, (told, ended) in (("the model talks", talk), ("a query runs", query)):
        yield Line(what=f"stop while {what}: told, p95", value=p95(told), unit="s", goal=0.5)
        yield Line(what=f"stop while {what}: all work ended, p95", value=p95(ended), unit="s", goal=0.5)


async def measure(turns: int, rounds: int, per_second: float) -> list[Line]:
    """Measure everything on one server."""
    async with standing(per_second) as stand:
        delays = await stream(stand, turns, rounds)
        kept = await idle(stand)
        talk = await stops(stand, "talk", "wrote")
        query = await stops(stand, "query", "model_replied")
        return [*lines(turns, delays, kept, talk, query)]


def main() -> None:
    """Measure, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--turns", type=int, default=100)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--per-second", type=float, default=20)
    given = options.parse_args()
    measured = asyncio.run(measure(loose.number(given.turns), loose.number(given.rounds), float(given.per_second)))
    print(f"{'':56} {'':10} {'':7} {'x bare':>9} {'goal':>9}")
    for line in measured:
        line.show()
    kept = {"load": round(os.getloadavg()[0], 1), "python": sys.version.split()[0], "per_second": given.per_second}
    kept["lines"] = [{**asdict(line), "verdict": line.verdict} for line in measured]
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
