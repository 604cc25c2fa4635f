"""The hop through LiteLLM, looked at over the simulator's door: up, key, alias, health."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.doctor import paths
from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import litellm
from chatsheet.doctor.subject import Subject
from chatsheet.llm.attempt import Means
from chatsheet.llm.legs import Legs
from chatsheet.llm.litellm_integrity import KNOWN_BAD
from chatsheet.simulator.brains.obliging import ObligingBrain
from chatsheet.simulator.fault import Fault
from chatsheet.simulator.served import Served
from chatsheet.simulator.state import EVERY, Order
from tests.harness import NoRecords, Wire, free_ports, start_wire, write_settings

pytestmark = pytest.mark.anyio

KEY = "sk-CANARY-of-the-proxy"
SETTINGS = """
data = '{data}'
[llm]
routes = ["theirs"]
connect_s = 0.5
[llm.route.theirs]
kind = "litellm"
base_url = "{base}"
key = "{master}"
{more}
[llm.route.azure]
kind = "azure"
endpoint = "https://resource.openai.azure.com"
deployment = "gpt-4o"
key = "{azure}"
"""


class Down(NoRecords):
    """The egress of a LiteLLM that is not there."""

    def is_ready(self) -> bool:
        """Let nothing through."""
        return False


@dataclass(frozen=True, slots=True)
class Hop:
    """A subject whose path leads through the simulator's LiteLLM, and the simulator."""

    subject: Subject
    wire: Wire

    def play(self, name: str, deployment: str = EVERY) -> None:
        """Play a fault, unless told otherwise on every call."""
        self.wire.fault(deployment, name)

    def say(self, status: int, text: str) -> None:
        """Answer every call with these words."""
        fault = Fault(about="", status=status, text=text, headers={"content-type": "application/json"})
        self.wire.simulator.state.orders[EVERY] = Order("given", None, given=fault)

    def serve(self, **config: str) -> None:
        """Have a config say this of the alias."""
        self.wire.simulator.state.served["gpt-4o"] = Served.model_validate(config)

    def paths(self) -> list[str]:
        """Return where the wire was looked at."""
        return [str(request["path"]).removeprefix("/litellm") for request in self.wire.simulator.state.requests]

    def keys(self) -> int:
        """Count the calls that carried a key."""
        return sum("Authorization" in str(request["headers"]) for request in self.wire.simulator.state.requests)


@asynccontextmanager
async def hop_to(
    folder: Path, wire: Wire, base: str, *, key: str = KEY, more: str = 'model = "gpt-4o"'
) -> AsyncGenerator[Hop, None]:
    """Make a subject for the path through a LiteLLM."""
    text = SETTINGS.replace("{data}", str(folder)).replace("{base}", base).replace("{more}", more)
    settings = settings_file.load(write_settings(folder, text, {"master": key, "azure": "A" * 32}))
    path = next(path for path in paths.of(settings.llm) if path.way == "litellm")
    legs = Legs()
    try:
        means = Means(legs, NoRecords(), SystemClock())
        yield Hop(Subject(path=path, settings=settings, environment={}, means=means), wire)
    finally:
        await legs.close()


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    async with start_wire(KEY, ObligingBrain()) as running:
        yield running


@pytest.fixture
async def hop(tmp_path: Path, wire: Wire) -> AsyncGenerator[Hop, None]:
    async with hop_to(tmp_path, wire, f"{wire.url}/litellm") as made:
        yield made


def cause(rung: Rung) -> tuple[str, str]:
    """Return how a rung is, and its first finding's cause."""
    return rung.status, next((found.cause for found in rung.findings), "")


async def all_four(hop: Hop) -> list[Rung]:
    """Look at every rung, in order."""
    probes = (litellm.look_up, litellm.look_key, litellm.look_alias, litellm.look_health)
    return [await probe(hop.subject) for probe in probes]


async def test_a_healthy_hop_passes_and_says_what_it_saw(hop: Hop) -> None:
    rungs = await all_four(hop)
    assert [(rung.name, rung.status) for rung in rungs] == [
        ("litellm_up", "passed"),
        ("litellm_key", "passed"),
        ("litellm_alias", "passed"),
        ("litellm_health", "passed"),
    ]
    assert "LiteLLM 1.106.2" in rungs[0].evidence
    assert "readiness says healthy, which says nothing of models" in rungs[0].evidence
    assert rungs[3].evidence == ("1 of 1 deployments are healthy",)
    assert hop.subject.evidence["provider"] == ("azure",)
    assert KEY not in str(rungs)


# ── up ──


async def test_no_key_is_sent_before_it_is_up(hop: Hop) -> None:
    await litellm.look_up(hop.subject)
    assert hop.paths() == ["/health/liveliness", "/health/readiness", "/public/model_hub/info"]
    assert hop.keys() == 0


