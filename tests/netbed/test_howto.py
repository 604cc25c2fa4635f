"""The how-to on private endpoints: its settings load, its causes exist, and it leaves none of the network's out."""

import re
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.errors import ChatSheetError
from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.plan import plan
from tests.harness import ROOT

PAGE = (ROOT / "docs/howto/run-behind-private-endpoints.md").read_text(encoding="utf-8")
OURS, THEIRS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
NAMED = set(re.findall(r"`([a-z]+\.[a-z_]+)`", "".join(re.findall(r"^\| `.*?\|", PAGE, re.MULTILINE))))
SEEN_ELSEWHERE = {"net.peer_changed", "net.dns_differs", "provider.not_json"}
"""What no command of this page would mend."""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LITELLM_MASTER_KEY", "PROXY_CREDENTIALS", "THEIR_LITELLM_KEY"):
        monkeypatch.setenv(name, "user:a-value-that-is-long")


def test_the_settings_load_and_guard_the_route(tmp_path: Path) -> None:
    path = tmp_path / "chatsheet.toml"
    path.write_text(OURS, encoding="utf-8")
    litellm, azure = plan(settings_file.load(path).llm).routes
    assert litellm.is_ours
    assert (azure.network.is_private, azure.network.dns, azure.network.no_proxy[0]) == (
        True,
        ("10.0.0.53",),
        ".openai.azure.com",
    )


def test_a_litellm_of_others_needs_to_be_trusted_by_name(tmp_path: Path) -> None:
    path = tmp_path / "chatsheet.toml"
    path.write_text(f'[llm]\nroutes = ["theirs"]\n{THEIRS}', encoding="utf-8")
    assert settings_file.load(path).llm.routes == ("theirs",)
    path.write_text(path.read_text().replace("trust_proxy = true", ""), encoding="utf-8")
    with pytest.raises(ChatSheetError, match="cannot be proven private"):
        settings_file.load(path)


def test_every_cause_of_the_network_is_explained_and_no_other_is_invented() -> None:
    networks = {code for code, cause in CATALOGUE.items() if cause.layer in {"dns", "network", "tls", "proxy"}}
    assert networks - SEEN_ELSEWHERE <= NAMED <= set(CATALOGUE)
