"""Results, questions, turns and marks as the tests of the evaluation need them."""

from pydantic import JsonValue

from chatsheet.chat.events import Answered, Asked, Event, ModelReplied, NumberFound, Option, ToolAnswered
from chatsheet.evals import judging
from chatsheet.evals.model import Ambiguous, Expected, Known, Lacking, Mark, Question, Reading
from chatsheet.llm.model import ToolCall, Trail, Usage
from chatsheet.sheets.model import Result, ResultColumn

SUM = Known(sql="SELECT 1")
LACKING = Lacking(lacks="returns")
AMBIGUOUS = Ambiguous(readings=(Reading(label="a", sql="SELECT 1"), Reading(label="b", sql="SELECT 2")))


def result(*rows: tuple[JsonValue, ...], row_count: int | None = None) -> Result:
    """Return a result with columns called c0, c1 and so on."""
    columns = tuple(ResultColumn(name=f"c{place}", type="") for place in range(len(rows[0]) if rows else 1))
    return Result(columns=columns, rows=rows, row_count=len(rows) if row_count is None else row_count, truncated=False)


def question(answer: Known | Lacking | Ambiguous = SUM) -> Question:
    """Return a question with this answer."""
    kind = {Known: "sum", Lacking: "unanswerable", Ambiguous: "ambiguous"}[type(answer)]
    return Question.model_validate(
        {"id": "q1", "workbook": "w", "kind": kind, "difficulty": "easy", "question": "How much?", "answer": answer}
    )


def ran(got: Result, handle: str = "r1") -> ToolAnswered:
    """Return the answer of a query."""
    return ToolAnswered(turn="t", call_id=handle, tool="run_sql", content="", handle=handle, sql="SELECT 1", result=got)


def failed_call(number: int = 0) -> ToolAnswered:
    """Return the answer of a call that went wrong."""
    return ToolAnswered(turn="t", call_id=f"f{number}", tool="run_sql", content='{"error":"no"}', is_error=True)


def asked_back(*shown: Result) -> ToolAnswered:
    """Return the readings that a person is shown."""
    options = tuple(Option(label=str(number), sql="SELECT 1", result=one) for number, one in enumerate(shown))
    return ToolAnswered(turn="t", call_id="a", tool="ask_user", content="", options=options)


def said(text: str, form: str = "answer", numbers: tuple[NumberFound, ...] = ()) -> Answered:
    """Return the end of a turn."""
    return Answered.model_validate({"turn": "t", "text": text, "form": form, "numbers": numbers})


def traced(text: str, handle: str | None = "r1", row: int = 0, column: str = "c0") -> NumberFound:
    """Return a number that was traced to a cell, or to nothing."""
    return NumberFound(text=text, start=0, end=len(text), handle=handle, row=row, column=column)


def replied(cost: float | None = None) -> ModelReplied:
    """Return a step of the model."""
    usage = Usage(input_tokens=100, output_tokens=10, cached_tokens=40)
    calls = (ToolCall(id="f0", name="run_sql", arguments='{"sql":"SELEKT"}'),)
    return ModelReplied(turn="t", text="", calls=calls, model="m", route="r", usage=usage, trail=Trail(), cost=cost)


def judged(answer: Known | Lacking | Ambiguous, expected: tuple[Result, ...], *events: Event) -> Mark:
    """Return the mark of a turn with these events."""
    turn = [Asked(turn="t", question="How much?"), *events]
    return judging.judge(question(answer), Expected(results=expected), turn, context="cards", seconds=1.0)


def mark(name: str = "q1", *, is_right: bool = True, kind: str = "sum") -> Mark:
    """Return a mark."""
    values = {"id": name, "context": "cards", "kind": kind, "difficulty": "easy", "is_right": is_right}
    verdict = "right" if is_right else "wrong"
    texts = {"question": f"{name}?", "expected": "5", "text": "It is 4.", "why": "" if is_right else "another result"}
    return Mark.model_validate({**values, **texts, "verdict": verdict, "sql": ["SELECT 4"], "got": [[4]]})


FIVE = result((5,))
SIX = result((6,))
