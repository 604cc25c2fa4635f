"""What reaches out of a sheet is found in any disguise; what became of a proposal is told by log and history together."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat import proposals
from chatsheet.chat.events import Decided, EditProposal, Event, ToolAnswered
from chatsheet.chat.proposals import ConsentNeeded, DecisionForbidden, NotUndoable, ProposalDecided, ProposalNotFound
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.sheets.edits import EditPreview, Fill
from chatsheet.sheets.library import Move

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

DISGUISED = {
    '=IMAGE("http://example.org")': "IMAGE",
    '  =iMaGe("http://example.org")': "IMAGE",
    "+WEBSERVICE(A1)": "WEBSERVICE",
    "-WEBSERVICE(A1)": "WEBSERVICE",
    "@WEBSERVICE(A1)": "WEBSERVICE",
    "'=HYPERLINK(A1)": "HYPERLINK",
    '"=HYPERLINK(A1)': "HYPERLINK",
    "\uff1d\uff28\uff39\uff30\uff25\uff32\uff2c\uff29\uff2e\uff2b(A1)": "HYPERLINK",
    "\ufe66HYPERLINK(A1)": "HYPERLINK",
    "=HYPER\u200bLINK(A1)": "HYPERLINK",
    "\u202e=HYPERLINK(A1)": "HYPERLINK",
    "\u00ad=HYPER\u00adLINK(A1)": "HYPERLINK",
    "harmless\n=HYPERLINK(A1)": "HYPERLINK",
    "harmless\r=HYPERLINK(A1)": "HYPERLINK",
    "harmless\t=HYPERLINK(A1)": "HYPERLINK",
    "harmless\u2028=HYPERLINK(A1)": "HYPERLINK",
    "=\nHYPERLINK\n(A1)": "HYPERLINK",
    "-1\n=HYPERLINK(A1)": "HYPERLINK",
    '="\n=HYPERLINK(A1)\n"': "HYPERLINK",
    "=' & HYPERLINK(A1)": "HYPERLINK",
    "=1+_xlfn.IMAGE(A1)": "IMAGE",
    "=ImportXML(A1,B1)": "IMPORTXML",
    "=GOOGLETRANSLATE(A1)": "GOOGLETRANSLATE",
    "=RTD(A1,,B1)": "RTD",
    "=DDE(1,2,3)": "DDE",
    "=CALL(1,2)": "CALL",
    "+cmd|' /C calc'!A0": "DDE",
    "=[1]Sheet1!A1": "external link",
    "='https://example.org/[b.xlsx]S'!A1": "external link",
}

HARMLESS = (
    "See IMAGE below", "HYPERLINK", "pen", "-5", "+49 151 2345", "-1.5 %", "=SUM(A1:A9)", "- don't forget", "a = b", "@anna",
    "", "2024-01-01", "Profit (IMAGE)", "https://example.org/?q=1", "x\ny", "=1+1", "1 - IMAGE(2)", "- it's \"late\"",
)  # fmt: skip


@pytest.mark.parametrize(("text", "name"), DISGUISED.items())
def test_what_reaches_out_is_found_in_its_disguise(text: str, name: str) -> None:
    assert name in proposals.reaches(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_texts_need_no_consent(text: str) -> None:
    assert proposals.reaches(text) == ()


_BLANK = st.text(" \t\n\r\xa0\u200b\u200d\ufeff\u2060\u202a\u2066\"'", max_size=6)


@given(
    before=_BLANK,
    sign=st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20"),
    between=_BLANK,
    flips=st.lists(st.booleans(), min_size=9),
)
def test_a_forbidden_name_is_found_behind_any_blanks_signs_and_case(
    before: str, sign: str, between: str, flips: list[bool]
) -> None:
    name = "".join(c.lower() if flip else c for c, flip in zip("HYPERLINK", flips, strict=False))
    assert "HYPERLINK" in proposals.reaches(f"{before}{sign}{between}{name}(A1)")


def test_a_text_of_many_signs_and_lines_is_looked_through_once() -> None:
    assert proposals.reaches("=\n-\n" * 5_000) == ()


def _proposal(number: int) -> EditProposal:
    edit = Fill(table="prices", column="price", value=1)
    return EditProposal(id=f"p{number}", edits=(edit,), preview=EditPreview(version="v1", changes=()))


def _proposed(number: int) -> ToolAnswered:
    return ToolAnswered(turn="t", call_id="c", tool="propose_edit", content="", proposal=_proposal(number))


def _move(kind: str, old: str, new: str, reason: str = "", by: str = "anna") -> Move:
    return Move.model_validate(
        {
            "seq": 1, "kind": kind, "from_version": old, "to_version": new, "reason": reason, "created_by": by,
            "created_at": AT, "changes": (),
        }
    )  # fmt: skip


APPLIED = _move("edit", "v1", "v2", "p1 of chat_1: because")


def test_the_last_decision_of_a_log_holds() -> None:
    said = [Decided(proposal="p1", decision=decision, by="anna", at=AT) for decision in ("applied", "undone")]
    log: list[Event] = [_proposed(1), _proposed(2), *said]
    assert [(one.proposal.id, one.state, one.by) for one in proposals.of_log(log)] == [
        ("p1", "undone", "anna"),
        ("p2", "open", ""),
    ]


def test_history_tells_of_a_decision_that_the_log_has_lost() -> None:
    (lost,) = proposals.unsaid(proposals.of_log([_proposed(1), _proposed(11)]), [APPLIED], "chat_1")
    assert (lost.proposal, lost.decision, lost.by, lost.at, lost.version) == ("p1", "applied", "anna", AT, "v2")
    assert proposals.unsaid(proposals.of_log([_proposed(1), lost]), [APPLIED], "chat_1") == []


def test_an_undo_in_the_sheets_own_history_counts_and_so_does_a_redo() -> None:
    standings = proposals.of_log([_proposed(1), Decided(proposal="p1", decision="applied", by="anna", at=AT, version="v2")])
    undone = _move("undo", "v2", "v1", by="ben")
    (told,) = proposals.unsaid(standings, [undone, APPLIED], "chat_1")
    assert (told.decision, told.by, told.version) == ("undone", "ben", "v1")
    assert proposals.unsaid(standings, [_move("redo", "v1", "v2"), undone, APPLIED], "chat_1") == []


@pytest.mark.parametrize("reason", ["p1 of chat_2: x", "p11 of chat_1: x", "because: p1 of chat_1: ", ""])
def test_another_reason_is_no_decision(reason: str) -> None:
    moves = [_move("edit", "v1", "v2", reason)]
    assert proposals.unsaid(proposals.of_log([_proposed(1)]), moves, "chat_1") == []


def test_a_decision_is_refused_where_there_was_one() -> None:
    applied = Decided(proposal="p1", decision="applied", by="anna", at=AT)
    (standing,) = proposals.of_log([_proposed(1), applied])
    with pytest.raises(ProposalDecided, match=r"p1 was applied by anna at 2026-03-01 12:00\."):
        proposals.require_decidable(standing, "apply")
    with pytest.raises(ProposalDecided):
        proposals.require_decidable(standing, "decline")
    proposals.require_decidable(standing, "undo")
    with pytest.raises(NotUndoable, match="was not applied"):
        proposals.require_decidable(proposals.of_log([_proposed(1)])[0], "undo")
    with pytest.raises(ProposalNotFound):
        proposals.find([standing], "p2")


def test_an_undo_says_what_came_after() -> None:
    later = [_move("edit", "v3", "v4", by="ben"), _move("edit", "v2", "v3")]
    with pytest.raises(NotUndoable, match="edit by ben at 2026-03-01 12:00; edit by anna"):
        proposals.require_head("p1", APPLIED, [*later, APPLIED], "v4")
    proposals.require_head("p1", APPLIED, [APPLIED], "v2")


def test_consent_is_given_by_name() -> None:
    with pytest.raises(ConsentNeeded, match="IMAGE, DDE"):
        proposals.require_consent("p1", ["IMAGE", "HYPERLINK", "DDE"], ["hyperlink"])
    proposals.require_consent("p1", ["IMAGE"], ["Image"])
    proposals.require_consent("p1", [], [])


def test_only_somebody_decides() -> None:
    proposals.require_right(LOCAL)
    with pytest.raises(DecisionForbidden):
        proposals.require_right(Actor("local", ""))
    with pytest.raises(DecisionForbidden, match="this token may not"):
        proposals.require_right(Actor("local", "local", can_decide=False))
