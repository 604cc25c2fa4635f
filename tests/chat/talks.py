"""Logs of conversations, for tests of what a model is told of them."""

from chatsheet.chat.events import Answered, Asked, Event, ModelReplied, ToolAnswered
from chatsheet.llm.model import ToolCall, Trail, Usage
from chatsheet.sheets.model import Result, ResultColumn

SQL = "SELECT region, SUM(revenue) AS total FROM orders WHERE year(d) = YEAR GROUP BY region"


def asked(number: int, question: str = "") -> Asked:
    """Return the question that opens a turn."""
    return Asked(turn=f"t{number}", question=question or f"What about number {number}?")


def replied(number: int, text: str = "", *calls: str) -> ModelReplied:
    """Return a step of the model with calls of these ids, or a text."""
    made = tuple(ToolCall(one, "run_sql", f'{{"sql":"SELECT {number}"}}') for one in calls)
    return ModelReplied(turn=f"t{number}", text=text, calls=made, model="m", route="r", usage=Usage(), trail=Trail())


def ran(number: int, call: str, *, rows: int = 5) -> ToolAnswered:
    """Return a result; its numbers are 770000 and more, which no question has."""
    columns = (ResultColumn(name="region", type="VARCHAR"), ResultColumn(name="total", type="DOUBLE"))
    values = tuple((f"region {row}", 770_000.5 + row) for row in range(rows))
    return ToolAnswered(
        turn=f"t{number}",
        call_id=call,
        tool="run_sql",
        content=f'{{"handle":"r{number}","columns":["region","total"],"rows":{[list(one) for one in values]}}}',
        handle=f"r{number}",
        sql=SQL.replace("YEAR", str(2000 + number)),
        result=Result(columns=columns, rows=values, row_count=rows, truncated=False),
    )


def turn(number: int, *, rows: int = 5) -> list[Event]:
    """Return a whole turn: a question, a query, an answer."""
    text = f"Region 0 has 770,000.5 in year {2000 + number}. [r{number}]"
    return [
        asked(number),
        replied(number, "", f"c{number}"),
        ran(number, f"c{number}", rows=rows),
        replied(number, text),
        Answered(turn=f"t{number}", text=text, numbers=()),
    ]


def talk(turns: int, *, rows: int = 5) -> list[Event]:
    """Return a conversation."""
    return [event for number in range(1, turns + 1) for event in turn(number, rows=rows)]
