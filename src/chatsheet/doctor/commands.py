"""Lines to copy for each cause, filled in with the names of the path that has it. Pure.

What settings do not tell stands in <angle brackets>.
"""

import re
import shlex
from collections.abc import Mapping
from urllib.parse import urlsplit

from chatsheet.core.settings import AzureRoute, LitellmRoute, RouteSettings
from chatsheet.doctor.paths import Path

_AZURES = re.compile(r"([a-z0-9][a-z0-9-]*)\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)")
_FILLED = re.compile(r"\{(\w+)\}")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_AUTHORITIES = {"com": "login.microsoftonline.com", "us": "login.microsoftonline.us", "cn": "login.chinacloudapi.cn"}

_IN = "--name {name} --resource-group <resource-group>"
_ACCOUNT = "az cognitiveservices account"
_LINK = (
    "az network private-dns link vnet create --resource-group <resource-group> --zone-name {zone}"
    " --name <link-name> --virtual-network <vnet-id> --registration-enabled false"
)
_LINKS = "az network private-dns link vnet list --resource-group <resource-group> --zone-name {zone} -o table"
_RECORDS = "az network private-dns record-set a list --resource-group <resource-group> --zone-name {zone} -o table"
_ENDPOINTS = (
    f"az network private-endpoint-connection list {_IN} --type Microsoft.CognitiveServices/accounts -o table",
    "az network private-endpoint-connection approve --id <connection-id> --description approved",
)
_DEPLOYMENTS = f"{_ACCOUNT} deployment list {_IN} -o table"
_DEPLOY = (
    f"{_ACCOUNT} list-models {_IN} -o table",
    (
        f"{_ACCOUNT} deployment create {_IN} --deployment-name <new-name> --model-name <model> --model-version <version>"
        " --model-format OpenAI --sku-name <sku> --sku-capacity <capacity>"
    ),
    '{section} deployment = "<new-name>"',
)
_KEYS = f"{_ACCOUNT} keys list {_IN}"
_ROLE = (
    'az role assignment create --role "Cognitive Services OpenAI User" --assignee <principal-id> --scope <resource-id>',
    f"{_ACCOUNT} show {_IN} --query id -o tsv",
)
_TOKEN = "az account get-access-token --resource {audience} --query expiresOn"  # noqa: S105  no token, a command
_IDENTITIES = 'az identity list --query "[].{name:name, clientId:clientId}" -o table'
_LOOKUP = ("nslookup {host}", "cat /etc/resolv.conf")
_REACH = "nc -vz -w 3 {host} {port}"
_CERTIFICATES = "openssl s_client -connect {host}:{port} -servername {host} -showcerts </dev/null"
_AROUND_PROXY = '{section} no_proxy = ["{host}"]'
_HOST = '{section} endpoint = "https://{name}.openai.azure.com"'
_LITELLM_KEY = '{litellm} key = "env:LITELLM_MASTER_KEY"'
_LITELLM_MODELS = 'curl -sS -H "Authorization: Bearer $LITELLM_MASTER_KEY" {litellm_url}/v1/models'
_CHECK = "chatsheet litellm config --check litellm.config.yaml"
_RUN = "chatsheet litellm run"
_INSTALL = "chatsheet litellm install"

