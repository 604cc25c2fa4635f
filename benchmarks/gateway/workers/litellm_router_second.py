"""LiteLLM's Router with a fallback to a second deployment."""

from collections.abc import AsyncIterator

from litellm import Router

from benchmarks.gateway.workers import second_route
from benchmarks.gateway.workers.second_route import Texts, Way


async def reach(ways: tuple[Way, ...], limit_s: float) -> Texts:
    """Open a router whose first model falls back to the others."""
    shared = {"api_key": "key", "api_version": "2024-10-21", "max_retries": 0}
    models = [
        {
            "model_name": f"way{number}",
            "litellm_params": {"model": f"azure/{way.deployment}", "api_base": way.endpoint, **shared},
        }
        for number, way in enumerate(ways)
    ]
    fallbacks = [{"way0": [f"way{number}" for number in range(1, len(ways))]}] if len(ways) > 1 else []
    router = Router(
        model_list=models, fallbacks=fallbacks, num_retries=0, disable_cooldowns=True, timeout=limit_s, stream_timeout=limit_s
    )

    async def ask() -> AsyncIterator[str]:
        chunks = await router.acompletion(model="way0", messages=[{"role": "user", "content": "Hello"}], stream=True)
        async for chunk in chunks:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    return ask


if __name__ == "__main__":
    second_route.main(reach)
