"""`chatsheet serve`: the page and the API, on loopback unless people log in; LiteLLM beside it where settings say so."""

import asyncio
import contextlib
import functools
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path

import click
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from chatsheet.api import app as api_app
from chatsheet.api.closed import Door, Keys
from chatsheet.api.logins import Logins
from chatsheet.auth.place import place
from chatsheet.cli import beside, checkup
from chatsheet.cli.follow import follow
from chatsheet.cli.main import Options
from chatsheet.context import budget
from chatsheet.core import ids, logs, settings_file
from chatsheet.core.address_check import LOOPBACK
from chatsheet.core.errors import BadInput, Conflict, Refused, StorageUnavailable
from chatsheet.core.settings import ServerSettings, Settings
from chatsheet.core.tasks import Tasks
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.doctor.order import Order
from chatsheet.wiring import Services, open_services

log = logging.getLogger(__name__)
_LOOK_AFTER_S = 5
_MAKE_ROOM_S = 600.0
_LET_GO_S = 24 * 3600.0

Companion = Callable[[Services], Coroutine[object, object, None]]
"""Work that runs beside the server, on the same services."""


class NotLoopback(Refused):
    """Without a login nobody but this machine may reach the server."""

    code = "server.not_loopback"


class TlsUnusable(BadInput):
    """The server's certificate or its key cannot be used."""

    code = "server.tls"


class AddressTaken(Conflict):
    """Another program listens there."""

    code = "server.address_taken"


@click.command("serve")
@click.option("--host", help="Address to listen on; loopback only until a login mode is set.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.pass_obj
def command(options: Options, host: str | None, port: int | None) -> None:
    """Serve the page and the API."""
    read = functools.partial(options.settings, server__host=host, server__port=port)
    settings = read()
    logs.open_log(level=settings.log.level, form=settings.log.form)
    asyncio.run(serve(settings, options.config, read=read))


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again at its end and cut the clean-up short."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(
    settings: Settings,
    config: Path | None,
    companion: Companion | None = None,
    *,
    read: Callable[[], Settings] | None = None,
) -> None:
    """Serve until interrupted, on the routes that `read` gives from time to time; raises NotLoopback, AddressTaken."""
    host = settings.server.host
    if settings.auth.mode == "local" and host not in LOOPBACK:
        raise NotLoopback(
            f"{host} is not the loopback address.", fix='set server.host = "127.0.0.1", or a login mode in auth.mode.'
        )
    listening = _listen(host, settings.server.port)
    opening = open_services(settings, settings_file=settings_file.path_of(config))
    async with opening as services, beside.litellm(settings, config):
        port = int(listening.getsockname()[1])
        door = _door(settings, services, port)
        server = _Server(_configured(settings.server, api_app.create(services, door)))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, server)
        await services.library.sweep()
        is_shared = settings.database.url is not None  # with servers elsewhere, which hold leases too
        await services.chats.turns.resume(is_alone=not is_shared and services.presence.is_alone())
        tasks = Tasks()
        tasks.spawn(_look_after(services), name="look after turns and imports")
        tasks.spawn(_make_room(services), name="make room on disk")
        tasks.spawn(_let_go(services), name="let go of what is kept no longer")
        tasks.spawn(_put_all(services), name="put versions into the object store")
        tasks.spawn(services.engine.warm(), name="warm engine")
        tasks.spawn(_warm_count(), name="warm token table")
        has_ours = any(route.is_ours for route in services.gateway.plan.routes)
        is_up = services.records.is_ready if has_ours else lambda: True
        tasks.spawn(
            checkup.look(functools.partial(services.doctor.examine, order=Order(depth="reach")), is_up=is_up),
            name="look at routes",
        )
        if read is not None:
            tasks.spawn(follow(read, config, settings, services.change), name="follow settings")
        if companion is not None:
            tasks.spawn(companion(services), name="companion")
        worker = services.worker() if settings.jobs.work else None
        if worker is not None:
            worker.start()
        await _greet(settings, services, door, port)
        try:
            await server.serve(sockets=[listening])
        finally:
            if worker is not None:
                await worker.close()
            await tasks.close()


def _door(settings: Settings, services: Services, port: int) -> Door:
    if settings.auth.mode == "local":
        token = settings.server.token
        return Keys(token=token.reveal() if token else ids.new_key("cs"), token_decides=settings.server.token_decides)
    return Logins(place=place(settings.server, port), sessions=services.sessions, tokens=services.tokens, rates=services.rates)


def _configured(server: ServerSettings, app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,  # an open stream would otherwise hold the server for minutes
        ssl_certfile=server.tls_certificate,
        ssl_keyfile=server.tls_key,
    )
    try:
        config.load()
    except OSError as error:  # ssl's errors too
        reason = error.strerror or type(error).__name__
        raise TlsUnusable(
            f"server.tls_certificate and tls_key cannot be used: {reason}.", fix="give a PEM certificate and its own key."
        ) from None
    return config


async def _greet(settings: Settings, services: Services, door: Door, port: int) -> None:
    """Tell where the server is, and what opens it for the first time."""
    here = place(settings.server.model_copy(update={"public_url": ""}), port).origin
    click.echo(f"ChatSheetAI on {here}/")
    if isinstance(door, Keys):
        click.echo(f"token for /v1 and scripts: {'as set in server.token' if settings.server.token else door.token}")
        return
    if settings.server.public_url:
        click.echo(f"people open {settings.server.public_url}")
    if code := await services.accounts.owner_code():
        click.echo(f"there is no administrator yet; the code that makes the first one, for 24 hours: {code}")


async def _look_after(services: Services) -> None:
    while True:
        await asyncio.sleep(_LOOK_AFTER_S)
        try:
            await services.chats.turns.look_after()
            await services.imports.look_after()
        except (SQLAlchemyError, DatabaseUnavailable) as error:  # a full disk, say: the next look may find it mended
            log.warning("turns and imports that other processes left were not looked for: %s", type(error).__name__)


async def _make_room(services: Services) -> None:
    while True:
        try:
            await services.room.make()
        except SQLAlchemyError as error:
            log.warning("room on disk was not made: %s", type(error).__name__)
        await asyncio.sleep(_MAKE_ROOM_S)


async def _let_go(services: Services) -> None:
    while True:
        try:
            await services.retention.apply()
            await services.jobs.files.sweep()
        except StorageUnavailable as error:
            log.warning("what is kept no longer was not removed: %s", error.what)
        except (SQLAlchemyError, DatabaseUnavailable, OSError) as error:
            log.warning("what is kept no longer was not removed: %s", type(error).__name__)
        await asyncio.sleep(_LET_GO_S)


async def _put_all(services: Services) -> None:
    try:
        await services.library.put_all()
    except StorageUnavailable as error:  # each edit tries again for what it stands on, and the next start for the rest
        log.warning("versions that only this data folder has were not put into the store: %s", error.what)


async def _warm_count() -> None:
    """Load the table that tokens are counted by: it takes a second, which the first question would stand still for."""
    await asyncio.to_thread(budget.count, "warm")


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise AddressTaken(f"{host}:{port} cannot be used: {error.strerror}.", fix="choose another --port.") from None
    # asyncio sets this only on sockets that it makes itself; without it each answer waits 40 ms for an ACK
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
