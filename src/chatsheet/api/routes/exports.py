"""Tables as files to download."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from chatsheet.api.deps import Reads, ReadsWhole, Served
from chatsheet.sheets import export
from chatsheet.sheets.files import Options
from chatsheet.sheets.model import Format

router = APIRouter(prefix="/api/sheets/{sheet_id}", tags=["sheets"])
_BLOCK = 2**18
MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


class HowExported(BaseModel):
    """How a table leaves; `version` is the head where it is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = "csv"
    version: str = ""
    keeps_formulas: bool = False


@router.get("/tables/{table_id}/export", response_class=StreamingResponse)
async def download(
    sheet_id: str, table_id: str, services: Served, actor: Reads, how: Annotated[HowExported, Query()]
) -> StreamingResponse:
    """Download a table as CSV, XLSX or Parquet; texts that look like formulas are neutralised in CSV unless kept."""
    library = services.library
    opened = await (library.at(actor, sheet_id, how.version) if how.version else library.open(actor, sheet_id))
    plan = export.of_table(opened.workbook, table_id)
    target = library.incoming()
    options = Options(format=how.format, keeps_formulas=how.keeps_formulas)
    done = await export.write(library.questions(opened).database, plan, target, options)
    await library.note(actor, opened, "sheet.export", {"table": table_id, "format": how.format, "rows": done.rows})
    name = f"{Path(opened.sheet.name).stem} {table_id}.{how.format}"
    return await _download(done, name, plain=f"{table_id}.{how.format}", media=MEDIA[how.format])


@router.get("/original", response_class=StreamingResponse)
async def original(sheet_id: str, services: Served, actor: ReadsWhole) -> StreamingResponse:
    """Download the original workbook with the edits in it; every part they do not touch is as it was."""
    library = services.library
    opened = await library.open(actor, sheet_id)
    found = await library.differences(opened)
    done = await export.patch(library.original(opened), found.edits, library.incoming())
    await library.note(actor, opened, "sheet.export", {"format": "original", "rows": done.rows})
    suffix = Path(opened.sheet.name).suffix
    return await _download(done, opened.sheet.name, plain=f"workbook{suffix}", media=MEDIA["xlsx"])


async def _download(done: export.Exported, name: str, *, plain: str, media: str) -> StreamingResponse:
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(done.bytes),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(blocks(await asyncio.to_thread(_taken, done.path)), media_type=media, headers=headers)


def _taken(path: Path) -> BinaryIO:
    """Open a file and take its name away, so that nothing is left whoever stops reading."""
    file = path.open("rb")
    path.unlink()
    return file


async def blocks(file: BinaryIO) -> AsyncIterator[bytes]:
    """Yield a file's bytes, and close it."""
    with file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
