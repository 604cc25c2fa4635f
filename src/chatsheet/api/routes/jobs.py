"""Jobs: their drafts, start and control; the rows that a model was asked, and their review; the files of exports."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api.deps import Edits, ReadsWhole, Served
from chatsheet.api.routes.chats import Nothing
from chatsheet.api.routes.exports import MEDIA, blocks
from chatsheet.jobs.model import Export, Job, JobRow, Order, RowFilter

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
_Priority = Annotated[int, Field(ge=-10, le=10)]
_CSV: dict[int | str, dict[str, object]] = {
    200: {"description": "One line for each row of the sheet.", "content": {"text/csv": {}}}
}


class NewJob(BaseModel):
    """The sheet and what is to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sheet_id: Annotated[str, Field(max_length=40)]
    order: Order
    priority: _Priority = 0
    """Of a user's jobs, the higher ones come first."""


class JobStart(BaseModel):
    """With which priority a job starts; null for that of its draft."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    priority: _Priority | None = None


class JobRetry(BaseModel):
    """What is asked again: failed rows, or rows that changed in the sheet since."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    changed: bool = False


class JobRowPage(BaseModel):
    """Rows of a job, and the place to go on behind; null at the end."""

    model_config = ConfigDict(frozen=True)

    rows: tuple[JobRow, ...]
    next: int | None


class JobRowValue(BaseModel):
    """A person's value for a row; null for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str | int | float | bool | None


@router.post("", status_code=201)
async def draft(body: NewJob, services: Served, actor: Edits) -> Job:
    """Make a draft, so that answers and costs, or what would change, are known before it is started."""
    return await services.jobs.draft(actor, body.sheet_id, body.order, priority=body.priority)


@router.get("")
async def listing(services: Served, actor: ReadsWhole, sheet_id: Annotated[str, Query(max_length=40)]) -> list[Job]:
    """Return a sheet's jobs, newest first."""
    return await services.jobs.listing(actor, sheet_id)


@router.get("/{job_id}")
async def one(job_id: str, services: Served, actor: ReadsWhole) -> Job:
    """Return a job as it stands."""
    return await services.jobs.get(actor, job_id)


@router.post("/{job_id}/sample")
async def sample(job_id: str, body: Nothing, services: Served, actor: Edits) -> Job:
    """Ask the sample of a draft that stands for formulas of the workbook: of those nothing is asked before."""
    del body
    return await services.jobs.sample(actor, job_id)


@router.post("/{job_id}/start")
async def start(job_id: str, body: JobStart, services: Served, actor: Edits) -> Job:
    """Start a draft, on behalf of the caller."""
    return await services.jobs.start(actor, job_id, priority=body.priority)


@router.post("/{job_id}/pause")
async def pause(job_id: str, body: Nothing, services: Served, actor: Edits) -> Job:
    """Ask nothing more until it is resumed."""
    del body
    return await services.jobs.pause(actor, job_id)


@router.post("/{job_id}/resume")
async def resume(job_id: str, body: Nothing, services: Served, actor: Edits) -> Job:
    """Go on, on behalf of the caller."""
    del body
    return await services.jobs.resume(actor, job_id)


@router.post("/{job_id}/cancel")
async def cancel(job_id: str, body: Nothing, services: Served, actor: Edits) -> Job:
    """End a job; what is done is put into the sheet."""
    del body
    return await services.jobs.cancel(actor, job_id)


@router.post("/{job_id}/retry")
async def retry(job_id: str, body: JobRetry, services: Served, actor: Edits) -> Job:
    """Ask failed or changed rows again, and nothing else."""
    return await services.jobs.retry(actor, job_id, changed=body.changed)


@router.get("/{job_id}/rows")
async def rows(
    job_id: str,
    services: Served,
    actor: ReadsWhole,
    *,
    which: RowFilter = "all",
    after: Annotated[int, Query(ge=-1)] = -1,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> JobRowPage:
    """Return rows in the sheet's order; `review` are those that failed or are not sure, and nobody has looked at."""
    found, following = await services.jobs.rows(actor, job_id, which, after=after, most=limit)
    return JobRowPage(rows=tuple(found), next=following)


@router.post("/{job_id}/rows/{row_id}/accept")
async def accept(job_id: str, row_id: str, body: Nothing, services: Served, actor: Edits) -> JobRow:
    """Leave a row as it is and take it from the list for review."""
    del body
    return await services.jobs.accept(actor, job_id, row_id)


@router.put("/{job_id}/rows/{row_id}")
async def correct(job_id: str, row_id: str, body: JobRowValue, services: Served, actor: Edits) -> JobRow:
    """Give a row another value, in the sheet too where the job has written there."""
    return await services.jobs.correct(actor, job_id, row_id, body.value)


@router.get("/{job_id}/file", response_class=StreamingResponse)
async def file(job_id: str, services: Served, actor: ReadsWhole) -> StreamingResponse:
    """Download what an export made: for whoever started it, for a day."""
    order = (await services.jobs.get(actor, job_id)).order
    made, opened = await services.jobs.file(actor, job_id)
    form = order.format if isinstance(order, Export) else "csv"
    headers = {
        "Content-Disposition": f"attachment; filename=\"{job_id}.{form}\"; filename*=UTF-8''{quote(made.name, safe='')}",
        "Content-Length": str(made.bytes),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(blocks(opened), media_type=MEDIA[form], headers=headers)


@router.get("/{job_id}/export", response_class=StreamingResponse, responses=_CSV)
async def export(job_id: str, services: Served, actor: ReadsWhole) -> StreamingResponse:
    """Return a job's rows as CSV: inputs, answer, how sure it is and why, and where it is from."""
    await services.jobs.get(actor, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(services.jobs.export(actor, job_id), media_type="text/csv; charset=utf-8", headers=headers)
