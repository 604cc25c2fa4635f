"""`chatsheet simulator`: the other side of the wire, on loopback, saying plainly what it is."""

import asyncio
import contextlib
import signal
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict, Unpack

import click

from chatsheet.core import ids
from chatsheet.simulator import faults
from chatsheet.simulator.brain import Brain
from chatsheet.simulator.brains.obliging import ObligingBrain
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain
from chatsheet.simulator.network import Network
from chatsheet.simulator.server import Simulator
from chatsheet.simulator.serving import serving
from chatsheet.simulator.tokens import TokenRule


def _loopback(ctx: click.Context, param: click.Parameter, value: str) -> str:
    del ctx, param
    with contextlib.suppress(ValueError):
        if ip_address(value).is_loopback:
            return value
    raise click.BadParameter("only an address of this machine itself, such as 127.0.0.1: a simulator is for nobody else")


class _Options(TypedDict):
    host: str
    port: int
    control_port: int
    key: str | None
    control_key: str | None
    brain: str
    model_file: Path | None
    deployments: tuple[str, ...]
    says: str | None
    network: bool
    network_port: int
    ca_file: Path
    quiet: bool
    list_faults: bool


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, callback=_loopback, help="A loopback address.")
@click.option("--port", default=4010, show_default=True, help="Where the wire listens.")
@click.option("--control-port", default=4011, show_default=True, help="Where faults and scripts are set.")
@click.option("--key", envvar="CHATSHEET_SIMULATOR_KEY", help="The key clients need (default: a random one).")
@click.option("--control-key", envvar="CHATSHEET_SIMULATOR_CONTROL_KEY", help="The key of the control port.")
@click.option("--brain", type=click.Choice(["scripted", "obliging", "local"]), default="scripted", show_default=True)
@click.option("--model-file", type=click.Path(path_type=Path), help="Weights of the local brain.")
@click.option("--deployment", "deployments", multiple=True, default=["gpt-4o"], show_default=True)
@click.option("--says", metavar="TEXT", help="What the scripted brain answers to every call.")
@click.option("--network", is_flag=True, help="Also start DNS, TLS, bad ports, a proxy and an identity endpoint.")
@click.option("--network-port", default=4020, show_default=True, help="The first of their nine ports; 0 takes free ones.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default="simulator-ca.pem",
    show_default=True,
    help="Where to write the TLS listener's throwaway authority.",
)
@click.option("--quiet", is_flag=True, help="Print what it is, but no keys.")
@click.option("--list", "list_faults", is_flag=True, help="List every fault and how it is rehearsed, and exit.")
def command(**options: Unpack[_Options]) -> None:
    """Run a simulator of Azure OpenAI's and OpenAI's wire format. It is not Azure and calls no model of theirs."""
    if options["list_faults"]:
        click.echo(_catalogue())
        return
    if options["says"] is not None and options["brain"] != "scripted":
        raise click.UsageError("--says is for the scripted brain.")
    simulator = Simulator(
        brain=_brain(options),
        key=options["key"] or ids.new_key(),
        control_key=options["control_key"] or ids.new_key(),
        deployments=set(options["deployments"]),
    )
    asyncio.run(_run(simulator, options))


def _catalogue() -> str:
    lines = [
        "Played by the wire: name the deployment DEPLOYMENT--FAULT, or POST the fault to the control port.",
        "With --network: POST to the control port's /network/dns, tls, proxy or identity, or use the port.",
    ]
    for title, entries in faults.by_layer():
        lines += ["", f"── {title} ──"]
        for entry in entries:
            lines += [f"{entry.name:25}{entry.about}", f"{'':25}  {entry.how}"]
    return "\n".join(lines)


def _brain(options: _Options) -> Brain:
    if options["brain"] == "scripted":
        brain = ScriptedBrain()
        if options["says"] is not None:
            for deployment in options["deployments"]:
                brain.add(deployment, [Exchange(text=options["says"], repeat=True)])
        return brain
    if options["brain"] == "obliging":
        return ObligingBrain()
    from chatsheet.simulator.brains.local import LocalBrain  # noqa: PLC0415  loads the model's own library

    return LocalBrain(options["model_file"])


async def _run(simulator: Simulator, options: _Options) -> None:
    """Listen, say where, and wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(simulator.brain)
        click.echo(await _start(stack, simulator, options))
        await stop.wait()


async def _start(stack: contextlib.AsyncExitStack, simulator: Simulator, options: _Options) -> str:
    """Start every listener and return what there is to say about them."""
    host, network = options["host"], None
    port = await stack.enter_async_context(serving(simulator.wire_app(), host, options["port"]))
    if options["network"]:
        network = Network((host, port), host=host, port=options["network_port"])
        await stack.enter_async_context(network)
        simulator.state.tokens = TokenRule(issued=network.identity.issued)
    control = await stack.enter_async_context(serving(simulator.control_app(network), host, options["control_port"]))
    brain = simulator.brain.name
    said = [f"ChatSheetAI simulator: NOT Azure OpenAI and not OpenAI, but their wire format with the {brain} brain."]
    if not options["quiet"]:
        address = f"http://{f'[{host}]' if ':' in host else host}"
        said += [
            f"wire       {address}:{port}  key {simulator.state.key}   as LiteLLM: {address}:{port}/litellm",
            f"control    {address}:{control}  key {simulator.control_key}",
        ]
    if network is not None:
        said.append(network.describe(network.write_ca(options["ca_file"])))
    return "\n".join(said)
