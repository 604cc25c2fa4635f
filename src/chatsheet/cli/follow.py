"""Follows the settings file and the secret files it names: what changes in them takes effect without a restart.

Platforms rotate secrets by writing the mounted file anew; polling sees that on every kind of mount.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from chatsheet.core import settings_file
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.secret import Secret
from chatsheet.core.settings import Settings

log = logging.getLogger(__name__)

_EVERY_S = 2.0
_Stamp = tuple[int, int, int]


async def follow(
    read: Callable[[], Settings], config: Path | None, settings: Settings, take: Callable[[Settings], Awaitable[None]]
) -> None:
    """Hand changed settings to `take` until cancelled; settings that are not valid are refused and the old ones kept."""
    stamps = _stamps(config, settings)
    while True:
        await asyncio.sleep(_EVERY_S)
        now = await asyncio.to_thread(_stamps, config, settings)
        if now == stamps:
            continue
        before, stamps = stamps, now
        try:
            changed = read()
        except ChatSheetError as error:
            log.error("the changed settings are not used: %s", error.line())  # noqa: TRY400  a person's slip, not a bug
            continue
        is_trust_new = any(before.get(path) != now.get(path) for path in _authorities(settings))
        if is_trust_new or changed.llm != settings.llm or _secrets(changed) != _secrets(settings):
            await take(changed)
            log.warning("settings changed: routes are %s", ", ".join(changed.llm.routes) or "none")
        settings = changed
        stamps = _stamps(config, settings)


def _stamps(config: Path | None, settings: Settings) -> dict[Path, _Stamp | None]:
    named = [Path(secret.source.removeprefix("file:")) for secret in _all(settings) if secret.source.startswith("file:")]
    found = settings_file.path_of(config)
    return {path: _stamp(path) for path in [*named, *_authorities(settings), *([found] if found else [])]}


def _authorities(settings: Settings) -> list[Path]:
    return [route.ca_file for route in settings.llm.route.values() if route.ca_file is not None]


def _stamp(path: Path) -> _Stamp | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def _secrets(settings: Settings) -> list[str | None]:
    return [secret.value for secret in _all(settings)]


def _all(settings: Settings) -> Iterator[Secret]:
    for route in settings.llm.route.values():
        for secret in (route.key, route.proxy_credentials, getattr(route, "client_secret", None)):
            if secret is not None:
                yield secret
