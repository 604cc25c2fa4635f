"""The hybrid as an `httpx2` transport: any `openai` client, and so pydantic-ai or LangChain, runs on it unchanged.

Nothing here touches the network: requests end in the gateway of this very process. Every request is driven by a task of
its own, so that a client may close a stream from wherever it likes; what the client has not read yet waits in a queue.
"""

import asyncio
import contextlib
import queue
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing

import httpx2

from chatsheet.core.errors import Conflict
from chatsheet.llm import door
from chatsheet.llm.door import Call, Head, Part
from chatsheet.llm.gateway import Gateway

Opener = Callable[[], AbstractAsyncContextManager[Gateway]]
"""Opens the gateway when the first request comes; the transport closes it."""


class OtherLoop(Conflict):
    """The transport serves another event loop: a gateway's connections belong to one."""

    code = "transport.other_loop"


class HybridTransport(httpx2.AsyncBaseTransport):
    """Carries the requests of one `httpx2.AsyncClient` to the gateway; `model` is the name that clients ask for."""

    def __init__(self, opener: Opener, *, model: str) -> None:
        self._serving = _Serving(opener, model)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request; raises httpx2.ReadTimeout where the client set a time limit and it passed."""
        await request.aread()
        running = _Running(self._serving.answer(_call(request)), request)
        try:
            head = await running.next()
        except BaseException:
            await running.aclose()
            raise
        return _response(head, running, request)

    async def aclose(self) -> None:
        """End what still runs and close the gateway."""
        await self._serving.aclose()


class SyncHybridTransport(httpx2.BaseTransport):
    """Carries the requests of one `httpx2.Client`, from any thread: the gateway runs on a loop of its own in the background."""

    def __init__(self, opener: Opener, *, model: str) -> None:
        self._background = _Background(opener, model)
        # also at the interpreter's end, while the loop's thread still runs
        self._finalizer = weakref.finalize(self, self._background.close)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request; raises httpx2.ReadTimeout where the client set a time limit and it passed."""
        request.read()
        running = _SyncRunning(self, self._background, request)
        try:
            head = running.next()
        except BaseException:
            running.close()
            raise
        return _response(head, running, request)

    def close(self) -> None:
        """End what still runs, close the gateway and wait for the background thread."""
        self._finalizer()


