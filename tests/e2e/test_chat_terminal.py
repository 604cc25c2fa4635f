"""`chatsheet chat` as a person meets it: on a real terminal, and in a pipe."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from chatsheet.core.identity import LOCAL
from chatsheet.core.settings_file import load as read_settings
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from chatsheet.wiring import open_services
from tests import terminal
from tests.chat.test_stopping import Talker
from tests.e2e.test_cli import settings_file
from tests.harness import Wire, runs, says, start_wire
from tests.terminal import Terminal

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TOTAL = "SELECT region, SUM(revenue) AS total FROM orders GROUP BY region ORDER BY total DESC LIMIT 2"


@pytest.fixture
def config(tmp_path: Path, wire: Wire) -> str:
    """Settings that lead to the simulator."""
    return str(settings_file(tmp_path, wire))


@pytest.fixture
def started() -> Generator[list[Terminal], None, None]:
    """Terminals that are closed behind the test."""
    running: list[Terminal] = []
    yield running
    for one in running:
        one.close()


async def talk(started: list[Terminal], *arguments: str) -> Terminal:
    """Start a chat and wait for its prompt."""
    one = terminal.start(arguments)
    started.append(one)
    await asyncio.to_thread(one.wait_for, r">$")
    return one


async def say(one: Terminal, line: str, until: str) -> str:
    """Type a line and wait for what it leads to, and for the next prompt."""
    one.type(f"{line}\n")
    await asyncio.to_thread(one.wait_for, until)
    return one.raw


async def test_a_question_shows_its_steps_its_table_and_marks_what_is_not_from_the_data(
    config: str, wire: Wire, sales: Path, started: list[Terminal], tmp_path: Path
) -> None:
    wire.script("gpt-4o", runs(TOTAL), says("Two regions lead; 77 do not."))
    one = await talk(started, "--config", config, "chat", str(sales))
    await say(one, "Which regions lead?", r"(?s)\[r1\] SELECT region.*77 \[\?\] do not.*Not from your data: 77.*>$")
    await say(one, "/sql r1", r"(?s)SUM\(revenue\).*>$")
    await say(one, "/rows r9", r"(?s)there is no result r9; the results are r1.*>$")
    await say(one, f"/export r1 {tmp_path / 'top.csv'}", r"(?s)2 rows.*>$")
    one.type("/quit\n")
    assert await asyncio.to_thread(one.end) == 0
    assert (tmp_path / "top.csv").read_text().startswith("Region,total")


async def test_a_terminated_chat_stops_its_turn(tmp_path: Path, sales: Path, started: list[Terminal]) -> None:
    async with start_wire(model=Talker()) as wire:
        config = settings_file(tmp_path, wire)
        one = await talk(started, "--config", str(config), "chat", str(sales))
        one.type("Go on?\n")
        while not wire.calls("gpt-4o"):
            await asyncio.sleep(0.05)
        one.process.terminate()
        assert await asyncio.to_thread(one.end) == 143
    async with open_services(read_settings(config), has_page=False) as services:
        (sheet,) = await services.library.listing(LOCAL)
        (chat,) = await services.chats.listing(LOCAL, sheet.id)
        log = await services.chats.log(LOCAL, chat.id)
    assert log[-1].kind == "cancelled"


async def test_lines_that_end_with_a_backslash_are_one_question(
    config: str, wire: Wire, sales: Path, started: list[Terminal]
) -> None:
    wire.script("gpt-4o", says("Both.", expect="first\nsecond"))
    one = await talk(started, "--config", config, "chat", str(sales))
    one.type("first\\\n")
    await asyncio.to_thread(one.wait_for, "…$")
    await say(one, "second", r"(?s)Both\..*>$")


@pytest.mark.flaky(reruns=3)
async def test_ctrl_c_stops_the_turn_and_then_leaves(config: str, wire: Wire, sales: Path, started: list[Terminal]) -> None:
    wire.fault("gpt-4o", "silence")
    one = await talk(started, "--config", config, "chat", str(sales))
    one.type("How much?\n")
    await asyncio.to_thread(one.wait_for, "…")
    one.type("\x03")
    await asyncio.to_thread(one.wait_for, r"(?s)Stopped\..*>$")
    one.type("\x03")
    await asyncio.to_thread(one.wait_for, r"(?s)again leaves.*>$")
    one.type("\x03")
    assert await asyncio.to_thread(one.end) == 0


async def test_nothing_that_a_cell_or_a_model_says_reaches_the_terminal(
    config: str, wire: Wire, tmp_path: Path, started: list[Terminal]
) -> None:
    (tmp_path / "bad.csv").write_text("name,n\n\u202e\u009b2Jred,1\nblue,2\n", encoding="utf-8")
    text = "\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b]8;;http://evil\x07Fine\u202e."
    wire.script("gpt-4o", runs("SELECT name, chr(27) || ']0;owned' || chr(7) AS x FROM bad"), says(text))
    one = await talk(started, "--config", config, "chat", str(tmp_path / "bad.csv"))
    await say(one, "Names?", r"(?s)Fine.*>$")
    for order in ("\x1b]0;", "\x1b]52;", "\x1b[2J", "\x1b]8;", "\u202e", "\u009b", "\x07"):
        assert order not in one.raw


async def test_the_last_chat_goes_on(config: str, wire: Wire, sales: Path, started: list[Terminal]) -> None:
    wire.script("gpt-4o", says("Hello."), says("Again."))
    one = await talk(started, "--config", config, "chat", str(sales))
    await say(one, "Who is there?", r"(?s)Hello\..*>$")
    one.type("\x04")
    assert await asyncio.to_thread(one.end) == 0
    two = await talk(started, "--config", config, "chat", str(sales), "--continue")
    assert "Who is there?" in two.raw
    await say(two, "/new", r"(?s)a new chat.*>$")
    await say(two, "And now?", r"(?s)Again\..*>$")


async def test_a_pipe_gets_plain_answers_line_by_line(config: str, wire: Wire, sales: Path) -> None:
    chart = ScriptedCall(name="make_chart", arguments={"handle": "r1", "mark": "bar", "x": "region", "y": "total"})
    wire.script("gpt-4o", runs(TOTAL), Exchange(calls=(chart,)), says("See the chart."), says("[not in workbook] No costs."))
    argv = [sys.executable, "-m", "chatsheet.cli.main", "--config", config, "chat", str(sales)]
    lines = "Which lead?\n\n/chart\nWhat did it cost?\n/nonsense\n"
    done = await asyncio.to_thread(
        subprocess.run, argv, input=lines, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 1
    for part in ("See the chart.", "c1 over r1", "Not in this workbook.", "[r1] SELECT region"):
        assert part in done.stdout
    assert "/help" in done.stderr
    assert "\x1b" not in done.stdout
