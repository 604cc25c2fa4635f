"""The tools a model may call: overview, describe, run_sql. They only read; every error names the nearest right thing."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from chatsheet.chat.events import Event, RowsUsed, ToolAnswered
from chatsheet.context import cards
from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.loose import JsonObject
from chatsheet.llm.model import ToolCall
from chatsheet.sheets import guard
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import Result
from chatsheet.sheets.query import Limits

_ROWS_FOR_MODEL = 30


class Overview(BaseModel):
    """List the tables of the workbook with their size."""

    model_config = ConfigDict(extra="forbid")


class Describe(BaseModel):
    """Describe the columns of one table: types, frequent values, ranges."""

    model_config = ConfigDict(extra="forbid")

    table: str


class RunSql(BaseModel):
    """Run one read-only DuckDB SELECT over the workbook and get its rows."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(default="", description="what the query finds out, in a few words")
    sql: str = Field(description="one DuckDB SELECT statement")


_TOOLS: dict[str, type[BaseModel]] = {"describe": Describe, "overview": Overview, "run_sql": RunSql}


def schemas() -> list[JsonValue]:
    """Return the tool schemas in a fixed order, as chat-completions wants them."""
    return [
        {
            "type": "function",
            "function": {"name": name, "description": model.__doc__, "parameters": _parameters(model)},
        }
        for name, model in _TOOLS.items()
    ]


def _parameters(model: type[BaseModel]) -> JsonObject:
    schema = model.model_json_schema()
    properties: JsonObject = {
        name: {key: value for key, value in loose.obj(prop).items() if key != "title"}  # pyright: ignore[reportAssignmentType]
        for name, prop in loose.obj(schema.get("properties")).items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools over one open sheet."""

    library: Library
    opened: OpenSheet

    async def run(self, call: ToolCall, log: Sequence[Event], turn: str) -> ToolAnswered:
        """Run one call; what goes wrong is told to the model, never raised."""
        try:
            model = _TOOLS.get(call.name)
            if model is None:
                return _refused(call, turn, f"there is no tool {call.name}; the tools are {', '.join(_TOOLS)}")
            match model.model_validate_json(call.arguments or "{}"):
                case RunSql(sql=sql):
                    return await self._run_sql(call, sql, log, turn)
                case Describe(table=table):
                    return self._describe(call, table, turn)
                case _:
                    return ToolAnswered(turn=turn, call_id=call.id, tool=call.name, content=self._overview())
        except ValidationError as error:
            fields = ", ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
            return _refused(call, turn, f"wrong arguments: {fields}")
        except ChatSheetError as error:
            return _refused(call, turn, f"{error.what} {error.fix}")

    def _overview(self) -> str:
        tables: list[JsonValue] = [
            {"table": t.id, "tab": t.tab, "range": t.range, "rows": t.rows, "columns": [*t.names]}
            for t in self.opened.workbook.tables
        ]
        return loose.dumps({"tables": tables})

    def _describe(self, call: ToolCall, name: str, turn: str) -> ToolAnswered:
        table = self.opened.workbook.table(name)
        if table is None:
            names = [t.id for t in self.opened.workbook.tables]
            nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
            hint = f"did you mean {nearest[0]}?" if nearest else f"the tables are {', '.join(names)}"
            return _refused(call, turn, f"there is no table {name}; {hint}")
        return ToolAnswered(turn=turn, call_id=call.id, tool=call.name, content=cards.table_card(table))

    async def _run_sql(self, call: ToolCall, sql: str, log: Sequence[Event], turn: str) -> ToolAnswered:
        guarded = guard.check(sql, self.opened.columns())
        result = await self.library.query(self.opened, guarded)
        handle = f"r{1 + sum(isinstance(event, ToolAnswered) and event.handle is not None for event in log)}"
        return ToolAnswered(
            turn=turn,
            call_id=call.id,
            tool=call.name,
            content=_for_model(handle, result),
            handle=handle,
            sql=guarded.sql,
            result=result,
            rows_used=await self._rows_used(guarded),
        )

    async def _rows_used(self, guarded: GuardedSql) -> tuple[RowsUsed, ...]:
        """Return which rows the query's conditions select; all rows of its tables where it is too nested to say."""
        if (counting := guard.rows_query(guarded)) is not None:
            try:
                counted = await self.library.query(self.opened, counting, Limits(max_rows=50))
                return tuple(_used(*row) for row in counted.rows)
            except ChatSheetError:
                pass  # the answer is there; only the exact rows are not known
        known = [table for name in guarded.tables if (table := self.opened.workbook.table(name)) is not None]
        return tuple(RowsUsed(table=table.id, rows=table.rows, first=None, last=None) for table in known)


def _used(table: JsonValue, rows: JsonValue, first: JsonValue, last: JsonValue) -> RowsUsed:
    known = [number if isinstance(number, int) else None for number in (first, last)]
    return RowsUsed(table=str(table), rows=loose.number(rows), first=known[0], last=known[1])


def refuse(call: ToolCall, turn: str) -> ToolAnswered:
    """Answer a call that is over the limit."""
    return _refused(call, turn, "too many calls at once; this one was not run")


def _refused(call: ToolCall, turn: str, reason: str) -> ToolAnswered:
    content = loose.dumps({"error": reason})
    return ToolAnswered(turn=turn, call_id=call.id, tool=call.name, content=content, is_error=True)


def _for_model(handle: str, result: Result) -> str:
    told: JsonObject = {
        "handle": handle,
        "columns": [column.name for column in result.columns],
        "rows": [list(row) for row in result.rows[:_ROWS_FOR_MODEL]],
        "row_count": result.row_count,
    }
    return loose.dumps(told)
