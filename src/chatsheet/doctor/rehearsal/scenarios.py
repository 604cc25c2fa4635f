"""The first set: every entry of the failure catalogue, how it is set up and what must be named. Pure.

Causes are written down here by hand, whatever the doctor makes of them. Entries that look the same from here share a cause.
"""

from chatsheet.core.loose import JsonObject
from chatsheet.doctor.rehearsal import props
from chatsheet.doctor.rehearsal.model import AZURE, LITELLM, OPENAI, SETTINGS, Order, Scenario
from chatsheet.doctor.rehearsal.props import EVERY, PRIVATE, SECURE, SIGNED_IN, WITH_SECRET, behind, fault, listener

_AS_USUAL: JsonObject = {}


def _azure(name: str, cause: str, *orders: Order, form: str = "", route: JsonObject = _AS_USUAL) -> Scenario:
    text = props.settings({"azure": route})
    return Scenario(fault=name, form=form, expected={AZURE: cause}, settings=text, orders=orders)


def _openai(name: str, cause: str, *orders: Order) -> Scenario:
    return Scenario(fault=name, expected={OPENAI: cause}, settings=props.settings({"openai": {}}), orders=orders)


def _litellm(name: str, cause: str, *orders: Order, form: str = "", route: JsonObject = _AS_USUAL) -> Scenario:
    text = props.settings({"litellm": route})
    path = f"litellm → {route.get('model', '{deployment}')}"
    return Scenario(fault=name, form=form, expected={path: cause}, settings=text, orders=orders)


def _wire(name: str, cause: str) -> Scenario:
    """Play an answer of the deployment, word for word."""
    return _azure(name, cause, fault(name))


def _refused(name: str, cause: str, *, form: str, route: JsonObject = _AS_USUAL) -> Scenario:
    """Write settings that are refused before anything is sent."""
    return Scenario(fault=name, form=form, expected={SETTINGS: cause}, settings=props.settings({"azure": route}))


def _config(name: str, cause: str, *, form: str = "config", master: str = "file:{folder}/wire.key", **model: str) -> Scenario:
    """Write a litellm.config.yaml as somebody might by hand."""
    given = {
        "model": "azure/{deployment}",
        "api_base": "os.environ/AZURE_API_BASE",
        "api_key": "os.environ/AZURE_API_KEY",
        "api_version": '"2024-10-21"',
        **model,
    }
    lines = [f"      {key}: {value}" for key, value in given.items()]
    head = ["model_list:", '  - model_name: "{deployment}"', "    litellm_params:"]
    tail = ["general_settings:", "  master_key: os.environ/LITELLM_MASTER_KEY"]
    return Scenario(
        fault=name,
        form=form,
        expected={SETTINGS: cause},
        settings=props.settings({"litellm": {"config_file": "{folder}/litellm.config.yaml", "key": master}}),
        environment=_LITELLMS,
        files={"litellm.config.yaml": "\n".join([*head, *lines, *tail, ""])},
    )


_LITELLMS = {
    "AZURE_API_BASE": "https://contoso.openai.azure.com",
    "AZURE_API_KEY": "{wire_key}",
    "LITELLM_MASTER_KEY": "{wire_key}",
}
_IDENTITY = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{identity_host}"}
"""Where the identity library looks for IMDS."""
_PROXIED = {"HTTP_PROXY": "http://127.0.0.1:{refused}", "HTTPS_PROXY": "http://127.0.0.1:{refused}"}
_KNOWS_THE_PUBLIC_SIDE = '[doctor]\npublic_dns = ["127.0.0.1:{public_dns}"]'
_PROXY: JsonObject = {"proxy": "http://127.0.0.1:{proxy}"}


def _signed_in(name: str, cause: str, mode: str, identity: JsonObject) -> Scenario:
    """Sign in with a managed identity, whose endpoint only a process of its own can be told of."""
    return Scenario(
        fault=name,
        expected={AZURE: cause},
        settings=props.settings({"azure": {**SIGNED_IN, **identity}}),
        orders=(listener("identity", mode=mode),),
        environment=_IDENTITY,
        is_child=True,
    )


