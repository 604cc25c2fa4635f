"""LiteLLM's Router in this process, without retries and cooldowns, from LiteLLM's own environment."""

from litellm import Router

from benchmarks.gateway import answers, sampling

_MESSAGES = [{"role": "user", "content": "What is the total of column C?"}]


class LitellmRouter:
    """One router that knows both deployments."""

    def __init__(self, upstream: str) -> None:
        shared = {"api_base": upstream, "api_key": "key", "api_version": "2024-10-21"}
        models = [
            {"model_name": name, "litellm_params": {"model": f"azure/{name}", **shared}}
            for name in (answers.SHORT, answers.CHUNKS)
        ]
        self._router = Router(model_list=models, num_retries=0, disable_cooldowns=True)

    async def plain(self) -> str:
        reply = await self._router.acompletion(model=answers.SHORT, messages=_MESSAGES)
        return reply.choices[0].message.content or ""

    async def stream(self) -> int:
        count = 0
        chunks = await self._router.acompletion(
            model=answers.CHUNKS, messages=_MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in chunks:
            count += bool(chunk.choices and chunk.choices[0].delta.content)
        return count


async def build(upstream: str) -> LitellmRouter:
    """Return the contender."""
    return LitellmRouter(upstream)


if __name__ == "__main__":
    sampling.main(build)
