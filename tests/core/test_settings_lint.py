"""Settings that cannot work are named with the cause that a call would fail with, before a packet is sent."""

from pathlib import Path

import pytest

from chatsheet.core import api_versions, settings_file
from chatsheet.core.settings import LitellmRoute
from chatsheet.core.settings_check import Problem, check_route
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.llm.causes import CATALOGUE
from tests.harness import write_settings

AZURE = """
[llm.route.azure]
kind = "azure"
endpoint = "https://myresource.openai.azure.com"
deployment = "gpt-4o"
key = "{azure}"
"""
OURS = '[llm.route.litellm]\nkind = "litellm"\nkey = "{master}"\nserves = ["azure"]\n'
GOOD = f'[llm]\nroutes = ["litellm", "azure"]\n{OURS}{AZURE}'
SECRETS = {"azure": "0123456789abcdef0123456789abcdef", "master": "sk-canary-of-this-test"}


def problems(folder: Path, text: str, **secrets: str) -> list[Problem]:
    """Return what stops the start; empty where nothing does."""
    try:
        settings_file.load(write_settings(folder, text, {**SECRETS, **secrets}))
    except SettingsInvalid as error:
        return error.problems
    return []


def test_good_settings_start(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("entry", "old", "new", "key", "cause", "says"),
    [
        ("L7", "serves =", 'model = "azrue"\nserves =', "litellm.model", "litellm.unknown_model", 'did you mean "azure"?'),
        ("L7", 'serves = ["azure"]', 'serves = ["azur"]', "litellm.serves", "litellm.unknown_model", 'did you mean "azure"?'),
        ("L10", "https://myresource", "https://${RESOURCE}", "azure.endpoint", "settings.variable_not_expanded", "${RESOURCE}"),
        ("L11", "{azure}", "${AZURE_KEY}", "azure.key", "settings.variable_not_expanded", 'write "env:AZURE_KEY"'),
        ("L11", "{azure}", "os.environ/AZURE_KEY", "azure.key", "settings.variable_not_expanded", 'write "env:AZURE_KEY"'),
        ("L12", "{azure}", "env:NOT_SET_HERE", "azure.key", "route.key_missing", "NOT_SET_HERE is not set"),
        ("L12", 'key = "{azure}"\n', "", "azure.key", "route.key_missing", "a key is needed"),
        (
            "L13",
            "https://myresource.openai.azure.com",
            "env:ENDPOINT",
            "azure.endpoint",
            "settings.variable_not_expanded",
            "CHATSHEET_LLM_ROUTE_AZURE_ENDPOINT",
        ),
        ("D2", "azure.com", "azure.com/openai", "azure.endpoint", "azure.resource_not_found", "/openai"),
        ("D2", "azure.com", "azure.com/openai/v1", "azure.endpoint", "azure.resource_not_found", "myresource.openai.azure.com"),
        ("D2", "azure.com", "azure.com//", "azure.endpoint", "azure.resource_not_found", "double slash"),
        ("D3", "deployment", 'api_version = "2024-11-20"\ndeployment', "azure.api_version", "azure.api_version", "gpt-4o"),
        ("D3", "deployment", 'api_version = "2024-10-22"\ndeployment', "azure.api_version", "azure.api_version", "2024-10-21"),
        ("D3", "deployment", 'api_version = "latest"\ndeployment', "azure.api_version", "azure.api_version", "v1"),
        (
            "D10",
            "deployment",
            "api_version = 2024-10-21\ndeployment",
            "azure.api_version",
            "settings.api_version_date",
            "quotes",
        ),
        (
            "N3",
            "myresource.openai.azure.com",
            "eastus.api.cognitive.microsoft.com",
            "azure.endpoint",
            "azure.regional_endpoint",
            "NAME.openai",
        ),
        ("N3", "myresource.openai", "openai", "azure.endpoint", "azure.regional_endpoint", "names no resource"),
        (
            "N7",
            "myresource.openai",
            "myresource.privatelink.openai",
            "azure.endpoint",
            "tls.hostname_mismatch",
            "https://myresource.openai.azure.com",
        ),
        ("bound", "https://myresource.openai.azure.com", "https://0.0.0.0", "azure.endpoint", "settings.invalid", "listen on"),
        (
            "bound",
            "serves =",
            'base_url = "http://0.0.0.0:4000"\nserves =',
            "litellm.base_url",
            "litellm.bound_everywhere",
            "http://127.0.0.1:4000",
        ),
        (
            "bound",
            "serves =",
            'base_url = "http://[::]:4000"\nserves =',
            "litellm.base_url",
            "litellm.bound_everywhere",
            "http://127.0.0.1:4000",
        ),
        (
            "path",
            "serves =",
            'base_url = "http://127.0.0.1:4000/v1"\nserves =',
            "litellm.base_url",
            "provider.not_found",
            "/v1",
        ),
        ("config", "serves =", 'config_file = "l.yaml"\nserves =', "litellm.config_file", "settings.invalid", "generated"),
    ],
)
def test_each_entry_is_caught_with_its_cause(
    tmp_path: Path, entry: str, old: str, new: str, key: str, cause: str, says: str
) -> None:
    found = problems(tmp_path, GOOD.replace(old, new))
    mine = [problem for problem in found if problem.key == f"llm.route.{key}"]
    assert [problem.cause for problem in mine] == [cause], (entry, found)
    assert says in f"{mine[0].reason} {mine[0].fix}"
    assert mine[0].cause in CATALOGUE


