"""The doctor, for admins: the latest report, a new examination as it goes on, and those before."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from chatsheet.api import errors, stream
from chatsheet.api.deps import Admin, Served
from chatsheet.api.errors import ErrorBody
from chatsheet.core.errors import ChatSheetError
from chatsheet.doctor.clinic import ExaminationEntry, Examined, RungSeen
from chatsheet.doctor.model import Report

router = APIRouter(prefix="/api/doctor", tags=["doctor"])


class LatestReport(BaseModel):
    """The latest examination; both are null before the first."""

    model_config = ConfigDict(frozen=True)

    id: str | None
    report: Report | None


class ExaminationFailed(BaseModel):
    """An examination broke off; it comes last, in place of the report."""

    model_config = ConfigDict(frozen=True)

    error: ErrorBody


DoctorEvent = RungSeen | Examined | ExaminationFailed


@router.get("")
async def latest(services: Served, actor: Admin) -> LatestReport:
    """Return the latest report."""
    found = await services.clinic.latest(actor)
    return LatestReport(id=found.id, report=found.report) if found else LatestReport(id=None, report=None)


@router.post("")
async def examine(services: Served, actor: Admin) -> StreamingResponse:
    """Examine all routes, or join the examination that runs: each rung as a server-sent event, and the report last."""
    told = _told(services.clinic.examine(actor))
    return StreamingResponse(stream.events(told, stream.event), media_type="text/event-stream", headers=stream.HEADERS)


@router.get("/history")
async def history(services: Served, actor: Admin) -> list[ExaminationEntry]:
    """Return the last examinations, newest first."""
    return await services.clinic.listing(actor)


@router.get("/{examination_id}")
async def detail(examination_id: str, services: Served, actor: Admin) -> Report:
    """Return the report of one examination."""
    return (await services.clinic.get(actor, examination_id)).report


async def _told(seen: AsyncGenerator[RungSeen | Examined, None]) -> AsyncGenerator[DoctorEvent, None]:
    async with aclosing(seen):
        try:
            async for event in seen:
                yield event
        except ChatSheetError as error:
            yield ExaminationFailed(error=errors.body(error))
