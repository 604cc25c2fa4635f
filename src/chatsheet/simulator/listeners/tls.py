"""TLS in front of the wire, or of any other port, with a certificate that is good or wrong in one way."""

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

from chatsheet.simulator.listeners.certificates import NAME, Certificates, TlsMode
from chatsheet.simulator.listeners.tcp import Listener, accepted, connected, relay


class TlsListener(Listener):
    """Ends TLS and passes on what is inside; `mode` may change at any time and holds for new connections."""

    def __init__(
        self,
        upstream: tuple[str, int],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        mode: TlsMode = "good",
        names: Sequence[str] = (NAME, "localhost", "127.0.0.1"),
        certificates: Certificates | None = None,
    ) -> None:
        super().__init__(host=host, port=port)
        self.upstream = upstream
        self.mode: TlsMode = mode
        self.certificates = certificates or Certificates(names)
        self.handshakes = 0
        """How many clients accepted the certificate."""

    def write_ca(self, path: Path) -> Path:
        """Write the authority's certificate as PEM, for `ca_file`."""
        path.write_bytes(self.certificates.ca_pem)
        return path

    async def serve(self, taken: socket.socket) -> None:
        near = await accepted(taken, self.certificates.context(self.mode))
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(near.abort)
            self.handshakes += self.mode != "plain-text-on-tls-port"
            await relay(near, await connected(*self.upstream))
