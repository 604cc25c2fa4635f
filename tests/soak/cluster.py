"""Real servers on one Postgres and one Valkey, with an owner and a friend who are logged in.

They share a data folder; or each has its own, an object store is behind them, and a balancer before them.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from chatsheet.core.settings import FilesSettings
from tests import valkeys
from tests.balancer import balancing
from tests.harness import Program, free_ports, program, write_settings
from tests.postgres import serving

_SETTINGS = """
data = '{data}'
[server]
port = {port}
{public}
[auth]
mode = "password"
logins_per_minute = 1000
[database]
url = "env:SOAK_DATABASE"
[redis]
url = "env:SOAK_REDIS"
{files}
[llm]
routes = ["azure"]
first_content_s = 120
idle_s = 120
deadline_s = 180
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""
_JSON = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
_COOKIE = "__Host-chatsheet_session"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a session, which holds on each server."""

    id: str
    email: str
    password: str
    session: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """The servers, where they are, and who may ask them."""

    servers: list[Program]
    addresses: tuple[str, ...]
    """Of each server, or the balancer's alone."""
    people: Mapping[str, Person]
    restart: Callable[[int], Awaitable[None]]
    """End a server as a deployment does, and start it again where it was."""
    stores: Mapping[str, int]
    """The processes of Postgres and Valkey."""

    def headers(self, who: str) -> dict[str, str]:
        """Return what somebody's browser sends with each request."""
        return {**_JSON, **cookie(self.people[who].session)}

    def client(self, server: int, who: str) -> httpx.Client:
        """Return somebody's connection to a server."""
        return httpx.Client(base_url=self.addresses[server], headers=self.headers(who), timeout=60)


def cookie(session: str) -> dict[str, str]:
    """Return the header that a session is sent in."""
    return {"Cookie": f"{_COOKIE}={session}"}


def session_of(answer: httpx.Response) -> str:
    """Return the session that an answer begins."""
    found = re.match(rf"{_COOKIE}=([\w-]+)", answer.headers["set-cookie"])
    assert found is not None
    return found[1]


@asynccontextmanager
async def cluster(
    folder: Path, servers: int = 2, *, wire: str = "http://127.0.0.1:9", key: str = "none", files: FilesSettings | None = None
) -> AsyncGenerator[Cluster, None]:
    """Start the servers one after the other, and let the two in; `wire` is the model's endpoint, by default nobody's.

    With `files` they share nothing of a disk, and are reached through a balancer alone.
    """
    async with AsyncExitStack() as stack:
        database = stack.enter_context(serving())
        at = stack.enter_context(database.database())
        redis = await stack.enter_async_context(valkeys.running())
        env = {"SOAK_DATABASE": at, "SOAK_REDIS": redis.url}
        (public, *ports), running = free_ports(servers + 1), list[Program]()
        address = f"http://127.0.0.1:{public}/"

        async def start(number: int) -> Program:
            own = folder / f"server{number}"
            own.mkdir(exist_ok=True)
            told = {"data": folder / "data", "port": ports[number], "wire": wire, "public": "", "files": ""}
            if files is not None:
                told |= {"data": own / "data", "public": f'public_url = "{address}"', "files": _section(files)}
            text = _SETTINGS
            for name, value in told.items():
                text = text.replace(f"{{{name}}}", str(value))
            store_key = files.key.reveal() if files is not None and files.key is not None else ""
            settings = write_settings(own, text, {"azure": key, "store": store_key})
            one = await stack.enter_async_context(program("--config", str(settings), "serve", env=env))
            await one.wait_for(r"ChatSheetAI on http://\S+")
            return one

        async def restart(number: int) -> None:
            await running[number].stop()
            running[number] = await start(number)

        for number in range(servers):
            running.append(await start(number))
        code = (await running[-1].wait_for(r"24 hours: (\S+)")).group(1)  # the latest counts
        if files is not None:
            await stack.enter_async_context(balancing(folder, public, ports))
        addresses = (address,) if files is not None else tuple(f"http://127.0.0.1:{port}/" for port in ports)
        stores = {"Postgres": database.pid, "Valkey": redis.pid}
        yield Cluster(running, addresses, await _people(addresses[0], code), restart, stores)


def _section(files: FilesSettings) -> str:
    """Return the store's settings as they are written in a file."""
    plain = {name: getattr(files, name) for name in ("url", "endpoint", "region", "key_id", "account")}
    lines = "".join(f'{name} = "{value}"\n' for name, value in plain.items() if value)
    return f'[files]\n{lines}key = "{{store}}"\n'


async def _people(address: str, code: str) -> dict[str, Person]:
    """Make the first owner by the code that was printed, and a friend by an invitation."""
    async with httpx.AsyncClient(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        owner = await _enter(client, code, "owner")
        said = {"name": "friend", "email": "friend@example.com"}
        invited = await client.post("/api/users", json=said, headers=cookie(owner.session))
        invited.raise_for_status()
        return {"owner": owner, "friend": await _enter(client, invited.json()["code"], "friend")}


async def _enter(client: httpx.AsyncClient, code: str, name: str) -> Person:
    said = {"name": name, "email": f"{name}@example.com", "password": secrets.token_urlsafe(), "code": code}
    answer = await client.post("/api/login/code", json=said)
    assert answer.status_code == 204, answer.text
    session = session_of(answer)
    client.cookies.clear()
    me = (await client.get("/api/me", headers=cookie(session))).json()
    return Person(me["id"], said["email"], said["password"], session)
