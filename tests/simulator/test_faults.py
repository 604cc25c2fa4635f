"""The failure catalogue is complete: every entry is named, said how it is rehearsed, and plays where it can be played."""

import asyncio
from dataclasses import dataclass

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.simulator.fault import EndsWithAssistant, Fault, HasField, LacksHeader, fits
from chatsheet.simulator.faults import ELSEWHERE, FAULTS, by_deployment_name, by_layer, how, layer_of
from tests.harness import Wire, says

SIZES = {"L": 16, "A": 13, "N": 13, "D": 10, "C": 5, "X": 3, "S": 4}
CATALOGUE = [f"{letter}{number}" for letter, size in SIZES.items() for number in range(1, size + 1)]
ANSWERS = [name for name, fault in FAULTS.items() if fault.status]
STREAMS = [name for name, fault in FAULTS.items() if fault.stream]
LONG = "one two three four five six seven"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client got before the end, or before its patience did."""

    status: int
    body: str
    end: str


async def listen(wire: Wire, deployment: str, fault: str = "", *, patience_s: float = 5, stream: bool = True) -> Heard:
    """Call a deployment, with whatever the fault is looking for, and tell how it went."""
    when = FAULTS[fault].when if fault else None
    body: dict[str, object] = {"model": deployment, "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    headers = {"Authorization": f"Bearer {wire.key}"} if isinstance(when, LacksHeader) else {"api-key": wire.key}
    if isinstance(when, HasField):
        body[when.name] = 1
    if isinstance(when, EndsWithAssistant):
        body["messages"] = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well"}]
    path = "/litellm/v1/chat/completions" if layer_of(fault) == "L" else "/openai/v1/chat/completions"
    status, got = 0, b""
    try:
        async with (
            asyncio.timeout(patience_s),
            aiohttp.ClientSession() as session,
            session.post(f"{wire.url}{path}", data=loose.dumps(body), headers=headers, allow_redirects=False) as response,
        ):
            status = response.status
            async for part in response.content.iter_any():
                got += part
    except TimeoutError:
        return Heard(status, got.decode(), "open")
    except (aiohttp.ClientError, ConnectionError):
        return Heard(status, got.decode(), "broken")
    return Heard(status, got.decode(), "whole")


def test_the_catalogue_has_its_sixty_four_entries_and_each_is_known() -> None:
    assert len(CATALOGUE) == 64
    assert [name for name in CATALOGUE if name not in FAULTS and name not in ELSEWHERE] == []
    assert not FAULTS.keys() & ELSEWHERE.keys()


def test_every_entry_is_listed_once_in_its_layer_with_what_it_is_and_how_it_is_rehearsed() -> None:
    entries = [entry for _, listed in by_layer() for entry in listed]
    assert sorted(entry.name for entry in entries) == sorted([*FAULTS, *ELSEWHERE])
    assert all(entry.about and entry.how for entry in entries)


def test_entries_of_a_layer_come_in_their_number() -> None:
    names = [entry.name for title, listed in by_layer() if title.startswith("Client") for entry in listed]
    assert names == [f"L{number}" for number in range(1, 17)]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_answers_or_goes_wrong_on_the_way_but_not_both(name: str) -> None:
    assert bool(FAULTS[name].status) != bool(FAULTS[name].stream)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_rehearsed_elsewhere_says_where(name: str) -> None:
    starts = {"listener": "--network: ", "identity": "--network: ", "environment": "for real: "}
    assert how(name).startswith(starts[ELSEWHERE[name].kind])


@pytest.mark.parametrize("name", FAULTS)
def test_a_deployments_name_may_ask_for_a_fault(name: str) -> None:
    assert by_deployment_name(f"gpt-4o--{name}") == ("gpt-4o", name)


@pytest.mark.parametrize(
    "name", ["gpt-4o", "gpt-4o--mini", "gpt-4o--", "gpt-4o-A1", "gpt--4o", "--", "gpt-4o--a1", "gpt-4o--N6"]
)
def test_any_other_name_is_just_a_name(name: str) -> None:
    assert by_deployment_name(name) == (name, "")


@given(name=st.text())
def test_no_name_is_lost(name: str) -> None:
    deployment, fault = by_deployment_name(name)
    assert name == (f"{deployment}--{fault}" if fault else deployment)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ANSWERS)
async def test_a_fault_is_answered_word_by_word(wire: Wire, name: str) -> None:
    fault = FAULTS[name]
    heard = await listen(wire, f"gpt-4o--{name}", name)
    assert heard.status == fault.status
    assert heard.body == (fault.text or ("" if name == "redirect" else loose.dumps(fault.body)))
    assert wire.simulator.state.requests[-1]["played"] == name


ENDS: dict[str, tuple[int, str, list[str]]] = {
    "reset": (0, "broken", []),
    "silence": (0, "open", []),
    "slow": (200, "open", []),
    "dribble": (200, "open", []),
    "keepalive": (200, "open", []),
    "cut": (200, "broken", ["one ", "two ", "three "]),
    "stall": (200, "open", ["one ", "two ", "three "]),
    "S1": (200, "whole", ["one ", "two ", "three "]),
    "S2": (200, "whole", []),
    "S3": (200, "whole", ["one ", "two ", "three "]),
    "C5": (200, "whole", []),
    "X2": (200, "whole", ["one ", "two ", "three "]),
    "error-in-stream": (200, "whole", ["one ", "two ", "three "]),
    "malformed": (200, "whole", ["one ", "two ", "three ", "five ", "six ", "seven"]),
    "no-done": (200, "whole", ["one ", "two ", "three ", "four ", "five ", "six ", "seven"]),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_goes_wrong_where_its_fault_says(wire: Wire, name: str) -> None:
    wire.script("gpt-4o", says(LONG))
    status, end, words = ENDS[name]
    heard = await listen(wire, f"gpt-4o--{name}", name, patience_s=0.4 if end == "open" else 5)
    assert (heard.status, heard.end) == (status, end)
    assert contents(heard.body) == words


def contents(body: str) -> list[str]:
    """Return the text of every event that can be read."""
    found: list[str] = []
    for line in body.split("\n\n"):
        choices = loose.array(loose.obj(loose.parse(line.removeprefix("data: "))).get("choices"))
        delta = loose.obj(loose.obj(next(iter(choices), None)).get("delta"))
        found += [text] if (text := loose.text(delta.get("content"))) else []
    return found


@pytest.mark.anyio
async def test_a_fault_by_name_is_played_on_every_call_and_for_nobody_else(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    assert [(await listen(wire, "gpt-4o--A1")).status for _ in range(3)] == [401, 401, 401]
    assert (await listen(wire, "gpt-4o")).status == 200


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["D5", "D6", "D7", "unsupported-temperature", "prefill", "A12"])
async def test_a_fault_about_what_was_sent_answers_calls_that_do_not_send_it(wire: Wire, name: str) -> None:
    wire.script("gpt-4o", says("Hi"))
    assert (await listen(wire, f"gpt-4o--{name}", stream=False)).status == 200
    assert wire.simulator.state.requests[-1]["played"] == ""


def test_conditions_are_told_apart() -> None:
    assistant = {"messages": [{"role": "assistant"}]}
    assert fits(Fault(about="", when=HasField("a")), {"a": 0}, [])
    assert not fits(Fault(about="", when=HasField("a")), {"a": None}, [])
    assert fits(Fault(about="", when=EndsWithAssistant()), assistant, [])
    assert not fits(Fault(about="", when=EndsWithAssistant()), {}, [])
    assert not fits(Fault(about="", when=LacksHeader("api-key")), {}, ["Api-Key"])


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [True, False])
async def test_a_reset_connection_never_answers_whether_it_streams_or_not(wire: Wire, stream: bool) -> None:  # noqa: FBT001
    wire.script("gpt-4o", says("Hi"))
    assert await listen(wire, "gpt-4o--reset", stream=stream) == Heard(0, "", "broken")


def test_the_filters_answer_names_one_category() -> None:
    error = loose.obj(loose.obj(FAULTS["X1"].body).get("error"))
    results = loose.obj(loose.obj(error.get("innererror")).get("content_filter_result"))
    assert [name for name, result in results.items() if loose.obj(result).get("filtered")] == ["violence"]


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [("N2", "policy-id", "ThrowExceptionDueToTrafficDenied"), ("C2", "retry-after", "60"), ("C1", "retry-after", "86400")],
)
def test_what_only_a_header_says_is_said(name: str, header: str, value: str) -> None:
    assert FAULTS[name].headers[header] == value
