"""Settings are asked to follow the decision, and corrected only where there is no doubt."""

import pytest

from chatsheet.doctor import edits
from chatsheet.doctor.edits import Edit
from chatsheet.doctor.model import Choice, Decision, PathReport, SettingsProblem
from tests.doctor.reports import ill, path

THROUGH = "litellm → azure"
BOTH = (path(THROUGH), path("azure"), path("litellm → openai", is_in_use=False))


def wanted(choice: Choice, *paths: PathReport) -> dict[str, object]:
    return {edit.key: edit.value for edit in edits.wanted(Decision(choice=choice, says=""), paths)}


@pytest.mark.parametrize(
    ("choice", "routes"), [("litellm", ("litellm",)), ("direct", ("azure",)), ("hybrid", None), ("undecided", None)]
)
def test_the_order_of_routes_follows_the_choice(choice: Choice, routes: tuple[str, ...] | None) -> None:
    assert wanted(choice, *BOTH).get("llm.routes") == routes


def test_hybrid_brings_back_the_route_that_was_left_out() -> None:
    spare = path(THROUGH, is_in_use=False)
    assert wanted("hybrid", path("azure"), spare) == {"llm.routes": ("litellm", "azure")}


def test_routes_beside_the_choice_stay() -> None:
    others = (path("azure-west"), path("openai"))
    assert wanted("direct", *BOTH, *others) == {"llm.routes": ("azure", "azure-west", "openai")}
    assert wanted("litellm", *BOTH, *others) == {"llm.routes": ("litellm", "openai")}


def test_nothing_that_was_not_examined_is_dropped_by_an_undecided_verdict() -> None:
    assert wanted("undecided", ill(THROUGH, "litellm.down")) == {}
    assert wanted("hybrid") == {}


def test_a_wrong_api_version_is_corrected_on_the_route_that_has_it() -> None:
    wrong = "azure.api_version"
    assert wanted("undecided", ill("azure", wrong), ill("litellm → azure-west", wrong)) == {
        "llm.route.azure.api_version": "2024-10-21",
        "llm.route.azure-west.api_version": "2024-10-21",
    }
    assert wanted("undecided", ill("other → gpt-4", wrong)) == {}


@pytest.mark.parametrize(
    ("key", "fix", "value"),
    [
        ("llm.route.azure.endpoint", 'write "https://x.openai.azure.com"', "https://x.openai.azure.com"),
        ("llm.route.azure.api_version", 'write "2024-10-21" or "v1"', "2024-10-21"),
        ("llm.route.azure.api_version", 'write it in quotes: "2024-10-21"', "2024-10-21"),
        ("llm.route.azure.endpoint", 'write "https://x.openai.azure.com": DNS leads there', "https://x.openai.azure.com"),
        ("llm.route.openai.base_url", 'write "https://api.openai.com/v1"', "https://api.openai.com/v1"),
        ("llm.route.azure.endpoint", 'write "https://host.example"', None),
        ("llm.route.azure.endpoint", 'write "https://NAME.openai.azure.com"', None),
        ("llm.route.litellm.base_url", 'write "http://127.0.0.1:4000", or leave out serves', None),
        ("llm.route.azure.api_version", 'did you mean "2024-10-21"?', None),
        ("llm.route.azure.key", 'write "env:AZURE_KEY"', None),
        ("llm.route.azure.deploymnt", 'did you mean "deployment"?', None),
    ],
)
def test_problems_are_corrected_where_they_name_the_one_right_value(key: str, fix: str, value: str | None) -> None:
    problem = SettingsProblem(key=key, cause="settings.invalid", reason="", fix=fix)
    found = edits.wanted(Decision(choice="undecided", says=""), (), [problem])
    assert found == (() if value is None else (Edit(key, value),))
