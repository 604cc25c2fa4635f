"""One turn becomes a mark: what its answer stands on is compared with what is known. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from chatsheet.chat.events import Answered, Cancelled, Event, Failed, ModelReplied, NumberFound, ToolAnswered
from chatsheet.evals import compare
from chatsheet.evals.model import Ambiguous, Context, Expected, Known, Lacking, Mark, Question, Verdict
from chatsheet.llm.model import Usage
from chatsheet.sheets.model import Result

_ROWS_KEPT = 6
_PLAIN = Known(sql="")


def judge(question: Question, expected: Expected, turn: Sequence[Event], *, context: Context, seconds: float) -> Mark:
    """Return how a turn went, whose events these are."""
    answered = next((event for event in turn if isinstance(event, Answered)), None)
    results = [event for event in turn if isinstance(event, ToolAnswered) and event.result is not None]
    stands_on = _stands_on(answered, results)
    verdict, why, is_strict = _verdict(question, expected, answered, stands_on, turn)
    replies = [event for event in turn if isinstance(event, ModelReplied)]
    costs = [reply.cost for reply in replies if reply.cost is not None]
    calls = [event for event in turn if isinstance(event, ToolAnswered)]
    numbers = answered.numbers if answered is not None else ()
    return Mark(
        id=question.id,
        context=context,
        kind=question.kind,
        difficulty=question.difficulty,
        verdict=verdict,
        is_right=not why,
        is_strict=is_strict,
        is_named=_is_named(question, expected, answered),
        question=question.question,
        expected=told(question, expected),
        text=answered.text if answered is not None else "",
        why=why,
        sql=tuple(event.sql or _wanted(event, replies) for event in calls),
        got=stands_on.rows[:_ROWS_KEPT] if stands_on is not None else (),
        numbers=len(numbers),
        ungrounded=tuple(number.text for number in numbers if number.handle is None),
        misgrounded=tuple(number.text for number in numbers if _is_miscited(number, results)),
        usage=_total(replies),
        cost=sum(costs) if costs else None,
        seconds=round(seconds, 2),
        steps=len(replies),
        errors=sum(call.is_error for call in calls),
        repaired=sum(one.is_error and not other.is_error for one, other in pairwise(calls)),
        model=replies[-1].model if replies else "",
    )


def told(question: Question, expected: Expected) -> str:
    """Return what was expected, for a person."""
    match question.answer:
        case Known():
            return _rows(expected.results[0])
        case Lacking(lacks=lacks):
            return f"not in the workbook: {lacks}"
        case Ambiguous(readings=readings):
            pairs = zip(readings, expected.results, strict=True)
            return "which one: " + "; ".join(f"{reading.label}: {_rows(result)}" for reading, result in pairs)


def _verdict(
    question: Question, expected: Expected, answered: Answered | None, got: Result | None, turn: Sequence[Event]
) -> tuple[Verdict, str, bool]:
    """Return the verdict, what is wrong, and whether the result is right to the last digit."""
    if answered is None:
        return "failed", _end(turn), False
    match question.answer:
        case Lacking():
            is_refused = answered.form == "not_in_workbook"
            return ("refused", "", True) if is_refused else ("wrong", "answered what the workbook does not hold", False)
        case Ambiguous():
            return _of_ambiguous(expected, answered, got, turn)
        case Known() as known if answered.form == "answer":
            return _of_known(known, expected, got)
        case Known():
            return "wrong", "refused" if answered.form == "not_in_workbook" else "asked back", False


def _of_known(known: Known, expected: Expected, got: Result | None) -> tuple[Verdict, str, bool]:
    if got is None:
        return "wrong", "no query", False
    if not any(compare.is_tolerant(known, right, got) for right in expected.results):
        return "wrong", "another result", False
    return "right", "", any(compare.is_strict(known, right, got) for right in expected.results)


def _of_ambiguous(
    expected: Expected, answered: Answered, got: Result | None, turn: Sequence[Event]
) -> tuple[Verdict, str, bool]:
    shown = [option.result for event in turn if isinstance(event, ToolAnswered) for option in event.options]
    found = sum(any(compare.is_tolerant(_PLAIN, right, one) for one in shown) for right in _different(expected))
    if answered.form == "which":
        return ("asked", "", True) if found > 1 else ("wrong", "asked, but showed other readings", False)
    if got is not None and any(compare.is_tolerant(_FIRST, right, got) for right in expected.results):
        return "one_reading", "took one reading without asking", False
    return "wrong", "neither asked nor right by any reading", False


_FIRST = Known(sql="", is_ordered=True)


def _different(expected: Expected) -> Iterator[Result]:
    """Yield the readings' results, the same one once."""
    seen: list[Result] = []
    for result in expected.results:
        if not any(one.rows == result.rows for one in seen):
            seen.append(result)
            yield result


def _stands_on(answered: Answered | None, results: Sequence[ToolAnswered]) -> Result | None:
    """Return the last result that a number of the answer was traced to, else the last result."""
    cited = {number.handle for number in answered.numbers} - {None} if answered is not None else set[str | None]()
    chosen = [event for event in results if event.handle in cited] or list(results)
    return chosen[-1].result if chosen else None


def _is_named(question: Question, expected: Expected, answered: Answered | None) -> bool | None:
    if answered is None or not isinstance(question.answer, Known):
        return None
    named = [compare.is_named(question.answer, right, answered.text) for right in expected.results]
    return None if None in named else any(named)


def _is_miscited(number: NumberFound, results: Sequence[ToolAnswered]) -> bool:
    """Tell whether a number is cited to a cell that does not hold it; to the rows as a whole it may be cited as a count."""
    if number.handle is None or number.row is None or number.column is None:
        return False
    cited = next((event.result for event in results if event.handle == number.handle and event.result is not None), None)
    if cited is None or number.row >= len(cited.rows):
        return True
    place = next((i for i, column in enumerate(cited.columns) if column.name == number.column), None)
    return place is None or not compare.holds(cited.rows[number.row][place], number.text)


def _wanted(event: ToolAnswered, replies: Sequence[ModelReplied]) -> str:
    """Return what a call without SQL was: the arguments as the model wrote them, and the error."""
    arguments = next((call.arguments for reply in replies for call in reply.calls if call.id == event.call_id), "")
    return f"{event.tool} {arguments}" + (f" → {event.content}" if event.is_error else "")


def _end(turn: Sequence[Event]) -> str:
    match turn[-1] if turn else None:
        case Failed(code=code, what=what):
            return f"{code}: {what}"
        case Cancelled():
            return "stopped"
        case _:
            return "no end"


def _total(replies: Sequence[ModelReplied]) -> Usage:
    return Usage(
        input_tokens=sum(reply.usage.input_tokens for reply in replies),
        output_tokens=sum(reply.usage.output_tokens for reply in replies),
        cached_tokens=sum(reply.usage.cached_tokens for reply in replies),
    )


def _rows(result: Result) -> str:
    rows = [", ".join(_cell(cell) for cell in row) for row in result.rows[:_ROWS_KEPT]]
    return " | ".join([*rows, *(["…"] if result.row_count > _ROWS_KEPT else [])]) or "no rows"


def _cell(cell: object) -> str:
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)
