"""The first rung of a path names what shows before a packet is sent, with the config and environment of its LiteLLM."""

from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.doctor import paths
from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import lint
from chatsheet.doctor.subject import Subject
from chatsheet.llm import litellm_proxy
from chatsheet.llm.attempt import Means
from chatsheet.llm.legs import Legs
from tests.harness import NoRecords, write_settings
from tests.llm.test_litellm_lint import GOOD, STORY

pytestmark = pytest.mark.anyio

SETTINGS = """
[llm]
routes = ["azure"{more}]
[llm.route.azure]
kind = "azure"
endpoint = "https://myresource.openai.azure.com"
deployment = "gpt-4o"
key = "{azure}"
[llm.route.theirs]
kind = "litellm"
base_url = "{base}"
key = "{master}"
config_file = "{config}"
[llm.route.ours]
kind = "litellm"
key = "{master}"
serves = ["azure"]
"""
SECRETS = {"azure": "0123456789abcdef0123456789abcdef", "master": "sk-0a9s8d7f6g5h4j3k2l"}


async def look(folder: Path, name: str, *, more: str = "", config: str = GOOD, base: str = "http://10.0.0.4:4000") -> Rung:
    """Look at the first rung of one path."""
    file = folder / "litellm.config.yaml"
    file.write_text(config, encoding="utf-8")
    text = SETTINGS.replace("{more}", more).replace("{config}", str(file)).replace("{base}", base)
    settings = settings_file.load(write_settings(folder, text, SECRETS))
    path = next(path for path in paths.of(settings.llm) if path.name.startswith(name))
    legs = Legs()
    try:
        means = Means(legs, NoRecords(), SystemClock())
        return await lint.look(Subject(path=path, settings=settings, environment={}, means=means))
    finally:
        await legs.close()


async def test_a_direct_path_whose_settings_load_is_clean(tmp_path: Path) -> None:
    rung = await look(tmp_path, "azure")
    assert (rung.name, rung.status, rung.evidence) == ("settings", "passed", ("settings are valid",))


async def test_a_good_config_of_others_is_clean(tmp_path: Path) -> None:
    rung = await look(tmp_path, "theirs", more=', "theirs"')
    assert (rung.status, rung.findings) == ("passed", ())
    assert "litellm.config.yaml was read" in rung.evidence


async def test_the_errors_of_a_config_of_others_break_the_path_and_all_are_told(tmp_path: Path) -> None:
    rung = await look(tmp_path, "theirs", more=', "theirs"', config=STORY)
    assert rung.status == "broken"
    causes = [finding.cause for finding in rung.findings]
    assert causes[:3] == ["litellm.unknown_model", "litellm.unknown_model", "settings.variable_not_expanded"]
    assert set(causes[3:]) == {"litellm.cooldown"}
    assert rung.findings[0].fix == "write model_name: gpt-4o"


async def test_warnings_alone_do_not_break_it(tmp_path: Path) -> None:
    rung = await look(tmp_path, "theirs", more=', "theirs"', config=GOOD.replace("num_retries: 0", "num_retries: 3"))
    assert (rung.status, [finding.cause for finding in rung.findings]) == ("warned", ["litellm.cooldown"])


async def test_a_config_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = SETTINGS.replace("{more}", ', "theirs"').replace("{config}", "/nowhere.yaml").replace("{base}", "http://10.0.0.4:1")
    settings = settings_file.load(write_settings(tmp_path, text, SECRETS))
    path = next(path for path in paths.of(settings.llm) if path.name.startswith("theirs"))
    means = Means(Legs(), NoRecords(), SystemClock())
    rung = await lint.look(Subject(path=path, settings=settings, environment={}, means=means))
    assert (rung.status, rung.findings[0].cause) == ("broken", "settings.invalid")
    assert "cannot be read" in rung.findings[0].what


async def test_a_route_that_no_call_takes_is_checked_here(tmp_path: Path) -> None:
    rung = await look(tmp_path, "theirs", base="http://0.0.0.0:4000")
    assert (rung.status, rung.findings[0].cause) == ("broken", "litellm.bound_everywhere")


async def test_an_environment_that_was_tampered_with_breaks_the_path_through_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert (await look(tmp_path, "ours", more=', "ours"')).status == "passed"  # not made yet
    place = litellm_proxy.place_of()
    site = place / "lib" / "python3.11" / "site-packages"
    (site / "litellm-1.107.0.dist-info").mkdir(parents=True)
    (site / "cook.pth").write_text("import cook\n", encoding="utf-8")
    (place / "pyvenv.cfg").write_text("include-system-site-packages = false\n", encoding="utf-8")
    (place / "complete").touch()
    rung = await look(tmp_path, "ours", more=', "ours"')
    assert rung.status == "broken"
    assert [finding.cause for finding in rung.findings] == ["litellm.known_bad", "litellm.environment_tampered"]
