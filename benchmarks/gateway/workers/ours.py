"""Our Python door: Gateway.complete and Gateway.stream over one direct Azure route."""

from benchmarks.gateway import answers, ours, sampling
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import Finished, TextDelta


class Ours:
    """Two gateways in one process, as a route names its deployment."""

    def __init__(self, short: Gateway, chunks: Gateway) -> None:
        self._short = short
        self._chunks = chunks

    async def plain(self) -> str:
        return (await self._short.complete(ours.QUESTION)).text

    async def stream(self) -> int:
        count, is_whole = 0, False
        async for event in self._chunks.stream(ours.QUESTION):
            count += isinstance(event, TextDelta)
            is_whole = isinstance(event, Finished)
        return count if is_whole else 0


async def build(upstream: str) -> Ours:
    """Return our door; it stays open until the process ends."""
    short = ours.open_gateway(ours.Azure(upstream, answers.SHORT))
    chunks = ours.open_gateway(ours.Azure(upstream, answers.CHUNKS))
    _open.extend((short, chunks))
    return Ours(await short.__aenter__(), await chunks.__aenter__())


_open: list[object] = []

if __name__ == "__main__":
    sampling.main(build)
