"""C and X: too much was asked for, or what may not be said. Pure."""

from chatsheet.core.loose import JsonObject
from chatsheet.simulator.fault import Fault, error

_PARTS = ("hate", "self_harm", "sexual", "violence")
FILTERED: JsonObject = {
    **{name: {"filtered": False, "severity": "safe"} for name in _PARTS},
    "violence": {"filtered": True, "severity": "medium"},
}
"""Filter results that name one category."""


def _limited(about: str, seconds: int, message: str) -> Fault:
    headers = {"retry-after": str(seconds), "retry-after-ms": str(seconds * 1000)}
    return Fault(about=about, status=429, body=error("429", message), headers=headers)


FAULTS: dict[str, Fault] = {
    "C1": _limited(
        "token quota used up for a day",
        86400,
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate "
        "limit of your current OpenAI S0 pricing tier. Please retry after 86400 seconds.",
    ),
    "C2": _limited(
        "token rate limit of the deployment, in the newer words",
        60,
        "Your requests to gpt-5.1 for gpt-5.1 in East US 2 have exceeded the token rate limit for your current AIServices S0 "
        "pricing tier. This request was for ChatCompletions_Create under Azure OpenAI API version 2024-10-21. Please retry "
        "after 60 seconds.",
    ),
    "C3": _limited(
        "peak load in the region",
        20,
        "The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum "
        "usage size allowed during peak load. Please retry after 20 seconds.",
    ),
    "C4": Fault(
        about="the account has no money left (OpenAI)",
        status=429,
        body=error(
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
            "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
            type="insufficient_quota",
            param=None,
        ),
    ),
    "C5": Fault(
        about="status 200, metadata, then an error inside the stream before any content",
        stream="refused",
        body=error("429", "Rate limit is exceeded. Try again in 20 seconds.", type="rate_limit_exceeded", param=None),
    ),
    "429": Fault(
        about="rate limited, with a retry-after of your choice",
        status=429,
        body=error("429", "Rate limit is exceeded."),
        takes=("retry_after", "retry_after_form"),
    ),
    "X1": Fault(
        about="the prompt hit the content filter",
        status=400,
        body=error(
            "content_filter",
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
            "your prompt and retry.",
            type=None,
            param="prompt",
            status=400,
            innererror={
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {**FILTERED, "jailbreak": {"filtered": False, "detected": False}},
            },
        ),
    ),
    "X2": Fault(
        about="the answer itself hit the content filter: finish reason content_filter", stream="filtered", takes=("after",)
    ),
    "X3": Fault(
        about="the prompt is longer than the model's context",
        status=400,
        body=error(
            "context_length_exceeded",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. Please "
            "reduce the length of the messages.",
            type="invalid_request_error",
            param="messages",
        ),
    ),
}
