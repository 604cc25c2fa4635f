"""Every entry of the failure catalogue, from bytes: Azure's own words, and what the real LiteLLM made of them."""

import pytest

from chatsheet.llm.causes import CATALOGUE, Evidence, classify
from tests.llm import answers

AZURE = {
    "A1": "azure.key_wrong",
    "A1-unauthorized": "azure.key_wrong",
    "A2": "azure.token_rejected",
    "A3": "azure.permission",
    "A4": "azure.permission",
    "A5": "azure.key_auth_disabled",
    "A6": "azure.tenant_mismatch",
    "A7": "entra.secret_invalid",
    "A11": "azure.subscription_key_missing",
    "N1": "azure.public_access_disabled",
    "N2": "azure.firewall",
    "N3": "azure.regional_endpoint",
    "N12-200": "provider.not_json",
    "N12-403": "provider.not_json",
    "N12-407": "provider.not_json",
    "D1": "azure.deployment_not_found",
    "D2": "azure.resource_not_found",
    "D3": "azure.api_version",
    "D4": "azure.api_version",
    "D5": "azure.api_version",
    "D6": "azure.parameter",
    "D6-value": "azure.parameter",
    "D7": "azure.parameter",
    "D8": "azure.model_retired",
    "D8-404": "azure.resource_not_found",
    "D9": "azure.model_retired",
    "C1": "azure.rate_limited",
    "C2": "azure.rate_limited",
    "C3": "azure.capacity",
    "C4": "openai.quota",
    "C5": "azure.rate_limited",
    "C5-server": "stream.error",
    "C5-filter": "content.filtered",
    "X1": "content.filtered",
    "X1-microsoft": "content.filtered",
    "X2": "content.filtered",
    "X2-empty": "content.filtered",
    "X3": "request.context_length",
    "S1": "stream.cut",
    "S2": "stream.empty",
    "S2-nothing": "stream.cut",
    "500": "provider.error",
    "503": "provider.unavailable",
    "prefill": "request.prefill_refused",
    "malformed": "stream.malformed",
    "no-done": "stream.cut",
}
# LiteLLM's own failures, and where its words cannot carry the cause
LITELLM = {
    "L3": "litellm.key_wrong",
    "L3-not-sk": "litellm.key_wrong",
    "L3-api-key": "litellm.key_wrong",
    "L7": "litellm.unknown_model",
    "L8": "litellm.unknown_model",
    "L9-after-A1": "litellm.cooldown",
    "L9-after-A1-first": "azure.key_wrong",
    "L9-after-D1": "litellm.cooldown",
    "L9-after-D1-first": "azure.deployment_not_found",
    "L9-after-503": "provider.unavailable",
    "L9-after-503-first": "provider.unavailable",
    "L10": "litellm.upstream_unreachable",
    "L11": "azure.key_wrong",
    "L12": "litellm.credentials_missing",
    "L13": "litellm.credentials_missing",
    "L13-no-key": "litellm.credentials_missing",
    "L16": "provider.not_json",
    "L16-refused": "litellm.upstream_unreachable",
    "A8": "entra.identity_missing",
    "A10": "litellm.credential_type",
    "A13": "entra.unreachable",
    "N5": "litellm.upstream_unreachable",
    "N6": "litellm.upstream_unreachable",
    "N8": "litellm.upstream_unreachable",
    "reset": "litellm.upstream_unreachable",
    "cut-S1": "stream.cut",
    "cut-S2-nothing": "stream.cut",
    "C5-server": "provider.error",  # it turns the stream's error into a 500
    "S2-nothing": "stream.empty",  # it makes up a finish reason
}
WHOLE_BY_ITS_WORDS = {"S1-streamed", "no-done-streamed", "whole-streamed"}
NO_KEY = {"L2", "L5", "L5-bare", "L5-empty"}


@pytest.mark.parametrize("name", [name for name in answers.names("azure") if name != "whole"])
def test_azures_own_words_name_the_cause(name: str) -> None:
    assert classify(answers.evidence("azure", name, kind="azure")).code == AZURE[name]


