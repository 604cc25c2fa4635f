"""L and A10: LiteLLM's own answers, and what it makes of Azure's (1.106.2, as measured). Pure."""

from dataclasses import replace

from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.simulator.fault import Elsewhere, Fault

_COOLDOWN_S = 5


def _said(status: int, message: str, kind: str = "None", param: str | None = "None", **more: JsonValue) -> JsonValue:
    """Return an error as the proxy writes it: the code is the status, as text."""
    return {"error": {"message": message, "type": kind, "param": param, "code": str(status), **more}}


def _refusal(about: str, message: str, kind: str = "auth_error") -> Fault:
    return Fault(about=about, status=401, body=_said(401, f"Authentication Error, {message}", kind))


def unknown_model(name: str) -> Fault:
    """Return the answer to a name that is no alias."""
    hint = "Call `/v1/models` to view available models for your key."
    message = f"/chat/completions: Invalid model name passed in model={name}. {hint}"
    return Fault(
        about="the name asked for is no alias of the config",
        status=400,
        body=_said(400, message, "invalid_request_error", "model"),
    )


FAULTS: dict[str, Fault] = {
    "L1": Fault(
        about="no key was sent, and without a database the proxy fails while it says so",
        status=500,
        text="Internal Server Error",
        headers={"content-type": "text/plain; charset=utf-8"},
    ),
    "L2": _refusal("no key was sent", "No api key passed in."),
    "L3": Fault(
        about="a wrong key, and no database to look it up in",
        status=400,
        body=_said(400, "No connected db.", "no_db_connection", None),
    ),
    "L4": _refusal(
        "a key that does not begin with sk-",
        "LiteLLM Virtual Key expected. Received=not-needed, expected to start with 'sk-'.",
    ),
    "L5": _refusal("the key was sent without Bearer in front", "Malformed API Key passed in. Ensure Key has `Bearer ` prefix."),
    "L6": _refusal(
        "an unknown virtual key",
        "Invalid proxy server token passed. key=0000000000000000, not found in db. Create key via `/key/generate` call.",
        "token_not_found_in_db",
    ),
    "L7": unknown_model("gpt-4o"),
    "L8": Fault(
        about="model: lacks the azure/ prefix, so the deployment was dropped silently",
        status=400,
        body=_said(
            400,
            "litellm.BadRequestError: You passed in model=gpt-4o. There are no healthy deployments for this model. Received "
            "Model Group=gpt-4o\nAvailable Model Group Fallbacks=None",
        ),
    ),
    "L9": Fault(
        about="an earlier failure put the only deployment into cooldown",
        status=429,
        body=_said(
            429,
            f"No deployments available for selected model, Try again in {_COOLDOWN_S} seconds. All deployments for selected "
            "model are in cooldown. Passed model=gpt-4o. pre-call-checks=False, cooldown_list=['simulated-deployment']",
            "all_deployments_in_cooldown",
        ),
    ),
    "L10": Fault(
        about="api_base is ${VAR}, which LiteLLM does not expand",
        status=500,
        body=_said(500, "litellm.InternalServerError: AzureException InternalServerError - Connection error."),
    ),
    "L11": Fault(
        about="api_key is ${VAR}: that very text is sent to Azure as the key",
        status=401,
        body=_said(
            401,
            "litellm.AuthenticationError: AzureException AuthenticationError - Access denied due to invalid subscription key "
            "or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API "
            "endpoint for your resource.",
            "authentication_error",
        ),
    ),
    "L12": Fault(
        about="api_key is os.environ/NAME, and NAME is not set",
        status=500,
        body=_said(
            500,
            "litellm.APIError: AzureException APIError - Missing credentials. Please pass one of `api_key`, `azure_ad_token`, "
            "`azure_ad_token_provider`, or the `AZURE_OPENAI_API_KEY` or `AZURE_OPENAI_AD_TOKEN` environment variables.",
        ),
    ),
    "L13": Fault(
        about="api_base is os.environ/NAME, and NAME is not set",
        status=500,
        body=_said(
            500,
            "litellm.APIError: AzureException APIError - Must provide one of the `base_url` or `azure_endpoint` arguments, or "
            "the `AZURE_OPENAI_ENDPOINT` environment variable",
        ),
    ),
    "A10": Fault(
        about="a LiteLLM version that does not know the type of the credential",
        status=500,
        body=_said(
            500,
            "litellm.APIConnectionError: AzureException APIConnectionError - 'DefaultAzureCredential' is not a valid "
            "AzureCredentialType",
        ),
    ),
}
"""Played under /litellm as they stand; other faults come there in LiteLLM's words."""

ELSEWHERE: dict[str, Elsewhere] = {
    "L14": Elsewhere(
        about="a stray DATABASE_URL: the proxy wants prisma, or hangs",
        kind="environment",
        how="DATABASE_URL=postgresql://127.0.0.1:9/none litellm --config litellm.config.yaml",
    ),
    "L15": Elsewhere(
        about="the proxy is not up, or not yet",
        kind="environment",
        how="stop it and ask: chatsheet ask FILE QUESTION; or use the port `refused` of `chatsheet simulator --network`",
    ),
    "L16": Elsewhere(
        about="http_proxy also catches the proxy's own calls to this machine",
        kind="environment",
        how="HTTP_PROXY=http://127.0.0.1:9 NO_PROXY= litellm --config litellm.config.yaml",
    ),
}

_NAMES = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError", "authentication_error"),
    403: ("APIError", "permission_error"),
    404: ("NotFoundError", "invalid_request_error"),
    429: ("RateLimitError", "throttling_error"),
    500: ("InternalServerError", "internal_server_error"),
    503: ("ServiceUnavailableError", "service_unavailable_error"),
}
_OK = 200


def masked(fault: Fault) -> Fault:
    """Return what a client of LiteLLM sees of Azure's answer: its own words in front, Azure's codes and headers lost."""
    status = 500 if fault.status == _OK else fault.status
    given = loose.obj(fault.body)
    said = loose.obj(given.get("error")) or given
    name, kind = _NAMES.get(status, ("APIError", "None"))
    message = fault.text or loose.text(said.get("message"))
    if fault.status == _OK:
        message = f"Unexpected string response from Azure: {message}"
    more: JsonObject = {}
    if "innererror" in said:
        name = "ContentPolicyViolationError"
        inner = loose.parse(loose.dumps(said["innererror"]))
        more["provider_specific_fields"] = {"innererror": inner}
    kept = {f"llm_provider-{header}": value for header, value in fault.headers.items() if header.startswith("retry-after")}
    message = f"litellm.{name}: AzureException {name} - {message}"
    return replace(fault, status=status, body=_said(status, message, kind, None, **more), text="", headers=kept)


BROKEN_STREAM: JsonValue = {
    "error": {
        "message": "litellm.APIConnectionError: AzureException - peer closed connection without sending complete message body\n"
        'Traceback (most recent call last):\n  File "/opt/litellm/streaming_handler.py", line 1, in __anext__\n',
        "type": None,
        "param": None,
        "code": "500",
    }
}
"""What LiteLLM says inside a stream that Azure broke off."""