class _Serving:
    """The gateway, opened when first needed, and the answers that are under way; lives on one loop."""

    def __init__(self, opener: Opener, model: str) -> None:
        self._opener = opener
        self._model = model
        self._stack = AsyncExitStack()
        self._gateway: Gateway | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[object] | None] = set()

    async def answer(self, call: Call) -> AsyncGenerator[Part, None]:
        """Yield the answer's parts; closed with the transport."""
        if (task := asyncio.current_task()) is not None:
            self._tasks.add(task)
        try:
            async with aclosing(door.answer(call, model=self._model, gateway=self._open)) as parts:
                async for part in parts:
                    yield part
        finally:
            self._tasks -= {task}

    async def _open(self) -> Gateway:
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            raise OtherLoop("this transport serves another event loop.", fix="make one transport for each event loop.")
        self._loop = loop
        async with self._opening:
            if self._gateway is None:
                self._gateway = await self._stack.enter_async_context(self._opener())
        return self._gateway

    async def aclose(self) -> None:
        tasks = [task for task in self._tasks if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._gateway = None
        await self._stack.aclose()


_MOST_WAITING = 256
"""Parts that wait for a client to read them."""
_RELEASED_AT_ONCE = 64


class _Running(httpx2.AsyncByteStream):
    """One answer under way, and its bytes as httpx2 reads them."""

    def __init__(self, parts: AsyncGenerator[Part, None], request: httpx2.Request) -> None:
        self._request = request
        self._limit_s = _read_limit(request)
        self._arrived = asyncio.Queue[Part | None]()
        self._is_over = False
        self._room = asyncio.Semaphore(_MOST_WAITING)
        self._task = asyncio.ensure_future(_drive(parts, self._arrived.put_nowait, self._room))
        self._task.add_done_callback(lambda _: self._arrived.put_nowait(None))  # also where it never began

    async def next(self) -> Part | None:
        """Return the next part, or None at the end and after it."""
        if self._is_over:
            return None
        try:
            async with asyncio.timeout(self._limit_s):
                part = await self._arrived.get()
        except TimeoutError:
            raise _too_slow(self._request) from None
        self._room.release()
        if part is None:
            self._is_over = True
            if self._task.cancelled():
                raise _closed(self._request)
            self._task.result()
        return part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(part := await self.next(), bytes):
            yield part

    async def aclose(self) -> None:
        """End the answer; returns when the upstream call is closed."""
        self._task.cancel()
        await asyncio.wait({self._task})


class _SyncRunning(httpx2.SyncByteStream):
    """One answer under way on the background loop, and its bytes as httpx2 reads them in a thread."""

    def __init__(self, owner: "SyncHybridTransport", background: "_Background", request: httpx2.Request) -> None:
        self._owner = owner  # the background ends with its transport, so this keeps both
        self._request = request
        self._limit_s = _read_limit(request)
        self._arrived = queue.SimpleQueue[Part | None]()
        self._is_over = False
        self._room = asyncio.Semaphore(_MOST_WAITING)
        self._background = background
        self._read = 0
        self._future = background.drive(request, self._arrived.put, self._room)
        self._future.add_done_callback(lambda _: self._arrived.put(None))

    def next(self) -> Part | None:
        """Return the next part, or None at the end and after it."""
        if self._is_over:
            return None
        try:
            part = self._arrived.get(timeout=self._limit_s)
        except queue.Empty:
            raise _too_slow(self._request) from None
        self._read += 1
        if self._read % _RELEASED_AT_ONCE == 0:
            self._background.release(self._room, _RELEASED_AT_ONCE)
        if part is None:
            self._is_over = True
            if self._future.cancelled():
                raise _closed(self._request)
            self._future.result()
        return part

    def __iter__(self) -> Iterator[bytes]:
        while isinstance(part := self.next(), bytes):
            yield part

    def close(self) -> None:
        """End the answer; the background loop closes the upstream call."""
        self._future.cancel()


async def _drive(parts: AsyncGenerator[Part, None], arrive: Callable[[Part], None], room: asyncio.Semaphore) -> None:
    """Hand parts on while there is room for them: a client that stops reading stops the upstream too."""
    async with aclosing(parts):
        async for part in parts:
            await room.acquire()
            arrive(part)


class _Background:
    """An event loop in a thread of its own, started when first needed, and what it serves."""

    def __init__(self, opener: Opener, model: str) -> None:
        self._serving = _Serving(opener, model)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._is_closed = False

    def release(self, room: asyncio.Semaphore, number: int) -> None:
        """Make room for so many parts more."""

        def make_room() -> None:
            for _ in range(number):
                room.release()

        with contextlib.suppress(RuntimeError):  # the loop has ended, and nothing waits
            self._loop.call_soon_threadsafe(make_room)

    def drive(self, request: httpx2.Request, arrive: Callable[[Part], None], room: asyncio.Semaphore) -> "Future[None]":
        """Begin to answer: the parts arrive one after the other, from the loop's thread."""
        with self._lock:
            if self._is_closed:
                raise _closed(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chatsheet.transport", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(_drive(self._serving.answer(_call(request)), arrive, room), self._loop)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._stop.wait()
        await self._serving.aclose()

    def close(self) -> None:
        """End what still runs and wait for the thread."""
        with self._lock:
            is_first, self._is_closed = not self._is_closed, True
        if self._thread is None:
            self._loop.close()
        elif is_first:
            self._loop.call_soon_threadsafe(self._stop.set)
            if threading.current_thread() is not self._thread:  # garbage is collected in any thread
                self._thread.join()


def _call(request: httpx2.Request) -> Call:
    return Call(
        method=request.method,
        path=request.url.path,
        hold=request.headers.get(door.HOLD_HEADER, ""),
        body=request.content,
    )


def _response(head: Part | None, stream: _Running | _SyncRunning, request: httpx2.Request) -> httpx2.Response:
    match head:
        case Head(status, headers):
            return httpx2.Response(status, headers=dict(headers), stream=stream, request=request)
        case _:
            raise AssertionError("an answer begins with its head")


def _read_limit(request: httpx2.Request) -> float | None:
    """Return how long the client waits between two parts; other limits of it have nothing here to bound."""
    limits = request.extensions.get("timeout", {})
    return limits.get("read")


def _too_slow(request: httpx2.Request) -> httpx2.ReadTimeout:
    return httpx2.ReadTimeout("the client's read timeout passed", request=request)


def _closed(request: httpx2.Request) -> httpx2.ReadError:
    return httpx2.ReadError("the response was closed", request=request)
