"""What a provider's prompt cache is told: by the model's name and the kind of route, decided for each route of a call."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.core import loose, settings_file
from chatsheet.core.settings import Settings
from chatsheet.llm import capabilities, wire
from chatsheet.llm import plan as plans
from chatsheet.llm.capabilities import UNTOLD, Caching
from chatsheet.llm.model import ChatRequest
from tests.harness import Wire, gateway_for, start_wire, write_settings
from tests.listening import Listening
from tests.llm.rig import ROUTE

SECRET = "sk-simulator-of-this-test"
KEY, BOTH = Caching(takes_key=True), Caching(takes_key=True, takes_breakpoints=True)
SYSTEM, QUESTION = {"role": "system", "content": "rules"}, {"role": "user", "content": "hi"}
ASKED = ChatRequest({"messages": [dict(SYSTEM), dict(QUESTION)], "max_tokens": 16}, cache_key="system-2:abc")
MARKED = {"type": "text", "text": "rules", "prompt_cache_breakpoint": {"mode": "explicit"}}


@pytest.mark.parametrize(
    ("model", "told"),
    [
        *((name, KEY) for name in ("gpt-4o", "GPT-4o-mini", "gpt-4o-2024-08-06", "gpt-4.1-nano", "gpt-5", "gpt-5.5-pro")),
        *((name, KEY) for name in ("o1", "o3-mini", "o4-mini")),
        *((name, BOTH) for name in ("gpt-5.6", "gpt-5.6-mini", "gpt-5.10", "gpt-6", "gpt-6.1-large")),
        *((name, UNTOLD) for name in ("gpt-4", "gpt-35-turbo", "gpt-3.5-turbo", "our-gpt", "prod", "", "gpt-4omni", "o2")),
        *((name, UNTOLD) for name in ("llama-3", "gpt-oss-120b", "gpt-5.6.1", "chatgpt-4o", "o10", "orca")),
    ],
)
def test_only_a_model_that_is_known_to_take_it_is_told(model: str, told: Caching) -> None:
    assert capabilities.caching(model) == told


AZURE = '[llm.route.azure]\nkind = "azure"\nendpoint = "{url}"\nkey = "{key}"\ndeployment = "gpt-5.6"\n'
V1 = AZURE + 'api_version = "v1"\n'
OPENAI = '[llm.route.openai]\nkind = "openai"\nbase_url = "{url}/v1"\nkey = "{key}"\nmodel = "gpt-4o"\n'
LOCAL = '[llm.route.local]\nkind = "compatible"\nbase_url = "{url}/v1"\nkey = "{key}"\nmodel = "gpt-5.6"\n'
LITELLM = '[llm.route.litellm]\nkind = "litellm"\nkey = "{key}"\n'


def settings(folder: Path, routes: str, sections: str, url: str = "http://127.0.0.1:9") -> Settings:
    text = f"[llm]\nroutes = [{routes}]\n{sections.replace('{url}', url)}"
    return settings_file.load(write_settings(folder, text, {"key": SECRET}))


@pytest.mark.parametrize(
    ("route", "sections", "told"),
    [
        ("azure", V1, BOTH),
        ("azure", AZURE, UNTOLD),
        ("azure", V1 + 'caching = "off"\n', UNTOLD),
        ("openai", OPENAI, KEY),
        ("openai", OPENAI + 'caching = "off"\n', UNTOLD),
        ("local", LOCAL, UNTOLD),
        ("litellm", LITELLM, UNTOLD),
        ("litellm", LITELLM + 'serves = ["azure"]\n' + V1, KEY),
        ("litellm", LITELLM + 'serves = ["azure"]\ncaching = "off"\n' + V1, UNTOLD),
        ("litellm", LITELLM + 'serves = ["azure"]\n' + V1 + 'caching = "off"\n', UNTOLD),
    ],
)
def test_the_kind_of_route_and_the_person_have_a_say(tmp_path: Path, route: str, sections: str, told: Caching) -> None:
    assert plans.plan(settings(tmp_path, f'"{route}"', sections).llm).routes[0].caching == told


def test_a_request_without_a_key_is_sent_as_it_is() -> None:
    sent = wire.body(ChatRequest(ASKED.body), replace(ROUTE, caching=BOTH))
    assert "prompt_cache_key" not in sent
    assert sent["messages"] == ASKED.body["messages"]


@pytest.fixture
async def heard() -> AsyncGenerator[tuple[Wire, Listening], None]:
    """Serve a simulator whose brain listens."""
    brain = Listening()
    async with start_wire(SECRET, brain) as wire:
        wire.simulator.state.deployments |= {"gpt-4o", "gpt-5.6", "prod"}
        yield wire, brain


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("route", "sections", "deployment", "key", "first"),
    [
        ("azure", V1, "gpt-5.6", "system-2:abc", [MARKED]),
        ("azure", V1.replace("gpt-5.6", "gpt-4o"), "gpt-4o", "system-2:abc", "rules"),
        ("azure", V1.replace("gpt-5.6", "prod"), "prod", None, "rules"),
        ("azure", AZURE, "gpt-5.6", None, "rules"),
        ("openai", OPENAI, "gpt-4o", "system-2:abc", "rules"),
        ("local", LOCAL, "gpt-5.6", None, "rules"),
    ],
)
async def test_what_arrives_on_the_wire(
    tmp_path: Path, heard: tuple[Wire, Listening], route: str, sections: str, deployment: str, key: str | None, first: object
) -> None:
    wire, brain = heard
    async with gateway_for(settings(tmp_path, f'"{route}"', sections, wire.url)) as gateway:
        assert (await gateway.complete(ASKED)).text == "ok"
    body = brain.bodies[deployment]
    assert body.get("prompt_cache_key") == key
    assert loose.obj(loose.array(body["messages"])[0])["content"] == first
    assert loose.array(body["messages"])[1] == QUESTION


@pytest.mark.anyio
async def test_a_call_that_falls_back_tells_each_deployment_what_that_one_may_have(
    tmp_path: Path, heard: tuple[Wire, Listening]
) -> None:
    wire, brain = heard
    wire.fault("gpt-5.6", "A1", times=1)
    both = settings(tmp_path, '"azure", "local"', V1 + LOCAL.replace("gpt-5.6", "prod"), wire.url)
    async with gateway_for(both) as gateway:
        assert (await gateway.complete(ASKED)).route == "local"
    assert "prompt_cache_key" not in brain.bodies["prod"]
    assert ASKED.body["messages"] == [SYSTEM, QUESTION]
