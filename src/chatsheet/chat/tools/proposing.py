"""The tools that propose: they look at what edits would do, and leave it to a person whether they are made."""

from collections.abc import Sequence
from typing import Annotated, Literal, cast

from pydantic import Field, JsonValue, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue

from chatsheet.chat import ai_columns, reach
from chatsheet.chat.events import AiColumnProposal, EditProposal, ToolAnswered
from chatsheet.chat.tools.model import Arguments, Moment, Outcome, Tool, ToolRefused, tool
from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.loose import JsonObject
from chatsheet.sheets import edits as sheet_edits
from chatsheet.sheets.edits import (
    AddColumn,
    CellValue,
    Change,
    DeleteColumn,
    DeleteRows,
    Edit,
    EditPreview,
    Fill,
    InsertRows,
    RenameColumn,
    RetypeColumn,
    SetCells,
)
from chatsheet.sheets.model import ColumnType, Workbook
from chatsheet.sheets.query import Limits

_MOST_OPS = 20
_CELLS_FOR_MODEL = 3
_DECIDES = "nothing is changed yet: a person decides"

Scalar = str | int | float | bool | None


class Op(Arguments):
    """One edit, as a model writes it; what its kind does not need is left out."""

    op: Literal[
        "set", "fill", "insert_rows", "delete_rows", "add_column", "rename_column", "retype_column", "delete_column"
    ] = Field(description="set: given rows; fill: all rows that match where")
    table: str
    column: str = ""
    rows: tuple[int, ...] | None = Field(default=None, description="_row ids")
    where: str = Field(default="", description="SQL condition; empty for every row")
    value: Scalar = Field(default=None, description="new value; empty text clears")
    expression: str = Field(default="", description="SQL over the row instead of a value")
    formula: str = Field(default="", description="Excel formula to keep instead, such as =[@Price]*[@Count]")
    label: str = Field(default="", description="header, for add and rename")
    type: ColumnType | None = None
    new_rows: tuple[dict[str, Scalar], ...] = Field(default=(), description="values by column, for insert_rows")
    after: int | None = Field(default=None, description="_row id to insert behind; left out: at the end")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        """Take null for what was left out."""
        return {key: value for key, value in loose.obj(given).items() if value is not None}


def _schema() -> JsonSchemaValue:
    """Return the schema of an op without what costs tokens and says nothing."""
    schema = Op.model_json_schema()
    properties = cast("dict[str, dict[str, object]]", schema["properties"])
    kept = {
        name: {key: value for key, value in body.items() if key not in {"title", "default"}}
        for name, body in properties.items()
    }
    for name in ("rows", "type", "after"):  # null says what leaving out says
        (body, _) = cast("list[dict[str, object]]", kept[name].pop("anyOf"))
        kept[name] |= body
    kept["value"] = {"type": ["string", "number", "boolean"], "description": kept["value"]["description"]}
    kept["new_rows"]["items"] = {"type": "object"}
    return {"type": "object", "properties": kept, "required": ["op", "table"], "additionalProperties": False}


class ProposeEdit(Arguments):
    """Propose edits of the workbook. They are only shown to the person, who decides; never say that they are done."""

    edits: Annotated[
        tuple[Op, ...],
        Field(min_length=1, max_length=_MOST_OPS),
        WithJsonSchema({"type": "array", "items": _schema(), "description": "the smallest change that does it"}),
    ]
    reason: str = Field(default="", max_length=300, description="why, in a few words")


class ProposeAiColumn(Arguments):
    """Propose a column that a model fills row by row from a prompt. Only a person can start it."""

    table: str
    label: str = Field(min_length=1, max_length=100, description="header of the new column")
    template: str = Field(min_length=1, max_length=4_000, description="prompt of a row, with its columns as {column}")
    output: ColumnType = "text"
    choices: tuple[str, ...] = Field(default=(), max_length=50, description="the only answers allowed; empty for any")
    where: str = Field(default="", description="SQL condition; empty for every row")
    reason: str = Field(default="", max_length=300)


async def _propose_edit(arguments: ProposeEdit, moment: Moment) -> Outcome:
    edits = tuple(_edit(op) for op in arguments.edits)
    sheet = moment.opened.sheet
    preview = await moment.library.preview(moment.actor, sheet.id, edits, expected_version=sheet.version)
    for edit, change in zip(edits, preview.changes, strict=False):  # what follows from edits comes behind
        await _require_effect(edit, change, moment)
    proposal = EditProposal(
        id=_next_id(moment),
        edits=edits,
        preview=preview,
        reason=arguments.reason,
        needs_consent=await reach.out_of(moment.questions, edits, preview),
        warnings=_warnings(edits, preview, moment.opened.workbook),
    )
    return Outcome(told=_for_model(proposal), proposal=proposal)