async def test_a_port_that_refuses_is_a_litellm_that_is_down(tmp_path: Path, wire: Wire) -> None:
    (port,) = free_ports(1)
    async with hop_to(tmp_path, wire, f"http://127.0.0.1:{port}") as hop:
        assert cause(await litellm.look_up(hop.subject)) == ("broken", "litellm.down")


@pytest.mark.parametrize(
    ("fault", "named"),
    [("silence", "litellm.down"), ("reset", "litellm.down"), ("N12", "provider.not_json"), ("redirect", "net.redirected")],
)
async def test_what_stands_between_is_told_from_a_litellm_that_is_down(hop: Hop, fault: str, named: str) -> None:
    hop.play(fault)
    assert cause(await litellm.look_up(hop.subject)) == ("broken", named)


async def test_ours_is_asked_nothing_while_it_is_not_ready(tmp_path: Path, wire: Wire) -> None:
    more = 'serves = ["azure"]'
    async with hop_to(tmp_path, wire, f"{wire.url}/litellm", more=more) as hop:
        means = replace(hop.subject.means, records=Down())
        rung = await litellm.look_up(replace(hop.subject, means=means))
        assert cause(rung) == ("broken", "litellm.down")
        assert hop.paths() == []


@pytest.mark.parametrize("version", sorted(KNOWN_BAD))
async def test_a_known_bad_release_gets_no_key(hop: Hop, version: str) -> None:
    hop.wire.simulator.state.litellm_version = version
    rung = await litellm.look_up(hop.subject)
    assert cause(rung) == ("broken", "litellm.known_bad")
    assert hop.keys() == 0


async def test_another_release_of_others_is_only_told(hop: Hop) -> None:
    hop.wire.simulator.state.litellm_version = "1.109.1"
    rung = await litellm.look_up(hop.subject)
    assert (rung.status, rung.evidence[-1]) == ("passed", "LiteLLM 1.109.1; tested with 1.106.2")


async def test_a_floating_release_is_warned_of(hop: Hop) -> None:
    hop.wire.simulator.state.litellm_version = "1.109.1-nightly"
    assert cause(await litellm.look_up(hop.subject)) == ("warned", "litellm.unpinned")


# ── key ──


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("L1", "litellm.key_missing"),
        ("L2", "litellm.key_missing"),
        ("L5", "litellm.key_missing"),
        ("L3", "litellm.key_wrong"),
        ("L4", "litellm.key_wrong"),
        ("L6", "litellm.key_wrong"),
        ("N12", "provider.not_json"),
        ("503", "provider.unavailable"),
    ],
)
async def test_a_refused_list_names_what_is_wrong_with_the_key(hop: Hop, fault: str, named: str) -> None:
    hop.play(fault)
    assert cause(await litellm.look_key(hop.subject)) == ("broken", named)


@pytest.mark.parametrize(
    ("status", "text", "named"),
    [
        (401, '{"error":{"message":"the API key is missing"}}', "litellm.key_missing"),
        (401, '{"detail":"key not valid"}', "litellm.key_wrong"),
        (403, '{"detail":"token was revoked"}', "litellm.key_wrong"),
        (500, '{"detail":"Internal Server Error"}', "litellm.key_missing"),
        (401, "", "litellm.key_missing"),
        (404, '{"detail":"Not Found"}', "provider.not_found"),
        (200, '{"data": 1}', "provider.not_json"),
    ],
)
async def test_other_words_are_understood_too(hop: Hop, status: int, text: str, named: str) -> None:
    hop.say(status, text)
    rung = await litellm.look_key(hop.subject)
    assert cause(rung) == ("broken", named)
    assert "revoked" not in str(rung)


async def test_a_wrong_key_is_told_from_one_that_does_not_arrive_by_asking_without_one(hop: Hop) -> None:
    hop.say(500, "")
    await litellm.look_key(hop.subject)
    assert (hop.paths(), hop.keys()) == (["/v1/models"] * 2, 1)


async def test_a_key_that_is_no_litellms_is_said_so_and_not_shown(tmp_path: Path, wire: Wire) -> None:
    async with hop_to(tmp_path, wire, f"{wire.url}/litellm", key="CANARY-of-another-service") as hop:
        rung = await litellm.look_key(hop.subject)
    assert cause(rung) == ("broken", "litellm.key_wrong")
    assert rung.evidence[1:] == ("the key does not begin with sk-",)
    assert "CANARY" not in str(rung)


async def test_a_release_that_tells_its_version_to_keys_only_is_still_known_to_be_bad(hop: Hop) -> None:
    hop.wire.simulator.state.litellm_version = "1.107.0"
    assert cause(await litellm.look_key(hop.subject)) == ("broken", "litellm.known_bad")


# ── alias ──


