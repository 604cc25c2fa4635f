"""The doctor looks through a real LiteLLM that others run, with a config as people write it by hand, and names its faults."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from chatsheet.core import processes
from chatsheet.core.loose import JsonObject
from chatsheet.doctor.model import Finding, PathReport, Report
from chatsheet.llm import litellm_config, litellm_proxy
from chatsheet.simulator.brains.obliging import ObligingBrain
from chatsheet.simulator.serving import serving
from tests.harness import Wire, free_ports, run_program, start_wire, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

KEY = "CANARY0key0of0the0resource0000000"
MASTER = "sk-CANARY-master-of-others"

ALIASES: Mapping[str, tuple[JsonObject, str, str]] = {
    "gpt-4o": ({}, "", ""),
    "openai": ({"model": "openai/gpt-4o"}, "", ""),
    "L8": ({"model": "gpt-4o"}, "litellm.unknown_model", "litellm_alias"),
    "L8-dropped": ({"model": "our-own-deployment"}, "litellm.unknown_model", "litellm_alias"),
    "L10": ({"api_base": "${AZURE_OPENAI_ENDPOINT}"}, "settings.variable_not_expanded", "litellm_alias"),
    "L10-outside": ({"api_base": "http://127.0.0.1:{refused}"}, "litellm.upstream_unreachable", "upstream"),
    "L11": ({"api_key": "${AZURE_OPENAI_API_KEY}"}, "settings.variable_not_expanded", "litellm_health"),
    "L12": ({"api_key": "os.environ/NOT_SET"}, "litellm.credentials_missing", "litellm_health"),
    "L13": ({"api_base": "os.environ/NOT_SET"}, "litellm.credentials_missing", "litellm_health"),
    "A1": ({"api_key": "another0key0of0another0resource0"}, "azure.key_wrong", "auth"),
    "D1": ({"model": "azure/not-there"}, "azure.deployment_not_found", "deployment"),
    "D2": ({"api_base": "{wire}/openai"}, "azure.resource_not_found", "deployment"),
    "D3": ({"api_version": "2024-11-20"}, "azure.api_version", "api_version"),
    "N1": ({"model": "azure/gpt-4o--N1"}, "azure.public_access_disabled", "permission"),
    "L9": ({"api_key": "another0key0of0another0resource0"}, "litellm.cooldown", "upstream"),
}
"""What each alias' entry has of its own, the cause that is to be named, and the rung that it breaks."""
ELSEWHERE: Mapping[str, tuple[str, str, str]] = {
    "L1": ('base_url = "{stripped}"\nkey = "{master}"\nmodel = "gpt-4o"\n', "litellm.key_missing", "litellm_key"),
    "L3": ('base_url = "{theirs}"\nkey = "{other}"\nmodel = "gpt-4o"\n', "litellm.key_wrong", "litellm_key"),
    "L7": ('base_url = "{theirs}"\nkey = "{master}"\nmodel = "gpt4o"\n', "litellm.unknown_model", "litellm_alias"),
    "L15": ('base_url = "http://127.0.0.1:{refused}"\nkey = "{master}"\nmodel = "gpt-4o"\n', "litellm.down", "tcp"),
}
"""The settings of routes that are wrong themselves."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A LiteLLM that others run, what strips keys before it, and the Azure behind it."""

    names: Mapping[str, str]
    wire: Wire
    folder: Path

    async def examine(self, *routes: str) -> tuple[Report, str]:
        """Run the doctor over these routes; return its report, and everything that it said."""
        names = {**self.names, "data": str(self.folder)}
        listed = ", ".join(f'"{route}"' for route in routes)
        text = f"data = '{{data}}'\n[llm]\nroutes = [{listed}]\n" + "".join(self.section(route) for route in routes)
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        path = write_settings(self.folder, text, {"master": MASTER, "other": "sk-CANARY-other"})
        code, out, err = await run_program("--config", str(path), "doctor", "--json", "--probes", "1")
        assert code in {0, 1, 2}, err
        return Report.model_validate_json(out), out + err

    def section(self, route: str) -> str:
        """Return the settings of a route."""
        plain = f'base_url = "{{theirs}}"\nkey = "{{master}}"\nmodel = "{route}"\n'
        own = ELSEWHERE[route][0] if route in ELSEWHERE else plain
        return f'[llm.route."{route}"]\nkind = "litellm"\ninput_price = 1\noutput_price = 2\n{own}'

    async def call(self, alias: str) -> int:
        """Call a model and return the status."""
        body = {"model": alias, "messages": [{"role": "user", "content": "Hi"}]}
        url, headers = f"{self.names['theirs']}/v1/chat/completions", {"Authorization": f"Bearer {MASTER}"}
        async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
            return response.status


@dataclass(frozen=True, slots=True)
class Told:
    """One examination of everything."""

    report: Report
    said: str

    def path(self, route: str) -> PathReport:
        """Return the path of a route."""
        return next(path for path in self.report.paths if path.route == route)


