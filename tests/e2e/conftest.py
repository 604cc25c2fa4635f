"""One real LiteLLM per test session and worker: it takes long to start, so tests share it and keep to their own names."""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from chatsheet.core import settings_file
from chatsheet.core.settings import Settings
from chatsheet.llm.records import Sidecar
from tests.harness import Program, Wire, free_ports, program, start_wire, write_settings

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
serves = ["azure", "azure_v1", "openai"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
[llm.route.azure_v1]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
api_version = "v1"
key = "{azure}"
[llm.route.openai]
kind = "openai"
base_url = "{wire}/v1"
model = "gpt-4o"
key = "{azure}"
"""

AZURE_KEY = "sk-CANARY-azure-key"
MASTER_KEY = "sk-CANARY-master-key"


@dataclass(frozen=True, slots=True)
class Hybrid:
    """A simulator, a LiteLLM with its egress, and the settings that lead through both."""

    wire: Wire
    proxy: Program
    config: Path
    settings: Settings

    def sidecar(self) -> Sidecar:
        """Return where LiteLLM and its egress are now."""
        return msgspec.json.decode(Sidecar.path(self.settings.data).read_bytes(), type=Sidecar)


def hybrid_settings(folder: Path, wire_url: str) -> Path:
    """Write the settings of the whole chain into `folder`."""
    litellm_port, egress_port = free_ports(2)
    text = HYBRID.replace("{data}", str(folder / "data")).replace("{wire}", wire_url)
    text = text.replace("{litellm_port}", str(litellm_port)).replace("{egress_port}", str(egress_port))
    return write_settings(folder, text, {"azure": AZURE_KEY, "master": MASTER_KEY})


@pytest.fixture(scope="session")
async def hybrid(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Hybrid, None]:
    """Run a simulator in this process and `chatsheet litellm run` beside it."""
    del anyio_backend
    folder = tmp_path_factory.mktemp("hybrid with a space")
    async with start_wire(AZURE_KEY) as wire:
        config = hybrid_settings(folder, wire.url)
        async with program("--config", str(config), "litellm", "run", env={"SECRET_OF_OURS": "CANARY-environment"}) as proxy:
            await proxy.wait_for("LiteLLM answers", 300)
            yield Hybrid(wire, proxy, config, settings_file.load(config))


def environment_of(pid: int) -> str:
    """Return the environment of a process, as the kernel has it."""
    return Path(f"/proc/{pid}/environ").read_text(errors="replace")


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and not a zombie."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
