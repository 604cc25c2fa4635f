"""What stands where in the bed: addresses, what DNS says of each host, and the route that the settings name it by.

Every case has a host and a deployment of its own, so that none shares a connection with another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from pathlib import Path

from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.simulator.listeners.certificates import TlsMode
from chatsheet.simulator.listeners.dns import Name
from chatsheet.simulator.listeners.proxy import ProxyMode
from tests.harness import write_settings

ZONE = "openai.azure.com"
CONNECT_S = 1.0
FIRST_CONTENT_S = 4.0
KEY = "key-of-the-resource"
MASTER_KEY = "sk-master-of-the-bed"
PROXY_LOGIN = "clerk:secret of the proxy"

ENDPOINT = "10.60.0.4"
"""The private endpoint."""
SILENT_ENDPOINT = "10.60.0.13"
"""Another one, whose packets a test drops for a while."""
ENDPOINT_V6 = "fd60::4"
CLOSED = "10.60.0.6"
DROPPED = "10.60.0.7"
UNREACHABLE, BLACKHOLE, PROHIBITED = "10.60.1.1", "10.60.1.2", "10.60.1.3"
NO_WAY = {"unreachable": UNREACHABLE, "blackhole": BLACKHOLE, "prohibit": PROHIBITED}
"""Kinds of routes that lead nowhere."""
INSPECTED = "10.60.0.11"
"""A proxy that inspects TLS stands before it."""
NAMED_BY_ADDRESS = "10.60.0.9"
"""Its certificate is good for the address itself."""
MACHINE_DNS = "10.60.0.53"
OWN_DNS = "10.60.0.54"
NO_DNS = "10.60.0.55"
PROXY = "10.60.0.80"
PROXY_NAME, PUBLIC_PROXY_NAME = "proxy.example", "public-proxy.example"
PUBLIC = "203.0.113.10"
"""Where the resource is when its private zone is not linked; no packet may ever arrive here."""
PUBLIC_V6 = "2001:db8::10"
NOWHERE = "198.51.100.7"
"""A public address that no route leads to."""
PERMITTED = "203.0.113.20"
"""Public too, for routes that may go there: it shows that arrivals are seen."""
IMDS = "169.254.169.254"

TLS: dict[str, TlsMode] = {
    ENDPOINT: "good",
    SILENT_ENDPOINT: "good",
    ENDPOINT_V6: "good",
    NAMED_BY_ADDRESS: "good",
    DROPPED: "good",
    PUBLIC: "good",
    PUBLIC_V6: "good",
    PERMITTED: "good",
    "10.60.0.10": "wrong-ca",
    INSPECTED: "intercepted",
    "10.60.0.12": "expired",
    "10.60.0.14": "plain-text-on-tls-port",
}
"""What listens on port 443 of each address; whoever came to a public one would get an answer."""
PROXIES: dict[int, ProxyMode] = {3128: "pass", 3129: "refuse", 3130: "need-auth", 3131: "sign-in"}
AZURE_ADDRESSES = (*TLS, CLOSED, MACHINE_DNS, OWN_DNS, NO_DNS, PROXY, IMDS)
CERTIFIED = (f"*.{ZONE}", NAMED_BY_ADDRESS)

MISLEADING = {
    "HTTPS_PROXY": f"http://{PROXY}:3129",
    "HTTP_PROXY": f"http://{PROXY}:3129",
    "ALL_PROXY": f"http://{PROXY}:3129",
    "https_proxy": f"http://{PROXY}:3129",
    "all_proxy": f"http://{PROXY}:3129",
}
"""What every program of ours finds in its environment: a proxy that refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A host: what its DNS servers say of it, and how it differs from the settings of a plain private route."""

    dns: Name = field(default_factory=lambda: at(ENDPOINT))
    own_dns: Name | None = None
    """What the other DNS server says; left out, the same."""
    siblings: Mapping[str, Name] = field(default_factory=dict[str, Name])
    """What both DNS servers say of the same resource's names in other zones."""
    is_alias: bool = True
    """Whether the host is an alias of its privatelink name, as Azure has it."""
    endpoint: str = ""
    settings: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


