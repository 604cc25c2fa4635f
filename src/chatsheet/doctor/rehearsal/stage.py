"""Sets a scenario up for real: a simulator behind sockets, its listeners, a settings file, and orders by control port."""

import secrets
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.doctor.rehearsal.model import Order, Scenario
from chatsheet.simulator.brains.obliging import ObligingBrain
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.dns import DnsServer, Name
from chatsheet.simulator.listeners.tls import TlsListener
from chatsheet.simulator.network import Network
from chatsheet.simulator.server import Simulator
from chatsheet.simulator.serving import serving

_HERE = "127.0.0.1"
_OUTSIDE = "127.0.0.2"
"""Where the resource's public side is played: an address of this machine that no scenario calls private."""
_OK = 200
_OF_NETWORK = ("dns", "tls", "proxy", "black_hole", "silent", "reset", "refused", "identity_host", "sign_in")


@dataclass(frozen=True, slots=True)
class Staged:
    """A scenario that stands: where its settings are, and the variables of the process that reads them."""

    settings: Path
    environment: Mapping[str, str]
    names: Mapping[str, str]
    """What the names in braces stand for."""

    def filled(self, text: str) -> str:
        """Return a text of the scenario with what is real in it."""
        return _filled(text, self.names)


@asynccontextmanager
async def staged(scenario: Scenario) -> AsyncGenerator[Staged, None]:
    """Set a scenario up while the body runs."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chatsheet-rehearsal-")))
        names = {**_random_names(), "folder": str(folder), "folder_text": loose.dumps(str(folder)), "host": NAME}
        await _open(stack, scenario, names, folder)
        for name, text in {"chatsheet.toml": scenario.settings, **scenario.files}.items():
            (folder / name).write_text(_filled(text, names), encoding="utf-8")
        for key in ("wire", "other"):
            (folder / f"{key}.key").write_text(names[f"{key}_key"], encoding="utf-8")
        environment = {name: _filled(value, names) for name, value in scenario.environment.items()}
        yield Staged(folder / "chatsheet.toml", environment, names)


def _random_names() -> dict[str, str]:
    """Return names and keys that say nothing of what will be played."""
    names = {name: f"d-{secrets.token_hex(4)}" for name in ("deployment", "second", "elsewhere")}
    return {**names, **{name: secrets.token_hex(16) for name in ("wire_key", "other_key")}}


async def _open(stack: AsyncExitStack, scenario: Scenario, names: dict[str, str], folder: Path) -> None:
    """Start what the scenario needs, note where it listens, and give the orders."""
    simulator = Simulator(
        brain=ObligingBrain(),
        key=names["wire_key"],
        control_key=secrets.token_hex(16),
        deployments={names["deployment"], names["second"]},
    )
    wire = await stack.enter_async_context(serving(simulator.wire_app()))
    names["wire"] = f"http://{_HERE}:{wire}"
    network: Network | None = None
    if _needs_network(scenario):
        network = await stack.enter_async_context(Network((_HERE, wire)))
        network.write_ca(folder / "ca.pem")
        names |= _names_of(network)
        if "{outside}" in scenario.texts or "{public_dns}" in scenario.texts:
            names |= await _open_outside(stack, network)
    control = await stack.enter_async_context(serving(simulator.control_app(network)))
    await _give(f"http://{_HERE}:{control}", simulator.control_key, scenario.orders, names)


async def _open_outside(stack: AsyncExitStack, network: Network) -> dict[str, str]:
    """Serve the same resource on its public side, with a name server that knows only that one."""
    tls = network.tls
    side = TlsListener(tls.upstream, host=_OUTSIDE, port=tls.port, certificates=tls.certificates)
    await stack.enter_async_context(side)
    names = await stack.enter_async_context(DnsServer({NAME: Name(addresses=(_OUTSIDE,))}))
    return {"outside": _OUTSIDE, "public_dns": str(names.port)}


def _needs_network(scenario: Scenario) -> bool:
    texts = scenario.texts
    return any(f"{{{name}}}" in texts for name in _OF_NETWORK)


def _names_of(network: Network) -> dict[str, str]:
    ports = {
        "dns": network.dns.port,
        "tls": network.tls.port,
        "proxy": network.proxy.port,
        "black_hole": network.black_hole.port,
        "silent": network.silent.port,
        "reset": network.resetter.port,
        "refused": network.refused.port,
        "sign_in": network.sign_in.port,
    }
    return {**{name: str(port) for name, port in ports.items()}, "identity_host": network.identity.url}


async def _give(control: str, key: str, orders: Iterable[Order], names: Mapping[str, str]) -> None:
    """Tell the control port what to play, as anybody else would."""
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers, trust_env=False) as session:
        for order in orders:
            body: JsonObject = {name: _deep(value, names) for name, value in order.body.items()}
            async with session.post(f"{control}/{order.path}", json=body) as response:
                if response.status != _OK:
                    raise RuntimeError(f"the control port refused {order.path}: {await response.text()}")


def _deep(value: loose.JsonValue, names: Mapping[str, str]) -> loose.JsonValue:
    match value:
        case str():
            return _filled(value, names)
        case list():
            return [_deep(one, names) for one in value]
        case dict():
            return {name: _deep(one, names) for name, one in value.items()}
        case _:
            return value


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text
