"""The how-to of logins: its settings are taken, its addresses and codes are there."""

import re
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from tests.harness import ROOT, write_settings

PAGE = (ROOT / "docs/howto/let-others-in.md").read_text(encoding="utf-8")
REFERENCE = {name: (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8") for name in ("api", "errors")}
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = re.findall(r"`((?:issuer|groups_claim|may_join) = [^`]+)`", PAGE)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_settings_are_taken(tmp_path: Path, block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SECRET", "x")
    assert settings_file.load(write_settings(tmp_path, block)).auth.mode in block


@pytest.mark.parametrize("line", LINES)
def test_each_line_for_a_provider_is_taken(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SECRET", "x")
    (block,) = (one for one in BLOCKS if "[auth.oidc]" in one)
    name = line.partition(" ")[0]
    changed = re.sub(rf"^{name} = .*\n", "", block, flags=re.MULTILINE) + line + "\n"
    assert settings_file.load(write_settings(tmp_path, changed)).auth.oidc.client_id == "chatsheet"


def test_its_addresses_and_codes_are_there() -> None:
    for path in re.findall(r"(/login/oidc/\w+)", PAGE):
        assert f"`{path}`" in REFERENCE["api"]
    for code in re.findall(r"`(login\.\w+)`", PAGE):
        assert f"`{code}`" in REFERENCE["errors"]
