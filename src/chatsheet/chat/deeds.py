"""What a chat's events tell the audit log: who asked, which model was called, which SQL ran, what was decided. Pure."""

from pydantic import JsonValue

from chatsheet.chat.events import AiColumnProposal, Asked, Decided, EditProposal, Event, Failed, ModelReplied, ToolAnswered
from chatsheet.core.acts import NOTHING, Act, Action, Spent
from chatsheet.core.identity import Actor

_DECISIONS: dict[str, Action] = {
    "applied": "proposal.applied",
    "declined": "proposal.declined",
    "undone": "proposal.undone",
}


Body = dict[str, JsonValue]


def of(actor: Actor, chat_id: str, sheet_id: str, event: Event, spent: Spent = NOTHING) -> list[Act]:
    """Return what an event of a chat about a sheet is in the audit log; `spent` is what it took of models."""
    said: Body = {"chat": chat_id}
    match event:
        case Asked(turn=turn):
            return [Act.of(actor, "chat.asked", sheet_id, {**said, "turn": turn})]
        case ModelReplied(turn=turn):
            return [called(actor, sheet_id, spent, {**said, "turn": turn, "route": event.route, "model": event.model})]
        case Failed(turn=turn, code=code):
            said |= {"turn": turn, "code": code}
            route = event.trail.attempts[-1].route if event.trail.attempts else ""
            paid = [called(actor, sheet_id, spent, {**said, "route": route})] if spent != NOTHING else []
            return [*paid, Act.of(actor, "chat.failed", sheet_id, said)]
        case ToolAnswered(turn=turn, version=version):
            return _answered(actor, sheet_id, event, {**said, "turn": turn, "version": version})
        case Decided():
            said |= {"proposal": event.proposal, "version": event.version, "job": event.job}
            return [Act.of(actor, _DECISIONS[event.decision], sheet_id, said)]
        case _:
            return []


def called(actor: Actor, subject: str, spent: Spent, said: Body) -> Act:
    """Return that a model was called, and what that took."""
    counted: Body = {
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost": spent.cost if not spent.unpriced_calls else None,
    }
    return Act.of(actor, "model.call", subject, said | counted, spent=spent)


def _answered(actor: Actor, sheet_id: str, event: ToolAnswered, said: Body) -> list[Act]:
    ran = [(event.sql, event.result)] if event.sql else []
    ran += [(option.sql, option.result) for option in event.options]
    acts = [
        Act.of(actor, "sheet.query", sheet_id, {**said, "sql": sql, "rows": result.row_count if result else None})
        for sql, result in ran
    ]
    match event.proposal:
        case EditProposal(id=named, kind=kind, preview=preview):
            rows = sum(one.rows for one in preview.changes)
            version = preview.version
        case AiColumnProposal(id=named, kind=kind, rows=rows, version=version):
            pass
        case None:
            return acts
    more: Body = {"version": version, "proposal": named, "kind": kind, "rows": rows}
    return [*acts, Act.of(actor, "proposal.made", sheet_id, said | more)]
