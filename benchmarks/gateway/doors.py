"""The HTTP doors that are compared: our `chatsheet serve`, the LiteLLM proxy, Portkey's gateway, each a process on one core."""

import contextlib
import http.client
import json
import re
import secrets
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.gateway import answers, peers, processes
from benchmarks.gateway.processes import Child, ChildFailed
from chatsheet.core.secret import literal
from chatsheet.core.settings import LitellmRoute, LlmSettings
from chatsheet.llm import litellm_config

_START_S = 120
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Door:
    """A gateway that listens, and how it is asked."""

    name: str
    server: Child
    address: str
    headers: Mapping[str, str]
    model: str
    streams: bool = False
    """Ask for the short answer as a stream too."""

    def caller(self) -> Child:
        """Start the process that asks it, on the core beside it."""
        options = json.dumps({"headers": dict(self.headers), "model": self.model, "streams": self.streams})
        return processes.module("workers.door", self.address, options, cpu=processes.BESIDE)


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def ours(upstream: str, folder: Path) -> Door:
    """Start `chatsheet serve` with one direct Azure route."""
    token, home = secrets.token_urlsafe(32), folder / "ours"
    home.mkdir()
    for name, value in (("token", token), ("azure", "key")):
        (home / name).write_text(value, encoding="utf-8")
    (home / "chatsheet.toml").write_text(
        f"data = '{home / 'data'}'\n[server]\ntoken = 'file:{home / 'token'}'\n"
        f"[llm]\nmodel = 'bench'\nroutes = ['azure']\n[llm.route.azure]\nkind = 'azure'\nendpoint = '{upstream}'\n"
        f"deployment = '{answers.SHORT}'\nkey = 'file:{home / 'azure'}'\n",
        encoding="utf-8",
    )
    config = str(home / "chatsheet.toml")
    server = Child([sys.executable, "-m", "chatsheet.cli.main", "--config", config, "serve", "--port", "0"], cwd=home)
    while not (found := re.search(r"ChatSheetAI on (http://\S+?)/?$", server.line(_START_S))):
        pass
    return Door("ours", server, f"{found[1]}/v1", {"Authorization": f"Bearer {token}"}, "bench")


def litellm(upstream: str, folder: Path, *, egress: str = "", egress_key: str = "none") -> Door:
    """Start the LiteLLM proxy with the generated config; the alias `direct` beside it leads straight to the upstream.

    Raises NotAvailable, ChildFailed.
    """
    place, home = peers.litellm(), folder / "litellm"
    jail = home / "jail" / "a" / "b"  # LiteLLM puts the grandparent of its folder on the import path
    jail.mkdir(parents=True)
    key = "sk-" + secrets.token_hex(16)
    config = _config(upstream, egress, key)
    (home / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (home / "log.json").write_text(json.dumps(litellm_config.log_config()), encoding="utf-8")
    port = free_port()
    argv = [str(place / "bin" / "litellm"), "--config", str(home / "config.yaml"), "--host", "127.0.0.1"]
    argv += ["--port", str(port), "--log_config", str(home / "log.json")]
    keys = litellm_config.environment(master_key=key, egress_key=egress_key)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(jail), "TMPDIR": str(home), **keys}
    server = Child(argv, env=env, cwd=jail)
    _wait(server, port, "/health/liveliness")
    return Door("LiteLLM proxy", server, f"http://127.0.0.1:{port}/v1", {"Authorization": f"Bearer {key}"}, "direct")


def _config(upstream: str, egress: str, key: str) -> dict[str, object]:
    route = LitellmRoute(kind="litellm", key=literal(key), serves=("azure",), egress_port=int(egress or 9))
    behind = {"kind": "azure", "endpoint": upstream, "deployment": answers.SHORT, "key": literal("key")}
    llm = LlmSettings.model_validate({"routes": ["litellm"], "route": {"litellm": route, "azure": behind}})
    built = dict(litellm_config.build(llm, route))
    generated = built["model_list"]
    assert isinstance(generated, list)  # noqa: S101  a JSON value whose shape the generator decides
    params = {"model": f"azure/{answers.SHORT}", "api_base": upstream, "api_key": "key", "api_version": "2024-10-21"}
    built["model_list"] = [*generated, {"model_name": "direct", "litellm_params": {**params, "max_retries": 0}}]
    return built


def portkey(upstream: str) -> Door:
    """Start Portkey's gateway; raises NotAvailable, ChildFailed."""
    port = free_port()
    server = Child([*peers.portkey(), f"--port={port}"], env=processes.clean_env({"NODE_ENV": "production"}))
    _wait(server, port, "/")
    headers = {
        "Authorization": "Bearer key",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"{upstream}/v1",
    }
    return Door("Portkey", server, f"http://127.0.0.1:{port}/v1", headers, answers.SHORT)


def _wait(server: Child, port: int, path: str) -> None:
    """Return once the server answers HTTP; raises ChildFailed."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and server.process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(_POLL_S)
    said = server.last_words()
    server.stop()
    raise ChildFailed(said)
