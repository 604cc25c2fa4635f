"""The model's file: got from a file or a URL, taken up where it stopped, and never kept unless it is the pinned one."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.simulator import weights
from chatsheet.simulator.weights import WeightsMissing, WeightsUnreachable, WeightsWrong
from tests.llm.rig import answers, head, raw_server, start_app

CONTENT = bytes(range(256)) * 20


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pin a small file instead of the real one, with a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "SIZE", len(CONTENT))
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The right file, somewhere else."""
    path = tmp_path / "model.gguf"
    path.write_bytes(CONTENT)
    return path


def partial(content: bytes = b"") -> Path:
    """Return where an interrupted download lies, with this in it."""
    path = weights.place().with_suffix(".part")
    if content:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return path


def _silent(done: int) -> None:
    del done


def pull(source: str | Path) -> Path:
    """Pull without telling anybody how far it is."""
    return weights.pull(str(source), _silent)


@asynccontextmanager
async def served(source: Path) -> AsyncGenerator[tuple[str, list[str]], None]:
    """Serve the file with ranges; yield its address and the ranges asked for."""
    ranges: list[str] = []

    async def send(request: web.Request) -> web.FileResponse:
        ranges.append(request.headers.get("Range", ""))
        return web.FileResponse(source)

    app = web.Application()
    app.router.add_get("/model.gguf", send)
    async with start_app(app) as url:
        yield f"{url}/model.gguf", ranges


def test_the_right_file_is_taken(source: Path) -> None:
    told: list[int] = []
    place = weights.pull(str(source), told.append)
    assert place == weights.place() == weights.find(None)
    assert place.read_bytes() == CONTENT
    assert told == [len(CONTENT)]
    assert not partial().exists()


def test_a_file_that_is_another_one_is_refused_and_nothing_is_left(source: Path) -> None:
    source.write_bytes(CONTENT[::-1])
    with pytest.raises(WeightsWrong):
        pull(source)
    assert [path for path in weights.place().parent.iterdir() if path.suffix != ".lock"] == []


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        pull(tmp_path / "nowhere.gguf")
    with pytest.raises(WeightsMissing, match="not there"):
        weights.find(None)


def test_what_is_there_already_is_left_alone(source: Path, tmp_path: Path) -> None:
    pull(source)
    assert pull(tmp_path / "nowhere.gguf") == weights.place()


def test_a_spoilt_file_of_the_right_size_is_got_again(source: Path) -> None:
    place = pull(source)
    place.write_bytes(CONTENT[::-1])
    assert pull(source).read_bytes() == CONTENT


def test_a_file_that_was_given_is_found_where_it_lies(source: Path) -> None:
    assert weights.find(source) == source


@pytest.mark.anyio
async def test_a_url_is_pulled(source: Path) -> None:
    async with served(source) as (url, _):
        assert (await asyncio.to_thread(pull, url)).read_bytes() == CONTENT


@pytest.mark.anyio
async def test_an_interrupted_download_goes_on_where_it_stopped(source: Path) -> None:
    partial(CONTENT[:1000])
    async with served(source) as (url, ranges):
        assert (await asyncio.to_thread(pull, url)).read_bytes() == CONTENT
    assert ranges == ["bytes=1000-"]


@pytest.mark.anyio
async def test_a_download_that_was_whole_but_never_checked_is_taken(source: Path) -> None:
    partial(CONTENT)
    async with served(source) as (url, _):
        assert (await asyncio.to_thread(pull, url)).read_bytes() == CONTENT


@pytest.mark.anyio
async def test_a_server_without_ranges_starts_the_download_afresh() -> None:
    partial(CONTENT[:1000])
    play = answers(head("200 OK", "application/octet-stream", len(CONTENT)) + CONTENT, ends=True)
    async with raw_server(play) as server:
        assert (await asyncio.to_thread(pull, server.url)).read_bytes() == CONTENT


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1400\r\n"


@pytest.mark.anyio
async def test_a_download_that_breaks_off_keeps_what_arrived() -> None:
    start = head("200 OK", "application/octet-stream", len(CONTENT))
    async with raw_server(answers(start + CONTENT[:1000], ends=True)) as server:
        with pytest.raises(WeightsUnreachable):
            await asyncio.to_thread(pull, server.url)
    assert partial().read_bytes() == CONTENT[:1000]


@pytest.mark.anyio
async def test_a_chunked_download_that_breaks_off_is_unreachable() -> None:
    async with raw_server(answers(CHUNKED + CONTENT[:1000], ends=True)) as server:
        with pytest.raises(WeightsUnreachable):
            await asyncio.to_thread(pull, server.url)


@pytest.mark.anyio
async def test_a_wrong_file_from_a_url_is_refused_and_nothing_is_left() -> None:
    play = answers(head("200 OK", "application/octet-stream", len(CONTENT)) + CONTENT[::-1], ends=True)
    async with raw_server(play) as server:
        with pytest.raises(WeightsWrong):
            await asyncio.to_thread(pull, server.url)
    assert not partial().exists()
    assert not weights.place().exists()


@pytest.mark.anyio
async def test_a_url_that_is_not_there_is_unreachable(source: Path) -> None:
    async with served(source) as (url, _):
        with pytest.raises(WeightsUnreachable, match="404"):
            await asyncio.to_thread(pull, f"{url}x")
