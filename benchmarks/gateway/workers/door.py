"""The caller of an HTTP door: bare aiohttp that asks a gateway's /v1; argv names the door, its headers and the model.

What the door adds is this caller's time less the same caller's time at the upstream itself.
"""

import json
import sys

import aiohttp

from benchmarks.gateway import answers, sampling


class Door:
    """Bytes to a door and back."""

    def __init__(self, address: str) -> None:
        options = json.loads(sys.argv[2])
        self._url = f"{address}/chat/completions"
        self._headers = {"Content-Type": "application/json", **options["headers"]}
        asked = {"messages": [{"role": "user", "content": "What is the total of column C?"}], "model": options["model"]}
        self._plain = json.dumps(asked).encode()
        if options["streams"]:
            self._plain = json.dumps({**asked, "stream": True, "stream_options": {"include_usage": True}}).encode()
        # the upstream looks for the deployment's name anywhere: so one model name serves both answers
        asked["messages"] = [{"role": "user", "content": f"What is the total of column C, {answers.CHUNKS}?"}]
        self._stream = json.dumps({**asked, "stream": True, "stream_options": {"include_usage": True}}).encode()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), trust_env=False)

    async def plain(self) -> str:
        async with self._session.post(self._url, data=self._plain, headers=self._headers) as response:
            return (await response.read()).decode()

    async def stream(self) -> int:
        async with self._session.post(self._url, data=self._stream, headers=self._headers) as response:
            said = b"".join([data async for data in response.content.iter_any()])
        return said.count(b"word") if b"[DONE]" in said else 0


async def build(address: str) -> Door:
    """Return the caller."""
    return Door(address)


if __name__ == "__main__":
    sampling.main(build)
