"""`chatsheet proposals`: shown as cards, decided by name; what a cell holds moves no cursor."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatsheet.chat.proposals import ConsentNeeded, ProposalDecided
from chatsheet.cli.main import cli
from tests.chat.proposed import Jobs, talking

Run = Callable[..., str]
LINK = "=HYPERLINK(1)\x1b]0;title\x07"


@pytest.fixture
def chat(tmp_path: Path) -> str:
    """A chat in which an edit and an AI column are proposed."""

    async def work() -> str:
        async with talking(tmp_path, ai_columns=Jobs()) as talk:
            await talk.propose({"op": "fill", "column": "item", "value": LINK}, reason="why\x1b[2Jnot")
            await talk.call("propose_ai_column", table="prices", label="Kind", template="{item}?")
            return talk.chat_id

    return asyncio.run(work())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `chatsheet proposals ARGUMENTS` and return its stdout; errors are raised."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["--data", str(tmp_path), "proposals", *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def test_proposals_are_shown_with_what_to_look_out_for(run: Run, chat: str) -> None:
    told = run("list", chat)
    assert "p1 open: why" in told
    assert "fill prices: 4 rows, 4 cells" in told
    assert "look: no condition: every one of the 4 rows of prices" in told
    assert "needs --consent: HYPERLINK" in told
    assert "fills Kind of prices in 4 rows\n  4 calls, about 7 tokens: {item}?" in told
    assert "\x1b" not in told
    assert "\x07" not in told
    assert [one["state"] for one in json.loads(run("list", chat, "--json"))] == ["open", "open"]


def test_a_proposal_is_applied_with_its_consent_and_taken_back(run: Run, chat: str) -> None:
    with pytest.raises(ConsentNeeded):
        run("apply", chat, "p1")
    assert run("apply", chat, "p1", "--consent", "hyperlink").startswith("p1 applied by local at ")
    assert run("undo", chat, "p1").startswith("p1 undone by local at ")
    with pytest.raises(ProposalDecided):
        run("apply", chat, "p1")


def test_a_proposal_is_declined(run: Run, chat: str) -> None:
    assert run("decline", chat, "p2").startswith("p2 declined by local at ")
