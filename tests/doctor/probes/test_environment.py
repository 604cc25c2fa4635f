"""Variables of the process: what they mean for a path is told, what they say never is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import environment
from chatsheet.llm.routes import Network
from tests.doctor.probes.stage import causes, examined
from tests.harness import free_ports
from tests.llm.rig import ROUTE

pytestmark = pytest.mark.anyio

CANARY = "canary-of-the-environment"
PROXY = {"HTTPS_PROXY": f"http://clerk:{CANARY}@proxy.example:3128"}


def litellm(host: str = "127.0.0.1", *, is_ours: bool = False) -> dict[str, object]:
    """Return what makes the route one to a LiteLLM."""
    (port,) = free_ports(1)
    return {"kind": "litellm", "url": f"http://{host}:{port}/v1/chat/completions", "is_ours": is_ours}


async def look(variables: Mapping[str, str], **more: object) -> Rung:
    """Look at these variables for a route with these changes."""
    async with examined(replace(ROUTE, **more), variables) as subject:
        return await environment.look(subject)


async def test_proxies_of_the_environment_are_told_without_what_they_say() -> None:
    rung = await look({**PROXY, "all_proxy": CANARY})
    assert rung.status == "passed"
    assert rung.evidence == (
        "HTTPS_PROXY is set and not used: proxies come from settings",
        "all_proxy is set and not used: proxies come from settings",
    )


async def test_an_empty_environment_says_nothing() -> None:
    rung = await look({"NO_PROXY": "localhost", "HTTP_PROXY": ""})
    assert (rung.status, rung.evidence) == ("passed", ())


async def test_names_of_an_identity_are_told_and_no_values() -> None:
    rung = await look({"AZURE_CLIENT_ID": CANARY, "AZURE_CLIENT_SECRET": CANARY})
    assert rung.evidence == ("set for an identity: AZURE_CLIENT_ID, AZURE_CLIENT_SECRET",)


async def test_which_authorities_count_is_told() -> None:
    """N8."""
    variables = {"REQUESTS_CA_BUNDLE": "/bundle.pem", "SSL_CERT_FILE": "/file.pem"}
    without = (await look(variables)).evidence
    named = (await look(variables, network=Network(ca_file=Path("/ca.pem")))).evidence
    assert without[0] == named[0] == "REQUESTS_CA_BUNDLE is set and never read: name authorities with ca_file"
    assert "are trusted" in without[1]
    assert "not used" in named[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_a_database_hinders_a_litellm_at_our_side(host: str) -> None:
    """L14."""
    rung = await look({"DATABASE_URL": f"sqlite:///{CANARY}"}, **litellm(host))
    assert causes(rung) == ["litellm.database_url"]
    assert CANARY not in rung.model_dump_json()


@pytest.mark.parametrize(
    ("no_proxy", "expected"),
    [
        ("", ["litellm.proxied_loopback"]),
        ("127.0.0.1", ["litellm.proxied_loopback"]),
        ("127.0.0.1,localhost", []),
        ("127.0.0.0/8, localhost", []),
        ("*", []),
    ],
)
async def test_a_proxy_hinders_a_litellm_unless_loopback_is_excepted(no_proxy: str, expected: list[str]) -> None:
    """L16."""
    rung = await look({**PROXY, "NO_PROXY": no_proxy}, **litellm())
    assert causes(rung) == expected


@pytest.mark.parametrize("changes", [litellm(is_ours=True), litellm("litellm.example"), {}])
async def test_neither_matters_to_any_other_route(changes: dict[str, object]) -> None:
    assert causes(await look({**PROXY, "DATABASE_URL": "postgres://"}, **changes)) == []


TABLE = """  sl  local_address rem_address   st tx_queue
   0: 0100007F:0FA0 00000000:0000 0A 00000000:00000000
   1: 00000000:0FA1 00000000:0000 0A 00000000:00000000
   2: 00000000:0FA2 0100007F:0FA0 01 00000000:00000000
"""
TABLE_V6 = """  sl  local_address remote_address st
   0: 00000000000000000000000000000000:0FA3 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:0FA4 00000000000000000000000000000000:0000 0A
"""


@pytest.mark.parametrize(("port", "expected"), [(4000, False), (4001, True), (4002, False), (4003, True), (4004, False)])
def test_a_port_that_listens_on_every_address_is_seen(port: int, *, expected: bool) -> None:
    assert environment.is_bound_everywhere(port, (TABLE, TABLE_V6)) is expected


async def test_a_litellm_on_every_address_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TABLE, encoding="ascii")
    monkeypatch.setattr(environment, "_TABLES", (tmp_path / "tcp", tmp_path / "gone"))
    rung = await look({}, **{**litellm(), "url": "http://127.0.0.1:4001/v1/chat/completions"})
    assert causes(rung) == ["litellm.bound_everywhere"]
