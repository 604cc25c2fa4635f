"""The doctor examined by the failure catalogue: every entry by its name, in other words, and several at once."""

import contextlib
import json
import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.doctor.rehearsal import altered, rehearsal, scenarios
from chatsheet.doctor.rehearsal.model import AZURE, Fault, Played, Rehearsal, Scenario
from chatsheet.doctor.rehearsal.stage import Staged, staged
from chatsheet.llm.causes import CATALOGUE

pytestmark = pytest.mark.anyio

ENTRIES = [
    f"{letter}{number}"
    for letter, last in {"L": 16, "A": 13, "N": 13, "D": 10, "C": 5, "X": 3, "S": 4}.items()
    for number in range(1, last + 1)
]
DOORS = (
    "openai/deployments/{deployment}/chat/completions?api-version=2024-10-21",
    "v1/chat/completions",
    "litellm/v1/chat/completions",
)
PAGES = ("v1/models", "litellm/v1/models", "litellm/model/info", "litellm/health", "elsewhere")
ASKED: tuple[JsonObject, ...] = ({"stream": True}, {"max_tokens": 1}, {"max_completion_tokens": 1, "response_format": {}})


# ── what is set down ──


def test_every_entry_of_the_catalogue_is_rehearsed_in_its_order() -> None:
    assert list(dict.fromkeys(scenario.fault for scenario in scenarios.SCENARIOS)) == ENTRIES


def test_expected_causes_exist() -> None:
    expected = {cause for one in (*scenarios.SCENARIOS, *altered.SCENARIOS) for cause in one.expected.values() if cause}
    assert expected <= set(CATALOGUE)


def test_the_second_set_alters_what_has_words_and_adds_several_at_once() -> None:
    assert len({scenario.line for scenario in altered.SCENARIOS}) == len(altered.SCENARIOS)
    answers = [scenario for scenario in altered.SCENARIOS if scenario not in altered.COMBINATIONS]
    assert len(answers) >= 80
    assert {"L3 + A1", "N4 + N9", "L15 + D1"} <= {scenario.fault for scenario in altered.COMBINATIONS}


# ── how it is counted ──


def played(*named: tuple[str, str], fault: str = "A1") -> Played:
    """Return a scenario that expects the first of each pair, where the second was named."""
    expected = {f"path {number}": pair[0] for number, pair in enumerate(named)}
    scenario = Scenario(fault=fault, expected=expected, settings="")
    return Played(scenario=scenario, expected=expected, named={f"path {n}": pair[1] for n, pair in enumerate(named)})


@pytest.mark.parametrize(
    ("forms", "verdict"),
    [
        ([played(("a", "a"))], "right"),
        ([played(("a", "a"), ("b", "b"))], "right"),
        ([played(("a", "b"))], "wrong"),
        ([played(("a", ""))], "unknown"),
        ([played(("a", "unknown"))], "unknown"),
        ([played(("a", "a")), played(("b", ""))], "unknown"),
        ([played(("a", ""), ("b", "c"))], "wrong"),
        ([played(("", "b"))], "wrong"),
    ],
)
def test_an_entry_is_as_good_as_the_worst_of_its_forms(forms: Sequence[Played], verdict: str) -> None:
    assert Fault.of("A1", forms).verdict == verdict


def test_the_table_counts_and_lists_shared_causes() -> None:
    faults = [Fault.of(name, [played(("azure.permission", named))]) for name, named in (("A3", "azure.permission"), ("A4", ""))]
    text = rehearsal.table(Rehearsal.of(faults))
    assert "azure.permission: A3, A4" in text
    assert text.endswith("2 faults: 1 named right, 0 named wrong, 1 unknown")


def test_the_json_has_the_fields_that_others_read() -> None:
    told = json.loads(Rehearsal.of([Fault.of("A1", [played(("a", "b"))])]).model_dump_json())
    assert list(told) == ["total", "right", "wrong", "unknown", "faults"]
    assert told["faults"] == [{"fault": "A1", "expected": "a", "named": "b", "evidence": []}]


# ── the sets, played ──


def told(seen: Rehearsal) -> str:
    """Say what was not named right."""
    return "\n" + rehearsal.table(Rehearsal.of([fault for fault in seen.faults if fault.verdict != "right"]))


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1", "127.0.0.2", "::1"])  # the second one plays the resource's public side
async def test_every_entry_of_the_catalogue_is_named_right() -> None:
    seen = await rehearsal.rehearse("catalogue")
    assert (seen.total, seen.right, seen.wrong, seen.unknown) == (64, 64, 0, 0), told(seen)


@pytest.mark.slow
async def test_altered_failures_are_named_right_as_good_as_always() -> None:
    heard: list[Fault] = []
    seen = await rehearsal.rehearse("altered", heard.append)
    assert len(heard) == seen.total == len(altered.SCENARIOS)
    assert seen.right / seen.total >= 0.95, told(seen)


@pytest.mark.slow
async def test_of_several_failures_at_once_each_path_names_its_first() -> None:
    seen = await rehearsal.play(altered.COMBINATIONS)
    assert seen.right == seen.total, told(seen)


# ── nothing that is sent names the fault ──


async def whole(asked: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> str:
    """Return the headers and what came of the body, also where it breaks off."""
    async with asked as response:
        said = bytearray(loose.dumps(dict(response.headers)).encode())
        with contextlib.suppress(aiohttp.ClientPayloadError):
            async for part in response.content.iter_any():
                said += part
    return said.decode(errors="replace")


async def heard(stage: Staged) -> str:
    """Return everything that the wire sends, headers and bodies, whoever asks."""
    wire, body = stage.names["wire"], {"messages": [{"role": "user", "content": "ok"}], "model": stage.names["deployment"]}
    headers = {"api-key": stage.names["wire_key"], "Authorization": f"Bearer {stage.names['wire_key']}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        doors = [f"{wire}/{stage.filled(door)}" for door in DOORS]
        posts = [await whole(session.post(door, json={**body, **more})) for door in doors for more in ASKED]
        gets = [await whole(session.get(f"{wire}/{path}")) for path in PAGES]
    return "\n".join((*posts, *gets))


@pytest.mark.slow
async def test_nothing_that_the_simulator_sends_names_the_fault() -> None:
    for scenario in scenarios.SCENARIOS:
        if scenario.orders and not scenario.is_child and not any("network" in order.path for order in scenario.orders):
            async with staged(scenario) as stage:
                assert not re.search(rf"\b{scenario.fault}\b", await heard(stage)), scenario.fault
                assert scenario.fault not in stage.filled(scenario.settings)


async def test_what_cannot_be_set_up_is_unknown_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(scenario: Scenario) -> AbstractAsyncContextManager[Staged]:
        raise OSError(f"no ports for {scenario.fault}")

    monkeypatch.setattr(rehearsal, "staged", fails)
    seen = await rehearsal.play([Scenario(fault="A1", expected={AZURE: "azure.key_wrong"}, settings="")])
    assert (seen.unknown, seen.faults[0].evidence) == (1, ("it could not be set up: OSError: no ports for A1",))


async def test_names_on_the_stage_are_random() -> None:
    scenario = Scenario(fault="A1", expected={AZURE: "azure.key_wrong"}, settings="deployment {deployment}")
    async with staged(scenario) as first, staged(scenario) as second:
        assert first.settings.read_text(encoding="utf-8") != second.settings.read_text(encoding="utf-8")
    assert not first.settings.exists()
