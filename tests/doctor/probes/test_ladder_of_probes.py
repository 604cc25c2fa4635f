"""All probes one after the other: they agree with what a call says, in bounded time, and tell no secret."""

import time
from dataclasses import replace

import pytest

from chatsheet.core.secret import literal
from chatsheet.doctor.model import RungName
from chatsheet.doctor.probes import privacy
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.dns import Name
from tests.doctor.probes.stage import LOGIN, Resource, causes, climb, examined
from tests.llm.rig import gateway_over, hear

pytestmark = pytest.mark.anyio

CANARY = "canary-key-of-the-route"
REACHED: tuple[RungName, ...] = ("environment", "dns", "proxy", "tcp", "tls", "server")
FAULTS = ["nxdomain", "public", "wrong-ca", "expired", "refuse", "need-auth", "plain-text-on-tls-port"]


async def test_no_rung_tells_a_secret(resource: Resource) -> None:
    network = replace(resource.through_proxy("need-auth"), proxy_credentials=literal(LOGIN))
    variables = {"HTTPS_PROXY": f"http://{LOGIN}@127.0.0.1:9", "AZURE_CLIENT_SECRET": CANARY, "DATABASE_URL": CANARY}
    async with examined(replace(resource.route(network), key=literal(CANARY)), variables) as subject:
        rungs = [await climb(subject, name) for name in REACHED]
        proof, _ = await privacy.prove(subject)
    said = "".join(rung.model_dump_json() for rung in rungs) + proof.model_dump_json()
    assert [rung.status for rung in rungs] == ["passed"] * 6
    assert "canary" not in said


@pytest.mark.parametrize(
    "fault", ["nxdomain", "public", "wrong-ca", "expired", "refuse", "need-auth", "plain-text-on-tls-port"]
)
@pytest.mark.flaky(reruns=3)
async def test_the_first_broken_rung_names_what_a_call_would(resource: Resource, fault: str) -> None:
    network = resource.network
    match fault:
        case "nxdomain" | "public":
            resource.dns.set(NAME, Name(addresses=("127.0.0.1",), mode=fault))
        case "refuse" | "need-auth":
            network = resource.through_proxy(fault)
        case _:
            resource.tls.mode = fault  # pyright: ignore[reportAttributeAccessIssue]  one of its modes
    route = resource.route(network)
    started = time.monotonic()
    async with examined(route) as subject:
        rung = await climb(subject)
    assert time.monotonic() - started < 3
    async with gateway_over(route) as gateway:
        assert (await hear(gateway)).causes == causes(rung)
