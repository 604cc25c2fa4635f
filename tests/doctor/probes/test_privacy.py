"""The proof that a path is private, and the knock at the public address that must be refused."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core.settings import DoctorSettings, Settings
from chatsheet.doctor.probes import privacy
from chatsheet.doctor.subject import Subject
from chatsheet.llm.routes import Network
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.dns import Name
from chatsheet.simulator.listeners.holes import BlackHole, Refused
from chatsheet.simulator.listeners.tls import TlsListener
from tests.doctor.probes.stage import PUBLIC, Resource, climb, examined
from tests.llm.rig import start_app

pytestmark = pytest.mark.anyio

ELSEWHERE = "::1"
"""Where the tests play the public side: another address of loopback."""
PUBLIC_OFF = {"error": {"code": "403", "message": "Public access is disabled. Please configure private endpoint."}}


@asynccontextmanager
async def climbed(resource: Resource, network: Network | None = None, host: str = NAME) -> AsyncGenerator[Subject, None]:
    """Climb to the certificate."""
    async with examined(resource.route(network, host)) as subject:
        await climb(subject, "tls")
        yield subject


async def test_private_names_peer_and_chain_are_the_proof(resource: Resource) -> None:
    async with climbed(resource) as subject:
        proof, found = await privacy.prove(subject)
    assert (proof.is_proven, proof.peer, proof.peer_class, found) == (True, "127.0.0.1", "allowed", ())
    assert (proof.hosts[0].address_class, len(proof.certificates)) == ("allowed", 1)
    assert proof.reasons == ("the public path was not tested: doctor.public_dns names no name server",)


async def test_a_proxy_at_a_private_address_does_not_spoil_it(resource: Resource) -> None:
    async with climbed(resource, resource.through_proxy()) as subject:
        proof, _ = await privacy.prove(subject)
    assert proof.is_proven


async def test_a_route_that_may_go_anywhere_is_not_proven(resource: Resource) -> None:
    async with climbed(resource, replace(resource.network, is_private=False)) as subject:
        proof, _ = await privacy.prove(subject)
    assert (proof.is_proven, proof.reasons) == (False, ("settings ask for no private network on this route",))


async def test_one_public_address_among_private_ones_spoils_it(resource: Resource) -> None:
    resource.dns.set(NAME, Name(addresses=("127.0.0.1", PUBLIC)))
    async with climbed(resource) as subject:
        proof, _ = await privacy.prove(subject)
    assert (proof.is_proven, proof.hosts[0].address_class) == (False, "public")


async def test_a_chain_that_is_not_trusted_spoils_it(resource: Resource) -> None:
    resource.tls.mode = "intercepted"
    async with climbed(resource) as subject:
        proof, _ = await privacy.prove(subject)
    assert (proof.is_proven, proof.reasons[0]) == (False, "no certificate was verified")


async def test_without_a_public_address_nothing_is_knocked_at(resource: Resource) -> None:
    async with climbed(resource) as subject:
        server = f"127.0.0.1:{resource.dns.port}"
        subject.settings = Settings(doctor=DoctorSettings(public_dns=(server,)))
        taken = resource.tls.connections
        proof, _ = await privacy.prove(subject)
    assert (proof.public_path, resource.tls.connections) == ("not_tested", taken)
    assert proof.reasons == (f"the public path was not tested: {server} name no public address of {NAME}",)


# ── the knock ──


@asynccontextmanager
async def public_side(resource: Resource, status: int, body: object) -> AsyncGenerator[tuple[Subject, list[str]], None]:
    """Play what stands at the public address, on the resource's port of another address; keep what it was sent."""
    sent: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        sent.append(f"{request.method} {request.path} {sorted(request.headers)}")
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with start_app(app) as url, climbed(resource) as subject:
        upstream = ("127.0.0.1", int(url.rpartition(":")[2]))
        certificates = resource.tls.certificates
        async with TlsListener(upstream, host=ELSEWHERE, port=resource.tls.port, certificates=certificates):
            yield subject, sent


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {}, "open"),
        (200, {"data": []}, "open"),
        (403, PUBLIC_OFF, "refused"),
        (403, {"error": {"message": "Access denied due to Virtual Network/Firewall rules."}}, "refused"),
        (403, {"error": {"message": "no"}}, "not_tested"),
        (503, {}, "not_tested"),
    ],
)
async def test_the_answer_at_the_public_address_decides(resource: Resource, status: int, body: object, expected: str) -> None:
    """N13."""
    async with public_side(resource, status, body) as (subject, sent):
        public_path, told = await privacy.knock(subject, ELSEWHERE)
    assert (public_path, len(told)) == (expected, 1)
    (request,) = sent
    assert request.startswith("GET /openai/v1/models")
    assert "key" not in request.lower()
    assert "Authorization" not in request


async def test_an_open_public_path_is_a_finding(resource: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    async with public_side(resource, 401, {}) as (subject, _):
        told = await privacy.knock(subject, ELSEWHERE)

        async def tried(_: Subject) -> object:
            return told

        monkeypatch.setattr(privacy, "_public_path", tried)
        proof, found = await privacy.prove(subject)
    assert (proof.is_proven, proof.public_path) == (False, "open")
    assert [one.cause for one in found] == ["azure.public_access_open"]


async def test_no_connection_is_a_refusal(resource: Resource) -> None:
    async with climbed(resource) as subject, Refused(host=ELSEWHERE, port=resource.tls.port):
        assert (await privacy.knock(subject, ELSEWHERE))[0] == "refused"


async def test_a_firewall_that_drops_is_a_refusal_in_time(resource: Resource) -> None:
    async with climbed(resource) as subject, BlackHole(host=ELSEWHERE, port=resource.tls.port):
        assert await privacy.knock(subject, ELSEWHERE) == (
            "refused",
            (f"the public address {ELSEWHERE} cannot be reached: net.connect_timeout",),
        )


async def test_somebody_elses_certificate_says_nothing(resource: Resource) -> None:
    async with climbed(resource) as subject:
        resource.tls.mode = "wrong-ca"
        assert (await privacy.knock(subject, "127.0.0.1"))[0] == "not_tested"


async def test_authorities_that_went_away_end_no_proof(resource: Resource, tmp_path: Path) -> None:
    async with climbed(resource) as subject:
        (tmp_path / "ca.pem").unlink()
        assert (await privacy.knock(subject, "127.0.0.1"))[0] == "not_tested"
