"""The whole bed: both namespaces with what runs in them, a real LiteLLM among it, and a way to ask and see what happened."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import JsonValue

from chatsheet.core import processes
from chatsheet.core.loose import JsonObject
from chatsheet.doctor.model import PathReport, Report
from chatsheet.llm.records import Sidecar
from tests.harness import ROOT
from tests.netbed import lines, namespaces, world
from tests.netbed.lines import Child
from tests.netbed.namespaces import Namespaces

Hop = Literal["direct", "litellm"]

_START_S = 300
_GRACE_S = 5.0


class Answer(msgspec.Struct, frozen=True):
    """One call as its caller saw it."""

    text: str
    model: str
    causes: list[str | None]
    routes: list[str]
    proofs: list[str]
    milliseconds: list[int]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what arrived on Azure's side: connections, the proxy's targets, sign-ins, and calls by deployment."""

    connections: dict[str, int]
    targets: dict[str, int]
    identity: dict[str, int]
    asked: dict[str, int]
    public_packets: int
    """What arrived where nothing may."""
    permitted_packets: int

    def since(self, before: "Seen") -> "Seen":
        """Return only what was added."""
        return Seen(
            connections=_added(self.connections, before.connections),
            targets=_added(self.targets, before.targets),
            identity=_added(self.identity, before.identity),
            asked=_added(self.asked, before.asked),
            public_packets=self.public_packets - before.public_packets,
            permitted_packets=self.permitted_packets - before.permitted_packets,
        )


def _added(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and what its call made arrive."""

    answer: Answer
    seen: Seen

    @property
    def cause(self) -> str | None:
        """Why the first attempt failed; None where it answered."""
        return self.answer.causes[0]

    @property
    def seconds(self) -> float:
        """How long the first attempt took."""
        return self.answer.milliseconds[0] / 1000


@dataclass(frozen=True, slots=True)
class Examined:
    """What the doctor found on each path to a place, by the path's name, and what arrived meanwhile."""

    paths: Mapping[str, PathReport]
    seen: Seen


@dataclass(frozen=True, slots=True)
class Bed:
    """What tests use."""

    spaces: Namespaces
    far: Child
    near: Child
    litellm: asyncio.subprocess.Process
    config: Path
    env: Mapping[str, str]
    """What our programs find in their environment."""

    async def ask(self, place: str, hop: Hop, *others: str) -> Outcome:
        """Ask for a place, directly or through LiteLLM, then for others directly."""
        before = await self.seen()
        (answer,) = await self.answers([call(place, hop, *others)])
        return Outcome(answer, (await self.seen()).since(before))

    async def answers(self, calls: Sequence[JsonObject]) -> list[Answer]:
        """Make calls at the same time."""
        said = await self.near.ask({"calls": [*calls]})
        return msgspec.convert(said["answers"], list[Answer])

    async def examine(self, place: str, *public_dns: str) -> Examined:
        """Have the doctor examine a place from where our programs run."""
        before = await self.seen()
        said = await self.near.ask({"examine": place, "public_dns": [*public_dns]})
        report = Report.model_validate(said["report"])
        return Examined({path.name: path for path in report.paths}, (await self.seen()).since(before))

    @asynccontextmanager
    async def beside(self) -> AsyncGenerator["Bed", None]:
        """Run a second process of ours in the same bed, for what would disturb the first."""
        async with _near(self.spaces, self.config, self.env) as near:
            yield replace(self, near=near)

    async def seen(self, **order: JsonValue) -> Seen:
        """Give Azure's side an order, and return its counts."""
        counts = await self.far.ask(order)
        packets = {f"{name}_packets": count for name, count in self.spaces.packets().items()}
        return msgspec.convert({**counts, **packets}, Seen)


def call(place: str, hop: Hop, *others: str) -> JsonObject:
    """Return a call for the near side."""
    return {"routes": [*others], "through": place} if hop == "litellm" else {"routes": [place, *others], "through": ""}


@asynccontextmanager
async def standing(folder: Path) -> AsyncGenerator[Bed, None]:
    """Build the bed, and take it down whatever happens; raises NoNamespaces."""
    namespaces.sweep()
    async with AsyncExitStack() as stack:
        spaces = stack.enter_context(namespaces.standing(os.getpid()))
        config = world.write(folder)
        python = (sys.executable, "-m")
        far = await stack.enter_async_context(
            lines.child(spaces.inside(spaces.azure, *python, "tests.netbed.far", str(folder)), _environment())
        )
        await far.ask({})  # certificates are written by now
        env = {**_environment(), **world.MISLEADING, "SSL_CERT_FILE": str(folder / "inspector.pem")}
        litellm = await processes.start(
            spaces.inside(spaces.app, *python, "chatsheet.cli.main", "--config", str(config), "litellm", "run"), env=env
        )
        stack.push_async_callback(processes.stop, litellm, grace_s=_GRACE_S)
        near = await stack.enter_async_context(_near(spaces, config, env))
        await _ready(litellm, Sidecar.path(folder / "data"))
        yield Bed(spaces, far, near, litellm, config, env)


def _near(spaces: Namespaces, config: Path, env: Mapping[str, str]) -> AbstractAsyncContextManager[Child]:
    return lines.child(spaces.inside(spaces.app, sys.executable, "-m", "tests.netbed.near", str(config)), env)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    covered = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {**kept, **covered, "PYTHONPATH": os.pathsep.join(_import_path()), "PYTHONUNBUFFERED": "1"}


def _import_path() -> Iterator[str]:
    yield str(ROOT)
    yield from os.environ.get("PYTHONPATH", "").split(os.pathsep)


async def _ready(litellm: asyncio.subprocess.Process, sidecar: Path) -> None:
    """Wait until the supervisor says that LiteLLM answers."""
    async with asyncio.timeout(_START_S):
        while not (sidecar.exists() and msgspec.json.decode(sidecar.read_bytes(), type=Sidecar).is_ready):
            if litellm.returncode is not None:
                raise AssertionError(f"`chatsheet litellm run` ended with code {litellm.returncode}")
            await asyncio.sleep(0.05)
