"""One call: whatever it is, it is answered in short, nothing is raised and nothing is changed."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsheet.chat.events import Asked, Event, ModelReplied, ToolAnswered
from chatsheet.chat.tools import toolbox
from chatsheet.chat.tools.model import Moment
from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.llm.model import ToolCall, Trail, Usage
from tests.chat.tools.workbook import after, moment

pytestmark = pytest.mark.anyio
BOX = toolbox.offered()
LONGEST_ANSWER = 20_000


def run(name: str, arguments: object) -> ToolCall:
    """Return a call; arguments that are no text are written as JSON."""
    return ToolCall(id="c1", name=name, arguments=arguments if isinstance(arguments, str) else loose.dumps(arguments))


def test_the_tools_and_their_arguments_take_few_tokens() -> None:
    """The whole list is to stay under 1,500 tokens; charts and proposals need the rest."""
    assert budget.count(loose.dumps(BOX.schemas())) <= 660
    small = toolbox.offered(is_small=True)
    assert [tool.name for tool in small.tools] == ["run_sql"]
    assert budget.count(loose.dumps(small.schemas())) <= 100


def test_the_tools_are_sorted_by_name_and_say_what_they_do() -> None:
    names = [tool.name for tool in BOX.tools]
    assert names == sorted(names) == ["ask_user", "describe", "find_values", "get_rows", "make_chart", "overview", "run_sql"]
    described = [loose.obj(loose.obj(schema)["function"]) for schema in BOX.schemas()]
    assert all(len(str(one["description"])) > 10 and "$ref" not in loose.dumps(one) for one in described)


REFUSED: tuple[tuple[str, object, str], ...] = (
    ("run_sql", "{sql: SELECT 1}", "they are not JSON"),
    ("run_sql", '{"sql": "SELECT', "they are not JSON"),
    ("run_sql", "[1]", "they are no JSON object; the arguments are purpose, sql"),
    ("run_sql", "null", "they are no JSON object"),
    ("run_sql", "", "sql is missing"),
    ("run_sql", {"query": "SELECT 1"}, "there is no query; the arguments are purpose, sql"),
    ("run_sql", {"sql": 5}, "sql: Input should be a valid string"),
    ("overview", {"table": "orders"}, "there is no table; it takes no arguments"),
    ("run_sq", {"sql": "SELECT 1"}, "there is no tool run_sq; did you mean run_sql?"),
    ("apply_edit", {}, "there is no tool apply_edit"),
    ("zzz", {}, "the tools are ask_user, describe"),
    ("run_sql", {"sql": "x" * 70_000}, "characters; stay under 64000."),
    ("run_sql", {"sql": f"SELECT '{'x' * 30_000}'"}, "the query has 30009 characters; stay under 20000."),
    ("get_rows", {"table": "orders", "rows": "9-2"}, "the smaller id comes first"),
    ("find_values", {"text": "x", "table": "order"}, "did you mean orders?"),
)


async def test_a_call_that_cannot_be_obeyed_is_told_why(tmp_path: Path) -> None:
    async with moment(tmp_path) as now:
        for name, arguments, said in REFUSED:
            answered = await BOX.run(run(name, arguments), now, "t")
            assert answered.is_error
            assert said in answered.content
            assert len(answered.content) < 400


async def test_arguments_written_as_a_json_text_are_read(tmp_path: Path) -> None:
    async with moment(tmp_path) as now:
        answered = await BOX.run(run("run_sql", json.dumps(json.dumps({"sql": "SELECT 1 AS a"}))), now, "t")
    assert not answered.is_error


def turn_of(*calls: ToolCall) -> list[Event]:
    """Return a turn in which each call failed, one step each."""
    usage = Usage(input_tokens=0, output_tokens=0, cached_tokens=0)
    events: list[Event] = [Asked(turn="t", question="?")]
    for call in calls:
        replied = ModelReplied(turn="t", text="", calls=(call,), model="m", route="r", usage=usage, trail=Trail())
        events += [replied, ToolAnswered(turn="t", call_id=call.id, tool=call.name, content="no", is_error=True)]
    return events


async def test_a_call_that_failed_twice_is_not_run_a_third_time(tmp_path: Path) -> None:
    wrong, other = run("run_sql", {"sql": "SELECT x FROM orders"}), run("run_sql", {"sql": "SELECT y FROM orders"})
    async with moment(tmp_path) as start:
        second = await BOX.run(wrong, after(start, turn_of(wrong, other)), "t")
        third = await BOX.run(wrong, after(start, turn_of(wrong, other, wrong)), "t")
        next_turn = await BOX.run(wrong, after(start, [*turn_of(wrong, wrong), Asked(turn="u", question="?")]), "u")
    assert "there is no column x" in second.content
    assert "do not repeat it. Answer with what is known" in third.content
    assert "there is no column x" in next_turn.content


async def test_the_same_sql_with_other_space_is_the_same_call(tmp_path: Path) -> None:
    wrong, respaced = run("run_sql", {"sql": "SELECT x FROM orders"}), run("run_sql", '{ "sql": "SELECT  x\\n FROM orders " }')
    text, other = run("run_sql", {"sql": "SELECT x, 'a b' AS a"}), run("run_sql", {"sql": "SELECT x, 'a  b' AS a"})
    async with moment(tmp_path) as start:
        third = await BOX.run(respaced, after(start, turn_of(wrong, respaced)), "t")
        another = await BOX.run(other, after(start, turn_of(text, text)), "t")
    assert "do not repeat it" in third.content
    assert "do not repeat it" not in another.content


HARM = [
    "DROP TABLE orders", "DELETE FROM orders", "UPDATE orders SET quantity = 0", "INSERT INTO orders DEFAULT VALUES",
    "CREATE TABLE x AS SELECT 1", "ALTER TABLE orders DROP COLUMN region", "COPY orders TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/out'", "ATTACH '{folder}/x.db' AS x", "INSTALL httpfs", "LOAD httpfs", "PRAGMA version",
    "SET threads = 1", "SELECT * FROM read_csv('{folder}/trade.xlsx')", "SELECT * FROM '{folder}/trade.xlsx'", "CHECKPOINT",
    "SELECT 1; DROP TABLE orders", "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x", "VACUUM", "BEGIN",
    "SELECT nextval('s')", "CALL pragma_version()", "SELECT getenv('HOME')", "SELECT * FROM r1", "SELECT count(*) FROM orders",
]  # fmt: skip
SQL = st.sampled_from(HARM) | st.text(max_size=60)
NAMES = st.sampled_from(["orders", "customers", "r1", "region", "order_id", "../x", '"; DROP TABLE orders; --']) | st.text(
    max_size=20
)
VALUES = SQL | NAMES | st.none() | st.booleans() | st.integers() | st.lists(NAMES, max_size=3)
OPTIONS = st.lists(st.fixed_dictionaries({"label": NAMES, "sql": SQL}), min_size=1, max_size=4)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "sql": SQL, "purpose": NAMES, "table": NAMES, "column": NAMES, "text": NAMES | st.text(max_size=300),
        "rows": st.from_regex(r"\d{1,20}(-\d{1,20})?", fullmatch=True) | NAMES, "columns": st.lists(NAMES, max_size=3),
        "question": NAMES, "options": OPTIONS | VALUES, "extra": VALUES,
    },
)  # fmt: skip


def own_fields(name: str, fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that the tool of that name takes, so that calls come as far as they can."""
    tool = next((tool for tool in BOX.tools if tool.name == name), None)
    return {key: value for key, value in fields.items() if tool is None or key in tool.arguments.model_fields}


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every file with its size and time of change."""
    found = {str(path): path.stat() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {path: (one.st_size, one.st_mtime_ns) for path, one in found.items()}


def test_no_tool_changes_anything_and_none_raises_whatever_it_is_given(tmp_path: Path) -> None:
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(moment(tmp_path)) as start:
        first = portal.call(BOX.run, run("run_sql", {"sql": "SELECT region, quantity FROM orders"}), start, "t")
        now = after(start, [first])
        calls = st.sampled_from([tool.name for tool in BOX.tools])

        @settings(max_examples=150)
        @given(name=calls, arguments=FIELDS | VALUES | st.text(max_size=40), is_fitting=st.booleans())
        def call(name: str, arguments: object, *, is_fitting: bool) -> None:
            given_fields = own_fields(name, loose.obj(arguments))
            text = loose.dumps(given_fields if is_fitting and given_fields else arguments).replace("{folder}", str(tmp_path))
            answered = portal.call(BOX.run, run(name, text), now, "t")
            assert 0 < len(answered.content) < LONGEST_ANSWER
            assert answered.proposal is None

        before = state(tmp_path), portal.call(heads, now)
        call()
        assert (state(tmp_path), portal.call(heads, now)) == before


async def heads(now: Moment) -> list[tuple[str, str]]:
    """Return every sheet with its head."""
    return [(sheet.id, sheet.version) for sheet in await now.library.listing(LOCAL)]
