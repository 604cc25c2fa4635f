"""TensorZero's Rust gateway, embedded in this process by its Python client, without a database."""

import tempfile
from pathlib import Path

from tensorzero import AsyncTensorZeroGateway

from benchmarks.gateway import answers, sampling

_INPUT = {"messages": [{"role": "user", "content": "What is the total of column C?"}]}
_CONFIG = """
[gateway]
observability.enabled = false
disable_pseudonymous_usage_analytics = true
"""
_MODEL = """
[models.{name}]
routing = ["upstream"]
[models.{name}.providers.upstream]
type = "openai"
api_base = "{upstream}/v1"
model_name = "{name}"
api_key_location = "none"
"""


class TensorZero:
    """One embedded gateway that knows both models."""

    def __init__(self, gateway: AsyncTensorZeroGateway) -> None:
        self._gateway = gateway

    async def plain(self) -> str:
        reply = await self._gateway.inference(model_name=answers.SHORT, input=_INPUT)
        return "".join(block.text for block in reply.content)

    async def stream(self) -> int:
        count = 0
        async for chunk in await self._gateway.inference(model_name=answers.CHUNKS, input=_INPUT, stream=True):
            count += bool(chunk.content)
        return count


async def build(upstream: str) -> TensorZero:
    """Return the contender."""
    models = "".join(_MODEL.format(name=name, upstream=upstream) for name in (answers.SHORT, answers.CHUNKS))
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tensorzero.toml"
        config.write_text(_CONFIG + models, encoding="utf-8")
        return TensorZero(await AsyncTensorZeroGateway.build_embedded(config_file=str(config)))


if __name__ == "__main__":
    sampling.main(build)
