"""What LiteLLM's health check says is read for its causes; of its texts nothing is kept."""

import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.doctor.probes.litellm_health import read

REFUSED = "litellm.APIConnectionError: AzureException APIConnectionError - Connection error.\nstack trace: Traceback (most "
WRONG_KEY = "litellm.AuthenticationError: AzureException - Access denied due to invalid subscription key or wrong API endpoint."


def unhealthy(error: str, status: int = 500, key: str = "00****00") -> JsonValue:
    """Return a deployment as the check reports it."""
    sent: JsonValue = {"raw_request_headers": {"api_key": key}}
    return {"error": error, "exception_status": status, "raw_request_typed_dict": sent}


def report(*ill: JsonValue, well: int = 0) -> str:
    """Return a report."""
    healthy: list[JsonValue] = [{} for _ in range(well)]
    return loose.dumps({"healthy_endpoints": healthy, "unhealthy_endpoints": ill})


@pytest.mark.parametrize(
    ("trace", "behind"),
    [
        ("uvloop.loop.Loop._sock_connect_cb\nConnectionRefused", "net.refused"),
        ("ConnectionRefusedError: [Errno 111] Connect call failed", "net.refused"),
        ("await self._resolve_host(host, port, traces=traces)", "net.dns_failed"),
        ("ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number", "tls.failed"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "tls.untrusted_ca"),
        ("await something_else()", ""),
    ],
)
def test_behind_a_connection_error_stands_what_the_stack_trace_ends_with(trace: str, behind: str) -> None:
    rung, hidden = read(report(unhealthy(f"{REFUSED}{trace}")), 503, "gpt-4o")
    assert (rung.findings[0].cause, rung.findings[0].hides, hidden) == ("litellm.upstream_unreachable", behind, behind)


def test_a_key_that_begins_as_a_variable_was_never_expanded() -> None:
    rung, hidden = read(report(unhealthy(WRONG_KEY, 401, "${****Y}")), 503, "gpt-4o")
    (found,) = rung.findings
    assert (rung.status, found.cause, found.hides) == ("broken", "settings.variable_not_expanded", "azure.key_wrong")
    assert hidden == "azure.key_wrong"


def test_one_healthy_deployment_keeps_the_alias_going() -> None:
    rung, hidden = read(report(unhealthy("Missing credentials"), well=1), 200, "gpt-4o")
    assert (rung.status, rung.evidence[0], hidden) == ("warned", "1 of 2 deployments are healthy", "")


def test_words_that_nobody_knows_are_not_held_against_it() -> None:
    rung, hidden = read(report(unhealthy("CANARY something", 400)), 503, "gpt-4o")
    assert (rung.status, hidden) == ("passed", "")
    assert "CANARY" not in str(rung)


@pytest.mark.parametrize("said", ["", "null", "[]", '{"detail": "Forbidden"}', "<html>"])
def test_what_is_no_report_says_nothing(said: str) -> None:
    assert read(said, 403, "gpt-4o")[0].evidence == ("tells nothing (403)",)


def test_a_report_without_any_deployment_is_no_failure() -> None:
    assert read(report(), 503, "gpt-4o")[0].status == "passed"