@pytest.mark.parametrize("weak", ["sk-1234", "sk-short-key", "sk-1111111111111111", "sk-1234567890123", "sk-your-master-key"])
def test_a_weak_master_key_of_the_litellm_that_we_run_stops_the_start(tmp_path: Path, weak: str) -> None:
    found = problems(tmp_path, GOOD, master=weak)
    assert [(problem.key, problem.cause) for problem in found] == [("llm.route.litellm.key", "litellm.master_key_weak")]


def test_the_key_of_a_litellm_that_others_run_is_their_affair(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD.replace('serves = ["azure"]', ""), master="sk-1234") == []


@pytest.mark.parametrize("key", ["'0123456789abcdef'", "“0123456789abcdef”", "0123456789 abcdef", "0123456789\nabcdef"])
def test_quotes_and_blanks_in_a_key_stop_the_start(tmp_path: Path, key: str) -> None:
    found = problems(tmp_path, GOOD, azure=key)
    assert [(problem.key, problem.cause) for problem in found] == [("llm.route.azure.key", "azure.key_shape")]
    assert "0123456789" not in f"{found}"


def test_a_key_that_is_itself_a_reference_is_not_expanded_either(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD, azure="${AZURE_OPENAI_API_KEY}")
    assert [problem.cause for problem in found] == ["settings.variable_not_expanded"]


def test_a_key_of_openai_on_azures_own_host_stops_the_start(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD, azure="sk-0123456789abcdef")
    assert [(problem.key, problem.cause) for problem in found] == [("llm.route.azure.key", "azure.key_shape")]
    local = GOOD.replace("https://myresource.openai.azure.com", "http://127.0.0.1:4010")
    assert problems(tmp_path, local, azure="sk-0123456789abcdef") == []


@pytest.mark.parametrize("version", ["v1", "2024-10-21", "2025-04-01-preview", "2026-09-01", "2027-01-15-preview"])
def test_what_azure_published_or_may_publish_passes(version: str) -> None:
    assert api_versions.fault(version) is None


@pytest.mark.parametrize("version", ["2024-08-06", "2024-13-01", "2024-10-21-preview", "24-10-21", "", "gpt-4o", "2025-08-07"])
def test_what_azure_never_published_does_not(version: str) -> None:
    assert api_versions.fault(version) is not None


def test_openais_own_address_wants_its_version_path(tmp_path: Path) -> None:
    text = '[llm]\nroutes = ["o"]\n[llm.route.o]\nkind = "openai"\nkey = "{azure}"\nbase_url = "https://api.openai.com"\n'
    assert [problem.cause for problem in problems(tmp_path, text)] == ["provider.not_found"]


def test_the_config_file_of_others_is_named_in_settings(tmp_path: Path) -> None:
    text = GOOD.replace('serves = ["azure"]', 'config_file = "/etc/litellm/config.yaml"')
    route = settings_file.load(write_settings(tmp_path, text, SECRETS)).llm.route["litellm"]
    assert isinstance(route, LitellmRoute)
    assert route.config_file == Path("/etc/litellm/config.yaml")


def test_a_route_that_no_call_takes_is_left_to_the_doctor(tmp_path: Path) -> None:
    text = GOOD.replace('["litellm", "azure"]', '["azure"]').replace("serves =", 'base_url = "http://0.0.0.0:1"\nserves =')
    llm = settings_file.load(write_settings(tmp_path, text, SECRETS)).llm
    assert [problem.cause for problem in check_route(llm, "litellm")] == ["litellm.bound_everywhere"]
