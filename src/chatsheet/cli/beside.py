"""Processes of ours that run beside a command: each is this program again, stopped when the command ends."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from chatsheet.core import processes
from chatsheet.core.settings import Settings
from chatsheet.llm import litellm_proxy
from chatsheet.llm.records import RemoteRecords

_GRACE_S = 6.0


@asynccontextmanager
async def program(*arguments: str, env: Mapping[str, str] | None = None) -> AsyncGenerator[asyncio.subprocess.Process, None]:
    """Run `chatsheet ARGUMENTS` while the body runs."""
    argv = [processes.python(), "-m", "chatsheet.cli.main", *arguments]
    child = await processes.start(argv, env={**processes.whole_environment(), **(env or {})})
    try:
        yield child
    finally:
        await processes.stop(child, grace_s=_GRACE_S)


@asynccontextmanager
async def litellm(settings: Settings, config: Path | None) -> AsyncGenerator[None, None]:
    """Run LiteLLM and its egress while the body runs; nothing where it is not ours or runs already."""
    if litellm_proxy.ours(settings.llm) is None or RemoteRecords(settings.data).sidecar() is not None:
        yield
        return
    options = ["--data", str(settings.data), *(["--config", str(config)] if config else [])]
    async with program(*options, "litellm", "run"):
        yield