def _edit(op: Op) -> Edit:
    """Return an op as the sheet's edit; raises ToolRefused for what it lacks."""

    def need(name: str, given: object) -> None:
        if given is None or given in ("", ()):
            raise ToolRefused(f"{op.op} lacks {name}.", fix=f"give {name}.")

    match op.op:
        case "set":
            need("column", op.column)
            need("rows", op.rows)
            need("value", None if "value" not in op.model_fields_set else True)
            return SetCells(
                table=op.table, cells=tuple(CellValue(row=row, column=op.column, value=op.value) for row in op.rows or ())
            )
        case "fill":
            need("column", op.column)
            if "value" not in op.model_fields_set:
                need("value, expression or formula", op.expression or op.formula)
            return Fill(
                table=op.table,
                column=op.column,
                rows=op.rows,
                where=op.where,
                value=op.value,
                expression=op.expression,
                formula=op.formula,
            )
        case "insert_rows":
            need("new_rows", op.new_rows)
            return InsertRows(table=op.table, rows=tuple(dict[str, JsonValue](row) for row in op.new_rows), after=op.after)
        case "delete_rows":
            need("rows or where", op.where or op.rows)
            return DeleteRows(table=op.table, rows=op.rows, where=op.where)
        case "add_column":
            need("label", op.label)
            return AddColumn(
                table=op.table,
                label=op.label,
                type=op.type or "text",
                value=op.value,
                expression=op.expression,
                formula=op.formula,
            )
        case "rename_column":
            need("column", op.column)
            need("label", op.label)
            return RenameColumn(table=op.table, column=op.column, label=op.label)
        case "retype_column":
            need("column", op.column)
            need("type", op.type)
            return RetypeColumn(table=op.table, column=op.column, type=op.type or "text")
        case "delete_column":
            need("column", op.column)
            return DeleteColumn(table=op.table, column=op.column)


async def _require_effect(edit: Edit, change: Change, moment: Moment) -> None:
    """Raise ToolRefused, with the reason, for an edit of cells or rows that changes none."""
    if change.rows or not isinstance(edit, SetCells | Fill | DeleteRows):
        return
    where = "" if isinstance(edit, SetCells) else edit.where
    if where and (near := await _nearest_values(edit.table, where, moment)) is not None:
        raise ToolRefused(f"no row of {edit.table} matches {where}; nothing would change.", fix=near)
    raise ToolRefused(f"{', '.join(change.columns)}: those cells hold that already; nothing would change.", fix="look again.")


async def _nearest_values(table: str, where: str, moment: Moment) -> str | None:
    """Return what a condition that matches no row may have meant; None where it matches some."""
    questions, workbook = moment.questions, moment.opened.workbook
    try:
        chosen = sheet_edits.selection(workbook, sheet_edits.table_of(workbook, table), where=where)
        if (await questions.run(chosen, Limits(max_rows=1))).row_count:
            return None
        for compared in chosen.compared:
            near = await questions.find_values(compared.text, table=compared.table, column=compared.column, limit=3)
            if near and all(one.value != compared.text for one in near):
                return f"{compared.column} has {', '.join(repr(one.value) for one in near)}."
    except ChatSheetError:
        pass  # a column that is new in the same proposal: only the hint is lost
    return "look at the values with run_sql first."


def _warnings(edits: Sequence[Edit], preview: EditPreview, workbook: Workbook) -> tuple[str, ...]:
    """Say where edits change more than one might think."""
    said: list[str] = []
    for edit, change in zip(edits, preview.changes, strict=False):
        table = workbook.table(change.table)
        if table is None:
            continue
        match edit:
            case Fill(rows=None, where=""):
                said.append(f"no condition: every one of the {table.rows} rows of {table.id}")
            case Fill() | DeleteRows() if edit.where and change.rows == table.rows > 1:
                said.append(f"the condition {edit.where} holds for every one of the {table.rows} rows of {table.id}")
            case DeleteColumn():
                said.append(f"deletes {change.cells} values of {edit.column}")
            case _:
                pass
    return tuple(said)


def _for_model(proposal: EditProposal) -> JsonObject:
    changes: list[JsonValue] = [
        {
            "op": change.kind,
            "table": change.table,
            "rows": change.rows,
            "cells": change.cells,
            "sample": [[cell.row, cell.column, cell.before, cell.after] for cell in change.sample[:_CELLS_FOR_MODEL]],
            **({"notes": list(change.notes)} if change.notes else {}),
        }
        for change in proposal.preview.changes
    ]
    told: JsonObject = {"proposed": proposal.id, "state": _DECIDES, "changes": changes}
    moved = proposal.preview.formulas.counts.model_dump(mode="json", exclude={"unchanged"}, exclude_defaults=True)
    if moved:
        told["formulas"] = moved
    if proposal.warnings:
        told["warnings"] = list(proposal.warnings)
    if proposal.needs_consent:
        told["reaches_out_of_the_sheet"] = list(proposal.needs_consent)
    return told


async def _propose_ai_column(arguments: ProposeAiColumn, moment: Moment) -> Outcome:
    counted = await ai_columns.count(
        moment.questions, table=arguments.table, template=arguments.template, where=arguments.where
    )
    proposal = AiColumnProposal(
        id=_next_id(moment),
        version=moment.opened.sheet.version,
        rows=counted.rows,
        distinct=counted.distinct,
        tokens=counted.tokens,
        **arguments.model_dump(),
    )
    told: JsonObject = {"proposed": proposal.id, "state": _DECIDES, "rows": proposal.rows, "calls": proposal.distinct}
    return Outcome(told={**told, "tokens": proposal.tokens}, proposal=proposal)


def _next_id(moment: Moment) -> str:
    earlier = sum(isinstance(event, ToolAnswered) and event.proposal is not None for event in moment.log)
    return f"p{earlier + 1}"


_EDIT = tool("propose_edit", ProposeEdit, _propose_edit)
_AI_COLUMN = tool("propose_ai_column", ProposeAiColumn, _propose_ai_column)


def offered(*, has_ai_columns: bool) -> tuple[Tool, ...]:
    """Return the proposing tools; that of AI columns only where something runs them."""
    return (_AI_COLUMN, _EDIT) if has_ai_columns else (_EDIT,)
