"""A process of its own that wants one value many times at once: python -m tests.cache.racer URL LOG CALLERS SECONDS.

Writes a line to LOG for each computation, and what it got to stdout.
"""

import asyncio
import sys
from pathlib import Path

from chatsheet.cache.cache import Caches
from tests.cache.rig import KEY, TEXTS


async def main(url: str, log: Path, callers: int, seconds: float) -> None:
    """Race."""

    async def compute() -> str:
        with log.open("a") as file:
            file.write("computed\n")
        await asyncio.sleep(seconds)
        return "right"

    caches = Caches.open(url=url)
    got = await asyncio.gather(*(caches.of(TEXTS).fetch(KEY, compute) for _ in range(callers)))
    await caches.settled()
    await caches.close()
    print(len(got), set(got) == {"right"})  # noqa: T201  told to the test


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
