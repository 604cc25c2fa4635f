"""LiteLLM's generated config: our egress under aliases, and no secret, no real model, no real address in it."""

from pathlib import Path

import pytest

from chatsheet.core import loose, settings_file
from chatsheet.core.loose import JsonObject
from chatsheet.core.settings import LlmSettings
from chatsheet.llm import litellm_config, litellm_proxy
from tests.harness import write_settings

TEXT = """
[llm]
routes = ["proxy"]
deadline_s = 33
[llm.route.proxy]
kind = "litellm"
key = "{master}"
serves = ["azure", "dated", "opinion"]
egress_port = 4567
[llm.route.azure]
kind = "azure"
endpoint = "https://canary-host.openai.azure.com"
deployment = "canary-deployment"
api_version = "v1"
key = "{azure}"
[llm.route.dated]
kind = "azure"
endpoint = "https://canary-host.openai.azure.com"
deployment = "canary-deployment"
key = "{azure}"
[llm.route.opinion]
kind = "openai"
model = "canary-model"
base_url = "https://canary-host.example/v1"
key = "{azure}"
"""
SECRETS = {"master": "sk-canary-master", "azure": "canary-azure-key"}


@pytest.fixture
def llm(tmp_path: Path) -> LlmSettings:
    """Settings with three routes behind one LiteLLM."""
    return settings_file.load(write_settings(tmp_path, TEXT, SECRETS)).llm


def config(llm: LlmSettings) -> JsonObject:
    """Return the generated config."""
    found = litellm_proxy.ours(llm)
    assert found is not None
    return litellm_config.build(llm, found.route)


def parameters(llm: LlmSettings) -> list[dict[str, object]]:
    """Return each alias's parameters."""
    return [dict(loose.obj(loose.obj(m).get("litellm_params"))) for m in loose.array(config(llm)["model_list"])]


def test_no_key_model_or_host_of_ours_stands_in_it(llm: LlmSettings) -> None:
    assert "canary" not in litellm_proxy.config_text(llm)


def test_each_served_route_is_an_alias_in_order(llm: LlmSettings) -> None:
    aliases = [loose.obj(model).get("model_name") for model in loose.array(config(llm)["model_list"])]
    assert aliases == ["azure", "dated", "opinion"]


def test_every_alias_leads_to_our_egress_under_a_neutral_model(llm: LlmSettings) -> None:
    bases = [found["api_base"] for found in parameters(llm)]
    egress = "http://127.0.0.1:4567/egress"
    assert bases == [f"{egress}/azure", f"{egress}/dated", f"{egress}/opinion/v1"]
    assert [found["model"] for found in parameters(llm)] == [
        "azure/chatsheet-route",
        "azure/chatsheet-route",
        "openai/chatsheet-route",
    ]


def test_azure_aliases_keep_their_api_version(llm: LlmSettings) -> None:
    assert [found.get("api_version") for found in parameters(llm)] == ["v1", "2024-10-21", None]


def test_keys_are_references_to_the_environment_only(llm: LlmSettings) -> None:
    assert {found["api_key"] for found in parameters(llm)} == {"os.environ/CHATSHEET_EGRESS_KEY"}
    assert config(llm)["general_settings"] == {"master_key": "os.environ/LITELLM_MASTER_KEY"}


def test_litellm_neither_retries_nor_cools_down(llm: LlmSettings) -> None:
    assert {(found["max_retries"], found["timeout"]) for found in parameters(llm)} == {(0, 33)}
    assert config(llm)["router_settings"] == {"num_retries": 0, "disable_cooldowns": True}
    assert config(llm)["litellm_settings"] == {"num_retries": 0}


def test_its_process_knows_two_loopback_keys_and_nothing_of_the_providers() -> None:
    known = litellm_config.environment(master_key="sk-master", egress_key="sk-egress")
    assert known["LITELLM_MASTER_KEY"] == "sk-master"
    assert known["CHATSHEET_EGRESS_KEY"] == "sk-egress"
    assert not any(name.startswith(("AZURE", "OPENAI")) or "DATABASE" in name for name in known)


def test_its_server_writes_no_access_log() -> None:
    loggers = loose.obj(litellm_config.log_config()["loggers"])
    assert loose.obj(loggers["uvicorn.access"])["handlers"] == []


def test_a_config_needs_a_litellm_route_that_serves(tmp_path: Path) -> None:
    text = TEXT.replace('serves = ["azure", "dated", "opinion"]\n', "")
    settings = settings_file.load(write_settings(tmp_path, text, SECRETS))
    with pytest.raises(litellm_proxy.LitellmNotOurs):
        litellm_proxy.config_text(settings.llm)