_LINES: Mapping[str, tuple[str, ...]] = {
    # settings
    "settings.variable_not_expanded": ('{section} key = "env:<NAME>"', _CHECK),
    "settings.api_version_date": ('{section} api_version = "2024-10-21"', _CHECK),
    "route.key_missing": ("{give_key}",),
    "accounting.unpriced": ("{section} input_price = <price>", "{section} output_price = <price>"),
    # names
    "net.dns_failed": (*_LOOKUP, _RECORDS),
    "net.dns_servfail": _LOOKUP,
    "net.dns_no_address": (
        "nslookup {host}",
        _RECORDS,
        (
            "az network private-endpoint dns-zone-group create --resource-group <resource-group>"
            " --endpoint-name <private-endpoint> --name default --private-dns-zone {zone} --zone-name openai"
        ),
    ),
    "net.dns_timeout": _LOOKUP,
    "net.dns_public_for_private": ("nslookup {host}", _LINKS, _LINK),
    "net.zone_missing": tuple(_LINK.replace("{zone}", zone) for zone in ("{zone}", "{zone_account}", "{zone_services}")),
    "net.dns_differs": (*_LOOKUP, _LINKS),
    # connections
    "net.refused": (_REACH,),
    "net.unreachable": (_REACH, *_ENDPOINTS),
    "net.connect_timeout": (_REACH, *_ENDPOINTS),
    "net.reset": (_CERTIFICATES,),
    "net.redirected": ("curl -sSI https://{host}:{port}/",),
    "net.peer_changed": ("nslookup {host}",),
    "tls.untrusted_ca": (_CERTIFICATES, '{section} ca_file = "<authorities.pem>"'),
    "tls.intercepted": (_CERTIFICATES, '{section} ca_file = "<authorities.pem>"'),
    "tls.hostname_mismatch": (_CERTIFICATES, _HOST),
    "tls.ca_file": ("openssl x509 -in {ca_file} -noout -subject -enddate",),
    "tls.expired": (f"{_CERTIFICATES} | openssl x509 -noout -dates", "date -u"),
    "tls.failed": (_CERTIFICATES,),
    # proxies
    "net.proxy_refused": (_AROUND_PROXY,),
    "net.proxy_auth": ('{section} proxy_credentials = "env:PROXY_CREDENTIALS"', "export PROXY_CREDENTIALS=<user>:<password>"),
    "net.proxy_unreachable": ("nc -vz -w 3 {proxy_host} {proxy_port}",),
    "net.proxied_public": (_AROUND_PROXY,),
    "provider.not_json": (_AROUND_PROXY, "curl -sSi https://{host}:{port}/"),
    # LiteLLM
    "litellm.down": (_RUN, "curl -sS {litellm_url}/health/liveliness"),
    "litellm.no_record": (_RUN,),
    "litellm.untrusted_for_private": ('{litellm} serves = ["{served}"]', "{litellm} trust_proxy = true"),
    "litellm.key_missing": (_LITELLM_KEY, "export LITELLM_MASTER_KEY=<master-key>"),
    "litellm.key_wrong": (_LITELLM_KEY, _LITELLM_MODELS),
    "litellm.unknown_model": (_LITELLM_MODELS, _CHECK, _RUN),
    "litellm.cooldown": (_CHECK, _RUN),
    "litellm.upstream_unreachable": (
        _CHECK,
        'curl -sS -H "Authorization: Bearer $LITELLM_MASTER_KEY" {litellm_url}/health',
        "nslookup {host}",
    ),
    "litellm.credentials_missing": (_CHECK, "export AZURE_OPENAI_API_KEY=<key>", _RUN),
    "litellm.credential_type": (_INSTALL, '[llm] routes = ["{served}"]'),
    "litellm.database_url": ("unset DATABASE_URL", _RUN),
    "litellm.proxied_loopback": ("export NO_PROXY=127.0.0.1,localhost", _RUN),
    "litellm.known_bad": (_INSTALL, f"{_ACCOUNT} keys regenerate {_IN} --key-name Key1"),
    "litellm.unpinned": (_INSTALL,),
    "litellm.environment_tampered": (
        'find ~/.cache/chatsheet/litellm -name "*.pth" -o -name sitecustomize.py',
        "rm -r ~/.cache/chatsheet/litellm",
        _INSTALL,
    ),
    "litellm.bound_everywhere": ("litellm --config litellm.config.yaml --host 127.0.0.1",),
    "litellm.master_key_weak": ('export LITELLM_MASTER_KEY="sk-$(openssl rand -hex 24)"',),
    # sign-in
    "entra.token_failed": (_TOKEN, _IDENTITIES),
    "entra.identity_missing": (_IDENTITIES, '{section} identity = "<managed, workload or client_secret>"'),
    "entra.identity_not_assigned": (_IDENTITIES, '{section} client_id = "<client-id>"'),
    "entra.secret_invalid": ("az ad app credential reset --id {client_id} --append",),
    "entra.unreachable": ("curl -sSI https://{authority}/", "nslookup {authority}"),
    "entra.audience_wrong": (_TOKEN,),
    # keys and permissions
    "azure.key_wrong": (_KEYS, "{give_key}"),
    "azure.key_shape": (_KEYS, "{give_key}"),
    "azure.token_rejected": (_TOKEN,),
    "azure.subscription_key_missing": ('{section} key_header = "Ocp-Apim-Subscription-Key"',),
    "azure.key_auth_disabled": ('{section} auth = "entra"', *_ROLE),
    "azure.tenant_mismatch": ("az account show --query tenantId -o tsv", '{section} tenant_id = "<tenant-id>"'),
    "openai.key_wrong": ("{give_key}",),
    "provider.key_wrong": ("{give_key}",),
    "azure.permission": _ROLE,
    "azure.public_access_disabled": ("nslookup {host}", _LINK, _AROUND_PROXY),
    "azure.firewall": (f"{_ACCOUNT} network-rule add {_IN} --ip-address <egress-address>", _AROUND_PROXY),
    "azure.regional_endpoint": (f"{_ACCOUNT} update {_IN} --custom-domain <unique-name>", _HOST),
    "azure.public_access_open": ("az resource update --ids <resource-id> --set properties.publicNetworkAccess=Disabled",),
    # deployments
    "azure.deployment_not_found": (_DEPLOYMENTS, '{section} deployment = "<name>"'),
    "azure.resource_not_found": (_HOST, _DEPLOYMENTS),
    "azure.api_version": ('{section} api_version = "2024-10-21"',),
    "azure.model_retired": _DEPLOY,
    "azure.model_retiring": _DEPLOY,
    "azure.model_changed": (f"{_ACCOUNT} deployment show {_IN} --deployment-name {{deployment}}",),
    "provider.not_found": ("curl -sS {url}/models", '{section} model = "<name>"'),
    "azure.rate_limited": (f"{_ACCOUNT} deployment show {_IN} --deployment-name {{deployment}}",),
    "stream.silent": ("{section} first_content_s = 30",),
    "deadline.exceeded": ("[llm] deadline_s = 120",),
}

