"""`chatsheet simulator`: the other side of the wire, on loopback, saying plainly what it is."""

import asyncio
import signal
from pathlib import Path

import click
from aiohttp import web

from chatsheet.core import ids
from chatsheet.simulator.brain import Brain
from chatsheet.simulator.brains.scripted import ScriptedBrain
from chatsheet.simulator.faults import FAULTS
from chatsheet.simulator.server import Simulator


@click.command("simulator")
@click.option("--port", default=4010, show_default=True, help="Where the wire listens.")
@click.option("--control-port", default=4011, show_default=True, help="Where faults and scripts are set.")
@click.option("--key", envvar="CHATSHEET_SIMULATOR_KEY", help="The key clients need (default: a random one).")
@click.option("--control-key", envvar="CHATSHEET_SIMULATOR_CONTROL_KEY", help="The key of the control port.")
@click.option("--brain", type=click.Choice(["scripted", "local"]), default="scripted", show_default=True)
@click.option("--model-file", type=click.Path(path_type=Path), help="Weights of the local brain.")
@click.option("--deployment", "deployments", multiple=True, default=["gpt-4o"], show_default=True)
@click.option("--quiet", is_flag=True, help="Print what it is, but no keys.")
@click.option("--list", "list_faults", is_flag=True, help="List the faults it can play, and exit.")
def command(
    *,
    port: int,
    control_port: int,
    key: str | None,
    control_key: str | None,
    brain: str,
    model_file: Path | None,
    deployments: tuple[str, ...],
    quiet: bool,
    list_faults: bool,
) -> None:
    """Run a simulator of Azure OpenAI's and OpenAI's wire format. It is not Azure and calls no model of theirs."""
    if list_faults:
        for name, fault in FAULTS.items():
            click.echo(f"{name:8} {fault.about}")
        return
    key, control_key = key or ids.new_key(), control_key or ids.new_key()
    simulator = Simulator(brain=_brain(brain, model_file), key=key, control_key=control_key, deployments=set(deployments))
    notice = f"ChatSheetAI simulator: NOT Azure OpenAI and not OpenAI, but their wire format with the {brain} brain."
    if not quiet:
        notice += f"\nwire     http://127.0.0.1:{port}  key {key}\ncontrol  http://127.0.0.1:{control_port}  key {control_key}"
    asyncio.run(_serve(simulator, port, control_port, notice))


def _brain(name: str, model_file: Path | None) -> Brain:
    if name == "scripted":
        return ScriptedBrain()
    from chatsheet.simulator.brains.local import LocalBrain  # noqa: PLC0415  loads the model's own library

    return LocalBrain(model_file)


async def _serve(simulator: Simulator, port: int, control_port: int, notice: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with simulator.brain:
        runners = [
            await _listen(simulator.wire_app(), port),
            await _listen(simulator.control_app(), control_port),
        ]
        click.echo(notice)
        await stop.wait()
        for runner in runners:
            await runner.cleanup()


async def _listen(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    return runner
