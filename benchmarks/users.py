"""People who look at a grid, query, edit and ask, each after thinking; what they waited for, and what went wrong.

They play browsers: what a server that restarts does not take goes to the next one, as a balancer in front would send it.
"""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import aiohttp

from benchmarks.gateway import processes
from chatsheet.core import loose
from chatsheet.simulator.brain import Call, Counted, Piece, Say
from tests.soak.cluster import Cluster

ROWS, SHEETS = 20_000, 8
KINDS = {"grid": 70, "query": 12, "edit": 6, "ask": 12}
"""What a person does next, in %."""
INPUT_TOKENS, OUTPUT_TOKENS = 2_400, 90
"""Of a model call of the sample workbook: rules, tools, card and question; SQL or two sentences."""
_WORDS, _PER_SECOND = 20, 40
_ANSWER_S = 90
_ENDED = {"answered", "failed", "cancelled"}


@dataclass(slots=True)
class Speaker:
    """A model that queries once and then says what came, word by word."""

    name: str = "speaker"
    calls: int = 0

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Query after a question, speak after a result; judge a row of a job."""
        del deployment
        self.calls += 1
        if "tools" not in body:
            yield Say('{"value": "good", "confidence": 0.9, "reason": "it says so"}')
        elif loose.obj(loose.array(body.get("messages"))[-1]).get("role") != "tool":
            least = random.randint(0, 50)
            sql = f"SELECT count(*) AS n FROM load WHERE amount > {least}"
            yield Call(0, "c1", "run_sql", loose.dumps({"purpose": "count", "sql": sql}))
        else:
            for _ in range(_WORDS):
                await asyncio.sleep(1 / _PER_SECOND)
                yield Say("word ")
        yield Counted(INPUT_TOKENS, OUTPUT_TOKENS)


@dataclass(slots=True)
class Seen:
    """What people waited for, in ms by kind, and what went wrong."""

    waited: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    wrong: Counter[str] = field(default_factory=Counter[str])
    retried: int = 0
    conflicts: int = 0
    ended: Counter[str] = field(default_factory=Counter[str])
    """How turns ended."""

    @property
    def done(self) -> int:
        """How much was done."""
        return sum(map(len, self.waited.values()))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of everybody's."""

    id: str
    table: str


Act = Callable[[int, random.Random, Sheet, str], Awaitable[None]]


