"""A child process that answers questions: one JSON object a line, both ways."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from pydantic import JsonValue

from chatsheet.core import loose, processes

_LIMIT = 2**20
_GRACE_S = 3.0


class Child:
    """The parent's end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lock = asyncio.Lock()

    async def ask(self, question: Mapping[str, JsonValue]) -> Mapping[str, object]:
        """Return the child's answer."""
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise AssertionError("a child has pipes")
        async with self._lock:
            into.write(loose.dumps({**question}).encode() + b"\n")
            await into.drain()
            line = await out.readline()
        if not line:
            raise ChildProcessError(f"the child ended at {question}")
        return loose.obj(loose.parse(line))


@asynccontextmanager
async def child(argv: Sequence[str], env: Mapping[str, str]) -> AsyncGenerator[Child, None]:
    """Run a child while the body runs."""
    pipe = asyncio.subprocess.PIPE
    process = await processes.start(argv, env=env, stdin=pipe, stdout=pipe, limit=_LIMIT)
    try:
        yield Child(process)
    finally:
        await processes.stop(process, grace_s=_GRACE_S)


async def answer(reply: Callable[[Mapping[str, object]], Awaitable[Mapping[str, JsonValue]]]) -> None:
    """Be the child: answer each line of standard input until it ends."""
    reader = asyncio.StreamReader(limit=_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        said = await reply(loose.obj(loose.parse(line)))
        sys.stdout.write(loose.dumps({**said}) + "\n")
        sys.stdout.flush()
