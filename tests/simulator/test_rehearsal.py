"""The how-to "Rehearse a failure" does what it says, command by command, with the simulator as a process of its own."""

import asyncio
import re
import shlex
import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.harness import ROOT, Program, free_ports, program, run_program

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HOWTO = (ROOT / "docs/howto/rehearse-a-failure.md").read_text(encoding="utf-8")
KEYS = {
    "AZURE_OPENAI_API_KEY": "sk-rehearsal",
    "CHATSHEET_SIMULATOR_KEY": "sk-rehearsal",
    "CHATSHEET_SIMULATOR_CONTROL_KEY": "ck-rehearsal",
}
NETWORK = ("DNS", "TLS", "black hole", "silent", "reset", "refused", "proxy", "identity", "sign-in")


def blocks(language: str) -> list[str]:
    """Return the how-to's code blocks of a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", HOWTO, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A simulator as the how-to starts it, on ports of its own, and a folder to work in."""

    folder: Path
    ports: dict[str, str]
    simulator: Program

    def here(self, text: str) -> str:
        """Return a text of the how-to with the ports that are really used."""
        return re.sub(r"\b40[12]\d\b", lambda found: self.ports[found.group()], text)

    async def ask(self, toml: str, **env: str) -> str:
        """Ask over the routes of a settings file and return everything that was said."""
        (self.folder / "chatsheet.toml").write_text(self.here(toml), encoding="utf-8")
        arguments = ("--data", str(self.folder / "data"), "ask", str(ROOT / "examples/sales.xlsx"), "Hello?")
        _, out, err = await run_program(*arguments, env={**KEYS, **env}, cwd=self.folder)
        return out + err


@pytest.fixture
async def rehearsal(tmp_path: Path) -> AsyncGenerator[Rehearsal, None]:
    """The how-to's simulator."""
    line = next(line for line in "".join(blocks("sh")).splitlines() if "--network" in line)
    wire, control = free_ports(2)
    ports = ["--port", str(wire), "--control-port", str(control), "--network-port", "0"]
    async with program(*shlex.split(line)[1:], *ports, env=KEYS, cwd=tmp_path) as running:
        await running.wait_for("sign-in")
        found = {"4010": str(wire), "4011": str(control)}
        for number, name in enumerate(NETWORK):
            said = next(line for line in running.said if line.startswith(name))
            found[str(4020 + number)] = re.findall(r":(\d+)", said.replace("-p ", ":"))[0]
        yield Rehearsal(tmp_path, found, running)


async def test_the_route_line_names_the_cause_that_was_played(rehearsal: Rehearsal) -> None:
    said = await rehearsal.ask(blocks("toml")[0])
    assert "Hello from the simulator." in said
    assert re.search(r"broken: azure\.key_wrong \(.*\) → azure: answered", said)


async def test_the_simulator_stands_in_for_litellm(rehearsal: Rehearsal) -> None:
    assert "litellm: litellm.cooldown" in await rehearsal.ask(blocks("toml")[1])


async def test_the_ports_of_the_network_lead_to_their_causes(rehearsal: Rehearsal) -> None:
    first = blocks("toml")[0]
    for endpoint, cause in re.findall(r'^\|[^|]*\| `endpoint = "(http:[^"]*)"` \| `([a-z_.]+)`', HOWTO, re.MULTILINE):
        toml = first.replace('endpoint = "http://127.0.0.1:4010"', f'endpoint = "{endpoint}"', 1)
        said = await rehearsal.ask(toml.replace("gpt-4o--A1", "gpt-4o"), CHATSHEET_LLM_FIRST_CONTENT_S="3")
        assert f"broken: {cause} (" in said, endpoint
        assert "azure: answered" in said, endpoint


@pytest.mark.skipif(shutil.which("curl") is None, reason="the how-to's commands need curl")
async def test_every_curl_command_works(rehearsal: Rehearsal) -> None:
    lines = [line for line in "".join(blocks("sh")).splitlines() if line.startswith("curl")]
    assert len(lines) > 10
    for line in lines:
        out = await shell(shlex.split(rehearsal.here(line)), rehearsal.folder)
        assert '"error"' not in out, (line, out)


async def shell(argv: list[str], folder: Path) -> str:
    """Run a program to its end and return what it printed; it must end well."""
    process = await asyncio.create_subprocess_exec(*argv, cwd=folder, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0, argv
    return out.decode()


async def test_certificates_lead_to_their_causes(rehearsal: Rehearsal) -> None:
    tls = 'endpoint = "https://localhost:4021"\nca_file = "simulator-ca.pem"'
    toml = blocks("toml")[0].replace('endpoint = "http://127.0.0.1:4010"', tls, 1).replace("gpt-4o--A1", "gpt-4o")
    assert "broken: answered" in await rehearsal.ask(toml)
    for mode, cause in (("intercepted", "tls.untrusted_ca"), ("wrong-name", "tls.hostname_mismatch")):
        await control(rehearsal, "network/tls", f'{{"mode": "{mode}"}}')
        assert f"broken: {cause} (" in await rehearsal.ask(toml)


async def control(rehearsal: Rehearsal, path: str, body: str) -> None:
    """Post to the control port."""
    url, headers = f"http://127.0.0.1:{rehearsal.ports['4011']}/{path}", {"Authorization": "Bearer ck-rehearsal"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        assert response.status == 200


async def test_the_sign_in_leads_to_its_causes(rehearsal: Rehearsal) -> None:
    exports = dict(re.findall(r"export (IDENTITY_\w+)=(\S+)", "\n".join(rehearsal.simulator.said)))
    toml = blocks("toml")[0].replace("gpt-4o--A1", "gpt-4o").replace('key = "env:AZURE_OPENAI_API_KEY"', 'auth = "entra"', 1)
    assert "broken: answered" in await rehearsal.ask(toml, **exports)
    for order, cause in (
        ('{"mode": "A9"}', "entra.identity_not_assigned"),
        ('{"mode": "good", "tenant": "x"}', "azure.tenant_mismatch"),
    ):
        await control(rehearsal, "network/identity", order)
        assert f"broken: {cause} (" in await rehearsal.ask(toml, **exports)


async def test_the_list_groups_every_entry_by_layer() -> None:
    code, out, _ = await run_program("simulator", "--list")
    assert code == 0
    names = re.findall(r"^(\S+) {2,}\S", out, re.MULTILINE)
    assert {f"{letter}1" for letter in "LANDCXS"} | {"L16", "A13", "N13", "D10", "S4"} <= set(names)
    assert out.index("Client to LiteLLM") < out.index("Authentication at Azure") < out.index("Streams")


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", "::"])  # noqa: S104  refused
async def test_only_loopback_is_listened_on(host: str) -> None:
    code, _, err = await run_program("simulator", "--host", host)
    assert code == 2
    assert "only an address of this machine itself" in err


async def test_keys_are_random_and_no_key_is_printed_when_quiet(tmp_path: Path) -> None:
    ports = ("--port", "0", "--control-port", "0")
    async with program("simulator", *ports) as first, program("simulator", *ports) as second:
        keys = [(await one.wait_for(r"wire .* key (\S+)")).group(1) for one in (first, second)]
    assert len(set(keys)) == 2
    assert all(len(key) > 40 for key in keys)
    async with program("simulator", *ports, "--quiet", env=KEYS, cwd=tmp_path) as quiet:
        await quiet.wait_for("NOT Azure OpenAI")
        assert "sk-rehearsal" not in "\n".join(quiet.said)
