"""`chatsheet mcp FILE…`: the tools that read, for another program's model, on stdin and stdout."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from chatsheet import mcp_server
from chatsheet.cli.main import Options
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import Settings
from chatsheet.wiring import open_library


@click.command("mcp")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def command(options: Options, files: Sequence[Path]) -> None:
    """Serve the reading tools over workbooks to an MCP client; it starts this command and speaks with it.

    No model is called, and no route needs to be set; nothing can be changed from here.
    """
    asyncio.run(_serve(options.settings(may_lack_keys=True), files))


async def _serve(settings: Settings, files: Sequence[Path]) -> None:
    async with open_library(settings) as (library, _):
        await mcp_server.serve(library, LOCAL, files)
