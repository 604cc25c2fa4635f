"""Uploads that survive a cut: announce, send parts from any known place on, ask how far it is; then import."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api.deps import Imports, Served
from chatsheet.api.routes.chats import Nothing
from chatsheet.sheets.uploads import Upload

router = APIRouter(prefix="/api/uploads", tags=["sheets"])


class NewUpload(BaseModel):
    """A file to come: its name, its size in bytes, and where it is known its SHA-256 in hex, checked at the last byte."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=255)
    size: int = Field(ge=0)
    sha256: str = Field(default="", pattern=r"^([0-9a-fA-F]{64})?$")


@router.post("", status_code=201)
async def begin(body: NewUpload, services: Served, actor: Imports) -> Upload:
    """Begin an upload of at most 300 MiB; it is kept for a day after its last byte."""
    return await services.uploads.begin(actor, name=body.name, size=body.size, sha256=body.sha256)


@router.head("/{upload_id}")
async def offset(upload_id: str, services: Served, actor: Imports) -> Response:
    """Say in `Upload-Offset` how many bytes are here, of how many in `Upload-Length`."""
    return Response(headers=_headers(await services.uploads.get(actor, upload_id)))


@router.patch("/{upload_id}")
async def append(
    upload_id: str,
    request: Request,
    response: Response,
    services: Served,
    actor: Imports,
    upload_offset: Annotated[int, Header(ge=0)],
) -> Upload:
    """Send a part as application/octet-stream; `Upload-Offset` says where it begins. What arrived stays when it is cut."""
    upload = await services.uploads.append(actor, upload_id, upload_offset, request.stream())
    response.headers.update(_headers(upload))
    return upload


@router.delete("/{upload_id}")
async def give_up(upload_id: str, services: Served, actor: Imports) -> Nothing:
    """Give an upload up, and remove what is here."""
    await services.uploads.remove(actor, upload_id)
    return Nothing()


def _headers(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size)}
