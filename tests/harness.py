"""What tests stand on: the simulator on loopback, settings that lead to it, services, and our programs as processes."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.secret import literal
from chatsheet.core.settings import DatabaseSettings, Settings
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest
from chatsheet.llm.plan import plan
from chatsheet.llm.records import Record
from chatsheet.simulator.brain import Brain
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain, ScriptedCall
from chatsheet.simulator.server import Order, Simulator
from chatsheet.telemetry.model_calls import ModelCalls

ROOT = Path(__file__).parents[1]
HELLO = ChatRequest({"messages": [{"role": "user", "content": "Hello"}]})
DATABASE = "TEST_DATABASE"
"""The variable that holds the address of the test's Postgres database, under the fixture `each_database`."""


def state_in(folder: Path) -> Path | str:
    """Return what a test gives `open_database`: a file in `folder`, or Postgres where `each_database` says so."""
    return os.environ.get(DATABASE) or folder / "chatsheet.sqlite"


def settings_in(folder: Path) -> Settings:
    """Return settings with their data in `folder`, and state where `state_in` says."""
    at = state_in(folder)
    return Settings(data=folder, database=DatabaseSettings(url=literal(at) if isinstance(at, str) else None))


def free_ports(number: int) -> list[int]:
    """Return ports of loopback that nobody listens on; held together, so that all differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def says(text: str, *, expect: str = "") -> Exchange:
    """Script a reply of plain text."""
    return Exchange(text=text, expect=expect)


def runs(sql: str, *, expect: str = "") -> Exchange:
    """Script a reply that calls run_sql."""
    return Exchange(calls=(ScriptedCall(name="run_sql", arguments={"purpose": "test", "sql": sql}),), expect=expect)


@dataclass(frozen=True, slots=True)
class Wire:
    """A simulator that listens in this process."""

    port: int
    simulator: Simulator
    brain: ScriptedBrain

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return self.simulator.state.key

    def script(self, deployment: str, *exchanges: Exchange) -> None:
        """Make a deployment and append to its script."""
        self.simulator.state.deployments.add(deployment)
        self.brain.add(deployment, exchanges)

    def fault(self, deployment: str, name: str, *, times: int | None = None) -> None:
        """Play a fault for a deployment."""
        self.simulator.state.deployments.add(deployment)
        self.simulator.state.orders[deployment] = Order(name, times)

    def calls(self, deployment: str) -> int:
        """Count the calls that a deployment saw."""
        return sum(request["deployment"] == deployment for request in self.simulator.state.requests)


@asynccontextmanager
async def start_wire(key: str = "sk-simulator", model: Brain | None = None) -> AsyncGenerator[Wire, None]:
    """Serve a simulator on loopback while the body runs; scripted, unless another brain is given."""
    brain = ScriptedBrain()
    simulator = Simulator(brain=model or brain, key=key, control_key="ck-test", deployments={"gpt-4o"})
    runner = web.AppRunner(simulator.wire_app(), access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield Wire(int(runner.addresses[0][1]), simulator, brain)
    finally:
        await runner.cleanup()


def write_settings(folder: Path, text: str, secrets: Mapping[str, str] | None = None) -> Path:
    """Write chatsheet.toml and its secret files into `folder`; `{name}` in the text stands for a secret's reference."""
    folder.mkdir(parents=True, exist_ok=True)
    references: dict[str, str] = {}
    for name, value in (secrets or {}).items():
        (folder / f"{name}.key").write_text(value, encoding="utf-8")
        references[name] = f"file:{folder / f'{name}.key'}"
    for name, reference in references.items():
        text = text.replace(f"{{{name}}}", reference)
    path = folder / "chatsheet.toml"
    path.write_text(text, encoding="utf-8")
    return path


def azure_settings(folder: Path, wire: Wire, *deployments: str, more: str = "") -> Settings:
    """Return settings with one azure route per deployment, in order, named first, second and so on."""
    names = ("first", "second", "third", "fourth")[: len(deployments)]
    listed = ", ".join(f'"{name}"' for name in names)
    sections = "".join(
        f'\n[llm.route.{name}]\nkind = "azure"\nendpoint = "{wire.url}"\ndeployment = "{deployment}"\nkey = "{{azure}}"\n'
        for name, deployment in zip(names, deployments, strict=True)
    )
    text = f"data = '{folder}'\n[llm]\nroutes = [{listed}]\n{more}{sections}"
    return settings_file.load(write_settings(folder, text, {"azure": wire.key}))


class NoRecords:
    """An egress that saw nothing, of a LiteLLM that is up."""

    def is_ready(self) -> bool:
        """Let calls through."""
        return True

    def litellm_pid(self) -> int | None:
        """Never started again."""
        return 1

    async def get(self, attempt: str, *, wait: bool = True) -> Record | None:
        """Return no record."""
        del attempt, wait
        return None

    async def abandon(self, attempt: str) -> None:
        """Nothing runs there."""
        del attempt


@asynccontextmanager
async def gateway_for(settings: Settings, telemetry: ModelCalls | None = None) -> AsyncGenerator[Gateway, None]:
    """Build a gateway over real legs while the body runs."""
    legs = Legs()
    gateway = Gateway(plan=plan(settings.llm), legs=legs, records=NoRecords(), clock=SystemClock(), telemetry=telemetry)
    try:
        yield gateway
    finally:
        await gateway.close()
        await legs.close()


@dataclass(slots=True)
class Program:
    """`chatsheet …` as a process of its own, with everything it said."""

    process: asyncio.subprocess.Process
    said: list[str]
    _pump: "asyncio.Task[None]"
    _heard: asyncio.Condition

    async def wait_for(self, pattern: str, limit_s: float = 60) -> re.Match[str]:
        """Return the first line that fits, or fail with everything that was said."""
        seen = 0
        async with self._heard:
            try:
                async with asyncio.timeout(limit_s):
                    while True:
                        for line in self.said[seen:]:
                            if found := re.search(pattern, line):
                                return found
                        seen = len(self.said)
                        if self._pump.done():
                            raise AssertionError(f"ended before it said {pattern!r}:\n" + "\n".join(self.said))
                        await self._heard.wait()
            except TimeoutError:
                raise AssertionError(f"never said {pattern!r}:\n" + "\n".join(self.said)) from None

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the process and return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        code = await self.process.wait()
        await self._pump
        return code


@asynccontextmanager
async def program(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> AsyncGenerator[Program, None]:
    """Run `chatsheet ARGUMENTS` while the body runs; stdout and stderr are heard together."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chatsheet.cli.main",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        cwd=cwd,
    )
    said: list[str] = []
    heard = asyncio.Condition()

    async def pump() -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            async with heard:
                said.append(line.decode(errors="replace").rstrip())
                heard.notify_all()
        async with heard:
            heard.notify_all()

    running = Program(process, said, asyncio.ensure_future(pump()), heard)
    try:
        yield running
    finally:
        await running.stop()


async def run_program(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, argv: Sequence[str] = ()
) -> tuple[int, str, str]:
    """Run a command to its end and return exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *(argv or (sys.executable, "-m", "chatsheet.cli.main")),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()
