"""`chatsheet doctor` as people run it: exit codes, lines in a pipe, records, changes of settings, and no secret anywhere."""

import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatsheet.core import loose
from tests.doctor.rig import KEY, azure, start_obliging
from tests.harness import Wire, run_program, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

OPENAI_KEY = "sk-CANARY-openai-k3yOfOurs"


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    async with start_obliging() as running:
        yield running


def write(folder: Path, sections: str, routes: str = '"azure"') -> Path:
    """Write settings with these routes in use."""
    quick = "connect_s = 1\nfirst_content_s = 3\nidle_s = 1\n"
    text = f"data = '{folder}/data'\n# ours\n[llm]\nroutes = [{routes}]\n{quick}{sections}"
    return write_settings(folder, text, {"azure": KEY, "openai": OPENAI_KEY})


async def doctor(config: Path, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Run the command beside its settings file."""
    return await run_program("--config", str(config), "doctor", "--probes", "1", *arguments, cwd=config.parent, env=env)


async def test_all_healthy_is_0_and_each_rung_is_a_line_in_a_pipe(wire: Wire, tmp_path: Path) -> None:
    code, out, _ = await doctor(write(tmp_path, azure("azure", wire.url)))
    assert code == 0, out
    assert re.search(r"^azure  tcp  ok \d+ ms: connected with 127\.0\.0\.1", out, re.MULTILINE)
    assert "\x1b" not in out
    assert out.rstrip().endswith("All routes in use are healthy.")


async def test_answers_over_another_route_are_1(wire: Wire, tmp_path: Path) -> None:
    wire.fault("broken", "D1")
    sections = azure("broken", wire.url, "broken") + azure("azure", wire.url)
    code, out, _ = await doctor(write(tmp_path, sections, '"broken", "azure"'))
    assert (code, "broken at deployment: azure.deployment_not_found (owner: you)" in out) == (1, True)
    assert "$ az cognitiveservices account deployment list" in out


async def test_no_answer_is_2_and_wrong_settings_are_3(wire: Wire, tmp_path: Path) -> None:
    wire.fault("gpt-4o", "503")
    assert (await doctor(write(tmp_path, azure("azure", wire.url))))[0] == 2
    code, out, _ = await doctor(write(tmp_path, azure("azure", f"{wire.url}/openai")))
    assert (code, "azure.resource_not_found" in out, "nothing was sent" in out) == (3, True, True)


async def test_one_route_alone_and_a_misspelt_one(wire: Wire, tmp_path: Path) -> None:
    config = write(tmp_path, azure("azure", wire.url) + azure("other", wire.url), '"azure", "other"')
    _, out, _ = await doctor(config, "--route", "other", "--json")
    assert [loose.obj(path)["name"] for path in loose.array(json.loads(out)["paths"])] == ["other"]
    code, _, err = await doctor(config, "--route", "azur")
    assert (code, 'did you mean "azure"?' in err) == (4, True)


async def test_two_records_are_kept_and_the_second_says_what_was_fixed(wire: Wire, tmp_path: Path) -> None:
    config = write(tmp_path, azure("azure", wire.url))
    (tmp_path / "ROADMAP.md").write_text("# Plan\n<!-- integration: begin -->\n<!-- integration: end -->\n")
    wire.fault("gpt-4o", "A1")
    await doctor(config, "--record", "decisions")
    wire.simulator.state.orders.clear()
    _, out, _ = await doctor(config, "--record", "decisions")
    assert "azure.key_wrong fixed on `azure`" in out
    assert len(list((tmp_path / "decisions").glob("*.md"))) == len(list((tmp_path / "decisions").glob("*.json"))) == 2
    assert "simulated" in (tmp_path / "ROADMAP.md").read_text()


async def test_certain_changes_are_applied_once_confirmed(wire: Wire, tmp_path: Path) -> None:
    config = write(tmp_path, azure("azure", wire.url, more='api_version = "2024-08-06"'))
    before = config.read_text()
    code, out, _ = await doctor(config, "--apply")
    assert (code, config.read_text()) == (3, before)
    assert '+api_version = "2024-10-21"' in out
    await doctor(config, "--apply", "--yes")
    assert 'api_version = "2024-10-21"' in config.read_text()
    assert "# ours" in config.read_text()
    assert (await doctor(config))[0] == 0


async def test_no_secret_is_in_anything_that_is_said_or_written(wire: Wire, tmp_path: Path) -> None:
    """Keys, and what else the environment holds: a password of a proxy, the secret of an identity."""
    wire.fault("leaky", "A1")
    openai = f'[llm.route.openai]\nkind = "openai"\nbase_url = "{wire.url}/v1"\nmodel = "gpt-4o"\nkey = "{{openai}}"\n'
    config = write(
        tmp_path, azure("azure", wire.url) + azure("leaky", wire.url, "leaky") + openai, '"azure", "leaky", "openai"'
    )
    environment = {"HTTPS_PROXY": "http://clerk:CANARY-of-the-proxy@127.0.0.1:9", "AZURE_CLIENT_SECRET": "CANARY-of-entra"}
    said = "".join(map(str, await doctor(config, "--record", "decisions", **environment)))
    said += "".join(map(str, await doctor(config, "--json", **environment)))
    written = "".join(path.read_text() for path in (tmp_path / "decisions").iterdir())
    assert "CANARY" not in said + written


async def test_a_key_that_is_not_set_is_not_configured_and_never_a_failure(wire: Wire, tmp_path: Path) -> None:
    spare = '[llm.route.spare]\nkind = "openai"\nkey = "env:CHATSHEET_TEST_NO_SUCH_KEY"\n'
    code, out, _ = await doctor(write(tmp_path, azure("azure", wire.url) + spare, '"azure", "spare"'))
    assert (code, "spare: not configured" in out) == (0, True)


async def test_a_database_that_cannot_be_used_stops_no_examination(wire: Wire, tmp_path: Path) -> None:
    config = write(tmp_path, azure("azure", wire.url))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "chatsheet.sqlite").write_bytes(b"no database, whatever its name says" * 100)
    code, _, err = await doctor(config)
    assert (code, "are not kept" in err, "Traceback" in err) == (0, True, False)
