"""What each fault of the simulator's catalogue must be called, whatever way the call took."""

from chatsheet.core.loose import JsonObject
from chatsheet.llm.model import ChatRequest
from chatsheet.simulator.fault import EndsWithAssistant, HasField
from chatsheet.simulator.faults import FAULTS, layer_of
from tests.contracts.ways import Limits

SAME: dict[str, str] = {
    "N12": "provider.not_json",
    "N12-200": "provider.not_json",
    "N12-407": "provider.not_json",
    "reset": "net.reset",
    "silence": "stream.silent",
    "redirect": "net.redirected",
    "prefill": "request.prefill_refused",
    "C4": "openai.quota",
    "X1": "content.filtered",
    "X2": "content.filtered",
    "X3": "request.context_length",
    "S1": "stream.cut",
    "S2": "stream.empty",
    "S3": "stream.error",
    "error-in-stream": "stream.error",
    "cut": "stream.cut",
    "stall": "stream.stalled",
    "malformed": "stream.malformed",
    "no-done": "stream.cut",
    "slow": "",
    "dribble": "stream.silent",
    "keepalive": "stream.silent",
    "500": "provider.error",
    "503": "provider.unavailable",
}
"""One cause in every dialect; empty for an answer."""

AZURES: dict[str, tuple[str, str]] = {
    "A1": ("azure.key_wrong", "provider.key_wrong"),
    "A2": ("azure.token_rejected", "provider.key_wrong"),
    "A3": ("azure.permission", "provider.key_wrong"),
    "A4": ("azure.permission", "provider.key_wrong"),
    "A5": ("azure.key_auth_disabled", "provider.permission"),
    "A6": ("azure.tenant_mismatch", "unknown"),
    "A11": ("azure.subscription_key_missing", "provider.key_wrong"),
    "A12": ("", "provider.key_wrong"),
    "N1": ("azure.public_access_disabled", "provider.permission"),
    "N2": ("azure.firewall", "provider.permission"),
    "N3": ("azure.regional_endpoint", "provider.permission"),
    "D1": ("azure.deployment_not_found", "provider.not_found"),
    "D2": ("azure.resource_not_found", "provider.not_found"),
    "D3": ("azure.api_version", "unknown"),
    "D4": ("azure.api_version", "unknown"),
    "D5": ("azure.api_version", "unknown"),
    "D8": ("azure.model_retired", "unknown"),
    "D8-404": ("azure.resource_not_found", "provider.not_found"),
    "D9": ("azure.model_retired", "unknown"),
    "C1": ("azure.rate_limited", "provider.rate_limited"),
    "C2": ("azure.rate_limited", "provider.rate_limited"),
    "C3": ("azure.capacity", "provider.rate_limited"),
    "C5": ("azure.rate_limited", "provider.rate_limited"),
    "429": ("azure.rate_limited", "provider.rate_limited"),
}
"""Azure's own words, which say so much at an azure route only; at an openai route the status alone counts (A12 refuses
keys sent as Bearer, and our azure routes send none)."""

LEFT_OUT: dict[str, str] = {
    **{name: "LiteLLM's own words: no provider says them" for name in FAULTS if layer_of(name) == "L"},
    "A10": "LiteLLM's own words too: it does not know the credential",
    "D6": "adapted: test_parity_adapting.py",
    "D7": "adapted: test_parity_adapting.py",
    "unsupported-temperature": "adapted: test_parity_adapting.py",
}
"""Not played here, and why."""


def request_for(fault: str) -> ChatRequest:
    """Return a request that the fault is for."""
    messages: list[JsonObject] = [{"role": "user", "content": "Hi"}]
    body: JsonObject = {}
    match FAULTS[fault].when:
        case HasField("response_format"):
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "object"}}}
        case EndsWithAssistant():
            messages.append({"role": "assistant", "content": "Well"})
        case _:
            pass
    return ChatRequest({**body, "messages": [*messages]})


def limits_for(fault: str) -> Limits:
    """Return short limits for what is about time; elsewhere a busy machine must not look like a slow provider."""
    match FAULTS[fault].stream:
        case "silence" | "dribble" | "keepalive":
            return Limits(first_content_s=1)
        case "stall":
            return Limits(idle_s=0.7)
        case _:
            return Limits()
