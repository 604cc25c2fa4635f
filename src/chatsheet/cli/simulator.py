"""`chatsheet simulator`: the other side of the wire, on loopback, saying plainly what it is."""

import asyncio
import contextlib
import signal
from ipaddress import ip_address
from pathlib import Path

import click

from chatsheet.core import ids
from chatsheet.simulator import faults
from chatsheet.simulator.brain import Brain
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain
from chatsheet.simulator.network import Network
from chatsheet.simulator.server import Simulator
from chatsheet.simulator.serving import serving


def _loopback(ctx: click.Context, param: click.Parameter, value: str) -> str:
    del ctx, param
    with contextlib.suppress(ValueError):
        if ip_address(value).is_loopback:
            return value
    raise click.BadParameter("only an address of this machine itself, such as 127.0.0.1: a simulator is for nobody else")


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, callback=_loopback, help="A loopback address.")
@click.option("--port", default=4010, show_default=True, help="Where the wire listens.")
@click.option("--control-port", default=4011, show_default=True, help="Where faults and scripts are set.")
@click.option("--key", envvar="CHATSHEET_SIMULATOR_KEY", help="The key clients need (default: a random one).")
@click.option("--control-key", envvar="CHATSHEET_SIMULATOR_CONTROL_KEY", help="The key of the control port.")
@click.option("--brain", type=click.Choice(["scripted", "local"]), default="scripted", show_default=True)
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
def command(
    *,
    host: str,
    port: int,
    control_port: int,
    key: str | None,
    control_key: str | None,
    brain: str,
    model_file: Path | None,
    deployments: tuple[str, ...],
    says: str | None,
    network: bool,
    network_port: int,
    ca_file: Path,
    quiet: bool,
    list_faults: bool,
) -> None:
    """Run a simulator of Azure OpenAI's and OpenAI's wire format. It is not Azure and calls no model of theirs."""
    if list_faults:
        click.echo(_catalogue())
        return
    if says is not None and brain != "scripted":
        raise click.UsageError("--says is for the scripted brain.")
    key, control_key = key or ids.new_key(), control_key or ids.new_key()
    simulator = Simulator(
        brain=_brain(brain, model_file, deployments, says), key=key, control_key=control_key, deployments=set(deployments)
    )
    run = _Run(simulator, host, port, control_port, network_port if network else None, ca_file, quiet=quiet)
    asyncio.run(run.until_stopped())


def _catalogue() -> str:
    lines = [
        "Played by the wire: name the deployment DEPLOYMENT--FAULT, or POST the fault to the control port.",
        "With --network: POST to the control port's /network/dns, tls, proxy or identity, or use the port.",
    ]
    for title, entries in faults.by_layer():
        lines += ["", title]
        for entry in entries:
            lines += [f"  {entry.name:24}{entry.about}", f"  {'':24}  {entry.how}"]
    return "\n".join(lines)


def _brain(name: str, model_file: Path | None, deployments: tuple[str, ...], says: str | None) -> Brain:
    if name == "scripted":
        brain = ScriptedBrain()
        for deployment in deployments if says is not None else ():
            brain.add(deployment, [Exchange(text=says or "", repeat=True)])
        return brain
    from chatsheet.simulator.brains.local import LocalBrain  # noqa: PLC0415  loads the model's own library

    return LocalBrain(model_file)


class _Run:
    """The simulator on its ports until a signal comes."""

    def __init__(
        self,
        simulator: Simulator,
        host: str,
        port: int,
        control_port: int,
        network_port: int | None,
        ca_file: Path,
        *,
        quiet: bool,
    ) -> None:
        self._simulator = simulator
        self._host = host
        self._ports = (port, control_port)
        self._network_port = network_port
        self._ca_file = ca_file
        self._quiet = quiet

    async def until_stopped(self) -> None:
        """Listen, say where, and wait for SIGINT or SIGTERM."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._simulator.brain)
            click.echo(await self._start(stack))
            await stop.wait()

    async def _start(self, stack: contextlib.AsyncExitStack) -> str:
        simulator = self._simulator
        port = await stack.enter_async_context(serving(simulator.wire_app(), self._host, self._ports[0]))
        network = None
        if self._network_port is not None:
            network = Network((self._host, port), host=self._host, port=self._network_port)
            await stack.enter_async_context(network)
        control = await stack.enter_async_context(serving(simulator.control_app(network), self._host, self._ports[1]))
        said = [f"ChatSheetAI simulator: NOT Azure OpenAI and not OpenAI, but their wire format: {simulator.brain.name} brain."]
        if not self._quiet:
            address = f"http://{f'[{self._host}]' if ':' in self._host else self._host}"
            said += [
                f"wire       {address}:{port}  key {simulator.state.key}   (as LiteLLM: {address}:{port}/litellm)",
                f"control    {address}:{control}  key {simulator.control_key}",
            ]
        if network is not None:
            said.append(network.describe(network.write_ca(self._ca_file)))
        return "\n".join(said)
