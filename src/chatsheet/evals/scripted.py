"""A scripted model for a pack: it knows the answers, and stumbles on purpose to show that engine, loop and grounding catch it.

What it scores says nothing about any model. Each question is answered in one manner, chosen by its place in the pack, and
every manner has something that the chain must have done.
"""

import re
from collections.abc import Iterator
from typing import Literal

import sqlglot
from sqlglot import exp

from chatsheet.chat.answers import NOT_IN_WORKBOOK
from chatsheet.evals.model import Ambiguous, Expected, Known, Lacking, Mark, Question
from chatsheet.evals.pack import Pack
from chatsheet.sheets.model import Result
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain, ScriptedCall

DEPLOYMENT = "gpt-4o"
ASK_BACK = "ask_user"
PLANTED = "987,654.3"
"""A number that no workbook of ours holds."""

Manner = Literal["plain", "misspelt", "planted", "unasked"]
_MANNERS: tuple[Manner, ...] = ("plain", "misspelt", "planted", "unasked")
_NUDGE = "[system]"
_PART = re.compile(r'"?(year|quarter|month)"?\(')
"""A column that is a part of a date: its numbers are written with its name, as people do."""


class Script:
    """Writes the model's replies to each question before it is asked, and checks what the chain made of them."""

    def __init__(self, brain: ScriptedBrain, pack: Pack) -> None:
        self._brain = brain
        self._places = {question.id: place for place, question in enumerate(pack.questions)}

    def manner(self, question: Question) -> Manner:
        """Return how the model answers a question."""
        return _MANNERS[self._places[question.id] % len(_MANNERS)]

    def prepare(self, question: Question, expected: Expected) -> None:
        """Write the replies to a question."""
        self._brain.clear(DEPLOYMENT)  # what the last question did not need
        first, *others = _exchanges(question, expected, self.manner(question))
        self._brain.add(DEPLOYMENT, [first.model_copy(update={"expect": question.question}), *others])

    def check(self, question: Question, mark: Mark) -> Mark:
        """Return the mark, wrong where the chain did not do what this manner wants of it."""
        complaint = mark.why or next(_complaints(question, mark, self.manner(question)), "")
        return mark.model_copy(update={"why": complaint, "is_right": not complaint})


def _exchanges(question: Question, expected: Expected, manner: Manner) -> Iterator[Exchange]:
    guess = Exchange(text=f"It is {PLANTED}.")
    match question.answer:
        case Lacking(lacks=lacks):
            if manner in {"planted", "unasked"}:
                yield guess
            yield Exchange(text=f"{NOT_IN_WORKBOOK} The workbook does not hold {lacks}.")
        case Ambiguous(readings=readings):
            options = [{"label": reading.label, "sql": reading.sql} for reading in readings]
            yield _call(ASK_BACK, {"question": "Which one is meant?", "options": options})
            yield Exchange(text="Which one is meant?")
        case Known(sql=sql) as known:
            if manner == "unasked":
                yield guess
            if manner == "misspelt":
                yield _call("run_sql", {"purpose": "", "sql": misspelt(sql)})
            expect = {"misspelt": '"error"', "unasked": _NUDGE}.get(manner, "")
            yield _call("run_sql", {"purpose": "", "sql": sql}).model_copy(update={"expect": expect})
            planted = f" Beside that, {PLANTED}." if manner == "planted" else ""
            yield Exchange(text=f"{written(known, expected.results[0])}.{planted}")


def _call(name: str, arguments: dict[str, object]) -> Exchange:
    return Exchange(calls=(ScriptedCall(name=name, arguments=arguments),))


def _complaints(question: Question, mark: Mark, manner: Manner) -> Iterator[str]:
    if mark.misgrounded:
        yield f"cited to cells that do not hold them: {', '.join(mark.misgrounded)}"
    if not isinstance(question.answer, Known):
        return
    planted = (PLANTED,) if manner == "planted" else ()
    if mark.ungrounded != planted:
        yield f"numbers marked as not from the data: {', '.join(mark.ungrounded) or 'none'}, not {', '.join(planted) or 'none'}"
    if (mark.errors, mark.repaired) != ((1, 1) if manner == "misspelt" else (0, 0)):
        yield f"{mark.errors} tool errors, {mark.repaired} of them repaired at once"
    if not mark.is_strict:
        yield "its own query gave another result"
    if mark.is_named is False:
        yield "the text does not name the right numbers"


def misspelt(sql: str) -> str:
    """Return a query with one name wrong by a letter: of a column, or of the table where it names no column."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    aliases = {alias.alias for alias in tree.find_all(exp.Alias)}
    columns = [column for column in tree.find_all(exp.Column) if column.name not in aliases]
    named: exp.Expr = max(columns, key=lambda column: len(column.name)) if columns else next(tree.find_all(exp.Table))
    named.this.replace(exp.to_identifier(f"{named.name}{named.name[-1]}"))
    return tree.sql(dialect="duckdb")


def written(known: Known, result: Result) -> str:
    """Return a result as a sentence would name it."""
    parts = [_PART.match(column.name) for column in result.columns]
    rows = (
        [f"{part[1]} {cell}" if part else _cell(known, cell) for part, cell in zip(parts, row, strict=True)]
        for row in result.rows
    )
    return "; ".join(": ".join(cells) for cells in rows)


def _cell(known: Known, cell: object) -> str:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return str(cell)
    if known.is_share:
        return f"{100 * cell:.2f}%"
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}"
