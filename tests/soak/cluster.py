"""Two real servers on one data folder, one Postgres and one Valkey, with an owner and a friend who are logged in."""

import re
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests import valkeys
from tests.harness import free_ports, program, write_settings
from tests.postgres import serving

_SETTINGS = """
data = '{data}'
[server]
port = {port}
[auth]
mode = "password"
logins_per_minute = 1000
[database]
url = "env:SOAK_DATABASE"
[redis]
url = "env:SOAK_REDIS"
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "http://127.0.0.1:9"
deployment = "gpt-4o"
key = "{azure}"
"""
"""No model is asked, so nobody listens at its endpoint."""
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
    """Where the servers are, and who may ask them."""

    addresses: tuple[str, ...]
    people: Mapping[str, Person]

    def client(self, server: int, who: str) -> httpx.Client:
        """Return somebody's connection to a server."""
        headers = {**_JSON, **cookie(self.people[who].session)}
        return httpx.Client(base_url=self.addresses[server], headers=headers, timeout=60)


def cookie(session: str) -> dict[str, str]:
    """Return the header that a session is sent in."""
    return {"Cookie": f"{_COOKIE}={session}"}


def session_of(answer: httpx.Response) -> str:
    """Return the session that an answer begins."""
    found = re.match(rf"{_COOKIE}=([\w-]+)", answer.headers["set-cookie"])
    assert found is not None
    return found[1]


@asynccontextmanager
async def cluster(folder: Path, servers: int = 2) -> AsyncGenerator[Cluster, None]:
    """Start the servers one after the other, and let the two in."""
    async with AsyncExitStack() as stack:
        database = stack.enter_context(serving())
        at = stack.enter_context(database.database())
        redis = await stack.enter_async_context(valkeys.running())
        env = {"SOAK_DATABASE": at, "SOAK_REDIS": redis.url}
        addresses: list[str] = []
        code = ""
        for number, port in enumerate(free_ports(servers)):
            own = folder / f"server{number}"
            own.mkdir()
            text = _SETTINGS.replace("{data}", str(folder / "data")).replace("{port}", str(port))
            settings = write_settings(own, text, {"azure": secrets.token_hex(8)})
            running = await stack.enter_async_context(program("--config", str(settings), "serve", env=env))
            addresses.append((await running.wait_for(r"ChatSheetAI on (http://\S+)")).group(1))
            code = (await running.wait_for(r"24 hours: (\S+)")).group(1)  # the latest counts
        yield Cluster(tuple(addresses), await _people(addresses[0], code))


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
