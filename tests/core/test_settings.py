"""Settings: what stops the start, and that it says why."""

from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.settings import Settings
from chatsheet.core.settings_file import SettingsInvalid

AZURE = """
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "https://myresource.openai.azure.com"
deployment = "gpt-4o"
key = "env:AZURE_KEY"
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AZURE_KEY", "secret-of-azure")
    monkeypatch.setenv("MASTER_KEY", "secret-of-litellm")
    monkeypatch.chdir(tmp_path)


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    return settings_file.load(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        read(tmp_path, text)
    assert caught.value.code == "settings.invalid"
    return caught.value.line()


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, AZURE)
    assert found.llm.routes == ("azure",)
    assert found.llm.route["azure"].key is not None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("[llm]", "[doctor]\npublic_dns = ['dns.example']\n[llm]"), ["doctor.public_dns", "is not an address", "10.0.0.53"]),
        (("[llm]", "[llm]\nmodle = 'x'"), ["llm.modle", "unknown key", 'did you mean "model"?']),
        (("deployment =", "deploymnt ="), ["llm.route.azure.deploymnt", 'did you mean "deployment"?']),
        (('"env:AZURE_KEY"', '"${AZURE_KEY}"'), ["llm.route.azure.key", "is not expanded", "env:AZURE_KEY"]),
        (("azure.com", "azure.com/openai"), ["llm.route.azure.endpoint", "/openai", "https://myresource.openai.azure.com"]),
        (("env:AZURE_KEY", "env:UNSET_KEY"), ["llm.route.azure.key", "UNSET_KEY is not set"]),
        (("env:AZURE_KEY", "file:/no/such/file"), ["llm.route.azure.key", "cannot read /no/such/file"]),
        (("env:AZURE_KEY", "abc123"), ["llm.route.azure.key", "never written into settings"]),
        (('routes = ["azure"]', 'routes = ["azuer"]'), ["llm.routes", 'did you mean "azure"?']),
        (('kind = "azure"', 'kind = "azur"'), ["llm.route.azure.kind", 'kind = "azure"']),
        (("deployment =", 'api_version = "2024-05-13"\ndeployment ='), ["api_version", "date of the model gpt-4o"]),
        (("deployment =", "api_version = 2024-10-21\ndeployment ="), ["api_version", "in quotes"]),
        (("https://myresource", "myresource"), ["llm.route.azure.endpoint", "not an http(s) address"]),
        (("deployment =", 'auth = "entra"\ndeployment ='), ["llm.route.azure.key", "sends no key"]),
        (("[llm]", "[llm]\ndeadline_s = 0"), ["llm.deadline_s"]),
        (("[llm]", "[llm"), ["not valid TOML"]),
        (("https://myresource", "http://myresource"), ["llm.route.azure.endpoint", "clear text"]),
        (("azure.com", "azure.com/api"), ["llm.route.azure.endpoint", "the path /api"]),
        (("[llm]", '[server]\ntoken = "env:UNSET_TOKEN"\n[llm]'), ["server.token", "UNSET_TOKEN is not set"]),
    ],
)
def test_a_wrong_setting_stops_the_start_with_name_reason_and_fix(
    tmp_path: Path, change: tuple[str, str], named: list[str]
) -> None:
    said = refused(tmp_path, AZURE.replace(*change))
    assert all(part in said for part in named), said
    assert "\n" not in said


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, AZURE.replace("deployment", "deploymnt").replace("[llm]", "[llm]\nmodle = 'x'"))
    assert "deploymnt" in said
    assert "modle" in said


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"nothere\.toml"):
        settings_file.load(tmp_path / "nothere.toml")


def test_a_route_that_is_not_used_may_lack_its_key(tmp_path: Path) -> None:
    text = AZURE + '\n[llm.route.openai]\nkind = "openai"\nkey = "env:UNSET_KEY"\n'
    assert read(tmp_path, text).llm.route["openai"].key is not None


def test_a_route_that_litellm_serves_first_must_have_its_key(tmp_path: Path) -> None:
    text = AZURE.replace('["azure"]', '["litellm"]').replace("AZURE_KEY", "UNSET_KEY")
    text += '\n[llm.route.litellm]\nkind = "litellm"\nkey = "env:MASTER_KEY"\nserves = ["azure"]\n'
    assert "llm.route.azure.key" in refused(tmp_path, text)


def test_litellm_may_serve_only_routes_that_exist(tmp_path: Path) -> None:
    text = AZURE.replace('["azure"]', '["litellm"]')
    text += '\n[llm.route.litellm]\nkind = "litellm"\nkey = "env:MASTER_KEY"\nserves = ["azrue"]\n'
    assert '"azrue"' in refused(tmp_path, text)


def test_a_litellm_that_we_run_listens_on_this_machine(tmp_path: Path) -> None:
    text = AZURE.replace('["azure"]', '["litellm", "azure"]')
    text += '\n[llm.route.litellm]\nkind = "litellm"\nkey = "env:MASTER_KEY"\nserves = ["azure"]\n'
    assert read(tmp_path, text).llm.routes == ("litellm", "azure")
    said = refused(tmp_path, text + 'base_url = "http://proxy.example.com:4000"\n')
    assert "llm.route.litellm.base_url" in said


def test_a_literal_secret_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    said = refused(tmp_path, AZURE.replace("env:AZURE_KEY", "sk-abc$SECRETTAIL"))
    assert "SECRETTAIL" not in said
    assert "llm.route.azure.key" in said


def test_every_key_is_also_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSHEET_SERVER_PORT", "8123")
    monkeypatch.setenv("CHATSHEET_LLM_DEADLINE_S", "33")
    monkeypatch.setenv("CHATSHEET_LLM_ROUTE_AZURE_DEPLOYMENT", "other")
    monkeypatch.setenv("CHATSHEET_DOCTOR_PUBLIC_DNS", "192.0.2.53,192.0.2.54:5353")
    found = read(tmp_path, AZURE)
    assert (found.server.port, found.llm.deadline_s) == (8123, 33)
    assert found.llm.route["azure"].model_dump()["deployment"] == "other"
    assert found.doctor.public_dns == ("192.0.2.53", "192.0.2.54:5353")


@pytest.mark.parametrize(
    "variable",
    [
        "CHATSHEET_LLN_MODEL",
        "CHATSHEET_SERVR_PORT",
        "CHATSHEET_LLM_MODLE",
        "CHATSHEET_SERVER_PROT",
        "CHATSHEET_LLM_ROUTE_AZURE_ENDPIONT",
    ],
)
def test_a_variable_that_names_no_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "x")
    said = refused(tmp_path, AZURE)
    assert variable in said
    assert "did you mean" in said


def test_a_whole_configuration_can_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "LLM_ROUTES": "azure",
        "LLM_ROUTE_AZURE_KIND": "azure",
        "LLM_ROUTE_AZURE_ENDPOINT": "https://r.openai.azure.com",
        "LLM_ROUTE_AZURE_DEPLOYMENT": "gpt-4o",
        "LLM_ROUTE_AZURE_KEY": "env:AZURE_KEY",
        "LLM_ROUTE_AZURE_PRIVATE_NETWORKS": "100.64.0.0/10",
    }.items():
        monkeypatch.setenv(f"CHATSHEET_{name}", value)
    assert settings_file.load().llm.routes == ("azure",)


def test_no_secret_shows_when_settings_are_printed(tmp_path: Path) -> None:
    found = read(tmp_path, AZURE)
    assert "secret-of-azure" not in f"{found!r} {found} {found.model_dump()}"
    key = found.llm.route["azure"].key
    assert key is not None
    assert key.reveal() == "secret-of-azure"
