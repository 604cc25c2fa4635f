"""The doctor: the latest report, a new examination as it goes on, and those before."""

from pydantic import BaseModel, ConfigDict

from chatsheet.api.errors import ErrorBody
from chatsheet.doctor.clinic import Examined, RungSeen
from chatsheet.doctor.model import Report


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
