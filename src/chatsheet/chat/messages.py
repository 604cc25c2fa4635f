"""The log as the messages of a model call: told as it was sent, so that each call begins as the one before. Pure."""

import itertools
from collections.abc import Iterator, Sequence

from chatsheet.chat.events import Answered, Asked, Cancelled, Decided, Event, Failed, ModelReplied, Nudged, Option, ToolAnswered
from chatsheet.context import history, prompt
from chatsheet.context.history import Step, Turn
from chatsheet.context.prompt import Circumstances, Scope
from chatsheet.context.quoting import name, quoted, sql
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject

_NUDGES = {
    "no_query": "[system] Your text has numbers, and no query of this turn gave them. Run the SQL for them, then answer.",
    "empty": "[system] Your answer was empty. Answer the question, or say what the workbook lacks.",
}
_NOT_RUN = loose.dumps({"error": "not run: the turn ended before it"})
_LONGEST_QUESTION, _LONGEST_SQL, _LONGEST_BROKEN = 200, 400, 500


def build(log: Sequence[Event], scope: Scope) -> list[JsonObject]:
    """Return the system message, earlier turns as far as they fit, and the whole current turn."""
    return [prompt.system(scope), *history.told(list(_turns(log, scope)), scope.conversation_tokens)]


def _turns(log: Sequence[Event], scope: Scope) -> Iterator[Turn]:
    decided: list[str] = []
    options: tuple[Option, ...] = ()
    turn: list[Event] = []
    for place, event in enumerate(log):
        if isinstance(event, Asked):
            opening, decided, turn = _opening(event, decided, options, scope), [], []
            for following in log[place + 1 :]:
                if isinstance(following, Asked):
                    break
                turn.append(following)
            options = _offered(turn)
            yield Turn(opening, quoted(event.question, _LONGEST_QUESTION), tuple(_steps(turn)))
        elif isinstance(event, Decided):
            decided.append(_decision(event))


def _opening(asked: Asked, decided: Sequence[str], options: Sequence[Option], scope: Scope) -> JsonObject:
    """Return the person's message: what was decided and picked since the last one, where they are, and the question."""
    marked = asked.selection
    around = Circumstances(
        day=asked.day,
        locale=asked.locale,
        table=marked.table if marked else "",
        columns=marked.columns if marked else (),
        rows=marked.rows if marked else (),
    )
    lines = [*decided, *_pick(asked.question, options), *prompt.tail(asked.question, around, scope), asked.question]
    return {"role": "user", "content": "\n".join(lines)}


def _decision(event: Decided) -> str:
    said = {"applied": "applied", "declined": "declined", "undone": "took back"}[event.decision]
    version = f": version {event.version[:8]}" if event.version else ""
    return f"(the person {said} proposal {event.proposal}{version})"


def _offered(turn: Sequence[Event]) -> tuple[Option, ...]:
    """Return the readings that a turn ended with, where it ended with a question back."""
    if not any(isinstance(event, Answered) and event.form == "which" for event in turn):
        return ()
    return next((e.options for e in reversed(turn) if isinstance(e, ToolAnswered) and e.options), ())


def _pick(question: str, options: Sequence[Option]) -> Iterator[str]:
    """Yield which of the readings a person means who answers with its name or number."""
    said = question.casefold().strip(" .")
    for number, option in enumerate(options, 1):
        if said in {option.label.casefold().strip(" ."), str(number)}:
            yield f"(picked {quoted(option.label, _LONGEST_QUESTION)}: {sql(option.sql, _LONGEST_SQL)})"
            return


def _steps(turn: Sequence[Event]) -> Iterator[Step]:
    """Yield what followed a question: each message of the model with the answers to all of its calls."""
    replies = [place for place, event in enumerate(turn) if isinstance(event, ModelReplied)]
    for place, end in itertools.pairwise([*replies, len(turn)]):
        yield Step(tuple(_told(turn[place:end])), _line(turn[place:end]))
    if not replies and (ending := _ending(turn)) is not None:
        yield Step((ending,))


def _told(events: Sequence[Event]) -> Iterator[JsonObject]:
    reply = events[0]
    if not isinstance(reply, ModelReplied):
        raise AssertionError("a step begins with the model")  # noqa: TRY004  a bug of ours
    message: JsonObject = {"role": "assistant", "content": reply.text or (None if reply.calls else "")}
    if reply.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _arguments(call.arguments)}}
            for call in reply.calls
        ]
    yield message
    answered = {event.call_id: event.content for event in events if isinstance(event, ToolAnswered)}
    for call in reply.calls:
        yield {"role": "tool", "tool_call_id": call.id, "content": answered.get(call.id, _NOT_RUN)}
    if options := _offered(events):
        listed = "; ".join(f"{number}. {quoted(one.label, _LONGEST_QUESTION)}" for number, one in enumerate(options, 1))
        yield {"role": "assistant", "content": f"Which one is meant? {listed}"}
    for event in events:
        if isinstance(event, Nudged):
            yield {"role": "user", "content": _NUDGES[event.reason]}
    if (ending := _ending(events)) is not None:
        yield ending


def _arguments(text: str) -> str:
    """Return a call's arguments as JSON: servers refuse a conversation that holds any others, such as those of a cut reply."""
    return text if isinstance(loose.parse(text), dict) else loose.dumps({"not_json": text[:_LONGEST_BROKEN]})


def _ending(events: Sequence[Event]) -> JsonObject | None:
    """Return what is said of a turn that has no answer."""
    for event in events:
        if isinstance(event, Cancelled):
            return {"role": "user", "content": "[system] The person stopped this turn."}
        if isinstance(event, Failed):
            return {"role": "user", "content": f"[system] This turn failed ({event.code}); it has no answer."}
    return None


def _line(events: Sequence[Event]) -> str:
    """Return what is left of a pruned step: each result with its columns and SQL; no number that was found."""
    return "; ".join(
        f"{e.handle} ({', '.join(name(c.name) for c in e.result.columns)}): {sql(e.sql, _LONGEST_SQL)}"
        for e in events
        if isinstance(e, ToolAnswered) and e.handle and e.result is not None and e.sql
    )
