"""`chatsheet cache …`: what is kept on disk and in the shared Redis, and letting go of it. A server's memory: `/api/caches`."""

import asyncio
import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from chatsheet.cli.main import Options
from chatsheet.core import loose

if TYPE_CHECKING:
    from chatsheet.cache.cache import Caches
    from chatsheet.sheets.room import Disk, Freed

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_MB = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the second level holds; `values` is None where it does not answer."""

    is_set: bool
    values: int | None = None


@click.group("cache")
def command() -> None:
    """Say what is kept so that it is computed once, and let go of it.

    Nothing of a sheet is ever lost: what its head, its history or a chat names stays.
    """


@command.command("stats")
@_JSON
@click.pass_obj
def stats(options: Options, *, as_json: bool) -> None:
    """Say how much is kept, and how much of it can go."""
    disk, shared = asyncio.run(_stats(options))
    if as_json:
        click.echo(loose.dumps({"disk": {**asdict(disk), "is_full": disk.is_full}, "shared": asdict(shared)}))
        return
    click.echo(f"disk: {disk.versions} versions, {disk.bytes / _MB:,.1f} MB of {disk.limit / _MB:,.0f} MB")
    if disk.evictable:
        click.echo(f"      {disk.evictable / _MB:,.1f} MB of them can go: `chatsheet cache clear`")
    else:
        click.echo("      nothing of it can go: all is named by sheets, their histories or chats")
    if disk.is_full:
        click.echo("      more is kept than cache.disk_gb allows: raise it, or remove sheets", err=True)
    click.echo(f"redis: {_told(shared)}")
    click.echo("memory: each server tells its own at /api/caches and /metrics")


def _told(shared: _Shared) -> str:
    if not shared.is_set:
        return "none is set (redis.url): each process keeps its own"
    return "does not answer" if shared.values is None else f"{shared.values} values"


@command.command("clear")
@_JSON
@click.pass_obj
def clear(options: Options, *, as_json: bool) -> None:
    """Let go of all that can go, on disk and in Redis; what is asked for again is computed again."""
    freed, values = asyncio.run(_clear(options))
    if as_json:
        click.echo(loose.dumps({"disk": asdict(freed), "shared": {"values": values}}))
        return
    click.echo(f"disk: {freed.bytes / _MB:,.1f} MB freed ({freed.versions} versions, {freed.copies} copies of versions)")
    click.echo(f"redis: {'nothing removed' if values is None else f'{values} values removed'}")


async def _stats(options: Options) -> "tuple[Disk, _Shared]":
    from chatsheet.cache.shared import SharedDown  # noqa: PLC0415  --help must stay fast
    from chatsheet.wiring import open_caches  # noqa: PLC0415  likewise

    async with open_caches(options.settings()) as (caches, room):
        values = None
        with contextlib.suppress(SharedDown):
            values = await caches.shared.size() if caches.shared is not None else None
        return await room.state(), _Shared(is_set=caches.shared is not None, values=values)


async def _clear(options: Options) -> "tuple[Freed, int | None]":
    from chatsheet.wiring import open_caches  # noqa: PLC0415  --help must stay fast

    async with open_caches(options.settings()) as (caches, room):
        return await room.make(limit=0), await _cleared(caches)


async def _cleared(caches: "Caches") -> int | None:
    from chatsheet.cache.shared import SharedDown  # noqa: PLC0415  --help must stay fast

    with contextlib.suppress(SharedDown):
        return await caches.shared.clear() if caches.shared is not None else None
    return None
