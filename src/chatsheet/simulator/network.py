"""Every network listener together, in front of one wire: for people who rehearse, and for the control port."""

import contextlib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue

from chatsheet.simulator.listeners.certificates import NAME, PRIVATE_NAME, Certificates, TlsMode
from chatsheet.simulator.listeners.dns import DnsServer, Name
from chatsheet.simulator.listeners.holes import BlackHole, Refused, Resetter, Silent
from chatsheet.simulator.listeners.identity import Identity, IdentityEndpoint
from chatsheet.simulator.listeners.proxy import ConnectProxy, ProxyMode
from chatsheet.simulator.listeners.tls import TlsListener


class DnsOrder(Name):
    """What is said of a name from now on; what is left out stays as it is."""

    name: str = NAME


class TlsOrder(BaseModel):
    """Which certificate new connections see."""

    model_config = ConfigDict(extra="forbid")

    mode: TlsMode


class ProxyOrder(BaseModel):
    """What the proxy does from now on; `credentials` is `user:password` for need-auth."""

    model_config = ConfigDict(extra="forbid")

    mode: ProxyMode
    credentials: str = ""


class Network:
    """The listeners on consecutive ports from `port` on, or on free ones."""

    def __init__(self, wire: tuple[str, int], *, host: str = "127.0.0.1", port: int = 0) -> None:
        ports = [port and port + number for number in range(9)]
        names = (NAME, "localhost", "127.0.0.1")
        certificates = Certificates(names)
        address = Name(addresses=(host,), aliases=(PRIVATE_NAME,))
        self.dns = DnsServer({NAME: address}, host=host, port=ports[0])
        self.tls = TlsListener(wire, host=host, port=ports[1], certificates=certificates)
        self.black_hole = BlackHole(host=host, port=ports[2])
        self.silent = Silent(host=host, port=ports[3])
        self.resetter = Resetter(host=host, port=ports[4])
        self.refused = Refused(host=host, port=ports[5])
        self.proxy = ConnectProxy(host=host, port=ports[6])
        self.identity = IdentityEndpoint(host=host, port=ports[7])
        self.sign_in = TlsListener((host, 0), host=host, port=ports[8], certificates=certificates)
        self._wire = wire
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            for listener in (self.dns, self.tls, self.black_hole, self.silent, self.resetter, self.refused):
                await stack.enter_async_context(listener)
            await stack.enter_async_context(self.identity)
            self.sign_in.upstream = (self.identity.host, self.identity.port)
            await stack.enter_async_context(self.sign_in)
            self.proxy.ways = {f"{NAME}:443": (self.tls.host, self.tls.port), f"{NAME}:80": self._wire}
            await stack.enter_async_context(self.proxy)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def write_ca(self, path: Path) -> Path:
        """Write what clients of the TLS ports must trust."""
        return self.tls.write_ca(path)

    def set(self, listener: str, order: bytes) -> bool:
        """Set a listener up as an order in JSON says; raises ValidationError, tells whether there is such a listener."""
        match listener:
            case "dns":
                self._set_dns(DnsOrder.model_validate_json(order))
            case "tls":
                self.tls.mode = TlsOrder.model_validate_json(order).mode
            case "proxy":
                wanted = ProxyOrder.model_validate_json(order)
                self.proxy.mode = wanted.mode
                self.proxy.credentials = wanted.credentials or self.proxy.credentials
            case "identity":
                given = Identity.model_validate_json(order)
                self.identity.now_plays = self.identity.now_plays.model_copy(update=given.model_dump(exclude_unset=True))
            case _:
                return False
        return True

    def _set_dns(self, order: DnsOrder) -> None:
        given = order.model_dump(exclude_unset=True, exclude={"name"})
        self.dns.set(order.name, self.dns.get(order.name).model_copy(update=given))

    def seen(self) -> dict[str, JsonValue]:
        """Return what the listeners saw: counts, never contents."""
        return {
            "dns": self.dns.asked(NAME),
            "tls": {"mode": self.tls.mode, "connections": self.tls.connections, "handshakes": self.tls.handshakes},
            "silent": self.silent.connections,
            "reset": self.resetter.connections,
            "proxy": {"mode": self.proxy.mode, "targets": dict(self.proxy.connects)},
            "identity": {"mode": self.identity.now_plays.mode, "calls": dict(self.identity.calls)},
        }

    def describe(self, ca_file: Path) -> str:
        """Return where everything listens, with settings to try."""
        host = self.tls.host
        lines = [
            f"DNS        {host}:{self.dns.port} (UDP and TCP)   dig @{host} -p {self.dns.port} {NAME}",
            f'TLS        endpoint = "https://localhost:{self.tls.port}"   ca_file = "{ca_file}"',
            f'black hole endpoint = "http://{host}:{self.black_hole.port}"   no connection ever comes about',
            f'silent     endpoint = "http://{host}:{self.silent.port}"   connections are taken, nothing is said',
            f'reset      endpoint = "http://{host}:{self.resetter.port}"   connections are taken and reset',
            f'refused    endpoint = "http://{host}:{self.refused.port}"   the port is closed',
            f"proxy      http://{host}:{self.proxy.port}   {NAME}:443 leads to the TLS port",
            f"identity   export IDENTITY_ENDPOINT={self.identity.environment['IDENTITY_ENDPOINT']}",
            f"           export IDENTITY_HEADER={self.identity.header}",
            f"sign-in    export AZURE_AUTHORITY_HOST=https://localhost:{self.sign_in.port}   (trust {ca_file})",
        ]
        return "\n".join(lines)
