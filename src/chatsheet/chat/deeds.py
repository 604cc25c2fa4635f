"""What a chat's events tell the audit log: who asked, which model was called, which SQL ran, what was decided. Pure."""

from pydantic import JsonValue

from chatsheet.chat.events import Asked, Decided, EditProposal, Event, Failed, ModelReplied, ToolAnswered
from chatsheet.core.acts import NOTHING, Act, Action, Spent
from chatsheet.core.identity import Actor

_DECISIONS: dict[str, Action] = {
    "applied": "proposal.applied",
    "declined": "proposal.declined",
    "undone": "proposal.undone",
}


def of(actor: Actor, chat_id: str, sheet_id: str, event: Event, spent: Spent = NOTHING) -> list[Act]:
    """Return what an event of a chat about a sheet is in the audit log; `spent` is what it took of models."""
    said: dict[str, JsonValue] = {"chat": chat_id}
    match event:
        case Asked():
            return [Act.of(actor, "chat.asked", sheet_id, **said, turn=event.turn)]
        case ModelReplied():
            return [called(actor, sheet_id, spent, **said, turn=event.turn, route=event.route, model=event.model)]
        case Failed():
            failed = Act.of(actor, "chat.failed", sheet_id, **said, turn=event.turn, code=event.code)
            route = event.trail.attempts[-1].route if event.trail.attempts else ""
            cost = [called(actor, sheet_id, spent, **said, turn=event.turn, route=route, code=event.code)]
            return [*(cost if spent != NOTHING else []), failed]
        case ToolAnswered():
            return _answered(actor, sheet_id, event, said | {"turn": event.turn, "version": event.version})
        case Decided():
            more = {"proposal": event.proposal, "version": event.version, "job": event.job}
            return [Act.of(actor, _DECISIONS[event.decision], sheet_id, **said, **more)]
        case _:
            return []


def called(actor: Actor, subject: str, spent: Spent, **said: JsonValue) -> Act:
    """Return that a model was called, and what that took."""
    counted: dict[str, JsonValue] = {
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost": spent.cost if not spent.unpriced_calls else None,
    }
    return Act.of(actor, "model.call", subject, spent=spent, **said, **counted)


def _answered(actor: Actor, sheet_id: str, event: ToolAnswered, said: dict[str, JsonValue]) -> list[Act]:
    ran = [(event.sql, event.result)] if event.sql else []
    ran += [(option.sql, option.result) for option in event.options]
    acts = [
        Act.of(actor, "sheet.query", sheet_id, **said, sql=sql, rows=result.row_count if result is not None else None)
        for sql, result in ran
    ]
    if event.proposal is None:
        return acts
    proposal = event.proposal
    is_edit = isinstance(proposal, EditProposal)
    rows = sum(one.rows for one in proposal.preview.changes) if is_edit else proposal.rows
    version = proposal.preview.version if is_edit else proposal.version
    more: dict[str, JsonValue] = {"proposal": proposal.id, "kind": proposal.kind, "rows": rows}
    return [*acts, Act.of(actor, "proposal.made", sheet_id, **(said | {"version": version}), **more)]