_TO_LITELLM = (
    _litellm("L1", "litellm.key_missing", fault("L1", EVERY)),
    _litellm("L2", "litellm.key_missing", fault("L2", EVERY)),
    _litellm("L3", "litellm.key_wrong", route=props.OTHER_KEY),
    _litellm("L4", "litellm.key_wrong", fault("L4", EVERY)),
    _litellm("L5", "litellm.key_missing", fault("L5", EVERY)),
    _litellm("L6", "litellm.key_wrong", fault("L6", EVERY)),
    _litellm("L7", "litellm.unknown_model", route={"model": "{elsewhere}"}),
    _litellm("L8", "litellm.unknown_model", fault("L8")),
    _config("L8", "litellm.unknown_model", model="{deployment}"),
    _litellm("L9", "litellm.cooldown", fault("L9")),
    _litellm("L10", "settings.variable_not_expanded", fault("L10"), behind(api_base="${AZURE_API_BASE}")),
    _litellm("L10", "litellm.upstream_unreachable", fault("L10"), form="seen from outside"),
    _config("L10", "settings.variable_not_expanded", api_base="${AZURE_API_BASE}"),
    _litellm("L11", "azure.key_wrong", fault("L11"), form="seen from outside"),
    _config("L11", "settings.variable_not_expanded", api_key="${AZURE_API_KEY}"),
    _litellm("L12", "litellm.credentials_missing", fault("L12")),
    _config("L12", "litellm.credentials_missing", api_key="os.environ/AZURE_KEY_THAT_IS_NOT_SET"),
    _litellm("L13", "litellm.credentials_missing", fault("L13")),
    _config("L13", "litellm.credentials_missing", api_base="os.environ/AZURE_BASE_THAT_IS_NOT_SET"),
    Scenario(
        fault="L14",
        expected={LITELLM: "litellm.database_url"},
        settings=props.settings({"litellm": {"base_url": "http://127.0.0.1:{refused}"}}),
        environment={"DATABASE_URL": "postgresql://127.0.0.1:9/none"},
    ),
    _litellm("L15", "litellm.down", route={"base_url": "http://127.0.0.1:{refused}"}),
    _litellm("L15", "litellm.down", form="still starting", route={"base_url": "http://127.0.0.1:{silent}"}),
    Scenario(
        fault="L16",
        expected={LITELLM: "litellm.proxied_loopback"},
        settings=props.settings({"litellm": {"base_url": "http://127.0.0.1:{refused}"}}),
        environment=_PROXIED,
    ),
)

_NO_SUCH_CREDENTIAL = props.answer(
    500,
    {
        "error": {
            "message": "litellm.APIConnectionError: 'DefaultAzureCredential' is not a valid AzureCredentialType",
            "type": None,
            "param": None,
            "code": "500",
        }
    },
)

_AUTHENTICATION = (
    _azure("A1", "azure.key_wrong", route=props.OTHER_KEY),
    _wire("A2", "azure.token_rejected"),
    _wire("A3", "azure.permission"),
    _wire("A4", "azure.permission"),
    _wire("A5", "azure.key_auth_disabled"),
    _wire("A6", "azure.tenant_mismatch"),
    _azure("A7", "entra.secret_invalid", listener("identity", mode="A7"), route=WITH_SECRET),
    _signed_in("A8", "entra.identity_missing", "A8", {"identity": "managed"}),
    _signed_in("A9", "entra.identity_not_assigned", "A9", {"identity": "managed", "client_id": props.CLIENT}),
    _litellm("A10", "litellm.credential_type", _NO_SUCH_CREDENTIAL),
    _wire("A11", "azure.subscription_key_missing"),
    Scenario(
        fault="A12",
        expected={LITELLM: "azure.subscription_key_missing", AZURE: ""},
        settings=props.settings({"litellm": {}, "azure": {}}),
        orders=(fault("A12"),),
    ),
    _azure("A13", "entra.unreachable", listener("identity", mode="A13"), route=WITH_SECRET),
)

