"""Two network namespaces joined by one cable, without any way out: made for one test run, and removed whatever happens.

Nothing of it is in the machine's own network. Names end in the id of the process that made them; what a killed run left is
swept by the next one.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from tests.netbed import world

ETC = Path("/etc/netns")
_OURS = re.compile(r"cs-(?:app|azure)-(\d+)")
_TOOLS = ("ip", "nft")
_RESOLV = f"nameserver {world.MACHINE_DNS}\noptions timeout:2 attempts:1\n"

_RULES = f"""
table inet bed {{
  counter public {{ }}
  counter permitted {{ }}
  set dropped {{ type ipv4_addr; elements = {{ {world.DROPPED} }} }}
  chain arriving {{
    type filter hook input priority 0; policy accept;
    ip daddr {world.PUBLIC} counter name public
    ip6 daddr {world.PUBLIC_V6} counter name public
    ip daddr {world.PERMITTED} counter name permitted
    ip daddr @dropped meta l4proto tcp drop
  }}
}}
"""


class NoNamespaces(Exception):
    """Network namespaces are not for this process."""


def why_not(*, is_root: bool, path: str | None = None) -> str:
    """Return why the bed cannot stand here, or an empty text."""
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=path or _path()) is None]
    if not is_root:
        return "network namespaces need root"
    return f"{' and '.join(missing)} missing: run `sh tools/get_netbed.sh`" if missing else ""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Both sides, by the id of the process that made them."""

    pid: int

    @property
    def app(self) -> str:
        """Where our programs run."""
        return f"cs-app-{self.pid}"

    @property
    def azure(self) -> str:
        """Where the resource, its DNS and the company's proxy are played."""
        return f"cs-azure-{self.pid}"

    def inside(self, name: str, *argv: str) -> list[str]:
        """Return the command line that runs another one inside a namespace."""
        return [_tool("ip"), "netns", "exec", name, *argv]

    def packets(self) -> dict[str, int]:
        """Count the packets that ever arrived at public addresses, the first of every connection among them."""
        said = _run(*self.inside(self.azure, _tool("nft"), "list", "counters", "table", "inet", "bed"))
        return {name: int(count) for name, count in re.findall(r"counter (\w+) \{\s*packets (\d+)", said)}

    @contextlib.contextmanager
    def dropping(self, address: str) -> Generator[None, None, None]:
        """Drop what arrives for an address over TCP while the body runs; connections that stand fall silent."""
        rule = (*self.inside(self.azure, _tool("nft")), "{} element inet bed dropped {{ {} }}")
        _run(*rule[:-1], rule[-1].format("add", address))
        try:
            yield
        finally:
            _run(*rule[:-1], rule[-1].format("delete", address))


@contextlib.contextmanager
def standing(pid: int) -> Generator[Namespaces, None, None]:
    """Build both sides and take them down again; raises NoNamespaces."""
    made = Namespaces(pid)
    remove(made)  # what a run left that had our process id
    try:
        try:
            _run(_tool("ip"), "netns", "add", made.azure)
        except OSError as error:
            raise NoNamespaces(str(error)) from None
        _run(_tool("ip"), "netns", "add", made.app)
        _connect(made)
        _address(made)
        yield made
    finally:
        remove(made)


def _connect(made: Namespaces) -> None:
    _ip(made.azure, "link add far type veth peer name near netns", made.app)
    for name, device in ((made.azure, "far"), (made.app, "near")):
        _ip(name, "link set lo up")
        _ip(name, f"link set {device} up")


def _address(made: Namespaces) -> None:
    for address in world.AZURE_ADDRESSES:
        is_v6 = ":" in address
        _ip(made.azure, f"addr add {address}/{64 if is_v6 else 24} dev far", *(("nodad",) if is_v6 else ()))
    _ip(made.app, "addr add 10.60.0.100/24 dev near")
    _ip(made.app, "addr add fd60::100/64 dev near nodad")
    for address in (world.IMDS, world.PUBLIC, world.PUBLIC_V6, world.PERMITTED):
        _ip(made.app, f"route add {address} dev near")
    for kind, address in world.NO_WAY.items():
        _ip(made.app, f"route add {kind} {address}")
    _run(*made.inside(made.azure, _tool("nft"), "-f", "-"), given=_RULES)
    folder = ETC / made.app
    folder.mkdir(parents=True)
    (folder / "resolv.conf").write_text(_RESOLV)
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")


def remove(made: Namespaces) -> None:
    """End what runs inside, and take away both sides and what was written for them."""
    for name in (made.app, made.azure):
        with contextlib.suppress(OSError):
            for pid in _run(_tool("ip"), "netns", "pids", name).split():
                os.kill(int(pid), signal.SIGKILL)
        with contextlib.suppress(OSError):
            _run(_tool("ip"), "netns", "delete", name)
        shutil.rmtree(ETC / name, ignore_errors=True)
    with contextlib.suppress(OSError):
        ETC.rmdir()  # only when it is empty


def sweep() -> None:
    """Remove what runs left that are no more."""
    listed = _run(_tool("ip"), "netns", "list") + " ".join(path.name for path in ETC.glob("cs-*"))
    for pid in {int(found) for found in _OURS.findall(listed)}:
        if not Path(f"/proc/{pid}").exists():
            remove(Namespaces(pid))


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _tool(name: str) -> str:
    return shutil.which(name, path=_path()) or name


def _ip(name: str, words: str, *more: str) -> None:
    _run(_tool("ip"), "-n", name, *words.split(), *more)


def _run(*argv: str, given: str = "") -> str:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)  # noqa: S603  commands are our own
    if done.returncode:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def names() -> set[str]:
    """Return the namespaces that there are now."""
    return set(re.findall(r"^\S+", _run(_tool("ip"), "netns", "list"), re.MULTILINE))