WITHOUT: Mapping[str, str] = {
    "settings.invalid": "the message names the setting and what it should be",
    "azure.parameter": "the gateway adapts the request; settings hold no parameters",
    "provider.parameter": "the gateway adapts the request; settings hold no parameters",
}
"""Causes that last and that somebody can mend, for which there is nothing to copy, and why."""


def for_cause(code: str, path: Path) -> tuple[str, ...]:
    """Return the lines to copy for a cause on a path; commands for Azure only where Azure may be at its end."""
    names = _names(path)
    is_azures = path.provider in {"azure", "unknown"}
    is_others = path.way == "litellm" and not path.route.is_ours
    fitting = (line for line in _LINES.get(code, ()) if is_azures or not line.startswith("az "))
    return tuple(_fill(line, names) for line in fitting if not (is_others and line == _RUN))


def _fill(line: str, names: Mapping[str, str]) -> str:
    """Fill a line in: names in lines of settings are written as TOML has them, in commands as the shell takes them."""
    write = _in_toml if line.startswith(("{section}", "{litellm}", "[")) else _in_shell
    is_whole = line == "{give_key}"
    filled = names["give_key"] if is_whole else _FILLED.sub(lambda found: write(found[1], names[found[1]]), line)
    return filled.replace("] ", "]\n", 1) if filled.startswith("[") else filled  # as it can be pasted


def _in_toml(name: str, value: str) -> str:
    return value if name in {"section", "litellm"} else value.replace("\\", "\\\\").replace('"', '\\"')


def _in_shell(_: str, value: str) -> str:
    return value if value.startswith("<") else shlex.quote(value)


def _names(path: Path) -> Mapping[str, str]:
    settings = path.behind or path.settings
    name = path.serves if path.behind is not None else path.route.name
    address = urlsplit(settings.endpoint if isinstance(settings, AzureRoute) else settings.base_url)
    host = address.hostname or ""
    azures = _AZURES.fullmatch(host)
    cloud = azures[3] if azures else "com"
    proxy = urlsplit(settings.proxy or "")
    return {
        "section": _section(name),
        "litellm": _section(path.route.name),
        "litellm_url": path.settings.base_url.rstrip("/") if isinstance(path.settings, LitellmRoute) else "<litellm-url>",
        "served": name,
        "host": host,
        "port": str(address.port or (80 if address.scheme == "http" else 443)),
        "url": address.geturl().rstrip("/"),
        "name": azures[1] if azures else "<resource-name>",
        "zone": f"privatelink.openai.azure.{cloud}",
        "zone_account": f"privatelink.cognitiveservices.azure.{cloud}",
        "zone_services": f"privatelink.services.ai.azure.{cloud}",
        "audience": f"https://cognitiveservices.azure.{cloud}",
        "proxy_host": proxy.hostname or "<proxy>",
        "proxy_port": str(proxy.port or 80),
        "ca_file": str(settings.ca_file or "<authorities.pem>"),
        "give_key": _give_key(name, settings),
        **_azures_names(settings, cloud),
    }


def _azures_names(settings: RouteSettings, cloud: str) -> Mapping[str, str]:
    azure = settings if isinstance(settings, AzureRoute) else None
    authority = (azure.authority if azure else None) or _AUTHORITIES[cloud]
    return {
        "deployment": azure.deployment if azure else "<deployment>",
        "client_id": (azure.client_id if azure else None) or "<client-id>",
        "authority": authority.rpartition("//")[2].rstrip("/"),
    }


def _section(name: str) -> str:
    return f"[llm.route.{name}]" if _BARE.fullmatch(name) else f'[llm.route."{name}"]'


def _give_key(name: str, settings: RouteSettings) -> str:
    """Return the line that sets a route's key where its settings look for it."""
    kind, _, where = settings.key.source.partition(":") if settings.key is not None else ("", "", "")
    if kind == "env":
        return f"export {shlex.quote(where)}=<key>"
    if kind == "file":
        return f"install -m 600 /dev/stdin {shlex.quote(where)}"
    return f'{_section(name)} key = "env:{settings.kind.upper()}_API_KEY"'
