"""Whom a server proves to be: trusted for the name, or each reason why not, with the chain that was shown."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from chatsheet.core.clock import SystemClock
from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import certificates
from chatsheet.llm.routes import Network
from chatsheet.simulator.listeners.certificates import NAME, TlsMode
from chatsheet.simulator.listeners.holes import Resetter, Silent
from tests.doctor.probes.stage import Resource, causes, climb, examined
from tests.llm.rig import ROUTE

pytestmark = pytest.mark.anyio


async def look(resource: Resource, mode: TlsMode = "good", network: Network | None = None) -> Rung:
    """Climb to the certificate that the resource shows in this mode."""
    resource.tls.mode = mode
    return await resource.rung("tls", network)


async def test_a_trusted_chain_is_told_and_noted(resource: Resource) -> None:
    async with examined(resource.route()) as subject:
        rung = await climb(subject, "tls")
    assert (rung.name, rung.status) == ("tls", "passed")
    assert rung.evidence[0].startswith(f"verified for {NAME} by ca_file ")
    assert [one.names for one in subject.certificates] == [(NAME,)]
    assert "ChatSheetAI simulator (throwaway)" in rung.evidence[2]


@pytest.mark.parametrize(
    ("mode", "cause"),
    [
        ("wrong-ca", "tls.untrusted_ca"),
        ("self-signed", "tls.untrusted_ca"),
        ("wrong-name", "tls.hostname_mismatch"),
        ("expired", "tls.expired"),
        ("intercepted", "tls.intercepted"),
        ("plain-text-on-tls-port", "tls.failed"),
    ],
)
async def test_a_certificate_that_proves_nothing_is_named(resource: Resource, mode: TlsMode, cause: str) -> None:
    rung = await look(resource, mode)
    assert (rung.name, rung.status, causes(rung)) == ("tls", "broken", [cause])


async def test_who_intercepts_is_told_and_nothing_is_noted_as_verified(resource: Resource) -> None:
    """N8."""
    resource.tls.mode = "intercepted"
    async with examined(resource.route()) as subject:
        rung = await climb(subject, "tls")
    assert subject.certificates == ()
    assert "Corporate TLS inspection (simulated)" in rung.findings[0].what
    assert rung.evidence[-1] == "TLS is inspected on the way"


async def test_an_inspection_that_is_trusted_is_told(resource: Resource, tmp_path: Path) -> None:
    trusted = tmp_path / "inspector.pem"
    trusted.write_bytes(resource.tls.certificates.inspector_pem)
    rung = await look(resource, "intercepted", replace(resource.network, ca_file=trusted))
    assert (rung.status, rung.evidence[-1]) == ("passed", "TLS is inspected on the way")


async def test_authorities_of_the_machine_do_not_know_a_private_one(resource: Resource) -> None:
    assert causes(await look(resource, network=replace(resource.network, ca_file=None))) == ["tls.untrusted_ca"]


@pytest.mark.parametrize("text", [None, "no certificate"])
async def test_a_file_of_authorities_that_is_none_is_named(resource: Resource, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "other.pem").write_text(text, encoding="ascii")
    rung = await look(resource, network=replace(resource.network, ca_file=tmp_path / "other.pem"))
    assert causes(rung) == ["tls.ca_file"]


async def test_a_certificate_that_expires_soon_is_told(resource: Resource) -> None:
    authority = trustme.CA()
    soon = SystemClock().now() + timedelta(days=5, hours=1)
    leaf = authority.issue_cert(NAME, not_after=soon)
    context = resource.tls.certificates.context("good")
    assert context is not None
    leaf.configure_cert(context)
    network = resource.network
    assert network.ca_file is not None
    authority.cert_pem.write_to_path(str(network.ca_file))
    async with examined(resource.route(network)) as subject:
        rung = await climb(subject, "dns")
        await climb(subject, "tcp")
        rung = await certificates.look(subject)
    assert rung.evidence[-1] == "expires in 5 days"


async def test_without_tls_there_is_nothing_to_verify() -> None:
    async with examined(replace(ROUTE, url="http://127.0.0.1:9/v1/chat/completions")) as subject:
        assert (await certificates.look(subject)).evidence == ("no TLS: the address begins with http://",)


async def test_a_port_that_takes_connections_and_resets_them_is_named() -> None:
    async with Resetter() as resetter, examined(replace(ROUTE, url=f"https://127.0.0.1:{resetter.port}/")) as subject:
        rung = await climb(subject, "tls")
    assert (rung.name, causes(rung)) == ("tls", ["net.reset"])


async def test_a_port_that_takes_connections_and_says_nothing_is_named_in_time() -> None:
    route = replace(ROUTE, connect_s=0.3)
    async with Silent() as silent, examined(replace(route, url=f"https://127.0.0.1:{silent.port}/")) as subject:
        rung = await climb(subject, "tls")
    assert (rung.name, causes(rung)) == ("tls", ["net.connect_timeout"])
