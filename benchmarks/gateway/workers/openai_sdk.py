"""The openai SDK's asynchronous Azure client, as its own documentation shows it, without retries."""

from openai import AsyncAzureOpenAI

from benchmarks.gateway import answers, sampling

_MESSAGES = [{"role": "user", "content": "What is the total of column C?"}]


class OpenaiSdk:
    """One client for both deployments."""

    def __init__(self, upstream: str) -> None:
        self._client = AsyncAzureOpenAI(azure_endpoint=upstream, api_key="key", api_version="2024-10-21", max_retries=0)

    async def plain(self) -> str:
        reply = await self._client.chat.completions.create(model=answers.SHORT, messages=_MESSAGES)
        return reply.choices[0].message.content or ""

    async def stream(self) -> int:
        count = 0
        chunks = await self._client.chat.completions.create(
            model=answers.CHUNKS, messages=_MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in chunks:
            count += bool(chunk.choices and chunk.choices[0].delta.content)
        return count


async def build(upstream: str) -> OpenaiSdk:
    """Return the contender."""
    return OpenaiSdk(upstream)


if __name__ == "__main__":
    sampling.main(build)
