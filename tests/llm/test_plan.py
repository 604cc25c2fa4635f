"""Settings become routes: the right address, model, key header and limits for each kind."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.settings import LlmSettings
from chatsheet.llm import plan as plans
from chatsheet.llm.routes import Plan, Route
from tests.harness import write_settings

AZURE = 'kind = "azure"\nendpoint = "https://r.openai.azure.com/"\ndeployment = "our-gpt"\n'
KEY = 'key = "{key}"\n'


def load(folder: Path, text: str) -> LlmSettings:
    """Read settings with one secret."""
    return settings_file.load(write_settings(folder, text, {"key": "key-of-every-route"})).llm


def only(folder: Path, route: str, llm: str = "") -> Route:
    """Return the one route of settings."""
    return plans.plan(load(folder, f'[llm]\nroutes = ["one"]\n{llm}[llm.route.one]\n{route}')).routes[0]


@pytest.mark.parametrize(
    ("route", "url"),
    [
        (
            AZURE + KEY,
            "https://r.openai.azure.com/openai/deployments/our-gpt/chat/completions?api-version=2024-10-21",
        ),
        (AZURE + KEY + 'api_version = "v1"\n', "https://r.openai.azure.com/openai/v1/chat/completions"),
        ('kind = "openai"\n' + KEY, "https://api.openai.com/v1/chat/completions"),
        ('kind = "compatible"\nbase_url = "http://127.0.0.1:11434/v1/"\n', "http://127.0.0.1:11434/v1/chat/completions"),
        ('kind = "litellm"\n' + KEY, "http://127.0.0.1:4000/v1/chat/completions"),
    ],
)
def test_each_kind_has_its_address(tmp_path: Path, route: str, url: str) -> None:
    assert only(tmp_path, route).url == url


@pytest.mark.parametrize(
    ("route", "auth", "model"),
    [
        (AZURE + KEY, "api-key", "our-gpt"),
        (AZURE + 'auth = "entra"\n', "entra", "our-gpt"),
        ('kind = "openai"\n' + KEY, "bearer", "gpt-4o"),
        ('kind = "openai"\nmodel = "gpt-5"\n' + KEY, "bearer", "gpt-5"),
        ('kind = "compatible"\nbase_url = "http://127.0.0.1:1/v1"\n', "none", "gpt-4o"),
        ('kind = "compatible"\nbase_url = "http://127.0.0.1:1/v1"\n' + KEY, "bearer", "gpt-4o"),
        ('kind = "litellm"\n' + KEY, "bearer", "gpt-4o"),
    ],
)
def test_each_kind_proves_itself_and_asks_for_its_model(tmp_path: Path, route: str, auth: str, model: str) -> None:
    built = only(tmp_path, route)
    assert (built.auth, built.model) == (auth, model)


def test_routes_keep_the_order_of_settings(tmp_path: Path) -> None:
    text = f'[llm]\nroutes = ["b", "a"]\n[llm.route.a]\n{AZURE}{KEY}[llm.route.b]\n{AZURE}{KEY}'
    assert [route.name for route in plans.plan(load(tmp_path, text)).routes] == ["b", "a"]


def test_the_longest_deadline_covers_all_attempts(tmp_path: Path) -> None:
    text = f'[llm]\nroutes = ["a"]\ndeadline_s = 5\n[llm.route.a]\ndeadline_s = 9\n{AZURE}{KEY}'
    assert plans.plan(load(tmp_path, text)).deadline_s == 9


def test_the_smallest_prompt_budget_holds_for_all(tmp_path: Path) -> None:
    sections = "".join(
        f"[llm.route.{name}]\n{AZURE}{KEY}{budget}"
        for name, budget in [("a", "prompt_budget_tokens = 900\n"), ("b", ""), ("c", "prompt_budget_tokens = 500\n")]
    )
    plan = plans.plan(load(tmp_path, f'[llm]\nroutes = ["a", "b", "c"]\n{sections}'))
    assert plan.prompt_budget_tokens == 500
    assert Plan((), 1).prompt_budget_tokens is None


def test_a_routes_own_limits_go_before_the_shared_ones(tmp_path: Path) -> None:
    built = only(tmp_path, f"first_content_s = 1.5\n{AZURE}{KEY}", "connect_s = 1\nfirst_content_s = 3\nidle_s = 4\n")
    assert (built.connect_s, built.first_content_s, built.idle_s) == (1, 1.5, 4)


def test_a_private_route_carries_its_networks_and_authority(tmp_path: Path) -> None:
    more = 'network = "private"\nprivate_networks = ["100.64.0.0/10"]\nca_file = "/etc/ca.pem"\n'
    built = only(tmp_path, AZURE + KEY + more)
    assert built.network.is_private
    assert built.network.allowed == (ip_network("100.64.0.0/10"),)
    assert built.network.ca_file == Path("/etc/ca.pem")


def test_a_litellm_of_ours_takes_alias_and_limits_from_what_it_serves(tmp_path: Path) -> None:
    ours = 'kind = "litellm"\nserves = ["azure"]\n'
    azure = f"first_content_s = 7\nprompt_budget_tokens = 800\n{AZURE}"
    text = f'[llm]\nroutes = ["proxy"]\n[llm.route.proxy]\n{ours}{KEY}[llm.route.azure]\n{azure}{KEY}'
    built = plans.plan(load(tmp_path, text)).routes[0]
    assert built.is_ours
    assert (built.model, built.first_content_s, built.prompt_budget_tokens) == ("azure", 7, 800)


def test_a_litellm_of_others_is_not_ours(tmp_path: Path) -> None:
    assert not only(tmp_path, 'kind = "litellm"\nmodel = "team-gpt"\n' + KEY).is_ours
