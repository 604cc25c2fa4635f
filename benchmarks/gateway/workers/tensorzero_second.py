"""TensorZero's embedded gateway with two providers behind one model."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tensorzero import AsyncTensorZeroGateway

from benchmarks.gateway.workers import second_route
from benchmarks.gateway.workers.second_route import Texts, Way

_CONFIG = """
[gateway]
observability.enabled = false
disable_pseudonymous_usage_analytics = true
[models.bench]
routing = [{routing}]
"""
_PROVIDER = """
[models.bench.providers.way{number}]
type = "openai"
api_base = "{endpoint}/v1"
model_name = "{deployment}"
api_key_location = "none"
timeouts = {{ streaming = {{ ttft_ms = {limit_ms:.0f} }} }}
"""


async def reach(ways: tuple[Way, ...], limit_s: float) -> Texts:
    """Open a gateway whose model tries the providers in order."""
    text = _CONFIG.format(routing=", ".join(f'"way{number}"' for number in range(len(ways))))
    for number, way in enumerate(ways):
        text += _PROVIDER.format(number=number, endpoint=way.endpoint, deployment=way.deployment, limit_ms=1000 * limit_s)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tensorzero.toml"
        config.write_text(text, encoding="utf-8")
        gateway = await AsyncTensorZeroGateway.build_embedded(config_file=str(config))

    async def ask() -> AsyncIterator[str]:
        asked = {"messages": [{"role": "user", "content": "Hello"}]}
        async for chunk in await gateway.inference(model_name="bench", input=asked, stream=True):
            for block in chunk.content:
                yield block.text

    return ask


if __name__ == "__main__":
    second_route.main(reach)