_NETWORK = (
    _wire("N1", "azure.public_access_disabled"),
    _wire("N2", "azure.firewall"),
    _wire("N3", "azure.regional_endpoint"),
    _azure("N4", "net.dns_public_for_private", listener("dns", mode="public"), route=PRIVATE),
    _azure("N5", "net.dns_failed", listener("dns", mode="nxdomain"), form="no such name", route=SECURE),
    _azure("N5", "net.dns_no_address", listener("dns", mode="no-address"), form="no A record", route=SECURE),
    _azure("N5", "net.dns_servfail", listener("dns", mode="servfail"), form="no answer for it", route=SECURE),
    _azure("N6", "net.connect_timeout", route={"endpoint": "http://127.0.0.1:{black_hole}"}),
    _azure("N7", "tls.hostname_mismatch", listener("tls", mode="wrong-name"), route=SECURE),
    _azure("N8", "tls.intercepted", listener("tls", mode="intercepted"), route=SECURE),
    _azure("N9", "net.proxied_public", fault("N1"), form="public side", route={**PRIVATE, **_PROXY}),
    _azure("N9", "net.proxy_refused", listener("proxy", mode="refuse"), form="refused", route={**PRIVATE, **_PROXY}),
    _azure(
        "N10",
        "net.zone_missing",
        listener("dns", name="rehearsal.cognitiveservices.azure.com", mode="public"),
        listener("dns", name="rehearsal.services.ai.azure.com", addresses=["127.0.0.1"]),
        route=PRIVATE,
    ),
    _azure("N11", "net.dns_differs", listener("dns", mode="rebind", public=["{outside}"]), route=PRIVATE),
    _wire("N12", "provider.not_json"),
    _azure("N12", "provider.not_json", fault("N12-200"), form="signed in as 200"),
    Scenario(
        fault="N13",
        expected={AZURE: "azure.public_access_open"},
        settings=props.settings(
            {"azure": {**PRIVATE, "private_networks": ["127.0.0.1/32"]}},
            more=_KNOWS_THE_PUBLIC_SIDE,
        ),
    ),
)

_DEPLOYMENTS = (
    _azure("D1", "azure.deployment_not_found", route={"deployment": "{elsewhere}"}),
    _azure("D2", "azure.resource_not_found", fault("D2", EVERY)),
    _refused("D2", "azure.resource_not_found", form="settings", route={"endpoint": "{wire}/openai"}),
    _wire("D3", "azure.api_version"),
    _refused("D3", "azure.api_version", form="settings", route={"api_version": "2024-05-13"}),
    _wire("D4", "azure.api_version"),
    _wire("D5", "azure.api_version"),
    _wire("D6", "azure.parameter"),
    _wire("D7", "azure.parameter"),
    _wire("D8", "azure.model_retired"),
    _azure("D8", "azure.model_retired", fault("D8-404"), form="only the path is missing"),
    _wire("D9", "azure.model_retired"),
    _config("D10", "settings.api_version_date", api_version="2024-10-21"),
    Scenario(
        fault="D10",
        form="settings",
        expected={SETTINGS: "settings.api_version_date"},
        settings=props.settings({"azure": {"api_version": "2024-10-21"}}).replace('"2024-10-21"', "2024-10-21"),
    ),
)

_REST = (
    _wire("C1", "azure.rate_limited"),
    _wire("C2", "azure.rate_limited"),
    _wire("C3", "azure.capacity"),
    _openai("C4", "openai.quota", fault("C4")),
    _wire("C5", "azure.rate_limited"),
    _wire("X1", "content.filtered"),
    _wire("X2", "content.filtered"),
    _wire("X3", "request.context_length"),
    _wire("S1", "stream.cut"),
    _wire("S2", "stream.empty"),
    _wire("S3", "stream.error"),
    _azure("S4", "accounting.unpriced", route={"input_price": None, "output_price": None}),
)

SCENARIOS = (*_TO_LITELLM, *_AUTHENTICATION, *_NETWORK, *_DEPLOYMENTS, *_REST)
"""In the catalogue's order; an entry is named right where each of its forms is."""
