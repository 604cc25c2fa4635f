"""What this process keeps, for administrators."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chatsheet.api.deps import Admin, Served

router = APIRouter(prefix="/api/caches", tags=["caches"])


class CacheState(BaseModel):
    """A cache in numbers since the start; bytes and entries are those in this process's memory."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    name: str
    hits: int
    shared_hits: int
    """Of the hits, those that another process had computed."""
    computes: int
    failures: int
    waits: int
    """Callers who waited for a computation that had begun already."""
    evictions: int
    bytes: int
    entries: int


class DiskState(BaseModel):
    """What versions and their copies take, in bytes; `evictable` of them can go, the rest is named by sheets, chats or jobs."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    bytes: int
    limit: int
    versions: int
    evictable: int
    is_full: bool
    freed_bytes: int
    freed_versions: int
    freed_copies: int
    """Copies that compaction or rules had made, and that could go: the versions are still there."""


class CacheStates(BaseModel):
    """Everything that is kept; `is_shared_up` is None where no Redis is set."""

    model_config = ConfigDict(frozen=True)

    caches: tuple[CacheState, ...]
    disk: DiskState
    is_shared_up: bool | None


class Cleared(BaseModel):
    """How many bytes of memory were let go."""

    model_config = ConfigDict(frozen=True)

    bytes: int


@router.get("")
async def caches(services: Served, actor: Admin) -> CacheStates:
    """Return what each cache did since the start of this process, and what versions take on disk."""
    del actor
    disk, freed = await services.room.state(), services.room.freed
    shared = services.caches.shared
    return CacheStates(
        caches=tuple(CacheState.model_validate(one) for one in services.caches.states()),
        disk=DiskState(
            bytes=disk.bytes,
            limit=disk.limit,
            versions=disk.versions,
            evictable=disk.evictable,
            is_full=disk.is_full,
            freed_bytes=freed.bytes,
            freed_versions=freed.versions,
            freed_copies=freed.copies,
        ),
        is_shared_up=None if shared is None else shared.is_up,
    )


@router.delete("")
async def clear(services: Served, actor: Admin) -> Cleared:
    """Forget what this process keeps in memory; nothing of any sheet is lost."""
    del actor
    return Cleared(bytes=services.caches.memory.clear())
