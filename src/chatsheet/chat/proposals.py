"""What became of proposals, who may decide on them, and what in them needs a consent by name. Pure.

An edit that was applied stands in the sheet's history under the proposal's name: where log and history differ, history is
right, so that a process that dies between the two leaves nothing open that was done.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from chatsheet.chat.events import Decided, Event, Proposal, ToolAnswered
from chatsheet.core.errors import Conflict, NotFound, Refused
from chatsheet.core.identity import Actor
from chatsheet.sheets.edits import Edit, EditPreview
from chatsheet.sheets.files import is_formula_like
from chatsheet.sheets.library import Move
from chatsheet.sheets.package import formula

Decision = Literal["apply", "decline", "undo"]
State = Literal["open", "applied", "declined", "undone"]

_NO_TEXT_FOR_CELLS = frozenset({"kind", "table", "column", "type", "where", "expression"})
_LINE = re.compile(r"[^\r\n\t\v\f\x85\u2028\u2029]+")
_OPENING = " \t\r\n\v\f\xa0\"'"
_OPEN_QUOTE = "an open quote"
_NAMED_MOVES = 3


class ProposalNotFound(NotFound):
    """The chat has no such proposal."""

    code = "chat.proposal_not_found"


class ProposalDecided(Conflict):
    """Somebody decided on the proposal already."""

    code = "chat.proposal_decided"


class DecisionBusy(Conflict):
    """Somebody else decides on a proposal of the chat at this moment."""

    code = "chat.decision_busy"


class ConsentNeeded(Refused):
    """The proposal writes what reaches out of the sheet, and the request does not allow that by name."""

    code = "chat.consent_needed"
    status = 422


class DecisionForbidden(Refused):
    """The actor may not decide on proposals."""

    code = "chat.decision_forbidden"


class NotUndoable(Conflict):
    """The sheet is not where the proposal left it."""

    code = "chat.not_undoable"


class AiColumnsMissing(Conflict):
    """Nothing here fills columns by a model."""

    code = "chat.ai_columns_missing"


class Standing(BaseModel):
    """A proposal and what became of it."""

    model_config = ConfigDict(frozen=True)

    proposal: Proposal
    turn: str
    state: State = "open"
    by: str = ""
    at: datetime | None = None
    version: str = ""
    """The version of the sheet that the decision led to."""
    job: str = ""
    """The job that fills an AI column."""


def require_right(actor: Actor) -> None:
    """Raise DecisionForbidden for who may not decide. A model is no actor: it has no way here."""
    if not actor.user_id:
        raise DecisionForbidden("only a person, or a token with that right, decides.", fix="sign in.")
    if not actor.can_decide:
        fix = "decide by `chatsheet proposals`, or set server.token_decides = true."
        raise DecisionForbidden("this token may not decide on proposals.", fix=fix)


_MARK = re.compile(r"\S+ of chat_\S+: ")


def mark(chat_id: str, proposal_id: str) -> str:
    """Return how the reason of the version begins that a proposal makes; no other version's reason does."""
    return f"{proposal_id} of {chat_id}: "


def check_reason(reason: str) -> str:
    """Return what somebody gives as the reason of an edit; raises ValueError for what says that a proposal made it."""
    if _MARK.match(reason):
        raise ValueError("it reads as if a chat's proposal had made the edit")
    return reason


def of_log(log: Sequence[Event]) -> tuple[Standing, ...]:
    """Return the proposals of a chat with what its log says became of them, oldest first."""
    decided = {event.proposal: event for event in log if isinstance(event, Decided)}
    return tuple(
        _standing(event.turn, event.proposal, decided.get(event.proposal.id))
        for event in log
        if isinstance(event, ToolAnswered) and event.proposal is not None
    )


def _standing(turn: str, proposal: Proposal, decided: Decided | None) -> Standing:
    if decided is None:
        return Standing(proposal=proposal, turn=turn)
    return Standing(
        proposal=proposal, turn=turn, state=decided.decision, by=decided.by, at=decided.at, version=decided.version,
        job=decided.job,
    )  # fmt: skip


def unsaid(standings: Iterable[Standing], moves: Sequence[Move], chat_id: str) -> list[Decided]:
    """Return the decisions that a sheet's history (newest first) knows and the log does not."""
    told = ((one, _happened(one.proposal.id, moves, chat_id)) for one in standings)
    return [happened for one, happened in told if happened is not None and happened.decision != one.state]


def made_by(proposal_id: str, moves: Sequence[Move], chat_id: str) -> Move | None:
    """Return the move of a sheet's head that applied a proposal, if one did."""
    begins = mark(chat_id, proposal_id)
    return next((move for move in moves if move.kind == "edit" and move.reason.startswith(begins)), None)


