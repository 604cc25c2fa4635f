"""The testing plan as a script: both providers through one LiteLLM and directly, compared, decided and recorded."""

import json
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.doctor.rig import KEY, start_obliging
from tests.harness import ROOT, Wire, free_ports, run_program, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

SCRIPT = ROOT / "examples/testing-plan.sh"
MASTER = "sk-CANARY-master-of-the-plan"
AZURE = """
[llm.route.azure]
kind = "azure"
endpoint = "{url}"
deployment = "gpt-4o"
key = "env:AZURE_OPENAI_API_KEY"
"""
REST = """
[llm.route.litellm]
kind = "litellm"
base_url = "http://127.0.0.1:{litellm}"
egress_port = {egress}
key = "env:LITELLM_MASTER_KEY"
serves = ["azure", "openai"]
[llm.route.openai]
kind = "openai"
base_url = "{url}/v1"
model = "gpt-4o"
key = "env:OPENAI_API_KEY"
"""


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    """Serve a simulator that does what probes ask."""
    async with start_obliging() as running:
        yield running


async def plan(folder: Path, sections: str, *, routes: str, ports: tuple[int, int] = (1, 1), **keys: str) -> tuple[int, str]:
    """Run the script on these settings; return its exit code and everything that it said."""
    text = f"data = '{folder}/data'\n[llm]\nroutes = [{routes}]\n{sections}"
    config = write_settings(folder, text.replace("{litellm}", str(ports[0])).replace("{egress}", str(ports[1])))
    env = {
        **keys,
        "CHATSHEET_CONFIG": str(config),
        "LITELLM_URL": f"http://127.0.0.1:{ports[0]}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
    }
    code, out, err = await run_program(str(folder / "records"), argv=(str(SCRIPT),), env=env, cwd=folder)
    return code, out + err


async def test_the_plan_runs_to_its_decision(wire: Wire, tmp_path: Path) -> None:
    first, second = free_ports(2)
    keys = {"AZURE_OPENAI_API_KEY": KEY, "OPENAI_API_KEY": KEY, "LITELLM_MASTER_KEY": MASTER}
    sections = (AZURE + REST).replace("{url}", wire.url)
    code, said = await plan(tmp_path, sections, routes='"litellm", "azure"', ports=(first, second), **keys)
    assert code == 0, said
    for line in (
        "LiteLLM, asked for azure: 200",
        "LiteLLM, asked for openai: 200",
        "litellm → azure: healthy",
        "openai: healthy",
    ):
        assert line in said, said
    assert "not configured" not in said, said
    (record,) = (tmp_path / "records").glob("*.json")
    states = {path["name"]: path["state"] for path in json.loads(record.read_text(encoding="utf-8"))["paths"]}
    assert states == dict.fromkeys(("litellm → azure", "litellm → openai", "azure", "openai"), "healthy")
    written = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "records").iterdir())
    assert not any(secret in said + written for secret in (KEY, MASTER))


async def test_what_is_not_configured_is_said_and_an_ill_route_gives_its_exit_code(wire: Wire, tmp_path: Path) -> None:
    wire.fault("gpt-4o", "D1")
    code, said = await plan(tmp_path, AZURE.replace("{url}", wire.url), routes='"azure"', AZURE_OPENAI_API_KEY=KEY)
    assert code == 2, said
    assert "azure: ILL (azure.deployment_not_found)" in said
    for name in ("LiteLLM", "litellm → azure", "litellm → openai", "openai"):
        assert f"{name}: not configured" in said, said
