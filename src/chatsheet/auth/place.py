"""Where people open this server, which its Host allow-list, its redirects and its cookies rest on. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from chatsheet.core.address_check import LOOPBACK
from chatsheet.core.settings import ServerSettings

_USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """The one address of a server in a login mode."""

    origin: str
    """Scheme and host, such as https://sheets.example.com, without a path."""
    hosts: frozenset[str]
    """What a Host header may say, in lower case."""

    @property
    def keeps_https(self) -> bool:
        """Whether browsers are told to come by HTTPS only: not on loopback, whose names all servers of a machine share."""
        parts = urlsplit(self.origin)
        return parts.scheme == "https" and parts.hostname not in LOOPBACK


def place(server: ServerSettings, port: int) -> Place:
    """Return where people open a server that listens on `port`: its public URL, else its own address."""
    if server.public_url:
        parts = urlsplit(server.public_url.lower())
        return Place(f"{parts.scheme}://{parts.netloc}", _hosts(parts.scheme, parts.hostname or "", parts.port))
    scheme = "https" if server.tls_certificate else "http"
    names = sorted(LOOPBACK) if server.host in LOOPBACK else [server.host]
    hosts = frozenset(host for name in names for host in _hosts(scheme, name, port))
    return Place(f"{scheme}://{_bracketed(server.host)}:{port}", hosts)


def _hosts(scheme: str, name: str, port: int | None) -> frozenset[str]:
    """Return a host with its port, and without it where that is the usual one."""
    usual, host = _USUAL[scheme], _bracketed(name)
    with_port = f"{host}:{port or usual}"
    return frozenset({host, with_port} if port in {None, usual} else {with_port})


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
