"""`chatsheet demo`: the real chain on one machine: gateway → LiteLLM → simulator → a small local model.

The simulator is not Azure and says so; everything else is what a company would run.
"""

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from chatsheet.ask import Answer, answer
from chatsheet.cli import beside
from chatsheet.cli.main import Options
from chatsheet.cli.serve import serve
from chatsheet.cli.show import show
from chatsheet.core import ids, loose, settings_file
from chatsheet.core.errors import ChatSheetError, Conflict, Unavailable
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.llm import litellm_proxy
from chatsheet.sheets.ingest.grid import FileMissing
from chatsheet.simulator import weights
from chatsheet.wiring import Services, open_services

_LITELLM_S = 60.0
_SIMULATOR_S = 120.0
_POLL_S = 0.25

_SETTINGS = """\
# Written by `chatsheet demo`. The route called azure ends in the simulator on this machine, not in Azure.
[server]
port = {port}

[llm]
model = "gpt-4o"
routes = ["litellm", "azure"]
deadline_s = 180

[llm.route.litellm]
kind = "litellm"
base_url = "http://127.0.0.1:{litellm_port}"
egress_port = {egress_port}
key = {litellm_key}
serves = ["azure"]

[llm.route.azure]
kind = "azure"
endpoint = "http://127.0.0.1:{simulator_port}"
deployment = "gpt-4o"
api_version = "2024-10-21"
key = {azure_key}
prompt_budget_tokens = 1500
first_content_s = 120
"""


class SimulatorNotReady(Unavailable):
    """The simulator did not answer in time."""

    code = "demo.simulator_not_ready"


class DemoRunning(Conflict):
    """The demo runs in this folder already."""

    code = "demo.running"


@click.command("demo")
@click.option("--file", type=click.Path(path_type=Path), default=Path("examples/sales.xlsx"), show_default=True)
@click.option("--ask", "question", default="", help="Answer one question on the terminal and exit.")
@click.option("--port", default=8000, show_default=True, help="Where the page is.")
@click.option("--model-from", default="index", show_default=True, help="Where to pull the model from: see `model pull`.")
@click.pass_obj
def command(options: Options, file: Path, question: str, port: int, model_from: str) -> None:
    """Run the whole chain on this machine with a sample workbook."""
    if not file.is_file():
        raise FileMissing(f"{file} does not exist.", fix="check the path.")
    folder = (options.data or Path(".demo")).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not question:
                raise DemoRunning("the demo runs in this folder already.", fix="use its page, or stop it.") from None
            show(asyncio.run(_ask_running(folder, file, question)), as_json=False)
            return
        demo = _Demo(folder, port)
        if question:
            show(asyncio.run(demo.ask(file, question, model_from)), as_json=False)
        else:
            asyncio.run(demo.page(file, model_from))


async def _ask_running(folder: Path, file: Path, question: str) -> Answer:
    """Ask through the demo that runs in this folder."""
    settings = settings_file.load(folder / "chatsheet.toml", overrides={"data": str(folder)})
    async with open_services(settings) as services:
        return await answer(services, LOCAL, file, question, progress=_say)


class _Demo:
    """One run of the demo: its folder, its ports, its keys."""

    def __init__(self, data: Path, port: int) -> None:
        self._data = data
        self._config = data / "chatsheet.toml"
        self._azure_key = ids.new_key()
        self._simulator_port, self._control_port, litellm_port, egress_port = _free_ports(4)
        self._config.write_text(
            _SETTINGS.format(
                port=port,
                litellm_port=litellm_port,
                egress_port=egress_port,
                simulator_port=self._simulator_port,
                litellm_key=self._secret("litellm", ids.new_key()),
                azure_key=self._secret("azure", self._azure_key),
            ),
            encoding="utf-8",
        )

    def _secret(self, name: str, value: str) -> str:
        path = self._data / "keys" / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(value)
        return loose.dumps(f"file:{path}")

    @property
    def _settings(self) -> Settings:
        return settings_file.load(self._config, overrides={"data": str(self._data)})

    async def ask(self, file: Path, question: str, model_from: str) -> Answer:
        """Answer one question through LiteLLM, waiting for it for a while, and return the answer."""
        settings = self._settings
        await _pull(model_from)
        async with beside.litellm(settings, self._config), self._simulator(), open_services(settings) as services:
            await _litellm_ready(services)
            return await answer(services, LOCAL, file, question, progress=_say)

    async def page(self, file: Path, model_from: str) -> None:
        """Serve the page at once, and bring the rest up behind it."""

        async def companion(services: Services) -> None:
            try:
                opened = await services.library.bring_in(LOCAL, file)
                await _pull(model_from)
                async with self._simulator():
                    _say("the offline model is ready; LiteLLM follows, answers go directly until then")
                    await services.chats.warm(LOCAL, opened.sheet.id)
                    await asyncio.Event().wait()
            except ChatSheetError as error:
                _say(error.line())

        await serve(self._settings, self._config, companion)

    @asynccontextmanager
    async def _simulator(self) -> AsyncGenerator[None, None]:
        keys = {"CHATSHEET_SIMULATOR_KEY": self._azure_key, "CHATSHEET_SIMULATOR_CONTROL_KEY": ids.new_key()}
        ports = ("--port", str(self._simulator_port), "--control-port", str(self._control_port))
        async with beside.program("simulator", "--brain", "local", "--quiet", *ports, env=keys) as child:
            url = f"http://127.0.0.1:{self._simulator_port}/v1/models"
            if not await litellm_proxy.wait_answer(url, _SIMULATOR_S, is_worth_it=lambda: child.returncode is None):
                raise SimulatorNotReady("the simulator did not start.", fix="see the error above it.")
            yield


async def _litellm_ready(services: Services) -> None:
    try:
        async with asyncio.timeout(_LITELLM_S):
            while not services.records.is_ready():  # noqa: ASYNC110  a file of another process says it
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        _say(f"LiteLLM is not up after {_LITELLM_S:g} s; answering directly")


async def _pull(source: str) -> None:
    """Get the model with a progress bar, if it is not there; in a process of its own, so that a signal ends it."""
    if weights.place().is_file():
        return
    async with beside.program("model", "pull", "--from", source) as child:
        if await child.wait() != 0:
            raise weights.WeightsMissing(
                "the offline model could not be had.",
                fix="give its file with `chatsheet model pull --from FILE`, or an Azure key: see README.md.",
            )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _free_ports(number: int) -> list[int]:
    """Return free ports of loopback; they are held together, so that all differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