def config(names: Mapping[str, str]) -> JsonObject:
    """Return a config with one alias per mistake."""
    plain: JsonObject = {"model": "azure/gpt-4o", "api_base": names["wire"], "api_key": KEY, "api_version": "2024-10-21"}
    entries: list[JsonObject] = []
    for alias, (own, _, _) in ALIASES.items():
        params = {**plain, **own}
        if alias == "openai":
            params = {**own, "api_base": f"{names['wire']}/v1", "api_key": KEY}
        filled = {name: str(value).format(**names) if "{" in str(value)[:1] else value for name, value in params.items()}
        filled = {name: str(value).replace("{refused}", names["refused"]) for name, value in filled.items()}
        entries.append({"model_name": alias, "litellm_params": {**filled}})
    return {"model_list": [*entries], "router_settings": {"cooldown_time": 60}}


def stripping(theirs: str) -> web.Application:
    """Return a server that passes looks on to LiteLLM without their keys, as some gateways do."""

    async def pass_on(request: web.Request) -> web.Response:
        async with aiohttp.ClientSession() as session, session.get(f"{theirs}{request.path_qs}") as response:
            return web.Response(status=response.status, body=await response.read(), content_type=response.content_type)

    app = web.Application()
    app.router.add_get("/{path:.*}", pass_on)
    return app


@pytest.fixture(scope="module")
async def theirs(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Theirs, None]:
    """Run a LiteLLM with all its defaults; the switches only keep it offline and quiet."""
    del anyio_backend
    folder, (port, refused) = tmp_path_factory.mktemp("theirs"), free_ports(2)
    switches = litellm_config.environment(master_key=MASTER, egress_key="")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), **switches}
    url = f"http://127.0.0.1:{port}"
    async with start_wire(KEY, ObligingBrain()) as wire, serving(stripping(url)) as stripped:
        names = {"theirs": url, "refused": str(refused), "wire": wire.url, "stripped": f"http://127.0.0.1:{stripped}"}
        path = folder / "config.yaml"
        path.write_text(yaml.safe_dump(config(names)), encoding="utf-8")
        program = str(litellm_proxy.install(print) / "bin" / "litellm")
        argv = (program, "--config", str(path), "--host", "127.0.0.1", "--port", str(port))
        process = await processes.start(argv, env=env, cwd=folder)
        try:
            assert await litellm_proxy.wait_alive(url, 120, is_worth_it=lambda: process.returncode is None)
            yield Theirs(names, wire, folder)
        finally:
            await processes.stop(process, grace_s=2)


@pytest.fixture(scope="module")
async def told(theirs: Theirs) -> Told:
    """Examine every path once; one of the aliases was called before, and cools down."""
    assert await theirs.call("L9") == 401
    return Told(*await theirs.examine(*ALIASES, *ELSEWHERE))


def found(told: Told, route: str) -> Finding:
    """Return why a path is ill."""
    return next(rung.findings[0] for rung in told.path(route).rungs if rung.status == "broken")


async def test_every_fault_is_named_and_at_its_rung(told: Told) -> None:
    expected = {alias: (cause, rung) for alias, (_, cause, rung) in ALIASES.items()}
    expected |= {route: (cause, rung) for route, (_, cause, rung) in ELSEWHERE.items()}
    broken = {path.route: [rung.name for rung in path.rungs if rung.status == "broken"] for path in told.report.paths}
    named = {path.route: (path.cause, next(iter(broken[path.route]), "")) for path in told.report.paths}
    assert named == expected
    assert told.report.exit_code == 1


async def test_what_a_mask_hides_is_told_with_it(told: Told) -> None:
    hidden = {route: found(told, route).hides for route in ("L9", "L10-outside", "L11")}
    assert hidden == {"L9": "azure.key_wrong", "L10-outside": "net.refused", "L11": "azure.key_wrong"}


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("L1", "something between strips Authorization"),
        ("L7", "did you mean gpt-4o?"),
        ("L8", "model: gpt-4o lacks azure/"),
        ("L8-dropped", "an entry whose model lacks azure/ is dropped without a word"),
        ("L10", "holds ${AZURE_OPENAI_ENDPOINT}"),
        ("L11", "the api_key of alias L11 in LiteLLM's config is ${…}"),
    ],
)
async def test_a_finding_says_what_is_wrong_in_this_case(told: Told, route: str, words: str) -> None:
    assert words in found(told, route).what


async def test_whose_model_stands_behind_an_alias_is_known(told: Told) -> None:
    assert {route: told.path(route).provider for route in ("gpt-4o", "openai", "L8", "L10")} == {
        "gpt-4o": "azure",
        "openai": "openai",
        "L8": "azure",
        "L10": "azure",
    }


async def test_a_healthy_hop_says_what_it_saw(told: Told) -> None:
    seen = {rung.name: " ".join(rung.evidence) for rung in told.path("gpt-4o").rungs}
    assert "LiteLLM 1.106.2" in seen["litellm_up"]
    assert "azure/gpt-4o at 127.0.0.1, api-version 2024-10-21" in seen["litellm_alias"]
    assert "1 of 1 deployments are healthy" in seen["litellm_health"]


async def test_no_key_and_no_stack_trace_is_in_what_is_said(told: Told) -> None:
    assert [word for word in ("CANARY", "0key0", "Traceback", "site-packages") if word in told.said] == []