@pytest.mark.parametrize("name", [n for n in answers.names("litellm") if n not in WHOLE_BY_ITS_WORDS | NO_KEY])
def test_litellms_retelling_names_the_same_cause(name: str) -> None:
    known = {**AZURE, **LITELLM}
    assert classify(answers.evidence("litellm", name, kind="litellm")).code == known[name.removesuffix("-streamed")]


@pytest.mark.parametrize("name", sorted(NO_KEY))
def test_a_bare_500_without_a_key_means_that_the_key_is_missing(name: str) -> None:
    """L1: the DB-less LiteLLM 1.106.2 answers every missing or misshapen key so."""
    assert classify(answers.evidence("litellm", name, kind="litellm", key_sent=False)).code == "litellm.key_missing"
    assert classify(answers.evidence("litellm", name, kind="litellm")).code == "provider.error"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("L2", "litellm.key_missing"),
        ("L4", "litellm.key_wrong"),
        ("L5", "litellm.key_missing"),
        ("L6", "litellm.key_wrong"),
        ("L6-not-in-db", "litellm.key_wrong"),
    ],
)
def test_a_litellm_with_a_database_says_what_is_wrong_with_the_key(name: str, code: str) -> None:
    assert classify(answers.evidence("litellm_source", name, kind="litellm")).code == code


@pytest.mark.parametrize("name", sorted(WHOLE_BY_ITS_WORDS))
def test_a_stream_that_litellm_made_whole_shows_no_symptom(name: str) -> None:
    """S1: only the egress's record knows better, and names the cause as a symptom."""
    seen = answers.evidence("litellm", name, kind="litellm")
    assert seen.symptom == ""
    assert classify(Evidence(route_kind="litellm", status=200, symptom="stream.cut")).code == "stream.cut"


@pytest.mark.parametrize("first", ["azure.key_wrong", "azure.deployment_not_found", "tls.untrusted_ca", "net.dns_failed"])
@pytest.mark.parametrize("name", ["L9-after-A1", "L9-after-D1", "L9-after-A1-streamed"])
def test_a_cooldown_shows_the_first_cause_that_is_remembered(name: str, first: str) -> None:
    assert classify(answers.evidence("litellm", name, kind="litellm", remembered=first)).code == first


@pytest.mark.parametrize("remembered", ["", "litellm.cooldown", "content.filtered", "request.invalid", "never.heard.of"])
def test_a_cooldown_stays_one_where_nothing_explains_it(remembered: str) -> None:
    seen = answers.evidence("litellm", "L9-after-A1", kind="litellm", remembered=remembered)
    assert classify(seen).code == "litellm.cooldown"


@pytest.mark.parametrize(
    ("remembered", "code"),
    [
        ("tls.untrusted_ca", "tls.untrusted_ca"),
        ("net.dns_servfail", "net.dns_servfail"),
        ("azure.rate_limited", "litellm.upstream_unreachable"),
    ],
)
def test_a_connection_error_shows_what_is_remembered_of_the_same_kind(remembered: str, code: str) -> None:
    """N5, N6, N8 through LiteLLM: all three are `Connection error.` there."""
    assert classify(answers.evidence("litellm", "N8", kind="litellm", remembered=remembered)).code == code


def test_what_is_remembered_never_hides_a_real_cause() -> None:
    seen = answers.evidence("litellm", "D1", kind="litellm", remembered="azure.key_wrong")
    assert classify(seen).code == "azure.deployment_not_found"


def test_a_refused_port_is_a_litellm_that_is_not_up() -> None:
    """L15."""
    chain = (answers.FIXTURES / "litellm" / "L15.chain").read_text(encoding="utf-8").strip()
    assert classify(Evidence(route_kind="litellm", exceptions=("ClientConnectorError: …", chain))).code == "litellm.down"


