"""What scenarios are made of: settings texts and orders to the control port. Pure."""

from collections.abc import Mapping

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject, JsonValue
from chatsheet.doctor.rehearsal.model import Order

EVERY = "*"
"""The deployment that stands for every call, also for those that name none."""
TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"

_HEAD: JsonObject = {"connect_s": 1, "first_content_s": 5, "idle_s": 2, "deadline_s": 10}
_PRICES: JsonObject = {"input_price": 2.5, "output_price": 10}
_ROUTES: dict[str, JsonObject] = {
    "azure": {
        "kind": "azure",
        "endpoint": "{wire}",
        "deployment": "{deployment}",
        "key": "file:{folder}/wire.key",
        **_PRICES,
    },
    "openai": {
        "kind": "openai",
        "base_url": "{wire}/v1",
        "model": "{deployment}",
        "key": "file:{folder}/wire.key",
        **_PRICES,
    },
    "litellm": {
        "kind": "litellm",
        "base_url": "{wire}/litellm",
        "model": "{deployment}",
        "key": "file:{folder}/wire.key",
        **_PRICES,
    },
}

SECURE: JsonObject = {"endpoint": "https://{host}:{tls}", "ca_file": "{folder}/ca.pem", "dns": ["127.0.0.1:{dns}"]}
"""An Azure resource by its name, over TLS."""
PRIVATE: JsonObject = {**SECURE, "network": "private", "private_networks": ["127.0.0.0/8"]}
"""The same where only private addresses will do; loopback counts as one."""
SIGNED_IN: JsonObject = {"key": None, "auth": "entra"}
"""Azure with a token; which identity issues it stands beside."""
WITH_SECRET: JsonObject = {
    **SIGNED_IN,
    "identity": "client_secret",
    "tenant_id": TENANT,
    "client_id": CLIENT,
    "client_secret": "file:{folder}/other.key",
    "authority": "https://localhost:{sign_in}",
    "ca_file": "{folder}/ca.pem",
}
OTHER_KEY: JsonObject = {"key": "file:{folder}/other.key"}
"""A key of the right shape that opens nothing."""


def settings(routes: Mapping[str, JsonObject], *, more: str = "") -> str:
    """Return settings with these routes, in this order; each is as usual but for what is given, None leaves a line out."""
    lines = ["data = {folder_text}", more, "[llm]", f"routes = {loose.dumps(list(routes))}", *_lines(_HEAD)]
    for name, given in routes.items():
        lines += ["", f"[llm.route.{name}]", *_lines({**_ROUTES[name], **given})]
    return "\n".join([*lines, ""])


def _lines(table: Mapping[str, JsonValue]) -> list[str]:
    return [f"{name} = {loose.dumps(value)}" for name, value in table.items() if value is not None]


def fault(name: str, deployment: str = "{deployment}") -> Order:
    """Play an entry of the wire's catalogue."""
    return Order("faults", {"deployment": deployment, "fault": name})


def answer(
    status: int,
    said: JsonValue,
    *,
    deployment: str = "{deployment}",
    headers: Mapping[str, str] | None = None,
) -> Order:
    """Play an answer in other words: a text is sent as it stands, anything else as JSON."""
    told: JsonObject = {"status": status, "text" if isinstance(said, str) else "body": said, "headers": {**(headers or {})}}
    return Order("faults", {"deployment": deployment, "answer": told})


def listener(name: str, /, **told: JsonValue) -> Order:
    """Set a network listener up."""
    return Order(f"network/{name}", told)


def behind(**told: JsonValue) -> Order:
    """Say what LiteLLM's own pages tell of the deployment."""
    return Order("litellm", {"deployment": "{deployment}", **told})