def mapped(address: str) -> str:
    """Return an IPv4 address in its IPv6 clothes, in a form that every library reads."""
    return IPv6Address(f"::ffff:{address}").exploded


def at(*addresses: str, **more: JsonValue) -> Name:
    """Return a DNS entry that leads to addresses."""
    return Name.model_validate({"addresses": addresses, **more})


def host(name: str) -> str:
    """Return the host name of a place."""
    return f"{name}.{ZONE}"


def _with_own_dns(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return the same places for routes that ask a name server of their own."""
    return {f"{name}-own": replace(place, settings={"dns": [OWN_DNS]}) for name, place in places.items()}


def _through(port: int, *no_proxy: str, **more: JsonValue) -> dict[str, JsonValue]:
    return {"proxy": f"http://{PROXY}:{port}", "no_proxy": [*no_proxy], **more}


LOOKED_UP = {
    "reachable": Place(),
    "reachable-v6": Place(dns=at(ENDPOINT_V6)),
    "reachable-mapped": Place(dns=at(mapped(ENDPOINT))),
    "no-such-name": Place(dns=at(mode="nxdomain")),
    "no-record": Place(dns=at(mode="no-address"), is_alias=False),
    "no-record-aliased": Place(dns=at(mode="no-address")),
    "servfail": Place(dns=at(mode="servfail")),
    "slow-dns": Place(dns=at(ENDPOINT, mode="slow", delay_s=3)),
    "silent-dns": Place(dns=at(mode="drop")),
    "zone-not-linked": Place(dns=at(PUBLIC)),
    "zone-not-linked-v6": Place(dns=at(PUBLIC_V6)),
    "mapped-public": Place(dns=at(mapped(PUBLIC))),
    "link-local": Place(dns=at(IMDS)),
    "loopback": Place(dns=at("127.0.0.1")),
    "mixed": Place(dns=at(PUBLIC, ENDPOINT)),
    "mixed-closed": Place(dns=at(PUBLIC, CLOSED)),
    "rebinding-direct": Place(dns=at(ENDPOINT, mode="rebind")),
    "rebinding-litellm": Place(dns=at(ENDPOINT, mode="rebind")),
    "crowd": Place(dns=at(ENDPOINT, mode="slow", delay_s=3)),
    "bystander": Place(),
}
NAMES = {
    **LOOKED_UP,
    **_with_own_dns(LOOKED_UP),
    "known-there-only": Place(dns=at(mode="drop"), own_dns=at(ENDPOINT), settings={"dns": [OWN_DNS]}),
    "known-to-the-second": Place(dns=at(mode="drop"), own_dns=at(ENDPOINT), settings={"dns": [NO_DNS, OWN_DNS]}),
    "linked-while-running-direct": Place(dns=at(PUBLIC)),
    "linked-while-running-litellm": Place(dns=at(PUBLIC)),
    "no-dns-there": Place(settings={"dns": [NO_DNS]}),
    "anywhere": Place(dns=at(PERMITTED), settings={"network": "any"}),
    "named-network": Place(dns=at(PERMITTED), settings={"private_networks": [f"{PERMITTED}/32"]}),
}
LITERALS = {
    "literal-private": Place(endpoint=f"https://{NAMED_BY_ADDRESS}"),
    "literal-mapped": Place(endpoint=f"https://[::ffff:{NAMED_BY_ADDRESS}]"),
    "literal-wrong-name": Place(endpoint=f"https://{ENDPOINT}"),
    "literal-public": Place(endpoint=f"https://{PUBLIC}"),
    "literal-public-v6": Place(endpoint=f"https://[{PUBLIC_V6}]"),
    "literal-public-mapped": Place(endpoint=f"https://[::ffff:{PUBLIC}]"),
    "literal-link-local": Place(endpoint=f"https://{IMDS}"),
}
WAYS = {
    "closed": Place(dns=at(CLOSED)),
    "dropped": Place(dns=at(DROPPED)),
    "unreachable": Place(dns=at(UNREACHABLE)),
    "blackhole": Place(dns=at(BLACKHOLE)),
    "prohibited": Place(dns=at(PROHIBITED)),
    "redirected": Place(),
    "healthy": Place(),
    "falls-silent": Place(dns=at(SILENT_ENDPOINT), settings={"first_content_s": 2}),
}
CERTIFICATES = {
    "wrong-ca": Place(dns=at("10.60.0.10")),
    "intercepted": Place(dns=at(INSPECTED)),
    "expired": Place(dns=at("10.60.0.12")),
    "plain-text": Place(dns=at("10.60.0.14")),
    "no-ca-file": Place(settings={"ca_file": ""}),
    "inspector-trusted": Place(dns=at(INSPECTED), settings={"ca_file": "inspector.pem"}),
    "inspected-by-environment": Place(dns=at(INSPECTED), settings={"ca_file": ""}),
    "ca-file-gone": Place(settings={"ca_file": "gone.pem"}),
    "privatelink": Place(endpoint=f"https://privatelink.privatelink.{ZONE}"),
}
PROXIED = {
    "proxied": Place(settings=_through(3128)),
    "proxied-public-name": Place(dns=at(PUBLIC), settings=_through(3128)),
    "proxied-literal-public": Place(endpoint=f"https://{PUBLIC}", settings=_through(3128)),
    "proxied-rebinding-direct": Place(dns=at(ENDPOINT, mode="rebind"), settings=_through(3128)),
    "proxied-rebinding-litellm": Place(dns=at(ENDPOINT, mode="rebind"), settings=_through(3128)),
    "proxied-wrong-name": Place(endpoint=f"https://proxied.privatelink.{ZONE}", settings=_through(3128)),
    "proxied-anywhere": Place(settings=_through(3128, network="any")),
    "proxy-refuses": Place(settings=_through(3129)),
    "proxy-wants-login": Place(settings=_through(3130)),
    "proxy-takes-login": Place(settings=_through(3130, proxy_credentials="{proxy}")),
    "proxy-refuses-login": Place(settings=_through(3130, proxy_credentials="{azure}")),
    "proxy-signs-in": Place(settings=_through(3131)),
    "proxy-gone": Place(settings=_through(3999)),
    "proxy-dropped": Place(settings={"proxy": f"http://{DROPPED}:3128"}),
    "proxied-by-name": Place(settings={"proxy": f"http://{PROXY_NAME}:3128"}),
    "proxy-public-name": Place(settings={"proxy": f"http://{PUBLIC_PROXY_NAME}:3128"}),
    "proxy-public-literal": Place(settings={"proxy": f"http://{PERMITTED}:3128"}),
    "spared-host": Place(settings=_through(3129, f"spared-host.{ZONE}")),
    "spared-suffix": Place(settings=_through(3129, f".{ZONE}")),
    "spared-network": Place(settings=_through(3129, "10.60.0.0/24")),
    "spared-other": Place(settings=_through(3129, ".example", "10.61.0.0/16")),
    "spared-public": Place(dns=at(PUBLIC), settings=_through(3129, f".{ZONE}")),
}
_MANAGED: dict[str, JsonValue] = {"key": None, "auth": "entra", "identity": "managed"}
_APPLICATION: dict[str, JsonValue] = {
    "key": None,
    "auth": "entra",
    "identity": "client_secret",
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_secret": "{azure}",
}
IDENTITIES = {
    "managed": Place(settings=_MANAGED),
    "managed-proxied": Place(settings=_through(3128, **_MANAGED, client_id="of-the-proxied")),
    "managed-unassigned": Place(settings={**_MANAGED, "client_id": "unassigned"}),
    "managed-dropped": Place(settings={**_MANAGED, "client_id": "dropped", "first_content_s": 2}),
    "given-up": Place(settings={**_MANAGED, "client_id": "given-up", "first_content_s": 2}),
    "authority-gone": Place(
        settings={**_APPLICATION, "client_id": "gone", "authority": f"https://{CLOSED}", "first_content_s": 9}
    ),
    "authority-dropped": Place(
        settings={**_APPLICATION, "client_id": "dropped", "authority": f"https://{DROPPED}", "first_content_s": 2}
    ),
}
EXAMINED = {
    "examined": Place(),
    "examined-own": Place(settings={"dns": [OWN_DNS]}),
    "examined-v6": Place(dns=at(ENDPOINT_V6)),
    "examined-mixed": Place(dns=at(PUBLIC, ENDPOINT)),
    "examined-rebinding": Place(dns=at(ENDPOINT, mode="rebind")),
    "examined-proxied": Place(settings=_through(3128)),
    "examined-spared": Place(settings=_through(3129, f".{ZONE}")),
    "examined-login": Place(settings=_through(3130, proxy_credentials="{proxy}")),
    "examined-managed": Place(settings={**_MANAGED, "client_id": "of-the-examined"}),
    "examined-unassigned": Place(settings={**_MANAGED, "client_id": "unassigned-too"}),
    "examined-dropped": Place(settings={**_MANAGED, "client_id": "dropped-too", "first_content_s": 2}),
    "half-linked": Place(dns=at(PUBLIC), siblings={"cognitiveservices.azure.com": at(ENDPOINT)}),
    "half-linked-beside": Place(siblings={"services.ai.azure.com": at(PUBLIC)}),
    "open-to-all": Place(own_dns=at(PERMITTED)),
    "closed-to-all": Place(own_dns=at(NOWHERE)),
}
"""For the doctor alone: its calls leave connections and tokens behind."""
SERVED: dict[str, Place] = {**NAMES, **LITERALS, **WAYS, **CERTIFICATES, **PROXIED, **IDENTITIES, **EXAMINED}
"""What LiteLLM forwards to."""


def _foreign(name: str) -> dict[str, JsonValue]:
    """Return what makes a route a LiteLLM that others run, at a private address like any other."""
    no_azure: dict[str, JsonValue] = {"endpoint": None, "deployment": None}
    return {**no_azure, "kind": "litellm", "base_url": f"https://{host(name)}/litellm", "model": name, "trust_proxy": True}


FOREIGN = {
    "foreign": Place(settings=_foreign("foreign")),
    "foreign-public": Place(dns=at(PUBLIC), settings=_foreign("foreign-public")),
}
PLACES = {**SERVED, **FOREIGN}


def zones() -> tuple[dict[str, Name], dict[str, Name]]:
    """Return what the machine's DNS server says, and what the other one says; a privatelink name leads to the endpoint."""
    machine = {PROXY_NAME: at(PROXY), PUBLIC_PROXY_NAME: at(PERMITTED)}
    own = {**machine}
    for name, place in PLACES.items():
        alias = f"{name}.privatelink.{ZONE}"
        for zone, entry in ((machine, place.dns), (own, place.own_dns or place.dns)):
            zone[host(name)] = entry.model_copy(update={"aliases": (alias,)}) if place.is_alias else entry
            zone[alias] = at(ENDPOINT)
            zone.update({f"{name}.{suffix}": sibling for suffix, sibling in place.siblings.items()})
    return machine, own


def write(folder: Path) -> Path:
    """Write the settings: one private azure route per place, and a LiteLLM that serves them all."""
    head = f"""
data = {loose.dumps(str(folder / "data"))}
[llm]
routes = ["litellm"]
deadline_s = 15
connect_s = {CONNECT_S}
first_content_s = {FIRST_CONTENT_S}
idle_s = 3
[llm.route.litellm]
kind = "litellm"
key = "{{master}}"
serves = {loose.dumps([*SERVED])}
"""
    text = head + "".join(_section(folder, name, place) for name, place in PLACES.items())
    return write_settings(folder, text, {"azure": KEY, "master": MASTER_KEY, "proxy": PROXY_LOGIN})


def _section(folder: Path, name: str, place: Place) -> str:
    values: dict[str, JsonValue] = {
        "kind": "azure",
        "endpoint": place.endpoint or f"https://{host(name)}",
        "deployment": name,
        "key": "{azure}",
        "network": "private",
        "ca_file": "ca.pem",
        **place.settings,
    }
    if file := values.pop("ca_file"):
        values["ca_file"] = str(folder / str(file))
    lines = [f"{key} = {loose.dumps(value)}\n" for key, value in values.items() if value is not None]
    return f"\n[llm.route.{name}]\n{''.join(lines)}"
