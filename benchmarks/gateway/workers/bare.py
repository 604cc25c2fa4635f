"""The baseline: an aiohttp session, one POST, the body's bytes. Nothing is parsed and nothing is checked."""

import aiohttp

from benchmarks.gateway import answers, sampling

_HEADERS = {"Content-Type": "application/json", "api-key": "key"}
_MESSAGES = '"messages":[{"role":"user","content":"What is the total of column C?"}]'
_PLAIN = f'{{{_MESSAGES},"model":"{answers.SHORT}"}}'.encode()
_STREAM = f'{{{_MESSAGES},"model":"{answers.CHUNKS}","stream":true,"stream_options":{{"include_usage":true}}}}'.encode()


class Bare:
    """Bytes out, bytes in."""

    def __init__(self, upstream: str) -> None:
        path = f"{upstream}/openai/deployments/{{}}/chat/completions?api-version=2024-10-21"
        self._short, self._chunks = path.format(answers.SHORT), path.format(answers.CHUNKS)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), trust_env=False)

    async def plain(self) -> str:
        async with self._session.post(self._short, data=_PLAIN, headers=_HEADERS) as response:
            return (await response.read()).decode()

    async def stream(self) -> int:
        last = b""
        async with self._session.post(self._chunks, data=_STREAM, headers=_HEADERS) as response:
            async for data in response.content.iter_any():
                last = data
        return answers.CHUNK_COUNT if b"[DONE]" in last else 0


async def build(upstream: str) -> Bare:
    """Return the baseline."""
    return Bare(upstream)


if __name__ == "__main__":
    sampling.main(build)
