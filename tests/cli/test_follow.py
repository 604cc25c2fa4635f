"""Changed settings and rotated secrets take effect while the server runs; settings that are not valid change nothing."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatsheet.cli import follow
from chatsheet.core import settings_file
from chatsheet.core.settings import Settings
from chatsheet.core.tasks import Tasks
from chatsheet.llm.gateway import NoRouteAnswered
from chatsheet.llm.plan import plan
from tests.harness import HELLO, Wire, azure_settings, gateway_for, says, start_wire

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Followed:
    """A settings file that is followed, and what was taken over from it."""

    folder: Path
    taken: "asyncio.Queue[Settings]"

    async def next(self) -> Settings:
        """Return the next settings that are taken over."""
        async with asyncio.timeout(5):
            return await self.taken.get()


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    """Serve a simulator."""
    async with start_wire() as started:
        yield started


@pytest.fixture
async def followed(wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Followed, None]:
    """Follow a settings file with one azure route, quickly."""
    monkeypatch.setattr(follow, "_EVERY_S", 0.01)
    settings, path = azure_settings(tmp_path, wire, "gpt-4o"), tmp_path / "chatsheet.toml"
    queue: asyncio.Queue[Settings] = asyncio.Queue()
    tasks = Tasks()
    tasks.spawn(follow.follow(lambda: settings_file.load(path), path, settings, queue.put), name="follow")
    yield Followed(tmp_path, queue)
    await tasks.close()


async def test_a_rotated_key_is_used_for_the_next_call(wire: Wire, tmp_path: Path, followed: Followed) -> None:
    wire.script("gpt-4o", says("with the new key"))
    async with gateway_for(settings_file.load(tmp_path / "chatsheet.toml")) as gateway:
        wire.simulator.state.key = "sk-rotated"
        with pytest.raises(NoRouteAnswered):
            await gateway.complete(HELLO)
        (followed.folder / "azure.key").write_text("sk-rotated", encoding="utf-8")
        await gateway.change(plan((await followed.next()).llm))
        assert (await gateway.complete(HELLO)).text == "with the new key"


async def test_a_changed_route_is_handed_on(followed: Followed) -> None:
    path = followed.folder / "chatsheet.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('deployment = "gpt-4o"', 'deployment = "other"'), encoding="utf-8")
    route = (await followed.next()).llm.route["first"]
    assert route.kind == "azure"
    assert route.deployment == "other"


async def test_settings_that_are_not_valid_are_named_and_not_used(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    path = followed.folder / "chatsheet.toml"
    good = path.read_text(encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        path.write_text(good + "nonsense = 1\n", encoding="utf-8")
        async with asyncio.timeout(5):
            while "nonsense" not in caplog.text:
                await asyncio.sleep(0.01)
    assert followed.taken.empty()
    path.write_text(good.replace("gpt-4o", "other"), encoding="utf-8")
    assert (await followed.next()).llm.routes == ("first",)


async def test_authorities_that_were_written_anew_are_trusted_without_a_restart(followed: Followed) -> None:
    path, authority = followed.folder / "chatsheet.toml", followed.folder / "ca.pem"
    authority.write_text("one", encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace('deployment = "gpt-4o"', f'deployment = "gpt-4o"\nca_file = "{authority}"')
    path.write_text(text, encoding="utf-8")
    await followed.next()
    authority.write_text("another", encoding="utf-8")
    assert (await followed.next()).llm.route["first"].ca_file == authority
