"""Which paths settings name: every route directly, and every alias through LiteLLM."""

from pathlib import Path

from chatsheet.doctor import paths
from tests.doctor.rig import azure, settings_of

AZURE = azure("azure", "https://name.openai.azure.com")
OPENAI = '[llm.route.openai]\nkind = "openai"\nkey = "env:CHATSHEET_TEST_NO_SUCH_KEY"\n'
OURS = '[llm.route.litellm]\nkind = "litellm"\nkey = "{azure}"\nserves = ["azure", "openai"]\n'
THEIRS = '[llm.route.litellm]\nkind = "litellm"\nkey = "{azure}"\nmodel = "gpt-4"\n'


def test_our_litellm_has_a_path_per_alias(tmp_path: Path) -> None:
    found = paths.of(settings_of(tmp_path, AZURE + OPENAI + OURS, routes='"litellm", "azure"').llm)
    assert [(path.name, path.provider, path.way, path.is_in_use) for path in found] == [
        ("litellm → azure", "azure", "litellm", True),
        ("litellm → openai", "openai", "litellm", False),
        ("azure", "azure", "direct", True),
        ("openai", "openai", "direct", False),
    ]


def test_an_unset_key_leaves_both_ways_to_it_unconfigured(tmp_path: Path) -> None:
    found = paths.of(settings_of(tmp_path, AZURE + OPENAI + OURS, routes='"litellm", "azure"').llm)
    assert [path.name for path in found if not path.is_configured] == ["litellm → openai", "openai"]


def test_what_is_behind_the_litellm_of_others_is_not_known_yet(tmp_path: Path) -> None:
    (path,) = paths.of(settings_of(tmp_path, THEIRS, routes='"litellm"').llm)
    assert (path.name, path.provider, path.route.model) == ("litellm → gpt-4", "unknown", "gpt-4")


def test_each_alias_is_asked_for_by_its_own_name(tmp_path: Path) -> None:
    found = paths.of(settings_of(tmp_path, AZURE + OPENAI + OURS, routes='"litellm"').llm)
    assert [path.route.model for path in found if path.way == "litellm"] == ["azure", "openai"]
