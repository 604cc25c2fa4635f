"""Records `chatsheet chat` on a real terminal into the docs: an asciicast, and what stood on the screen as text.

The program is the real one; the model is the simulator with a script, and the docs say so. Run from the checkout:
`PYTHONPATH=src:. python tools/record_terminal.py`.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests import terminal
from tests.harness import ROOT, Wire, runs, says, start_wire, write_settings
from tests.terminal import Terminal

CAST = ROOT / "docs/images/chat.cast"
PAGE = ROOT / "docs/howto/chat-on-the-terminal.md"
BEGIN, END = "<!-- recorded: begin -->", "<!-- recorded: end -->"
SETTINGS = """
data = '{data}'
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""
_REGIONS = "SELECT region, SUM(revenue) AS total FROM orders GROUP BY region ORDER BY total DESC"
_SOUTH = "SELECT COUNT(*) AS orders, SUM(revenue) AS total FROM orders WHERE region = 'South'"
_SAID = (
    "South leads with 155,288.70, before West with 124,958.10.",
    "It comes from 196 orders; on average some 1,000 each.",
    "[not in workbook] It has revenue, but no column of costs, so a margin cannot be computed.",
)
_TYPED = (
    ("Which regions bring the most revenue?", r">$"),
    ("And how many orders is that for the best one?", r">$"),
    ("What was our margin?", r">$"),
    ("/sql r1", r">$"),
    ("/quit", ""),
)


def play(config: Path) -> Terminal:
    """Type the session and read to its end."""
    one = terminal.start(["--config", str(config), "chat", "examples/sales.xlsx"], cwd=ROOT)
    try:
        one.wait_for(r">$")
        for line, until in _TYPED:
            one.type(f"{line}\n")
            if until:
                one.wait_for(rf"(?s){line[:5]}.*\n{until}")
        one.end()
    finally:
        one.close()
    return one


def script(wire: Wire) -> None:
    """Write what the model says."""
    wire.script("gpt-4o", runs(_REGIONS), says(_SAID[0]), runs(_SOUTH), says(_SAID[1]), says(_SAID[2]))


async def main() -> None:
    """Record, and write both files."""
    with tempfile.TemporaryDirectory() as folder:
        async with start_wire() as wire:
            script(wire)
            text = SETTINGS.replace("{data}", f"{folder}/data").replace("{wire}", wire.url)
            config = write_settings(Path(folder), text, {"azure": wire.key})
            one = await asyncio.to_thread(play, config)
    head = {"version": 2, "width": 100, "height": 40, "title": "chatsheet chat (real program, scripted model)"}
    events = [json.dumps([round(at, 3), "o", text]) for at, text in one.written]
    CAST.write_text("\n".join([json.dumps(head), *events]) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    screen = terminal.shown(one.raw).strip("\n")
    PAGE.write_text(f"{before}{BEGIN}\n```text\n{screen}\n```\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
