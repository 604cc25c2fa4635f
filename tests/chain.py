"""The whole chain with one real LiteLLM per test session and worker: it takes long to start, so tests share it.

Tests keep to their own deployments and clear what they set up; all of them belong to the group `litellm`.
"""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from chatsheet.core import settings_file
from chatsheet.core.settings import LitellmRoute, Settings
from chatsheet.llm import litellm_proxy
from chatsheet.llm.records import Sidecar
from chatsheet.simulator.listeners.dns import DnsServer, Name
from chatsheet.simulator.listeners.identity import IdentityEndpoint
from chatsheet.simulator.listeners.tls import TlsListener
from chatsheet.simulator.tokens import TokenRule
from tests.harness import Program, Wire, free_ports, program, start_wire, write_settings
from tests.tape import Tape, start_tape

HYBRID = """
data = '{data}'
[server]
port = 0
[llm]
routes = ["litellm", "azure"]
deadline_s = 30
first_content_s = 5
[llm.route.litellm]
kind = "litellm"
base_url = "http://127.0.0.1:{litellm_port}"
egress_port = {egress_port}
key = "{master}"
serves = [{serves}]
"""

AZURE_KEY = "sk-CANARY-azure-key"
MASTER_KEY = "sk-CANARY-master-key"
DIALECTS = ("azure", "azure_v1", "openai")
"""The three ways to speak to a provider; each is a served route on `gpt-4o`, and a suffix of the other sets."""
PRIVATE_HOST = "resource.azure.example"
"""A name that only the listeners' DNS server knows, and their certificate."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """The networks and the identity that some served routes are about."""

    tape: Tape
    tls: TlsListener
    dns: DnsServer
    identity: IdentityEndpoint
    ca_file: Path


@dataclass(frozen=True, slots=True)
class Hybrid:
    """A simulator, a LiteLLM with its egress, and the settings that lead through both."""

    wire: Wire
    proxy: Program
    config: Path
    settings: Settings
    listeners: Listeners

    def sidecar(self) -> Sidecar:
        """Return where LiteLLM and its egress are now."""
        return msgspec.json.decode(Sidecar.path(self.settings.data).read_bytes(), type=Sidecar)


def dialects(url: str, deployment: str = "gpt-4o", suffix: str = "") -> dict[str, str]:
    """Return one section of settings per dialect, all with this deployment at this address."""
    azure = f'kind = "azure"\nendpoint = "{url}"\ndeployment = "{deployment}"\nkey = "{{azure}}"\n'
    openai = f'kind = "openai"\nbase_url = "{url}/v1"\nmodel = "{deployment}"\nkey = "{{azure}}"\n'
    bodies = (azure, f'{azure}api_version = "v1"\n', openai)
    return {f"{dialect}{suffix}": body for dialect, body in zip(DIALECTS, bodies, strict=True)}


def hybrid_settings(folder: Path, wire_url: str, more: Mapping[str, str] | None = None) -> Path:
    """Write the settings of the whole chain into `folder`; `more` holds further served routes."""
    litellm_port, egress_port = free_ports(2)
    sections = {**dialects(wire_url), **(more or {})}
    text = HYBRID.replace("{data}", str(folder / "data")).replace("{serves}", ", ".join(f'"{name}"' for name in sections))
    text = text.replace("{litellm_port}", str(litellm_port)).replace("{egress_port}", str(egress_port))
    text += "".join(f"[llm.route.{name}]\n{body}" for name, body in sections.items())
    return write_settings(folder, text, {"azure": AZURE_KEY, "master": MASTER_KEY})


ADAPTED = ("D6", "D7", "unsupported-temperature")
"""Refused parameters: each has deployments of its own, because the egress remembers them as long as it runs."""


def served(wire: Wire, seen: Listeners) -> dict[str, str]:
    """Return the served routes that are about adapting, recorded bytes, networks and identity."""
    over_tls = f'kind = "azure"\ndeployment = "gpt-4o"\nkey = "{{azure}}"\nendpoint = "https://HOST:{seen.tls.port}"\n'
    here, trusted = over_tls.replace("HOST", "localhost"), f'ca_file = "{seen.ca_file}"\n'
    named = f'{over_tls.replace("HOST", PRIVATE_HOST)}{trusted}dns = ["127.0.0.1:{seen.dns.port}"]\nnetwork = "private"\n'
    entra = f'kind = "azure"\nendpoint = "{wire.url}"\ndeployment = "gpt-4o"\nauth = "entra"\nidentity = "managed"\n'
    routes = {name: body for fault in ADAPTED for name, body in dialects(wire.url, f"gpt-4o--{fault}", f"_{fault}").items()}
    return {
        **routes,
        **dialects(seen.tape.url, suffix="_tape"),
        "own_ca": here + trusted,
        "no_ca": here,
        "private": f'{named}private_networks = ["127.0.0.0/8"]\n',
        "not_private": named,
        "entra": entra,
    }


@asynccontextmanager
async def listening(wire: Wire, folder: Path) -> AsyncGenerator[Listeners, None]:
    """Serve everything that stands in front of the simulator or beside it, and let it take the identity's tokens."""
    async with AsyncExitStack() as stack:
        tape = await stack.enter_async_context(start_tape())
        tls = TlsListener(("127.0.0.1", wire.port), names=(PRIVATE_HOST, "localhost"))
        await stack.enter_async_context(tls)
        dns = await stack.enter_async_context(DnsServer({PRIVATE_HOST: Name(addresses=("127.0.0.1",))}))
        identity = await stack.enter_async_context(IdentityEndpoint())
        wire.simulator.state.tokens = TokenRule(issued=identity.issued)
        yield Listeners(tape, tls, dns, identity, tls.write_ca(folder / "ca.pem"))


@pytest.fixture(scope="session")
async def hybrid(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Hybrid, None]:
    """Run a simulator in this process and `chatsheet litellm run` beside it."""
    del anyio_backend
    folder = tmp_path_factory.mktemp("hybrid with a space")
    async with start_wire(AZURE_KEY) as wire, listening(wire, folder) as seen:
        config = hybrid_settings(folder, wire.url, served(wire, seen))
        env = {"SECRET_OF_OURS": "CANARY-environment", **seen.identity.environment}
        async with program("--config", str(config), "litellm", "run", env=env) as proxy:
            await proxy.wait_for("LiteLLM answers", 300)
            yield Hybrid(wire, proxy, config, settings_file.load(config), seen)


async def settle(hybrid: Hybrid) -> None:
    """Wait until LiteLLM is alive, whatever the test before did to it, and clear what is left of that test's script."""
    route = hybrid.settings.llm.route["litellm"]
    assert isinstance(route, LitellmRoute)
    assert await litellm_proxy.wait_alive(route.base_url, 120)
    hybrid.wire.simulator.state.orders.clear()
    hybrid.wire.brain.clear("gpt-4o")


def environment_of(pid: int) -> str:
    """Return the environment of a process, as the kernel has it."""
    return Path(f"/proc/{pid}/environ").read_text(errors="replace")


def in_memory(pid: int, text: str) -> bool:
    """Tell whether a process holds a text anywhere in what it may write to."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            begin, end = (int(part, 16) for part in place.split("-"))
            if rights.startswith("rw") and "[v" not in line:
                memory.seek(begin)
                if text.encode() in (memory.read(end - begin) or b""):
                    return True
    return False


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and not a zombie."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
