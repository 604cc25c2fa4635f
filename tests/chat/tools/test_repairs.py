"""Of a hundred wrong calls, at least 95 are right after one retry that takes the tool's answer by its word."""

import re
import sys
from pathlib import Path

import pytest

from chatsheet.chat.events import ToolAnswered
from chatsheet.chat.tools import toolbox
from chatsheet.chat.tools.model import Moment
from chatsheet.core import loose
from chatsheet.llm.model import ToolCall
from tests.chat.tools.repairs import REPAIRS, Repair
from tests.chat.tools.workbook import moment

pytestmark = pytest.mark.anyio

_PLAIN_WORDS = {"select", "from", "where", "as", "on", "and", "by", "group", "order"}
"""What a model may write that nobody told it."""


async def call(text: str, now: Moment) -> ToolAnswered:
    """Make the call that a script names."""
    found = re.match(r"(\w+) (\{.*\})\Z", text)
    name, arguments = (found[1], found[2]) if found else ("run_sql", loose.dumps({"sql": text, "purpose": ""}))
    return await toolbox.offered().run(ToolCall(id="c1", name=name, arguments=arguments), now, "t1")


def words(text: str) -> set[str]:
    """Return names, functions and numbers of a text, without case."""
    return set(re.findall(r"[\w%]+", text.casefold()))


def is_right(repair: Repair, answered: ToolAnswered) -> bool:
    """Tell whether an answer is the one wanted."""
    if answered.is_error or isinstance(repair.gives, str):
        return not answered.is_error and isinstance(repair.gives, str) and repair.gives in answered.content
    return answered.result is not None and [list(row) for row in answered.result.rows] == repair.gives


async def repaired(repair: Repair, now: Moment) -> str:
    """Return nothing where the slip was repaired as scripted, else why not."""
    first = await call(repair.wrong, now)
    if not repair.retry:
        return "" if is_right(repair, first) else f"not put right: {first.content}"
    if is_right(repair, first) and "warnings" not in first.content:
        return f"was right at once: {first.content}"
    untold = words(repair.retry) - words(repair.wrong) - words(first.content) - _PLAIN_WORDS
    if untold:
        return f"nobody said {', '.join(sorted(untold))}: {first.content}"
    second = await call(repair.retry, now)
    return "" if is_right(repair, second) else f"the retry gives {second.content}"


async def test_wrong_names_and_literals_are_repaired_within_one_retry(tmp_path: Path) -> None:
    async with moment(tmp_path) as now:
        outcomes = [(repair, await repaired(repair, now)) for repair in REPAIRS]
    missed = [(repair, why) for repair, why in outcomes if why]
    for repair, why in missed:
        sys.stdout.write(f"missed ({repair.kind}): {repair.wrong}\n    {why}\n")
    share = 1 - len(missed) / len(REPAIRS)
    sys.stdout.write(f"repaired within one retry: {share:.1%} of {len(REPAIRS)}\n")
    assert len(REPAIRS) >= 100
    assert share >= 0.95


@pytest.mark.parametrize("kind", sorted({repair.kind for repair in REPAIRS}))
def test_the_set_has_slips_of_each_kind(kind: str) -> None:
    assert sum(repair.kind == kind for repair in REPAIRS) >= 5
