"""Processes of ours that run beside a command: each is this program again, stopped when the command ends."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from chatsheet.core import processes
from chatsheet.core.settings import Settings
from chatsheet.core.tasks import Tasks
from chatsheet.llm import litellm_file, litellm_proxy
from chatsheet.llm.records import RemoteRecords

log = logging.getLogger(__name__)

_GRACE_S = 6.0
_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 60.0


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
    """Keep LiteLLM and its egress running while the body runs; nothing where it is not ours or runs already."""
    await asyncio.to_thread(_warn, settings)
    if litellm_proxy.ours(settings.llm) is None or RemoteRecords(settings.data).sidecar() is not None:
        yield
        return
    options = ["--data", str(settings.data), *(["--config", str(config)] if config else [])]
    tasks = Tasks()
    tasks.spawn(_keep_running(options), name="litellm run")
    try:
        yield
    finally:
        await tasks.close()


def _warn(settings: Settings) -> None:
    """Log what is wrong with the config of a LiteLLM that others run: it is theirs, and other routes answer."""
    for name, problems in litellm_file.named(settings.llm).items():
        for found in problems:
            log.warning("llm.route.%s.config_file: %s: %s (%s); %s", name, found.key, found.reason, found.cause, found.fix)


async def _keep_running(options: list[str]) -> None:
    backoff_s = _FIRST_BACKOFF_S
    while True:
        async with program(*options, "litellm", "run") as child:
            code = await child.wait()
        log.error("`chatsheet litellm run` ended with code %s; it is started again in %g s", code, backoff_s)
        await asyncio.sleep(backoff_s)
        backoff_s = min(backoff_s * 2, _LONGEST_BACKOFF_S)
