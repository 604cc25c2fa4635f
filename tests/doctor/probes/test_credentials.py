"""What a call will show of us is looked at here, and no character of a key or token is told."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.doctor import paths
from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import credentials
from chatsheet.doctor.subject import Subject
from chatsheet.llm.attempt import Means
from chatsheet.llm.legs import Legs
from chatsheet.simulator import tokens
from chatsheet.simulator.listeners.identity import Identity, IdentityEndpoint
from tests.harness import NoRecords, write_settings

pytestmark = pytest.mark.anyio

AZURES = "0CANARY123456789CANARY0123456789"
FOUNDRYS = "CANARY" * 14
AZURE = 'kind = "azure"\nendpoint = "https://myresource.openai.azure.com"\ndeployment = "gpt-4o"\n'
OPENAI = 'kind = "openai"\n'
LITELLM = 'kind = "litellm"\n'
KEYED = 'key = "{key}"\n'


async def look(
    folder: Path,
    section: str,
    key: str = AZURES,
    *,
    served_by: str = "",
    peer: str = "10.1.2.3",
    clock: SystemClock | None = None,
) -> Rung:
    """Look at the credentials of one route."""
    text = f"[llm]\nroutes = []\nfirst_content_s = 1\n[llm.route.route]\n{section}"
    settings = settings_file.load(write_settings(folder, text, {"key": key}))
    legs = Legs()
    try:
        means = Means(legs, NoRecords(), clock or SystemClock())
        path = paths.of(settings.llm)[0]
        return await credentials.look(
            Subject(path=path, settings=settings, environment={}, means=means, served_by=served_by, peer=peer)
        )
    finally:
        await legs.close()


def causes_of(rung: Rung) -> list[str]:
    """Return what was found."""
    return [found.cause for found in rung.findings]


def said(rung: Rung) -> str:
    """Return everything that a rung tells."""
    return rung.model_dump_json()


# ── keys ──


@pytest.mark.parametrize("key", [AZURES, FOUNDRYS])
async def test_a_key_as_azures_are_passes_and_is_told_by_its_length_only(tmp_path: Path, key: str) -> None:
    rung = await look(tmp_path, AZURE + KEYED, key)
    assert rung.status == "passed"
    assert f"{len(key)} characters, as Azure's have" in rung.evidence
    assert any(line.endswith("sent as api-key") for line in rung.evidence)


@pytest.mark.parametrize(
    ("section", "key", "what"),
    [
        (AZURE, "sk-CANARY0123456789", "starts with sk-"),
        (AZURE, "CANARY0123456789", "not as long as Azure's"),
        (AZURE, f'"{AZURES}"', "quotes around it"),
        (AZURE, f"{AZURES[:10]} {AZURES[10:]}", "a blank in it"),
        (AZURE, f"{AZURES[:10]}\n{AZURES[10:]}", "a line end in it"),
        (AZURE, f"“{AZURES}”", "not ASCII"),
        (OPENAI, AZURES, "goes to OpenAI"),
    ],
)
async def test_a_key_that_cannot_be_this_services_is_a_warning(tmp_path: Path, section: str, key: str, what: str) -> None:
    rung = await look(tmp_path, section + KEYED, key)
    assert rung.status == "warned"
    assert set(causes_of(rung)) == {"azure.key_shape"}
    assert any(what in found.what for found in rung.findings)


async def test_an_unexpanded_variable_is_named_as_such(tmp_path: Path) -> None:
    rung = await look(tmp_path, AZURE + KEYED, "${AZURE_OPENAI_API_KEY}")
    assert "settings.variable_not_expanded" in causes_of(rung)


@pytest.mark.parametrize("key", ["sk-CANARY-simulator", "CANARY"])
async def test_what_runs_on_this_machine_may_have_keys_of_its_own(tmp_path: Path, key: str) -> None:
    local = AZURE.replace("https://myresource.openai.azure.com", "http://127.0.0.1:4010")
    assert (await look(tmp_path, local + KEYED, key, peer="")).status == "passed"
    assert (await look(tmp_path, AZURE + KEYED, key, served_by="simulator")).status == "passed"


async def test_a_gateway_in_front_of_azure_may_have_keys_of_its_own(tmp_path: Path) -> None:
    front = AZURE.replace("myresource.openai.azure.com", "gateway.example") + 'key_header = "Ocp-Apim-Subscription-Key"\n'
    rung = await look(tmp_path, front + KEYED, "CANARY-of-the-gateway")
    assert rung.status == "passed"
    assert any(line.endswith("sent as Ocp-Apim-Subscription-Key") for line in rung.evidence)


@pytest.mark.parametrize(("key", "line"), [("sk-CANARY", "starts with sk-"), ("CANARY", "does not start with sk-")])
async def test_litellms_key_is_told_by_its_beginning(tmp_path: Path, key: str, line: str) -> None:
    rung = await look(tmp_path, LITELLM + KEYED, key)
    assert rung.status == "passed"
    assert line in rung.evidence


async def test_a_server_without_a_key_gets_none(tmp_path: Path) -> None:
    rung = await look(tmp_path, 'kind = "compatible"\nbase_url = "http://127.0.0.1:11434/v1"\n')
    assert rung.evidence == ("no key is sent",)


async def test_no_character_of_a_key_is_told(tmp_path: Path) -> None:
    for key in (AZURES, FOUNDRYS, "sk-CANARY", "CANARY", '"CANARY"', "${CANARY}"):
        for section in (AZURE, OPENAI, LITELLM):
            assert "CANARY" not in said(await look(tmp_path, section + KEYED, key))


# ── tokens ──

MANAGED = f'{AZURE}auth = "entra"\nidentity = "managed"\n'


@pytest.fixture
async def identity(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[IdentityEndpoint, None]:
    """Serve managed identities on loopback."""
    async with IdentityEndpoint() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        yield served


async def test_a_token_is_told_by_audience_end_and_beginnings_of_ids(tmp_path: Path, identity: IdentityEndpoint) -> None:
    rung = await look(tmp_path, f'{MANAGED}tenant_id = "{tokens.TENANT}"\n')
    assert rung.status == "passed"
    assert rung.evidence[:4] == (
        "signing in as managed",
        "a token for https://cognitiveservices.azure.com",
        "tenant 11111111…, as settings say",
        "identity 00000000…",
    )
    assert rung.evidence[4] in {"59 minutes left", "60 minutes left"}
    assert not any(token in said(rung) for token in identity.issued)


@pytest.mark.parametrize(
    ("plays", "more", "cause"),
    [
        (Identity(audience="https://graph.microsoft.com"), "", "entra.audience_wrong"),
        (Identity(tenant=tokens.OTHER_TENANT), f'tenant_id = "{tokens.TENANT}"\n', "azure.tenant_mismatch"),
        (Identity(mode="A13"), "", "entra.identity_missing"),
        (Identity(lasts_s=-600), "", "azure.token_rejected"),
    ],
)
async def test_a_sign_in_that_fails_is_broken_by_its_cause(
    tmp_path: Path, identity: IdentityEndpoint, plays: Identity, more: str, cause: str
) -> None:
    identity.now_plays = plays
    rung = await look(tmp_path, MANAGED + more)
    assert (rung.status, causes_of(rung)) == ("broken", [cause])
    assert not any(token in said(rung) for token in identity.issued)
