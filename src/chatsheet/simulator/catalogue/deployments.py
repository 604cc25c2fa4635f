"""D: deployment, api-version and parameters do not fit. Pure."""

from chatsheet.simulator.fault import Elsewhere, EndsWithAssistant, Fault, HasField, error

_RESOURCE_NOT_FOUND = error("404", "Resource not found")

FAULTS: dict[str, Fault] = {
    "D1": Fault(
        about="no such deployment",
        status=404,
        body=error(
            "DeploymentNotFound",
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
            "please wait a moment and try again.",
        ),
    ),
    "D2": Fault(about="unknown path", status=404, body=_RESOURCE_NOT_FOUND),
    "D3": Fault(about="unsupported api-version", status=400, body=error("BadRequest", "API version not supported")),
    "D4": Fault(
        about="the model needs a newer api-version",
        status=400,
        body=error("BadRequest", "Model o3-mini is enabled only for api versions 2024-12-01-preview and later"),
    ),
    "D5": Fault(
        about="json_schema needs a newer api-version; played where the body has response_format",
        status=400,
        body=error(
            "BadRequest",
            "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
        ),
        when=HasField("response_format"),
    ),
    "D6": Fault(
        about="a reasoning model takes no max_tokens; played where the body has it",
        status=400,
        body=error(
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            type="invalid_request_error",
            param="max_tokens",
        ),
        when=HasField("max_tokens"),
    ),
    "D7": Fault(
        about="an older model takes no max_completion_tokens; played where the body has it",
        status=400,
        body=error(
            None,
            "Unrecognized request argument supplied: max_completion_tokens",
            type="invalid_request_error",
            param=None,
        ),
        when=HasField("max_completion_tokens"),
    ),
    "D8": Fault(
        about="the model behind the deployment is retired",
        status=400,
        body=error(
            "OperationNotSupported",
            "The chatCompletion operation does not work with the specified model, gpt-35-turbo. Please choose different model "
            "and try again. You can learn more about which models can be used with each operation here: "
            "https://go.microsoft.com/fwlink/?linkid=2197993.",
        ),
    ),
    "D8-404": Fault(
        about="the model is retired, and only the path is said to be missing", status=404, body=_RESOURCE_NOT_FOUND
    ),
    "D9": Fault(
        about="a deprecated model cannot be deployed again (an answer of the control plane)",
        status=400,
        body=error(
            "ServiceModelDeprecated",
            "The model 'Format: OpenAI, Name: gpt-35-turbo, Version: 0301' has been deprecated since 08/01/2024 00:00:00.",
        ),
    ),
    "unsupported-temperature": Fault(
        about="a reasoning model takes no temperature; played where the body has it",
        status=400,
        body=error(
            "unsupported_value",
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
            type="invalid_request_error",
            param="temperature",
        ),
        when=HasField("temperature"),
    ),
    "prefill": Fault(
        about="a conversation may not end with the assistant's words; played where it does",
        status=400,
        body=error(
            "invalid_request_error",
            "This model does not support assistant message prefill. The conversation must end with a user message.",
            type="invalid_request_error",
            param="messages",
        ),
        when=EndsWithAssistant(),
    ),
}

ELSEWHERE: dict[str, Elsewhere] = {
    "D10": Elsewhere(
        about="api_version without quotes in YAML is a date, not a text",
        kind="environment",
        how="sed -i 's/api_version: .*/api_version: 2024-10-21/' litellm.config.yaml && litellm --config litellm.config.yaml",
    ),
}
