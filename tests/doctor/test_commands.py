"""Each cause that somebody can mend comes with lines to copy, filled in with the names of its path."""

import re
import shlex
from pathlib import Path as File

import pytest

from chatsheet.core import settings_file
from chatsheet.doctor import paths
from chatsheet.doctor.commands import WITHOUT, for_cause
from chatsheet.doctor.paths import Path
from chatsheet.llm.causes import CATALOGUE
from tests.harness import write_settings

SECTIONS = """
[llm]
routes = ["litellm", "azure"]
[llm.route.litellm]
kind = "litellm"
key = "{master}"
serves = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "https://myresource.openai.azure.com"
deployment = "gpt-4o"
key = "{azure}"
[llm.route.gov]
kind = "azure"
endpoint = "https://other.openai.azure.us"
deployment = "it's mine; rm -rf /"
auth = "entra"
[llm.route.openai]
kind = "openai"
key = "{openai}"
[llm.route.foreign]
kind = "litellm"
base_url = "http://litellm.internal:4000"
key = "{master}"
[llm.route.local]
kind = "compatible"
base_url = "http://127.0.0.1:11434/v1"
"""
HOST = "myresource.openai.azure.com"
MENDED_BY = {"you", "network", "azure", "litellm"}


@pytest.fixture
def ways(tmp_path: File) -> dict[str, Path]:
    """Return a path of every kind by its name."""
    secrets = {"master": "sk-mQ7vZr2kLw9sXb4t", "azure": "a" * 32, "openai": "sk-oQ7vZr2kLw9sXb4t"}
    settings = settings_file.load(write_settings(tmp_path, SECTIONS, secrets))
    return {path.name: path for path in paths.of(settings.llm)}


def test_every_lasting_cause_that_somebody_can_mend_has_a_line_or_a_reason(ways: dict[str, Path]) -> None:
    wanted = {code for code, cause in CATALOGUE.items() if cause.permanent and cause.owner in MENDED_BY}
    assert {code for code in wanted if not for_cause(code, ways["azure"])} == set(WITHOUT)


def test_every_line_is_one_that_a_shell_can_read_and_has_no_gaps(ways: dict[str, Path]) -> None:
    for path in ways.values():
        for code in CATALOGUE:
            for line in for_cause(code, path):
                assert shlex.split(line), line
                assert not re.search(r"\{(section|litellm|host|name|zone|deployment)\}", line), line


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("net.dns_failed", f"nslookup {HOST}"),
        (
            "azure.deployment_not_found",
            "az cognitiveservices account deployment list --name myresource --resource-group <resource-group> -o table",
        ),
        ("azure.api_version", '[llm.route.azure]\napi_version = "2024-10-21"'),
        ("net.proxied_public", f'[llm.route.azure]\nno_proxy = ["{HOST}"]'),
        ("litellm.down", "chatsheet litellm run"),
        ("tls.untrusted_ca", f"openssl s_client -connect {HOST}:443 -servername {HOST} -showcerts </dev/null"),
        (
            "entra.audience_wrong",
            "az account get-access-token --resource https://cognitiveservices.azure.com --query expiresOn",
        ),
    ],
)
@pytest.mark.parametrize("way", ["azure", "litellm → azure"])
def test_lines_name_the_resource_also_behind_our_litellm(ways: dict[str, Path], way: str, code: str, line: str) -> None:
    assert line in for_cause(code, ways[way])


def test_a_missing_zone_is_linked_three_times(ways: dict[str, Path]) -> None:
    zones = [re.search(r"--zone-name (\S+)", line) for line in for_cause("net.zone_missing", ways["azure"])]
    assert [zone and zone[1] for zone in zones] == [
        "privatelink.openai.azure.com",
        "privatelink.cognitiveservices.azure.com",
        "privatelink.services.ai.azure.com",
    ]


def test_a_sovereign_cloud_has_its_own_zones_audience_and_authority(ways: dict[str, Path]) -> None:
    said = " ".join(for_cause("net.zone_missing", ways["gov"]) + for_cause("entra.audience_wrong", ways["gov"]))
    assert "azure.us" in said
    assert "azure.com" not in said
    assert "curl -sSI https://login.microsoftonline.us/" in for_cause("entra.unreachable", ways["gov"])


def test_names_from_settings_cannot_break_out_of_a_line(ways: dict[str, Path]) -> None:
    line = for_cause("azure.model_changed", ways["gov"])[0]
    assert shlex.split(line)[-1] == "it's mine; rm -rf /"


@pytest.mark.parametrize("way", ["openai", "local"])
def test_other_providers_are_not_told_to_mend_azure(ways: dict[str, Path], way: str) -> None:
    assert not [line for code in CATALOGUE for line in for_cause(code, ways[way]) if line.startswith("az ")]


def test_a_foreign_litellm_is_named_by_its_own_address(ways: dict[str, Path]) -> None:
    path = ways["foreign → gpt-4o"]
    assert any("http://litellm.internal:4000/v1/models" in line for line in for_cause("litellm.key_wrong", path))
    assert "nslookup litellm.internal" in for_cause("net.dns_failed", path)


def test_a_key_is_set_where_settings_look_for_it(ways: dict[str, Path]) -> None:
    assert for_cause("route.key_missing", ways["azure"])[0].startswith("install -m 600 /dev/stdin ")
    assert for_cause("azure.key_wrong", ways["gov"])[-1] == '[llm.route.gov]\nkey = "env:AZURE_API_KEY"'


def test_no_line_holds_a_key(ways: dict[str, Path]) -> None:
    said = "\n".join(line for path in ways.values() for code in CATALOGUE for line in for_cause(code, path))
    assert "a" * 32 not in said
    assert not re.search(r"sk-[mo]\b", said)
