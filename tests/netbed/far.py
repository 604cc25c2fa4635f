"""The side where Azure is played: the simulator behind private endpoints, two DNS servers, a proxy, and the machine's identity.

Run inside its namespace as `python -m tests.netbed.far FOLDER`; what clients must trust is written into the folder.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain
from chatsheet.simulator.fault import Tuning
from chatsheet.simulator.listeners.certificates import Certificates
from chatsheet.simulator.listeners.dns import DnsServer
from chatsheet.simulator.listeners.identity import Identity, IdentityEndpoint
from chatsheet.simulator.listeners.proxy import ConnectProxy
from chatsheet.simulator.listeners.tls import TlsListener
from chatsheet.simulator.server import Order, Simulator
from chatsheet.simulator.serving import serving
from chatsheet.simulator.tokens import TokenRule
from tests.netbed import lines, world


@dataclass(frozen=True, slots=True)
class Far:
    """Everything that listens on this side."""

    simulator: Simulator
    tls: dict[str, TlsListener]
    dns: tuple[DnsServer, DnsServer]
    proxies: dict[int, ConnectProxy]
    identity: IdentityEndpoint

    async def reply(self, question: Mapping[str, object]) -> Mapping[str, JsonValue]:
        """Do what is asked, and tell what was seen so far."""
        match question:
            case {"link": str(name)}:
                for server in self.dns:
                    server.set(name, world.at(world.ENDPOINT))
            case {"identity": plays}:
                self.identity.now_plays = Identity.model_validate(plays)
            case _:
                pass
        return self._seen()

    def _seen(self) -> Mapping[str, JsonValue]:
        asked = [str(request["deployment"]) for request in self.simulator.state.requests]
        return {
            "connections": {address: one.connections for address, one in self.tls.items()},
            "targets": {f"{port} {t}": n for port, one in self.proxies.items() for t, n in one.connects.items()},
            "identity": {**self.identity.calls},
            "asked": {name: asked.count(name) for name in asked},
        }


@asynccontextmanager
async def listening(folder: Path) -> AsyncGenerator[Far, None]:
    """Open every port of this side while the body runs."""
    certificates = Certificates(world.CERTIFIED)
    (folder / "ca.pem").write_bytes(certificates.ca_pem)
    (folder / "inspector.pem").write_bytes(certificates.inspector_pem)
    simulator = played()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        wire = ("127.0.0.1", await enter(serving(simulator.wire_app())))
        tls = {
            address: await enter(TlsListener(wire, host=address, port=443, mode=mode, certificates=certificates))
            for address, mode in world.TLS.items()
        }
        dns = [
            await enter(DnsServer(entries, host=address, port=53))
            for address, entries in zip((world.MACHINE_DNS, world.OWN_DNS), world.zones(), strict=True)
        ]
        proxies = {
            port: await enter(ConnectProxy(host=world.PROXY, port=port, mode=mode, credentials=world.PROXY_LOGIN))
            for port, mode in world.PROXIES.items()
        }
        proxies[3128].ways[f"{world.host('proxied-anywhere')}:443"] = (world.ENDPOINT, 443)
        identity = await enter(IdentityEndpoint(host=world.IMDS, port=80))
        simulator.state.tokens = TokenRule(issued=identity.issued)
        yield Far(simulator, tls, (dns[0], dns[1]), proxies, identity)


def played() -> Simulator:
    """Return a resource where every place has a deployment that names itself."""
    brain = ScriptedBrain()
    for name in world.PLACES:
        brain.add(name, [Exchange(text=f"Hello from {name}.", repeat=True)])
    simulator = Simulator(brain=brain, key=world.KEY, control_key="unused", deployments={*world.PLACES})
    simulator.state.orders["redirected"] = Order("redirect", None, Tuning(location=f"https://{world.PUBLIC}/elsewhere"))
    return simulator


async def main(folder: Path) -> None:
    """Serve until standard input ends."""
    async with listening(folder) as far:
        await lines.answer(far.reply)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