def _happened(proposal_id: str, moves: Sequence[Move], chat_id: str) -> Decided | None:
    if (made := made_by(proposal_id, moves, chat_id)) is None:
        return None
    last = next(move for move in moves if move.version == made.to_version)
    return Decided(
        proposal=proposal_id, decision="undone" if last.kind == "undo" else "applied", by=last.created_by,
        at=last.created_at, version=last.to_version,
    )  # fmt: skip


def find(standings: Iterable[Standing], proposal_id: str) -> Standing:
    """Return one proposal; raises ProposalNotFound."""
    found = next((one for one in standings if one.proposal.id == proposal_id), None)
    if found is None:
        raise ProposalNotFound(f"this chat has no proposal {proposal_id}.", fix="list its proposals.")
    return found


def require_decidable(standing: Standing, decision: Decision) -> None:
    """Raise ProposalDecided, or NotUndoable for an undo of what was not applied."""
    if standing.state == ("applied" if decision == "undo" else "open"):
        return
    name = standing.proposal.id
    if standing.state == "open":
        raise NotUndoable(f"{name} was not applied.", fix="there is nothing to undo.")
    when = f" at {standing.at:%Y-%m-%d %H:%M}" if standing.at else ""
    fix = "undo it, or ask for another change." if standing.state == "applied" else "ask for the change again."
    raise ProposalDecided(f"{name} was {standing.state} by {standing.by}{when}.", fix=fix)


def require_head(proposal_id: str, made: Move, moves: Sequence[Move], head: str) -> None:
    """Raise NotUndoable, with what came after, where the head is not the version that a proposal made."""
    if made.to_version == head:
        return
    after = moves[: moves.index(made)]
    listed = "; ".join(f"{m.kind} by {m.created_by} at {m.created_at:%Y-%m-%d %H:%M}" for m in after[:_NAMED_MOVES])
    more = f" and {len(after) - _NAMED_MOVES} more" if len(after) > _NAMED_MOVES else ""
    raise NotUndoable(
        f"the sheet was changed after {proposal_id}: {listed}{more}.",
        fix="undo step by step in the sheet's history, newest first, or change the cells back.",
    )


def require_consent(proposal_id: str, needed: Iterable[str], given: Iterable[str]) -> None:
    """Raise ConsentNeeded for what reaches out of the sheet and is not allowed by name."""
    allowed = {name.casefold() for name in given}
    if missing := [name for name in needed if name.casefold() not in allowed]:
        named = ", ".join(missing)
        raise ConsentNeeded(
            f"{proposal_id} writes {named}, which can reach out of the sheet once a spreadsheet program opens it.",
            fix=f"decline it, or apply it with consent to {named}.",
        )


def reaches(text: str) -> tuple[str, ...]:
    """Return what a cell's text would reach for where a program reads it as a formula; nothing for all other texts.

    Invisible and full-width characters, case, leading signs, quotes and line breaks hide nothing. A text that is formula-like
    counts also where its quotes would make a name harmless.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    begins = (line.start() for line in _LINE.finditer(plain) if is_formula_like(line[0].lstrip(_OPENING)))
    begin = next(begins, None)
    return () if begin is None else _of_formula(plain[begin:].lstrip(_OPENING))


def _of_formula(text: str) -> tuple[str, ...]:
    """Return what a formula reaches for: as it is, and without its quotes, behind which a name might hide."""
    bare = text.replace('"', " ").replace("'", " ")
    found = (*formula.check_formula(text).reaches, *formula.check_formula(bare).reaches)
    return tuple(dict.fromkeys(name for name in found if name != _OPEN_QUOTE))


def needed(edits: Sequence[Edit], preview: EditPreview, computed: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what edits write that reaches out of the sheet; `computed` are texts that their expressions give."""
    after = (cell.after for change in preview.changes for cell in change.sample)
    texts = [*computed, *(value for value in after if isinstance(value, str))]
    found = dict.fromkeys(name for text in texts for name in reaches(text))
    for edit in edits:
        found |= dict.fromkeys(_written(edit.model_dump(mode="json")))
    return tuple(found)


def _written(value: JsonValue, key: str = "") -> Iterator[str]:
    """Yield what the texts of an edit that may come into cells reach for, however deep they stand."""
    match value:
        case str():
            yield from _of_formula(value) if key == "formula" else reaches(value)
        case Mapping():
            for name, inner in value.items():
                if name not in _NO_TEXT_FOR_CELLS:
                    yield from _written(inner, name)
        case list():
            for inner in value:
                yield from _written(inner)
        case _:
            pass
