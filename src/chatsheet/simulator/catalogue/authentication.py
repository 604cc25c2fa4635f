"""A: Azure does not let us in. Pure."""

from typing import Final

from pydantic import JsonValue

from chatsheet.simulator.fault import Elsewhere, Fault, LacksHeader, error

_NO_SUBSCRIPTION_KEY: Final[JsonValue] = {
    "statusCode": 401,
    "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to "
    "an API.",
}

FAULTS: dict[str, Fault] = {
    "A1": Fault(
        about="wrong key, or a key of another resource",
        status=401,
        body=error(
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
    "A3": Fault(
        about="the identity has no role on the resource",
        status=401,
        body=error(
            "PermissionDenied",
            "The principal `00000000-0000-0000-0000-000000000000` lacks the required data action "
            "`Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action` to perform "
            "`POST /openai/deployments/{deployment-id}/chat/completions` operation.",
        ),
    ),
    "A4": Fault(
        about="the identity's role does not cover this operation",
        status=401,
        body=error("PermissionDenied", "Principal does not have access to API/Operation."),
    ),
    "A5": Fault(
        about="the resource takes no keys",
        status=403,
        body=error("AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."),
    ),
    "A6": Fault(
        about="a token of another tenant",
        status=400,
        body=error(
            "Tenant provided in token does not match resource token",
            "Token tenant 11111111-1111-1111-1111-111111111111 does not match resource tenant.",
        ),
    ),
    "A11": Fault(about="an API gateway in front wants its own key header", status=401, body=_NO_SUBSCRIPTION_KEY),
    "A12": Fault(
        about="a gateway in front looks at api-key only; keys and tokens sent as Bearer are refused, others answered",
        status=401,
        body=_NO_SUBSCRIPTION_KEY,
        when=LacksHeader("api-key"),
    ),
}

ELSEWHERE: dict[str, Elsewhere] = {
    "A7": Elsewhere(
        about="the client secret is wrong or expired (AADSTS7000215)",
        kind="identity",
        how='set the identity endpoint to {"mode": "A7"}; DefaultAzureCredential with a client secret then fails',
    ),
    "A8": Elsewhere(
        about="no managed identity answers: the connection to IMDS breaks",
        kind="identity",
        how='set the identity endpoint to {"mode": "A8"}',
    ),
    "A9": Elsewhere(
        about="the requested user-assigned identity is not assigned to this machine",
        kind="identity",
        how='set the identity endpoint to {"mode": "A9"}',
    ),
    "A13": Elsewhere(
        about="the sign-in service cannot be reached from the closed network",
        kind="identity",
        how='set the identity endpoint to {"mode": "A13"}: token requests are taken and never answered',
    ),
}
