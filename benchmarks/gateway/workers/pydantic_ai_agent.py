"""pydantic-ai: an agent without tools over its own OpenAI model and Azure provider."""

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.azure import AzureProvider

from benchmarks.gateway import answers, sampling

_QUESTION = "What is the total of column C?"


class PydanticAi:
    """One agent for each deployment."""

    def __init__(self, upstream: str) -> None:
        provider = AzureProvider(azure_endpoint=upstream, api_version="2024-10-21", api_key="key")
        self._short = Agent(OpenAIChatModel(answers.SHORT, provider=provider))
        self._chunks = Agent(OpenAIChatModel(answers.CHUNKS, provider=provider))

    async def plain(self) -> str:
        return (await self._short.run(_QUESTION)).output

    async def stream(self) -> int:
        count = 0
        async with self._chunks.run_stream(_QUESTION) as result:
            async for piece in result.stream_text(delta=True, debounce_by=None):
                count += bool(piece)
        return count


async def build(upstream: str) -> PydanticAi:
    """Return the contender."""
    return PydanticAi(upstream)


if __name__ == "__main__":
    sampling.main(build)
