"""TLS: which certificates a route trusts, and which cause names each refusal."""

import shutil
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core.secret import literal
from chatsheet.llm.routes import Network
from tests.harness import Wire, says, start_wire
from tests.llm.rig import ROUTE, gateway_over, hear

pytestmark = pytest.mark.anyio


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a self-signed certificate for a name with the openssl command."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    options = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    files = ("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=test", "-addext", f"subjectAltName={name}")
    subprocess.run([openssl, "req", *options, *files], check=True, capture_output=True)  # noqa: S603
    return certificate, key


async def causes_over_tls(folder: Path, name: str, *, is_trusted: bool) -> list[str | None]:
    """Ask the simulator over TLS with a certificate for this name."""
    certificate, key = make_certificate(folder, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with start_wire() as wire:
        wire.script("gpt-4o", says("secret answer"))
        runner = web.AppRunner(wire.simulator.wire_app(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        url = f"https://127.0.0.1:{int(runner.addresses[0][1])}/openai/v1/chat/completions"
        route = replace(ROUTE, url=url, key=literal(wire.key), network=Network(ca_file=certificate if is_trusted else None))
        async with gateway_over(route) as gateway:
            heard = await hear(gateway)
        await runner.cleanup()
    return heard.causes


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    """N8."""
    assert await causes_over_tls(tmp_path, "IP:127.0.0.1", is_trusted=False) == ["tls.untrusted_ca"]


async def test_a_certificate_of_the_named_authority_is_trusted(tmp_path: Path) -> None:
    assert await causes_over_tls(tmp_path, "IP:127.0.0.1", is_trusted=True) == [None]


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    """N7."""
    assert await causes_over_tls(tmp_path, "DNS:other.example", is_trusted=True) == ["tls.hostname_mismatch"]


async def test_a_port_that_does_not_speak_tls_is_named(wire: Wire) -> None:
    async with gateway_over(replace(ROUTE, url=f"https://127.0.0.1:{wire.port}/")) as gateway:
        assert (await hear(gateway)).causes == ["tls.failed"]
