"""What variables of this process mean for a path: those that calls never read, and those that a LiteLLM at its side does."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from chatsheet.doctor import findings, lookups
from chatsheet.doctor.model import Finding, Rung
from chatsheet.doctor.subject import Subject
from chatsheet.llm import addresses

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_LOOPBACK = ("127.0.0.1", "localhost")
_IDENTITY = (
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
)
_LISTENS = "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


async def look(subject: Subject) -> Rung:
    """Read names of variables, and ports of this machine; no value is told."""
    return findings.passed("environment", *_told(subject), warnings=tuple(_warnings(subject)))


def _told(subject: Subject) -> Iterator[str]:
    for name in _set(subject, _PROXIES):
        yield f"{name} is set and not used: proxies come from settings"
    ca_file = subject.route.network.ca_file
    for name in _set(subject, ("REQUESTS_CA_BUNDLE",)):
        yield f"{name} is set and never read: name authorities with ca_file"
    for name in _set(subject, ("SSL_CERT_FILE", "SSL_CERT_DIR")):
        meaning = (
            "not used: ca_file names the authorities" if ca_file else "its authorities are trusted, as no ca_file is named"
        )
        yield f"{name} is set: {meaning}"
    if identity := _set(subject, _IDENTITY):
        yield f"set for an identity: {', '.join(identity)}"


def _set(subject: Subject, names: Iterable[str]) -> list[str]:
    """Return which of these variables say something, in either case."""
    spelt = [spelling for name in names for spelling in (name, name.lower())]
    return [name for name in spelt if subject.environment.get(name)]


# ── a LiteLLM on this machine ──


def _warnings(subject: Subject) -> Iterator[Finding]:
    host, port = subject.route.origin
    if subject.path.way != "litellm" or not _is_loopback(host):
        return
    if not subject.route.is_ours:  # ours gets an environment of its own
        if _set(subject, ("DATABASE_URL",)):
            what = "DATABASE_URL is set here: a LiteLLM started from this environment hangs at it, or cannot use it"
            yield findings.finding("litellm.database_url", what)
        if (proxies := _set(subject, _PROXIES)) and not _excepts_loopback(subject):
            what = f"{', '.join(proxies)} set and NO_PROXY does not except loopback: so for a LiteLLM started from here"
            yield findings.finding("litellm.proxied_loopback", what)
    if is_bound_everywhere(port, _tables()):
        what = f"port {port} of this machine listens on every address, not on loopback alone"
        yield findings.finding("litellm.bound_everywhere", what)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (lookups.is_literal(host) and lookups.address_class(host, ()) == "loopback")


def _excepts_loopback(subject: Subject) -> bool:
    named = [entry for name in ("NO_PROXY", "no_proxy") for entry in subject.environment.get(name, "").split(",")]
    return all(addresses.is_direct(host, None, named) for host in _LOOPBACK)


def _tables() -> Iterator[str]:
    for path in _TABLES:
        try:
            yield path.read_text(encoding="ascii")
        except OSError:  # not Linux
            continue


def is_bound_everywhere(port: int, tables: Iterable[str]) -> bool:
    """Tell whether a port listens on every address, by the kernel's tables of sockets. Pure."""
    lines = [line.split() for table in tables for line in table.splitlines()[1:]]
    listening = [fields[1].split(":") for fields in lines if len(fields) > 3 and fields[3] == _LISTENS]  # noqa: PLR2004
    return any(set(address) == {"0"} and int(at, 16) == port for address, at in listening)