def test_a_stray_database_url_is_read_from_litellms_last_words() -> None:
    """L14: it ends at once, so its start-up log is all there is."""
    log = (answers.FIXTURES / "litellm" / "L14.log").read_text(encoding="utf-8")
    assert classify(Evidence(route_kind="litellm", body=log)).code == "litellm.database_url"


CHAINS = {
    "A8": (
        "CredentialUnavailableError: ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint.",
        "entra.identity_missing",
    ),
    "A9": (
        "CredentialUnavailableError: The requested identity has not been assigned to this resource.",
        "entra.identity_not_assigned",
    ),
    "N4": ("AddressNotPrivate: 20.1.2.3 is not a private address", "net.dns_public_for_private"),
    "N5": ("gaierror: [Errno -2] Name or service not known", "net.dns_failed"),
    "N6": ("ConnectionTimeoutError: Connection timeout to host https://x.openai.azure.com", "net.connect_timeout"),
    "N7": (
        "SSLCertVerificationError: Hostname mismatch, certificate is not valid for 'x.privatelink.openai.azure.com'.",
        "tls.hostname_mismatch",
    ),
    "N8": (
        "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] self signed certificate in certificate chain",
        "tls.untrusted_ca",
    ),
    "N9": ("ClientHttpProxyError: 403, message='Forbidden', url='http://proxy.example:3128'", "net.proxy_refused"),
    "N11": ("DnsTimeout: Timeout while contacting DNS servers", "net.dns_timeout"),
}
# never a failed call: found by reading settings, by the doctor, or in the accounts
SYMPTOMS = {
    "A12": "azure.subscription_key_missing",
    "D10": "settings.api_version_date",
    "L10": "settings.variable_not_expanded",
    "L11": "settings.variable_not_expanded",
    "L14": "litellm.database_url",
    "L16": "litellm.proxied_loopback",
    "N10": "azure.public_access_disabled",
    "N11": "net.dns_differs",
    "N13": "azure.public_access_open",
    "S3": "stream.error",
    "S4": "accounting.unpriced",
}
SOURCE = {"L1": "litellm.key_missing", "L2": "litellm.key_missing", "L4": "litellm.key_wrong", "L6": "litellm.key_wrong"}
ENTRIES = [
    f"{letter}{number}"
    for letter, last in (("L", 16), ("A", 13), ("N", 13), ("D", 10), ("C", 5), ("X", 3), ("S", 4))
    for number in range(1, last + 1)
]


@pytest.mark.parametrize("entry", CHAINS)
def test_an_entry_without_an_answer_is_read_from_the_exception(entry: str) -> None:
    text, code = CHAINS[entry]
    assert classify(Evidence(route_kind="azure", exceptions=("ClientConnectorError: …", text))).code == code
    assert entry in CATALOGUE[code].entries


@pytest.mark.parametrize("entry", SYMPTOMS)
def test_an_entry_without_a_failed_call_is_a_cause_that_its_finder_names(entry: str) -> None:
    assert classify(Evidence(route_kind="azure", symptom=SYMPTOMS[entry])).code == SYMPTOMS[entry]
    assert entry in CATALOGUE[SYMPTOMS[entry]].entries


def test_there_are_64_entries_and_each_has_a_cause() -> None:
    assert len(ENTRIES) == 64
    assert {entry for cause in CATALOGUE.values() for entry in cause.entries} == set(ENTRIES)


def test_each_entry_is_shown_by_a_fixture_a_chain_or_a_finding() -> None:
    recorded = {name.partition("-")[0] for folder in ("azure", "litellm", "litellm_source") for name in answers.names(folder)}
    shown = recorded | set(CHAINS) | set(SYMPTOMS) | set(SOURCE) | {"L15"}
    assert set(ENTRIES) <= shown


@pytest.mark.parametrize("name", [*AZURE, *(name for name in LITELLM if "-" not in name)])
def test_the_cause_of_an_entry_lists_it(name: str) -> None:
    entry = name.partition("-")[0]
    code = LITELLM.get(name) or AZURE[name]
    assert entry not in ENTRIES or entry in CATALOGUE[code].entries
