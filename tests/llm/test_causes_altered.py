"""The same failures in other words: paraphrased, truncated, without headers or codes, wrapped by gateways, mixed."""

import html
import re
from collections.abc import Callable

import pytest

from chatsheet.core import loose
from chatsheet.llm.causes import Evidence, classify
from tests.llm import answers
from tests.llm.test_causes_recorded import AZURE

Row = tuple[str, str, int, str, str]
"""Entry, kind of route, status, body, code."""

REWORDED: list[Row] = [
    # authentication
    ("A1", "azure", 401, '{"error":{"message":"Access denied due to invalid subscription key."}}', "azure.key_wrong"),
    ("A1", "azure", 401, "Access denied: Invalid Subscription Key or wrong API endpoint", "azure.key_wrong"),
    ("A1", "azure", 401, '{"statusCode":401,"message":"Access denied due to invalid subscription key. Make sure to provide"}', "azure.key_wrong"),
    ("A1", "litellm", 401, "{'error': {'code': '401', 'message': 'Access denied due to invalid subscription key'}}", "azure.key_wrong"),
    ("A1", "litellm", 500, '{"detail":"litellm.AuthenticationError: AzureException - invalid subscription key or wrong API endpoint"}', "azure.key_wrong"),
    ("A2", "azure", 401, '{"error":{"code":"401","message":"Unauthorized. Access token is missing or has expired."}}', "azure.token_rejected"),
    ("A2", "azure", 401, "Access token is invalid", "azure.token_rejected"),
    ("A2", "azure", 401, '{"message":"Unauthorized: the access token has expired"}', "azure.token_rejected"),
    ("A2", "litellm", 401, '{"error":{"message":"AzureException - token audience is incorrect","code":"401"}}', "azure.token_rejected"),
    ("A3", "azure", 403, '{"error":{"code":"PermissionDenied","message":"The principal lacks the required data action."}}', "azure.permission"),
    ("A3", "azure", 401, '{"error":{"code":"PermissionDenied"}}', "azure.permission"),
    ("A3", "azure", 403, "The principal `x` lacks required dataAction Microsoft.CognitiveServices/accounts/OpenAI/x", "azure.permission"),
    ("A4", "azure", 401, '{"error":{"message":"Principal doesn\u2019t have access to API/Operation"}}', "azure.permission"),
    ("A4", "litellm", 401, '{"error":{"message":"litellm.AuthenticationError: principal does not have access to this operation"}}', "azure.permission"),
    ("A5", "azure", 403, '{"error":{"code":"AuthenticationTypeDisabled"}}', "azure.key_auth_disabled"),
    ("A5", "azure", 401, "Key-based authentication has been disabled for this account", "azure.key_auth_disabled"),
    ("A5", "azure", 403, '{"error":{"message":"Key based authentication is not permitted on this resource."}}', "azure.key_auth_disabled"),
    ("A6", "azure", 401, '{"error":{"message":"Token tenant a does not match the resource\u2019s tenant b"}}', "azure.tenant_mismatch"),
    ("A6", "azure", 400, '{"error":{"code":"Tenant provided in token does not match resource token"}}', "azure.tenant_mismatch"),
    ("A7", "litellm", 500, "RuntimeError: Failed to get Azure AD token: AADSTS7000222: The provided client secret keys are expired.", "entra.secret_invalid"),
    ("A7", "litellm", 401, '{"error":{"message":"Authentication failed: AADSTS7000215: Invalid client secret provided."}}', "entra.secret_invalid"),
    ("A8", "litellm", 500, '{"error":{"message":"ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint."}}', "entra.identity_missing"),
    ("A9", "litellm", 500, '{"error":{"message":"The requested identity has not been assigned to this resource."}}', "entra.identity_not_assigned"),
    ("A9", "litellm", 500, "DefaultAzureCredential failed to retrieve a token. ManagedIdentityCredential authentication unavailable. The requested identity has not been assigned to this resource", "entra.identity_not_assigned"),
    ("A10", "litellm", 500, "ValueError: 'DefaultAzureCredential' is not a valid AzureCredentialType", "litellm.credential_type"),
    ("A11", "azure", 401, '{"message":"Access denied due to missing subscription key"}', "azure.subscription_key_missing"),
    ("A11", "azure", 401, "The subscription key is missing. Include it as Ocp-Apim-Subscription-Key.", "azure.subscription_key_missing"),
    ("A13", "litellm", 500, "RuntimeError: Failed to get Azure AD token: connection to login.microsoftonline.com timed out", "entra.unreachable"),
    ("A13", "litellm", 500, '{"error":{"message":"Failed to get Azure AD token: HTTPSConnectionPool(host=login.microsoftonline.com): Max retries exceeded"}}', "entra.unreachable"),
    # network
    ("N1", "azure", 403, '{"error":{"code":"403","message":"Public network access is disabled. Please configure a private endpoint."}}', "azure.public_access_disabled"),
    ("N1", "azure", 403, "PUBLIC ACCESS IS DISABLED", "azure.public_access_disabled"),
    ("N1", "litellm", 500, "litellm.APIError: AzureException - Public access has been disabled for this resource", "azure.public_access_disabled"),
    ("N2", "azure", 403, "Access denied due to Virtual Network / Firewall rules", "azure.firewall"),
    ("N2", "azure", 403, '{"error":{"message":"Access denied due to VNet/Firewall rules."}}', "azure.firewall"),
    ("N2", "azure", 403, '{"error":{"message":"Traffic denied because of virtual network or firewall rules"}}', "azure.firewall"),
    ("N3", "azure", 403, '{"error":{"message":"A virtual network is configured for this resource; use the correct endpoint."}}', "azure.regional_endpoint"),
    ("N3", "azure", 403, "see https://aka.ms/cogsvc-vnet", "azure.regional_endpoint"),
    ("N12", "azure", 200, "\ufeff<!doctype HTML><title>Login</title>", "provider.not_json"),
    ("N12", "azure", 403, "\n\n<HTML><body>Zscaler: blocked by content filter</body></HTML>", "provider.not_json"),
    ("N12", "litellm", 500, '{"error":{"message":"Unexpected string response from Azure: please log in"}}', "provider.not_json"),
    ("N12", "litellm", 403, '{"error":{"message":"AzureException - &lt;html&gt;blocked&lt;/html&gt;"}}', "provider.not_json"),
    # deployment, version, parameters
    ("D1", "azure", 404, '{"error":{"code":"DeploymentNotFound"}}', "azure.deployment_not_found"),
    ("D1", "azure", 404, "The API deployment for this resource doesn\u2019t exist.", "azure.deployment_not_found"),
    ("D1", "azure", 404, '{"error":{"code":"404","message":"The API deployment gpt-4o does not exist"}}', "azure.deployment_not_found"),
    ("D1", "litellm", 500, '{"error":{"message":"OpenAIException - Error code: 404 - {\'error\': {\'code\': \'DeploymentNotFound\'}}"}}', "azure.deployment_not_found"),
    ("D2", "azure", 404, "Resource Not Found", "azure.resource_not_found"),
    ("D2", "azure", 404, '{"error":{"message":"Resource not found"}}', "azure.resource_not_found"),
    ("D2", "azure", 404, '{"error":{"code":"ResourceNotFound","message":"The requested resource was not found."}}', "azure.resource_not_found"),
    ("D3", "azure", 404, '{"error":{"message":"API version 2025-99-99 is not supported"}}', "azure.api_version"),
    ("D3", "azure", 400, '{"error":{"code":"UnsupportedApiVersion"}}', "azure.api_version"),
    ("D3", "azure", 400, "The api-version '2024-11-20' is invalid", "azure.api_version"),
    ("D4", "azure", 400, "Model {modelName} is only enabled for API version 2025-03-01-preview and later", "azure.api_version"),
    ("D5", "litellm", 400, "AzureException BadRequestError - response_format value as json_schema is enabled only for api versions 2024-08-01", "azure.api_version"),
    ("D6", "azure", 400, '{"error":{"code":"unsupported_parameter","param":"max_tokens"}}', "azure.parameter"),
    ("D6", "azure", 400, "'max_tokens' is not supported with this model", "azure.parameter"),
    ("D6", "litellm", 400, "litellm.BadRequestError: AzureException - Unsupported parameter: 'temperature' is not supported with this model.", "azure.parameter"),
    ("D6", "litellm", 400, "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "azure.parameter"),
    ("D6", "openai", 400, '{"error":{"message":"Unsupported parameter: \'top_p\'","type":"invalid_request_error","param":"top_p","code":"unsupported_parameter"}}', "provider.parameter"),
    ("D7", "azure", 400, '{"error":{"message":"Unrecognized request arguments supplied: parallel_tool_calls, seed"}}', "azure.parameter"),
    ("D7", "azure", 400, '{"error":{"message":"Unknown parameter: \'reasoning_effort\'.","code":"unknown_parameter"}}', "azure.parameter"),
    ("D8", "azure", 400, "The chatCompletion operation doesn't work with the specified model, gpt-4-32k.", "azure.model_retired"),
    ("D8", "azure", 410, '{"error":{"message":"The model gpt-35-turbo has been retired."}}', "azure.model_retired"),
    ("D9", "azure", 400, '{"error":{"code":"ServiceModelDeprecated"}}', "azure.model_retired"),
    ("D9", "azure", 400, "The model 'Format: OpenAI, Name: gpt-4' is deprecated since 2025", "azure.model_retired"),
    # capacity
    ("C1", "azure", 429, '{"error":{"code":"429"}}', "azure.rate_limited"),
    ("C1", "azure", 429, "Rate limit is exceeded. Try again in 12 seconds.", "azure.rate_limited"),
    ("C1", "azure", 429, '{"error":{"code":"RateLimitReached","message":"Please retry later"}}', "azure.rate_limited"),
    ("C1", "azure", 429, '{ "statusCode": 429, "message": "Token limit is exceeded. Try again in 9 seconds." }', "azure.rate_limited"),
    ("C2", "litellm", 500, "litellm.RateLimitError: Your requests to gpt-5.1 have exceeded the call rate limit", "azure.rate_limited"),
    ("C2", "azure", 429, "", "azure.rate_limited"),
    ("C3", "azure", 503, '{"error":{"message":"The system is currently experiencing very high demand."}}', "azure.capacity"),
    ("C3", "azure", 429, '{"error":{"code":"NoCapacity","message":"There is no capacity available"}}', "azure.capacity"),
    ("C3", "litellm", 429, "exceeds the maximum usage size allowed during peak load", "azure.capacity"),
    ("C4", "openai", 429, '{"error":{"type":"insufficient_quota"}}', "openai.quota"),
    ("C4", "litellm", 429, "OpenAIException - You exceeded your current quota, please check your plan & billing details.", "openai.quota"),
    ("C4", "openai", 403, '{"error":{"code":"insufficient_quota","message":"no credit"}}', "openai.quota"),
    # content
    ("X1", "azure", 400, '{"error":{"code":"content_filter"}}', "content.filtered"),
    ("X1", "azure", 400, '{"error":{"innererror":{"code":"ResponsibleAIPolicyViolation"}}}', "content.filtered"),
    ("X1", "azure", 400, "The response was filtered due to the prompt triggering Azure OpenAI\u2019s content management policy.", "content.filtered"),
    ("X1", "litellm", 400, "litellm.ContentPolicyViolationError: AzureException - your prompt was flagged", "content.filtered"),
    ("X1", "azure", 400, "Your request was refused by Microsoft&#39;s content management policy", "content.filtered"),
    ("X1", "azure", 400, "The prompt was filtered by the content safety system", "content.filtered"),
    ("X1", "openai", 400, '{"error":{"code":"content_policy_violation","message":"rejected"}}', "content.filtered"),
    ("X3", "azure", 400, '{"error":{"code":"context_length_exceeded"}}', "request.context_length"),
    ("X3", "azure", 400, "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.", "request.context_length"),
    ("X3", "litellm", 400, "litellm.ContextWindowExceededError: too long", "request.context_length"),
    ("X3", "compatible", 400, '{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}', "request.context_length"),
    ("X3", "openai", 400, "This model\u2019s maximum context length is 8192 tokens", "request.context_length"),
    ("S14", "azure", 400, '{"error":{"message":"This model does not support assistant message prefill. The conversation must end with a user message."}}', "request.prefill_refused"),
    ("S14", "litellm", 400, "AzureException - Expected last role User or Tool but got assistant", "request.prefill_refused"),
    ("S14", "compatible", 400, "The last message must be from user", "request.prefill_refused"),
    # LiteLLM's own
    ("L2", "litellm", 401, '{"error":{"message":"Authentication Error: no API key passed in","type":"auth_error"}}', "litellm.key_missing"),
    ("L3", "litellm", 400, '{"error":{"type":"no_db_connection"}}', "litellm.key_wrong"),
    ("L3", "litellm", 500, "No connected DB", "litellm.key_wrong"),
    ("L4", "litellm", 401, "AssertionError: LiteLLM Virtual Key expected. Received=abc, expected to start with 'sk-'", "litellm.key_wrong"),
    ("L5", "litellm", 401, "Malformed API key passed in. Ensure key has &#x60;Bearer &#x60; prefix", "litellm.key_missing"),
    ("L6", "litellm", 401, '{"error":{"type":"token_not_found_in_db","message":"?"}}', "litellm.key_wrong"),
    ("L7", "litellm", 404, "chat_completion: Invalid model name passed in model=content_filter", "litellm.unknown_model"),
    ("L8", "litellm", 400, "There are no healthy deployments for this model.", "litellm.unknown_model"),
    ("L9", "litellm", 429, "No healthy deployment available, passed model=gpt-4o. Try again in 60 seconds", "litellm.cooldown"),
    ("L9", "litellm", 429, '{"error":{"type":"all_deployments_in_cooldown"}}', "litellm.cooldown"),
    ("L9", "litellm", 500, "No deployments available for selected model, Try again in 60 seconds.", "litellm.cooldown"),
    ("L10", "litellm", 502, "litellm.APIConnectionError: Connection error.", "litellm.upstream_unreachable"),
    ("L12", "litellm", 401, "Missing credentials. Please pass one of `api_key`, `azure_ad_token`", "litellm.credentials_missing"),
    ("L13", "litellm", 500, "Must provide one of the `base_url` or `azure_endpoint` arguments", "litellm.credentials_missing"),
    ("L14", "litellm", 0, "Unable to connect to DB. DATABASE_URL found in environment, but prisma package not found.", "litellm.database_url"),
    # mixed: the more telling part counts
    ("D1", "azure", 502, '{"error":{"code":"502","message":"upstream said: DeploymentNotFound"}}', "azure.deployment_not_found"),
    ("C1", "azure", 502, '{"error":{"code":"429","message":"Requests have exceeded token rate limit"}}', "azure.rate_limited"),
    ("X1", "azure", 429, '{"error":{"code":"content_filter","message":"rate limit"}}', "content.filtered"),
    ("A1", "litellm", 429, '{"error":{"message":"Access denied due to invalid subscription key","type":"throttling_error"}}', "azure.key_wrong"),
]  # fmt: skip


def _code(kind: str, status: int, body: str, headers: dict[str, str] | None = None) -> str:
    return classify(Evidence(route_kind=kind, status=status or None, body=body, headers=headers or {})).code


@pytest.mark.parametrize(("entry", "kind", "status", "body", "code"), REWORDED)
def test_other_words_name_the_same_cause(entry: str, kind: str, status: int, body: str, code: str) -> None:
    assert _code(kind, status, body) == code, entry


def _curly(body: str) -> str:
    return body.replace("'", "\u2019")


def _shouted(body: str) -> str:
    return re.sub(r'(?<="message": ")[^"\\]*', lambda match: match[0].upper(), body)


def _wordy(body: str) -> str:
    return re.sub(r'("message": ")', r"\1Sorry, your call failed (request 7f). ", body)


def _nested(body: str) -> str:
    return loose.dumps({"error": {"code": "502", "message": loose.dumps({"detail": body})}})


def _as_python(body: str) -> str:
    return loose.dumps({"error": {"message": f"Error code: 400 - {loose.parse(body)!r}", "code": "400"}})


def _plain(body: str) -> str:
    parsed = loose.obj(loose.parse(body))
    error = loose.obj(parsed.get("error")) or parsed
    return loose.text(error.get("message")) or loose.text(error.get("error_description"))


def _without_code(body: str) -> str:
    return loose.dumps({"error": {"message": _plain(body)}})


CHANGES: dict[str, Callable[[str], str]] = {
    "curly": _curly,
    "shouted": _shouted,
    "wordy": _wordy,
    "html-escaped": lambda body: html.escape(body),
    "nested": _nested,
    "python": _as_python,
    "plain": _plain,
    "without a code": _without_code,
    "one line": lambda body: " ".join(body.split()),
}
WITH_WORDS = [name for name, code in AZURE.items() if not name.startswith(("N12", "50", "C5", "S", "X2", "malf", "no-"))]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", WITH_WORDS)
@pytest.mark.parametrize("kind", ["azure", "litellm"])
def test_a_changed_envelope_names_the_same_cause(name: str, change: str, kind: str) -> None:
    """No headers, and the content type of a page: only the words are left."""
    seen = answers.evidence("azure", name, kind="azure")
    body = CHANGES[change](seen.body)
    assert _code(kind, seen.status or 0, body, {"content-type": "text/html"}) == AZURE[name]


@pytest.mark.parametrize("kind", ["azure", "litellm"])
@pytest.mark.parametrize("name", WITH_WORDS)
def test_the_same_error_inside_a_stream_names_the_same_cause(name: str, kind: str) -> None:
    """C5: the words come in an event, and what the body names stands for the status."""
    body = answers.evidence("azure", name, kind="azure").body
    known = classify(Evidence(route_kind=kind, status=200, body=body, symptom="stream.error")).code
    assert known == AZURE[name]
