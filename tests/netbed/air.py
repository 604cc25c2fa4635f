"""Runs in namespaces of its own, made by `unshare`, with no way out but a trap that counts: `air.py chain|demo FOLDER`.

Everything that is not for loopback leads into a device that nobody listens to, names are asked there too, and each packet that
wants to leave is counted. What was seen goes to stdout as one JSON object.
"""

import asyncio
import contextlib
import re
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp

from chatsheet.core import ids, loose
from chatsheet.core.loose import JsonObject
from chatsheet.simulator.brains.scripted import Exchange
from tests.harness import ROOT, free_ports, program, run_program, runs, start_wire, write_settings

QUESTION = "What is the total revenue?"
SALES = ROOT / "examples" / "sales.xlsx"
_SETTINGS = """
data = '{folder}'
[server]
port = {port}
token = "{{token}}"
[llm]
routes = ["litellm", "azure"]
[llm.route.litellm]
kind = "litellm"
base_url = "http://127.0.0.1:{litellm_port}"
egress_port = {egress_port}
key = "{{master}}"
serves = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{url}"
deployment = "gpt-4o"
key = "{{azure}}"
"""
_TRAP = """
table inet air {
  counter left { }
  chain leaving {
    type filter hook output priority 0; policy accept;
    oifname != "lo" counter name left
  }
}
"""


def seal(folder: Path) -> None:
    """Let everything but loopback lead into the trap."""
    _run("ip", "link", "set", "lo", "up")
    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")  # else the kernel itself looks for neighbours
    _run("ip", "link", "add", "out", "type", "veth", "peer", "name", "nobody")
    _run("ip", "link", "set", "nobody", "up")
    _run("ip", "addr", "add", "192.0.2.2/24", "dev", "out")
    _run("ip", "link", "set", "out", "up")
    _run("ip", "route", "add", "default", "via", "192.0.2.1")
    _run("nft", "-f", "-", given=_TRAP)
    (folder / "resolv.conf").write_text("nameserver 192.0.2.53\noptions timeout:1 attempts:1\n")
    _run("mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf")


def left() -> int:
    """Count the packets that wanted to leave so far."""
    found = re.search(r"packets (\d+)", _run("nft", "list", "counter", "inet", "air", "left"))
    assert found is not None
    return int(found[1])


def knock() -> int:
    """Try to leave, and return what the trap counted."""
    with contextlib.suppress(OSError):
        socket.getaddrinfo("example.com", 443)
    return left()


async def chain(folder: Path) -> JsonObject:
    """Serve with LiteLLM, ask through all of it, and look at what people look at."""
    port, litellm_port, egress_port = free_ports(3)
    async with start_wire(key=ids.new_key("az")) as wire:
        wire.script(
            "gpt-4o", runs("SELECT round(sum(revenue), 2) AS total FROM orders"), Exchange(text="That is all.", repeat=True)
        )
        ports = {"port": port, "litellm_port": litellm_port, "egress_port": egress_port}
        token = ids.new_key("cs")
        text = _SETTINGS.format(folder=folder / "data", url=wire.url, **ports)
        config = write_settings(folder, text, {"token": token, "master": ids.new_key(), "azure": wire.key})
        async with program("--config", str(config), "serve") as server:
            await server.wait_for(r"LiteLLM answers on", limit_s=240)
            code, out, err = await run_program("--config", str(config), "ask", str(SALES), QUESTION, "--json")
            pages = await _pages(port, token)
    return {"code": code, "answer": loose.parse(out), "error": err, "pages": pages}


async def _pages(port: int, token: str) -> JsonObject:
    found: JsonObject = {}
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        for path in ("/", "/livez", "/readyz", "/metrics", "/api/sheets"):
            async with session.get(path) as response:
                found[path] = response.status
    return found


async def demo(folder: Path) -> JsonObject:
    """Answer a question as `make demo` does, with the offline model."""
    code, out, err = await run_program("--data", str(folder / "data"), "demo", "--file", str(SALES), "--ask", QUESTION)
    return {"code": code, "answer": out, "error": err}


def _run(*argv: str, given: str = "") -> str:
    return subprocess.run(argv, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603  ours


if __name__ == "__main__":
    here = Path(sys.argv[2])
    seal(here)
    knocked = knock()
    seen = asyncio.run({"chain": chain, "demo": demo}[sys.argv[1]](here))
    sys.stdout.write(loose.dumps({**seen, "knocked": knocked, "left": left() - knocked}) + "\n")
