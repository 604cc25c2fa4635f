"""Settings are changed line by line, with a backup, and only into something that loads."""

from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.doctor import changes
from chatsheet.doctor.changes import ChangeRefused
from chatsheet.doctor.edits import Edit

TEXT = """# ours
[llm]
model = "gpt-4o"
routes = ["litellm", "azure"]          # order of preference

[server]
port = 8000

[llm.route.litellm]
kind = "litellm"
key = "env:TEST_MASTER_KEY"  # never here
serves = ["azure"]

[llm.route.azure]
kind = "azure"
endpoint = "https://x.openai.azure.com"
deployment = "gpt-4o"
api_version = "2024-02-01"  # old
key = "env:TEST_AZURE_KEY"
"""
ROUTES = Edit("llm.routes", ("azure",))
VERSION = Edit("llm.route.azure.api_version", "2024-10-21")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_MASTER_KEY", "sk-9f8e7d6c5b4a39281706f5e4")
    monkeypatch.setenv("TEST_AZURE_KEY", "9f8e7d6c5b4a39281706f5e4d3c2b1a0")
    path = tmp_path / "chatsheet.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_difference_shows_changed_lines_and_their_section_alone() -> None:
    assert changes.diff(TEXT, [ROUTES, VERSION]).splitlines() == [
        "--- chatsheet.toml",
        "+++ chatsheet.toml",
        "@@ -4 +4 @@ [llm]",
        '-routes = ["litellm", "azure"]          # order of preference',
        '+routes = ["azure"]          # order of preference',
        "@@ -18 +18 @@ [llm.route.azure]",
        '-api_version = "2024-02-01"  # old',
        '+api_version = "2024-10-21"  # old',
    ]


def test_a_value_that_is_right_already_is_no_change() -> None:
    assert changes.diff(TEXT, [Edit("llm.routes", ("litellm", "azure"))]) == ""
    assert changes.diff(TEXT, []) == ""


def test_a_literal_key_beside_a_change_is_not_shown() -> None:
    canary = "sk-CANARY0123456789"
    text = TEXT.replace('"env:TEST_AZURE_KEY"', f'"{canary}"')
    assert canary not in changes.diff(text, [VERSION])


def test_keys_and_sections_that_are_not_there_are_added() -> None:
    text = changes.edited('[llm.route."my.azure"]\nkind = "azure"\n', [Edit("llm.route.my.azure.api_version", "v1"), ROUTES])
    assert 'api_version = "v1"' in text
    assert '[llm]\nroutes = ["azure"]' in text
    assert changes.edited("", [ROUTES]) == '[llm]\nroutes = ["azure"]\n'


def test_edits_are_applied_with_a_backup_and_comments_stay(config: Path) -> None:
    config.chmod(0o640)
    backup = changes.apply(config, [ROUTES, VERSION])
    assert backup.name == "chatsheet.toml.bak"
    assert backup.read_text(encoding="utf-8") == TEXT
    assert settings_file.load(config).llm.routes == ("azure",)
    expected = TEXT.replace('["litellm", "azure"]', '["azure"]').replace("2024-02-01", "2024-10-21")
    assert config.read_text(encoding="utf-8") == expected
    assert {oct(path.stat().st_mode & 0o777) for path in (config, backup)} == {"0o640"}
    assert sorted(path.name for path in config.parent.iterdir()) == ["chatsheet.toml", "chatsheet.toml.bak"]


def test_line_ends_stay_as_they_are(config: Path) -> None:
    config.write_bytes(TEXT.replace("\n", "\r\n").encode())
    changes.apply(config, [VERSION])
    assert config.read_bytes() == TEXT.replace("2024-02-01", "2024-10-21").replace("\n", "\r\n").encode()


def test_a_link_is_followed_and_stays_a_link(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(config)
    changes.apply(link, [ROUTES])
    assert link.is_symlink()
    assert settings_file.load(config).llm.routes == ("azure",)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Edit("llm.routes", ("nowhere",)), 'there is no route "nowhere"'),
        (Edit("llm.route.azure.endpoint", "http://x.openai.azure.com"), "clear text"),
        (Edit("llm.model.name", "x"), "stands inside a value"),
    ],
)
def test_what_would_not_load_is_refused_and_nothing_is_changed(config: Path, edit: Edit, reason: str) -> None:
    with pytest.raises(ChangeRefused, match=reason) as refused:
        changes.apply(config, [edit])
    assert refused.value.code == "settings.change_refused"
    assert config.read_text(encoding="utf-8") == TEXT
    assert [path.name for path in config.parent.iterdir()] == ["chatsheet.toml"]


def test_a_file_with_several_faults_is_mended_step_by_step(config: Path) -> None:
    broken = TEXT.replace("x.openai.azure.com", "x.openai.azure.com/openai").replace("2024-02-01", "2024-08-06")
    config.write_text(broken, encoding="utf-8")
    with pytest.raises(ChangeRefused, match="api_version"):
        changes.apply(config, [Edit("llm.route.azure.api_version", "2024-11-20")])
    changes.apply(config, [VERSION])
    changes.apply(config, [Edit("llm.route.azure.endpoint", "https://x.openai.azure.com")])
    assert settings_file.load(config).llm.routes == ("litellm", "azure")


def test_a_variable_that_wins_over_the_file_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSHEET_LLM_ROUTES", "litellm,azure")
    with pytest.raises(ChangeRefused, match="CHATSHEET_LLM_ROUTES wins"):
        changes.apply(config, [ROUTES])


def test_a_file_that_cannot_be_read_is_refused(config: Path, tmp_path: Path) -> None:
    config.write_text("[llm\n", encoding="utf-8")
    with pytest.raises(ChangeRefused, match="cannot be changed"):
        changes.apply(config, [ROUTES])
    with pytest.raises(ChangeRefused, match="No such file"):
        changes.apply(tmp_path / "none.toml", [ROUTES])
