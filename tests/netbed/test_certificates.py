"""Which certificates a private endpoint may show; the same directly and through LiteLLM."""

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed, Hop

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]


@pytest.mark.parametrize(
    ("place", "cause"),
    [
        ("wrong-ca", "tls.untrusted_ca"),
        ("no-ca-file", "tls.untrusted_ca"),
        ("intercepted", "tls.intercepted"),
        ("expired", "tls.expired"),
        ("privatelink", "tls.hostname_mismatch"),
        ("plain-text", "tls.failed"),
    ],
)
async def test_a_certificate_that_proves_nothing_is_named_and_nothing_is_asked(
    bed: Bed, hop: Hop, place: str, cause: str
) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == [cause]
    assert sum(outcome.seen.connections.values()) == 1
    assert outcome.seen.asked == {}


async def test_an_authority_named_by_ca_file_is_trusted(bed: Bed, hop: Hop) -> None:
    """Also the one of a proxy that inspects."""
    assert (await bed.ask("inspector-trusted", hop)).answer.text == "Hello from inspector-trusted."


async def test_a_ca_file_that_is_gone_is_named_before_anything_is_sent(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("ca-file-gone", hop)
    assert outcome.answer.causes == ["tls.ca_file"]
    assert outcome.seen.connections == {}


async def test_the_trust_of_the_environment_counts_only_where_no_ca_file_is_named(bed: Bed, hop: Hop) -> None:
    """SSL_CERT_FILE names the inspector here: OpenSSL reads it for the machine's own trust."""
    assert bed.env["SSL_CERT_FILE"].endswith("inspector.pem")
    assert (await bed.ask("inspected-by-environment", hop)).answer.text == "Hello from inspected-by-environment."
    outcome = await bed.ask("intercepted", hop)
    assert (outcome.cause, outcome.seen.connections) == ("tls.intercepted", {world.INSPECTED: 1})
