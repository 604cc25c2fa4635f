"""The faults that the simulator can play: Azure's answers word by word, and streams and connections that misbehave. Pure.

Names are those of the failure catalogue (A: authentication, N: network, D: deployment, C: capacity, X: content, S: streams).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

Misbehaviour = Literal["reset", "silence", "cut", "stall", "empty", "truncate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer instead of the brain's (`status` and `body`), or a stream that goes wrong (`stream`)."""

    about: str
    status: int = 0
    body: JsonValue = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    stream: Misbehaviour | None = None


def _error(code: str, message: str, **more: JsonValue) -> JsonValue:
    return {"error": {"code": code, "message": message, **more}}


def _limited(seconds: int, message: str) -> tuple[JsonValue, dict[str, str]]:
    return _error("429", message), {"retry-after": str(seconds), "retry-after-ms": str(seconds * 1000)}


_QUOTA_BODY, _QUOTA_HEADERS = _limited(
    86400,
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate "
    "limit of your current OpenAI S0 pricing tier. Please retry after 86400 seconds.",
)
_PEAK_BODY, _PEAK_HEADERS = _limited(
    20,
    "The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum "
    "usage size allowed during peak load. Please retry after 20 seconds.",
)

FAULTS: dict[str, Fault] = {
    "A1": Fault(
        about="wrong key, or a key of another resource",
        status=401,
        body=_error(
            "401",
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
            "active subscription and use a correct regional API endpoint for your resource.",
        ),
    ),
    "A2": Fault(
        about="token missing, expired or for another audience",
        status=401,
        body={
            "statusCode": 401,
            "message": "Unauthorized. Access token is missing, invalid, audience is incorrect "
            "(https://cognitiveservices.azure.com), or have expired.",
        },
    ),
    "A5": Fault(
        about="the resource takes no keys",
        status=403,
        body=_error("AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."),
    ),
    "N1": Fault(
        about="the request arrived on the public side",
        status=403,
        body=_error("403", "Public access is disabled. Please configure private endpoint."),
    ),
    "D1": Fault(
        about="no such deployment",
        status=404,
        body=_error(
            "DeploymentNotFound",
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
            "please wait a moment and try again.",
        ),
    ),
    "D2": Fault(about="unknown path", status=404, body=_error("404", "Resource not found")),
    "D3": Fault(about="unsupported api-version", status=400, body=_error("BadRequest", "API version not supported")),
    "C1": Fault(about="token quota used up for a day", status=429, body=_QUOTA_BODY, headers=_QUOTA_HEADERS),
    "C3": Fault(about="peak load in the region", status=429, body=_PEAK_BODY, headers=_PEAK_HEADERS),
    "X1": Fault(
        about="the prompt hit the content filter",
        status=400,
        body=_error(
            "content_filter",
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
            "your prompt and retry.",
            type=None,
            param="prompt",
            status=400,
            innererror={
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {
                    "hate": {"filtered": False, "severity": "safe"},
                    "jailbreak": {"filtered": False, "detected": False},
                    "self_harm": {"filtered": False, "severity": "safe"},
                    "sexual": {"filtered": False, "severity": "safe"},
                    "violence": {"filtered": True, "severity": "medium"},
                },
            },
        ),
    ),
    "S1": Fault(about="the stream ends properly in the middle, without a finish reason", stream="truncate"),
    "S2": Fault(about="a stream without any content", stream="empty"),
    "500": Fault(
        about="server error",
        status=500,
        body=_error("InternalServerError", "The server had an error while processing your request."),
    ),
    "503": Fault(about="overloaded", status=503, body=_error("ServiceUnavailable", "The service is temporarily unavailable.")),
    "reset": Fault(about="the connection is reset before any answer", stream="reset"),
    "silence": Fault(about="the connection is taken and nothing is ever said", stream="silence"),
    "cut": Fault(about="the connection is reset in the middle of the stream", stream="cut"),
    "stall": Fault(about="the stream stops in the middle and stays open", stream="stall"),
}

NAME_SEPARATOR = "--"
"""A deployment called `gpt-4o--A1` plays fault A1 on every call: for people who rehearse by hand."""


def by_deployment_name(deployment: str) -> tuple[str, str]:
    """Split a deployment name into the deployment and the fault it asks for, if any."""
    name, separator, fault = deployment.rpartition(NAME_SEPARATOR)
    return (name, fault) if separator and fault in FAULTS else (deployment, "")
