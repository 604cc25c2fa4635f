"""Which proxy applies: settings alone decide, and a private route's must be private itself."""

from dataclasses import replace

import pytest

from chatsheet.core.secret import Secret, literal
from chatsheet.simulator.listeners.certificates import NAME
from tests.doctor.probes.stage import LOGIN, Resource, causes

pytestmark = pytest.mark.anyio


async def test_no_proxy_is_told(resource: Resource) -> None:
    assert (await resource.rung("proxy")).evidence == ("no proxy",)


async def test_the_proxy_is_told_and_its_login_is_not(resource: Resource) -> None:
    rung = await resource.rung("proxy", replace(resource.through_proxy(), proxy_credentials=literal(LOGIN)))
    assert rung.evidence == (f"through http://127.0.0.1:{resource.proxy.port} with a login",)


@pytest.mark.parametrize("entry", [NAME, ".openai.azure.com", "127.0.0.0/8"])
async def test_what_no_proxy_names_is_told(resource: Resource, entry: str) -> None:
    rung = await resource.rung("server", resource.through_proxy("refuse", ".example", entry))
    assert (rung.name, rung.status) == ("server", "passed")
    rung = await resource.rung("proxy", resource.through_proxy("refuse", ".example", entry))
    assert rung.evidence == (f"excepted by no_proxy: {entry}",)


async def test_a_private_route_takes_no_proxy_at_a_public_address(resource: Resource) -> None:
    rung = await resource.rung("server", replace(resource.network, proxy="http://203.0.113.20:3128"))
    assert (rung.name, causes(rung)) == ("proxy", ["net.dns_public_for_private"])


async def test_a_login_that_is_not_set_is_named(resource: Resource) -> None:
    unset = Secret("env:PROXY_LOGIN", None, "environment variable PROXY_LOGIN is not set")
    rung = await resource.rung("proxy", replace(resource.through_proxy(), proxy_credentials=unset))
    assert causes(rung) == ["route.key_missing"]
