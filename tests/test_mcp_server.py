"""The official client, against the server in this process and against `chatsheet mcp` as a process of its own."""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent

from chatsheet.chat.tools import toolbox
from chatsheet.core import loose, settings_file
from chatsheet.core.identity import LOCAL
from chatsheet.mcp_server import Shelf, server
from chatsheet.wiring import open_library
from tests.harness import write_settings

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def client_of(folder: Path, **files: Path) -> AsyncGenerator[Client, None]:
    """Connect the official client to a server over these files."""
    settings = settings_file.load(write_settings(folder, f"data = '{folder}'"))
    async with open_library(settings) as (library, _):
        sheets = {name: (await library.bring_in(LOCAL, path)).sheet.id for name, path in files.items()}
        async with Client(server(Shelf(library, LOCAL, sheets))) as client:
            yield client


def told(result: CallToolResult) -> str:
    """Return the text of a tool's answer."""
    return "".join(one.text for one in result.content if isinstance(one, TextContent))


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    """A second, small workbook."""
    path = tmp_path / "costs.csv"
    path.write_text("team,cost\nred,10\nblue,32\n")
    return path


async def test_the_tools_are_the_chats_own(tmp_path: Path, sales: Path) -> None:
    async with client_of(tmp_path, sales=sales) as client:
        listed = (await client.list_tools()).tools
    schemas = {tool.name: (tool.description, tool.input_schema) for tool in listed}
    for schema in toolbox.offered().schemas():
        function = loose.obj(loose.obj(schema)["function"])
        if function["name"] not in {"ask_user", "make_chart"}:
            assert schemas.pop(str(function["name"])) == (function["description"], function["parameters"])
    assert schemas == {}
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in listed)


async def test_a_wide_workbook_brings_the_tool_that_finds_columns(tmp_path: Path, sales: Path) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text(f"{','.join(f'measure{n}' for n in range(402))}\n{','.join(map(str, range(402)))}\n")
    async with client_of(tmp_path, wide=wide, sales=sales) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        found = await client.call_tool("search_columns", {"workbook": "wide", "query": "measure401"})
        narrow = await client.call_tool("search_columns", {"workbook": "sales", "query": "revenue"})
    assert listed == sorted(listed)
    assert "search_columns" in listed
    assert "- measure401 " in told(found)
    assert (narrow.is_error, "there is no tool search_columns" in told(narrow)) == (True, True)


async def test_a_query_gives_rows_and_a_handle(tmp_path: Path, sales: Path) -> None:
    async with client_of(tmp_path, sales=sales) as client:
        result = await client.call_tool("run_sql", {"purpose": "count", "sql": "SELECT COUNT(*) AS n FROM returns"})
        again = await client.call_tool("run_sql", {"purpose": "count", "sql": "SELECT COUNT(*) AS n FROM orders"})
    assert not result.is_error
    assert "45" in told(result)
    assert ("r1" in told(result), "r2" in told(again)) == (True, True)


@pytest.mark.parametrize(
    ("tool", "arguments", "hint"),
    [
        ("run_sq", {"sql": "SELECT 1"}, "run_sql"),
        ("run_sql", {"purpose": "", "sql": "SELECT revenu FROM orders"}, "revenue"),
        ("run_sql", {"purpose": "", "sql": "DROP TABLE orders"}, "SELECT"),
        ("run_sql", {"purpose": ""}, "sql"),
        ("propose_edit", {"edits": []}, "there is no tool"),
    ],
)
async def test_a_wrong_call_is_a_tool_error_that_says_what_is_right(
    tmp_path: Path, sales: Path, tool: str, arguments: dict[str, object], hint: str
) -> None:
    async with client_of(tmp_path, sales=sales) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert hint in told(result)


async def test_with_several_workbooks_each_call_names_its_own(tmp_path: Path, sales: Path, costs: Path) -> None:
    sql = {"purpose": "", "sql": "SELECT SUM(cost) AS total FROM costs"}
    async with client_of(tmp_path, sales=sales, costs=costs) as client:
        right = await client.call_tool("run_sql", {"workbook": "costs", **sql})
        near = await client.call_tool("run_sql", {"workbook": "cost", **sql})
        none = await client.call_tool("run_sql", sql)
    assert "42" in told(right)
    assert (near.is_error, "did you mean costs?" in told(near)) == (True, True)
    assert (none.is_error, "sales, costs" in told(none)) == (True, True)


async def test_a_workbooks_card_is_a_resource_without_rows(tmp_path: Path, sales: Path) -> None:
    async with client_of(tmp_path, **{"quarterly sales": sales}) as client:
        (resource,) = (await client.list_resources()).resources
        (card,) = (await client.read_resource(resource.uri)).contents
        with pytest.raises(MCPError, match="quarterly sales"):
            await client.read_resource("chatsheet://workbook/other")
    assert resource.name == "quarterly sales"
    assert "revenue" in card.model_dump()["text"]


async def test_old_results_are_slimmed_and_handles_go_on(tmp_path: Path, costs: Path) -> None:
    async with client_of(tmp_path, costs=costs) as client:
        results = [await client.call_tool("run_sql", {"purpose": "", "sql": "SELECT 1 AS n"}) for _ in range(52)]
    assert "r52" in told(results[-1])


@pytest.mark.slow
async def test_over_stdio_it_needs_no_server_and_no_route(tmp_path: Path, sales: Path, costs: Path) -> None:
    arguments = ["-m", "chatsheet.cli.main", "--data", str(tmp_path / "data"), "mcp", str(sales), str(costs)]
    started = StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ), cwd=tmp_path)
    async with Client(started) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool(
            "run_sql", {"workbook": "sales.xlsx", "purpose": "", "sql": "SELECT COUNT(*) AS n FROM orders"}
        )
    assert "run_sql" in tools
    assert "600" in told(result)