async def look_alias(hop: Hop) -> Rung:
    """Look at the alias as it is looked at after the key."""
    await litellm.look_key(hop.subject)
    return await litellm.look_alias(hop.subject)


async def test_an_unknown_alias_comes_with_the_one_that_was_meant(hop: Hop) -> None:
    hop.wire.simulator.state.deployments = {"gpt-4", "embeddings"}
    rung = await look_alias(hop)
    assert cause(rung) == ("broken", "litellm.unknown_model")
    assert "did you mean gpt-4?" in rung.findings[0].what
    assert rung.findings[0].commands == ('[llm.route.theirs] model = "gpt-4"',)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model": "gpt-4o"}, ("broken", "litellm.unknown_model")),
        ({"api_base": "${AZURE_ENDPOINT}"}, ("broken", "settings.variable_not_expanded")),
        ({"api_base": "https://resource.openai.azure.com/openai"}, ("warned", "azure.resource_not_found")),
        ({"api_version": "2024-11-20"}, ("warned", "azure.api_version")),
        ({"api_base": "https://resource.openai.azure.com"}, ("passed", "")),
    ],
)
async def test_the_config_behind_an_alias_is_looked_at(hop: Hop, config: dict[str, str], expected: tuple[str, str]) -> None:
    hop.serve(**config)
    assert cause(await look_alias(hop)) == expected


async def test_a_proxy_that_shows_no_config_is_not_held_against_it(hop: Hop) -> None:
    await litellm.look_key(hop.subject)
    hop.say(403, "{}")
    rung = await litellm.look_alias(hop.subject)
    assert (rung.status, rung.evidence[-1]) == ("passed", "/model/info cannot be read (403)")


@pytest.mark.parametrize(
    ("base", "expected"),
    [("http://127.0.0.1:4001/egress/azure", ("passed", "")), ("http://elsewhere.example", ("broken", "litellm.no_record"))],
)
async def test_ours_must_lead_to_our_egress(tmp_path: Path, wire: Wire, base: str, expected: tuple[str, str]) -> None:
    served = Served(api_base=base, model="azure/chatsheet-route")
    wire.simulator.state.deployments.add("azure")
    wire.simulator.state.served["azure"] = served
    async with hop_to(tmp_path, wire, f"{wire.url}/litellm", more='serves = ["azure"]') as hop:
        ours = replace(hop.subject, path=replace(hop.subject.path, route=replace(hop.subject.route, model="azure")))
        assert cause(await look_alias(Hop(ours, wire))) == expected
        assert "provider" not in ours.evidence


# ── health ──


async def test_only_the_one_alias_is_checked(hop: Hop) -> None:
    await litellm.look_health(hop.subject)
    assert [request["deployment"] for request in hop.wire.simulator.state.requests] == ["gpt-4o"]


@pytest.mark.parametrize(
    ("fault", "expected", "hidden"),
    [
        ("A1", ("warned", "azure.key_wrong"), ("azure.key_wrong",)),
        ("N1", ("warned", "azure.public_access_disabled"), ("azure.public_access_disabled",)),
        ("L10", ("warned", "litellm.upstream_unreachable"), ()),
        ("L12", ("broken", "litellm.credentials_missing"), ("litellm.credentials_missing",)),
        ("L13", ("broken", "litellm.credentials_missing"), ("litellm.credentials_missing",)),
        ("A10", ("broken", "litellm.credential_type"), ("litellm.credential_type",)),
        ("C1", ("passed", ""), ()),
        ("D6", ("passed", ""), ()),
    ],
)
async def test_what_the_check_fails_with_is_named_and_kept_for_masks(
    hop: Hop, fault: str, expected: tuple[str, str], hidden: tuple[str, ...]
) -> None:
    hop.play(fault, "gpt-4o")
    rung = await litellm.look_health(hop.subject)
    assert cause(rung) == expected
    assert hop.subject.evidence.get("hidden", ()) == hidden
    assert "Traceback" not in str(rung)


async def test_a_check_that_is_refused_is_not_held_against_it(hop: Hop) -> None:
    hop.say(404, '{"detail":"Not Found"}')
    rung = await litellm.look_health(hop.subject)
    assert (rung.status, rung.evidence) == ("passed", ("tells nothing (404)",))


async def test_a_check_that_is_late_is_not_held_against_it(hop: Hop) -> None:
    hop.play("silence", "gpt-4o")
    rung = await litellm.look_health(hop.subject, limit_s=0.1)
    assert (rung.status, rung.evidence) == ("passed", ("no answer within 0.1 s",))


async def test_ours_is_not_asked_for_its_health(tmp_path: Path, wire: Wire) -> None:
    async with hop_to(tmp_path, wire, f"{wire.url}/litellm", more='serves = ["azure"]') as hop:
        assert (await litellm.look_health(hop.subject)).status == "passed"
        assert hop.paths() == []
