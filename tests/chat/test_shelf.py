"""The list of chats: what it shows, what a search finds, and what a branch takes along."""

from datetime import UTC, datetime, timedelta

import pytest

from chatsheet.chat import shelf
from chatsheet.chat.events import Cancelled, Decided, EditProposal, Event, ToolAnswered
from chatsheet.chat.shelf import BranchRefused
from chatsheet.chat.store import Chat, Said
from chatsheet.sheets.edits import EditPreview
from tests.chat.talks import asked, ran, talk

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def said(chat: str, text: str, minute: int = 0, *, is_question: bool = True) -> Said:
    return Said(chat, is_question=is_question, text=text, at=NOON + timedelta(minutes=minute))


def proposing(turn: int, name: str) -> ToolAnswered:
    preview = EditPreview(version="v1", changes=())
    return ran(turn, "p").model_copy(update={"proposal": EditProposal(id=name, edits=(), preview=preview)})


def decided(name: str) -> Decided:
    return Decided(proposal=name, decision="applied", by="anna", at=NOON)


def begun(log: list[Event], before: str | None) -> list[Event]:
    return shelf.begun(log, before, by="ben", at=NOON)


def test_a_chat_is_called_by_its_title_or_its_first_question() -> None:
    chats = [Chat("c1", "s"), Chat("c2", "s", "Mine"), Chat("c3", "s")]
    listed = shelf.search(chats, [said("c1", "How many?"), said("c1", "And now?", 1), said("c2", "x")])
    assert [(one.title, one.questions) for one in listed] == [("", 0), ("How many?", 2), ("Mine", 1)]


def test_a_long_question_is_shortened_to_a_title() -> None:
    (one,) = shelf.search([Chat("c1", "s")], [said("c1", "word  " * 50)])
    assert (len(one.title) <= 80, one.title[-1]) == (True, "…")


def test_the_last_used_comes_first() -> None:
    listed = shelf.search([Chat("c1", "s"), Chat("c2", "s")], [said("c1", "late", 9), said("c2", "early")])
    assert [one.chat.id for one in listed] == ["c1", "c2"]


def test_a_search_finds_titles_questions_and_answers_whatever_their_case() -> None:
    chats = [Chat("c1", "s"), Chat("c2", "s", "ÄPFEL"), Chat("c3", "s")]
    log = [said("c1", "Why?"), said("c1", f"{'so ' * 40}many äpfel were sold", is_question=False), said("c3", "Pears?")]
    found = {one.chat.id: one.found for one in shelf.search(chats, log, " Äpfel ")}
    assert set(found) == {"c1", "c2"}
    assert found["c1"].startswith("…")
    assert found["c1"].endswith("many äpfel were sold")


def test_a_branch_holds_what_was_said_before_a_turn() -> None:
    log = talk(3)
    assert begun(log, "t2") == talk(1)
    assert begun(log, "t1") == []
    assert begun(log, None) == log


def test_a_branch_takes_decisions_along_and_declines_what_is_open() -> None:
    first, second = talk(1), [*talk(2)[5:7], proposing(2, "p2"), Cancelled(turn="t2")]
    log = [*first[:3], proposing(1, "p1"), *first[3:], *second, decided("p1")]
    assert begun(log, "t2")[-1] == decided("p1")
    made = begun(log, None)
    assert made[-2:] == [decided("p1"), Decided(proposal="p2", decision="declined", by="ben", at=NOON)]


def test_a_turn_that_runs_or_is_not_there_is_no_place_to_branch() -> None:
    with pytest.raises(BranchRefused, match="still being answered"):
        begun([*talk(1), asked(2)], None)
    with pytest.raises(BranchRefused, match="no turn t9"):
        begun(talk(1), "t9")
