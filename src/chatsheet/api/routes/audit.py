"""The audit log: who did what in a workspace, for its owners; of the whole installation, for administrators."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from chatsheet.api.deps import Admin, Audits, Served
from chatsheet.audit.chain import Entry, How
from chatsheet.audit.log import Audit
from chatsheet.audit.model import Wanted
from chatsheet.core import loose
from chatsheet.core.acts import Act

router = APIRouter(prefix="/api/audit", tags=["audit"])
_LINES: dict[int | str, dict[str, object]] = {
    200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}, "description": "One entry a line."}
}


class AuditEntry(BaseModel):
    """One thing that somebody did; `hash` is over the entry and the hash before it."""

    model_config = ConfigDict(frozen=True)

    seq: int
    at: datetime
    workspace: str
    actor: str
    action: str
    subject: str
    body: JsonValue
    hash: str


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace_id: Annotated[str, Field(max_length=40)] = ""
    action: Annotated[str, Field(max_length=60)] = ""
    actor: Annotated[str, Field(max_length=40)] = ""
    subject: Annotated[str, Field(max_length=80)] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def wanted(self, workspace_id: str | None) -> Wanted:
        return Wanted(
            workspace_id=workspace_id,
            action=self.action,
            actor_id=self.actor,
            subject=self.subject,
            since=self.since,
            until=self.until,
        )


class Exported(_Asked):
    """Which entries to export: of an action, of somebody, on a sheet, from a time to another; left out, any."""


class Looked(_Asked):
    """Which entries to look at: the newest, or the newest before a number."""

    before: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class ChainBroken(BaseModel):
    """The first entry that is not as it was written."""

    model_config = ConfigDict(frozen=True)

    seq: int
    how: How


class ChainState(BaseModel):
    """How many entries are as they were written, the hash of the last of them, and what comes then, if that is broken."""

    model_config = ConfigDict(frozen=True)

    entries: int
    head: str
    broken: ChainBroken | None


@router.get("")
async def entries(services: Served, actor: Audits, asked: Annotated[Looked, Query()]) -> list[AuditEntry]:
    """Return a workspace's entries, the newest first."""
    found = await services.audit.latest(asked.wanted(actor.workspace_id), before=asked.before, most=asked.limit)
    return [AuditEntry.model_validate(one.told()) for one in found]


@router.get("/export", response_class=StreamingResponse, responses=_LINES)
async def export(services: Served, actor: Audits, asked: Annotated[Exported, Query()]) -> StreamingResponse:
    """Return a workspace's entries as JSON lines, the oldest first."""
    await services.audit.note(Act.of(actor, "audit.export", actor.workspace_id, {}))
    return _lines(services.audit, asked.wanted(actor.workspace_id))


@router.get("/all", response_class=StreamingResponse, responses=_LINES)
async def export_all(services: Served, actor: Admin, asked: Annotated[Exported, Query()]) -> StreamingResponse:
    """Return the entries of all workspaces, and of none, as JSON lines; without conditions they are the whole chain."""
    await services.audit.note(Act(action="audit.export", actor_id=actor.user_id))
    return _lines(services.audit, asked.wanted(asked.workspace_id or None))


@router.get("/verify")
async def verify(
    services: Served, actor: Admin, expect_head: Annotated[str, Query(pattern="^([0-9a-f]{64})?$")] = ""
) -> ChainState:
    """Follow the whole chain; `expect_head` is a hash that was noted earlier, by which a cut end is seen too."""
    del actor
    walked = await services.audit.verify(expected=expect_head)
    broken = None if walked.broken is None else ChainBroken(seq=walked.broken.seq, how=walked.broken.how)
    return ChainState(entries=walked.entries, head=walked.head, broken=broken)


def _line(entry: Entry) -> str:
    """Return an entry as a line of JSON."""
    return loose.dumps(entry.told()) + "\n"


def _lines(audit: Audit, wanted: Wanted) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        async for entry in audit.entries(wanted):
            yield _line(entry).encode()

    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"', "Cache-Control": "no-store"}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)
