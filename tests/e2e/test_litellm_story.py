"""The strategy's own story on the real LiteLLM: the hand-written config fails, the corrected one answers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chatsheet.core import processes
from chatsheet.llm import litellm_config, litellm_lint, litellm_proxy
from tests.harness import Wire, free_ports, says, start_wire
from tests.llm.test_litellm_lint import STORY

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

KEY, MASTER = "0123456789abcdef0123456789abcdef", "sk-0a9s8d7f6g5h4j3k2l"


@asynccontextmanager
async def proxy(folder: Path, config: str) -> AsyncGenerator[str, None]:
    """Run LiteLLM on a config, as its owner would, while the body runs."""
    (port,) = free_ports(1)
    path = folder / "config.yaml"
    path.write_text(config, encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "AZURE_OPENAI_API_KEY": KEY}
    program = str(litellm_proxy.install(print) / "bin" / "litellm")
    argv = (program, "--config", str(path), "--host", "127.0.0.1", "--port", str(port))
    switches = litellm_config.environment(master_key=MASTER, egress_key="")
    process = await processes.start(argv, env={**env, **switches}, cwd=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        assert await litellm_proxy.wait_alive(url, 120, is_worth_it=lambda: process.returncode is None)
        yield url
    finally:
        await processes.stop(process, grace_s=2)


async def ask(url: str) -> tuple[int, str]:
    """Ask as the app does, for the alias of settings."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {MASTER}"}) as session,
        session.post(f"{url}/v1/chat/completions", json=body) as response,
    ):
        return response.status, await response.text()


def config(wire: Wire) -> str:
    """Return the config of the story, leading to the simulator."""
    return STORY.replace("https://myresource.openai.azure.com", wire.url)


async def test_the_corrected_config_answers_where_the_hand_written_one_does_not(tmp_path: Path) -> None:
    async with start_wire(KEY) as wire:
        wire.script("gpt-4o", says("Hello from the simulator."))
        async with proxy(tmp_path, config(wire)) as url:
            status, text = await ask(url)
            # the alias is not known; it finds the entry by its `model` and calls Azure in OpenAI's wire format
            assert status == 404, text
            assert "Resource not found" in text
        environment = {"AZURE_OPENAI_API_KEY": KEY, "LITELLM_MASTER_KEY": MASTER}
        mended = litellm_lint.corrected(config(wire), environment=environment, asked_for="gpt-4o", settings=None)
        assert litellm_lint.lint(mended, environment=environment, asked_for="gpt-4o", settings=None) == ()
        async with proxy(tmp_path, mended) as url:
            status, text = await ask(url)
            assert (status, wire.calls("gpt-4o")) == (200, 1), text
            assert "Hello from the simulator." in text