class Crowd:
    """People on the servers of a cluster, each on one of its sheets and in a chat of their own."""

    def __init__(self, at: Cluster, session: aiohttp.ClientSession, think_s: float) -> None:
        self._at = at
        self._session = session
        self._think_s = think_s
        self._sheets: Sequence[Sheet] = ()
        self._heard_to: dict[str, int] = {}
        self._acts: Mapping[str, Act] = {"grid": self._grid, "query": self._query, "edit": self._edit, "ask": self._answer}
        self.seen = Seen()

    async def settle(self) -> None:
        """Import the sheets."""
        self._sheets = [await self._import(number) for number in range(SHEETS)]

    async def act(self, people: int, seconds: float, kinds: Mapping[str, int] = KINDS) -> Seen:
        """Let this many people act for a time, and return what they saw of it."""
        self.seen = Seen()
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._live(number, until, kinds) for number in range(people)))
        return self.seen

    async def fill(self, column: str = "note") -> int:
        """Let a job ask about every row of a sheet, and return how many it asked about."""
        sheet = self._sheets[0]
        order = {"kind": "ai_column", "table": sheet.table, "label": f"Mood {time.monotonic_ns()}", "template": f"{{{column}}}"}
        made = await self._send(0, "POST", "/api/jobs", {"sheet_id": sheet.id, "order": order})
        while not loose.array(made.get("sample")):
            await asyncio.sleep(0.2)
            made = await self._send(0, "GET", f"/api/jobs/{made['id']}")
        made = await self._send(0, "POST", f"/api/jobs/{made['id']}/start", {})
        while made.get("ended_at") is None:
            await asyncio.sleep(0.5)
            made = await self._send(0, "GET", f"/api/jobs/{made['id']}")
        return int(loose.number(loose.obj(made["progress"]).get("done_inputs")))

    async def _import(self, number: int) -> Sheet:
        lines = "".join(f"region {row % 7},{row % 100},note {row}\n" for row in range(ROWS))
        body = f"region,amount,note\n{lines}".encode()
        headers = {"Content-Type": "application/octet-stream"}
        async with self._session.post(
            f"{self._at.addresses[0]}api/sheets", params={"name": f"load{number}.csv"}, data=body, headers=headers
        ) as response:
            made = loose.obj(await response.json())
            (table,) = loose.array(loose.obj(made["workbook"])["tables"])
            return Sheet(str(loose.obj(made["sheet"])["id"]), str(loose.obj(table)["id"]))

    async def _live(self, number: int, until: float, kinds: Mapping[str, int]) -> None:
        sheet, one = self._sheets[number % SHEETS], random.Random(number)
        await asyncio.sleep(one.random() * self._think_s)
        chat = str((await self._send(number, "POST", "/api/chats", {"sheet_id": sheet.id})).get("id"))
        while time.monotonic() < until:
            (kind,) = one.choices([*kinds], [*kinds.values()])
            begun = time.perf_counter()
            try:
                await self._acts[kind](number, one, sheet, chat)
            except Wrong as error:
                self.seen.wrong[f"{kind}: {error}"] += 1
            else:
                self.seen.waited[kind].append(1e3 * (time.perf_counter() - begun))
            await asyncio.sleep(one.expovariate(1 / self._think_s))

    async def _grid(self, number: int, one: random.Random, sheet: Sheet, chat: str) -> None:
        del chat
        path = f"/api/sheets/{sheet.id}/tables/{sheet.table}/rows?offset={one.randrange(ROWS - 100)}&limit=100"
        found = await self._send(number, "GET", path)
        if len(loose.array(found.get("rows"))) != 100:  # noqa: PLR2004  as many as were asked for
            raise Wrong("not the rows that were asked for")

    async def _query(self, number: int, one: random.Random, sheet: Sheet, chat: str) -> None:
        del chat
        sql = f'SELECT region, count(*) AS n FROM "{sheet.table}" WHERE amount > {one.randrange(100)} GROUP BY region'
        await self._send(number, "POST", f"/api/sheets/{sheet.id}/query", {"sql": sql})

    async def _edit(self, number: int, one: random.Random, sheet: Sheet, chat: str) -> None:
        del chat
        version = loose.obj((await self._send(number, "GET", f"/api/sheets/{sheet.id}")).get("sheet")).get("version")
        cell = {"row": 1 + one.randrange(ROWS), "column": "amount", "value": one.randrange(100)}
        body = {"version": version, "edits": [{"kind": "set", "table": sheet.table, "cells": [cell]}]}
        told = await self._send(number, "POST", f"/api/sheets/{sheet.id}/edits", body, allowed=(HTTPStatus.CONFLICT,))
        self.seen.conflicts += "error" in told

    async def _answer(self, number: int, one: random.Random, sheet: Sheet, chat: str) -> None:
        """Ask, and follow to the end, on whichever server that is told; raises Wrong where it never comes."""
        del one, sheet
        await self._send(number, "POST", f"/api/chats/{chat}/questions", {"question": "How many rows?"})
        try:
            async with asyncio.timeout(_ANSWER_S):
                while not await self._heard(number, chat):
                    number += 1
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise Wrong("the answer was lost") from None

    async def _heard(self, number: int, chat: str) -> bool:
        """Follow a chat from where one left until its turn ends; False where the server left before."""
        after = self._heard_to.get(chat, 0)
        with contextlib.suppress(aiohttp.ClientError):
            async with self._session.get(self._url(number, f"/api/chats/{chat}/events?after={after}")) as response:
                async for line in response.content:
                    if line.startswith(b"id: "):
                        self._heard_to[chat] = int(line[4:])
                    elif line.startswith(b"data: ") and (kind := str(loose.obj(json.loads(line[6:])).get("kind"))) in _ENDED:
                        self.seen.ended[kind] += 1
                        return True
        return False

    def _url(self, number: int, path: str) -> str:
        return self._at.addresses[number % len(self._at.addresses)].rstrip("/") + path

    async def _send(
        self, number: int, method: str, path: str, body: object = None, *, allowed: Sequence[int] = ()
    ) -> Mapping[str, object]:
        """Send a request to one's server, or where that is gone to the next; raises Wrong."""
        for attempt in range(20):
            try:
                async with self._session.request(method, self._url(number + attempt, path), json=body) as response:
                    found: object = await response.json() if response.content_type == "application/json" else {}
                    if response.ok or response.status in allowed:
                        return loose.obj(found)
                    raise Wrong(f"{response.status} {loose.obj(loose.obj(found).get('error')).get('code')}")
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                self.seen.retried += 1
                await asyncio.sleep(0.05 * attempt)
        raise Wrong("no server answers")


class Wrong(Exception):
    """What nobody would have expected."""


def tree(pid: int) -> set[int]:
    """Return a process with all that it started."""
    found, todo = set[int](), [pid]
    while todo:
        one = todo.pop()
        found.add(one)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
    return found


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and of what it started and is still there."""
    return sum(_or_nothing(processes.cpu_ns, one) for one in tree(pid)) / 1e9


def _or_nothing(read: Callable[[int], float], pid: int) -> float:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        return read(pid)
    return 0
