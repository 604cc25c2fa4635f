"""The peers: where each one's environment is, how it is made at first use, and why one cannot be had."""

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from benchmarks.gateway import processes
from benchmarks.gateway.processes import Child
from chatsheet.llm import litellm_config, litellm_proxy

TENSORZERO = "2026.6.0"
PORTKEY = "1.15.2"
_PORTKEY_SERVER = "1.11.1"
"""Its own range takes newer ones, with which every stream of it ends in a 500: it appends to immutable headers."""
_INSTALL_S = 600


class NotAvailable(Exception):
    """A peer cannot be had here; the text says why."""


def _cache() -> Path:
    return platformdirs.user_cache_path("chatsheet") / "bench"


def litellm() -> Path:
    """Return the folder of LiteLLM's environment, the very one that the product runs."""
    try:
        return litellm_proxy.install(lambda line: print(f"  {line}"))
    except litellm_proxy.LitellmNotInstalled as error:
        raise NotAvailable(error.what) from None


def tensorzero() -> Path:
    """Return the Python of TensorZero's environment."""
    place = _cache() / f"tensorzero-{TENSORZERO}"
    python = place / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input", "--only-binary", ":all:")
    _make(
        place,
        [sys.executable, "-m", "venv", "--without-pip", str(place)],
        [*pip, "--disable-pip-version-check", f"tensorzero=={TENSORZERO}"],
    )
    return python


def portkey() -> list[str]:
    """Return the command that starts Portkey's gateway."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotAvailable("Node and npm are not installed")
    place = _cache() / f"portkey-{PORTKEY}-{_PORTKEY_SERVER}"
    wanted = {"dependencies": {"@portkey-ai/gateway": PORTKEY}, "overrides": {"@hono/node-server": _PORTKEY_SERVER}}
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", "--silent")
    _make(place, [npm, "install", *options, "--prefix", str(place)], package=wanted)
    return [node, str(place / "node_modules/@portkey-ai/gateway/build/start-server.js"), "--headless"]


def _make(place: Path, *steps: Sequence[str], package: Mapping[str, object] | None = None) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / "complete").exists():
            return
        print(f"  making the environment {place.name}, once")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if package:
            (place / "package.json").write_text(json.dumps(package), encoding="utf-8")
        for step in steps:
            try:
                done = subprocess.run(step, check=False, capture_output=True, text=True, timeout=_INSTALL_S)
            except subprocess.TimeoutExpired:
                raise NotAvailable(f"{place.name} was not installed within {_INSTALL_S} s") from None
            if done.returncode:
                said = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
                raise NotAvailable(f"{place.name}: {said[-1]}")
        (place / "complete").touch()


@dataclass(frozen=True, slots=True)
class Library:
    """A peer that runs inside the caller's own process."""

    name: str
    module: str

    def python(self) -> str:
        """Return the interpreter of its environment; raises NotAvailable."""
        match self.name:
            case "LiteLLM Router":
                return str(litellm() / "bin" / "python")
            case "TensorZero":
                return str(tensorzero())
            case _:
                return sys.executable


def start(peer: Library, module: str, *arguments: str) -> Child:
    """Start one of our modules in a peer's environment; raises NotAvailable."""
    python = peer.python()
    argv = [python, "-m", f"benchmarks.gateway.{module}", *arguments]
    if python == sys.executable:
        return Child(argv)
    # its own environment: our packages stay out of sight, and LiteLLM's offline switches are harmless to the others
    offline = litellm_config.environment(master_key="none", egress_key="none")
    return Child(argv, env=processes.clean_env({**offline, "PYTHONPATH": str(processes.ROOT)}))


LIBRARIES = {
    "openai": Library("openai SDK", "workers.openai_sdk"),
    "pydantic-ai": Library("pydantic-ai", "workers.pydantic_ai_agent"),
    "tensorzero": Library("TensorZero", "workers.tensorzero_embedded"),
    "litellm-router": Library("LiteLLM Router", "workers.litellm_router"),
}
PROXIES = ("litellm-proxy", "portkey")
ALL = (*LIBRARIES, *PROXIES)
