"""What LiteLLM says of itself and of what it serves: models, their config, their health, as 1.106.2 does. Pure."""

from collections.abc import Mapping
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, JsonValue

from chatsheet.core.loose import JsonObject
from chatsheet.simulator.fault import Fault

VERSION = "1.106.2"
_SWITCHES = (
    "allow_client_keepalive_override",
    "use_in_pass_through",
    "use_litellm_proxy",
    "use_xai_oauth",
    "merge_reasoning_content_in_choices",
)
_TRACE = (
    "stack trace: Traceback (most recent call last):\n"
    '  File "/opt/litellm/main.py", line 687, in acompletion\n'
    "    response = await _resolve_dispatched_chat_response(init_response)\n"
    "               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
)
_UNAVAILABLE = 503
_OK = 200


class Served(BaseModel):
    """A deployment in LiteLLM's config; an empty text leaves a field out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    """What stands behind `model:`; default: azure/ and the deployment's name."""
    api_base: str | None = None
    """Default: this very wire."""
    api_version: str = "2024-10-21"
    health_error: str = ""
    """What the health check fails with: a fault's name, or a text."""
    is_listed: bool = True
    """False as for a deployment that was dropped at start, because nobody knows its provider."""


def models(names: Mapping[str, Served]) -> JsonObject:
    """Return the aliases."""
    listed = [name for name, served in names.items() if served.is_listed]
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in listed]}


def model_info(names: Mapping[str, Served], wire: str) -> JsonObject:
    """Return the config without its keys."""
    data: list[JsonValue] = [
        {
            "model_name": name,
            "litellm_params": {**_place(served, wire), **dict.fromkeys(_SWITCHES, False), "model": _model(name, served)},
            "model_info": {"id": model_id(name), "db_model": False, "key": _model(name, served)},
        }
        for name, served in names.items()
        if served.is_listed
    ]
    return {"data": data}


def details(version: str) -> JsonObject:
    """Return what the readiness says to who has the key."""
    return {
        "status": "healthy",
        "db": "Not connected",
        "cache": None,
        "litellm_version": version,
        "success_callbacks": ["ServiceLogging"],
        "use_aiohttp_transport": True,
        "log_level": "WARNING",
        "is_detailed_debug": False,
    }


def hub(version: str) -> JsonObject:
    """Return what anybody may know."""
    return {"docs_title": "LiteLLM API", "custom_docs_description": None, "litellm_version": version, "useful_links": {}}


def health(names: Mapping[str, Served], wire: str, failing: Mapping[str, Fault], *, is_named: bool) -> tuple[int, JsonObject]:
    """Return status and report of a health check; `failing` are the answers that deployments were given."""
    healthy: list[JsonValue] = []
    unhealthy: list[JsonValue] = []
    for name, served in names.items():
        if not served.is_listed:
            continue
        place = {**_place(served, wire), "model": _model(name, served)}
        if (fault := failing.get(name)) is not None:
            unhealthy.append({**place, **_failed(name, fault, wire)})
        else:
            healthy.append({**place, "x-ms-region": "Simulator", "model_id": model_id(name)})
    counts: JsonObject = {"healthy_count": len(healthy), "unhealthy_count": len(unhealthy)}
    status = _UNAVAILABLE if is_named and not healthy else _OK
    return status, {"healthy_endpoints": healthy, "unhealthy_endpoints": unhealthy, **counts}


def _failed(name: str, fault: Fault, wire: str) -> JsonObject:
    sent: JsonObject = {"model": name, "messages": [{"role": "user", "content": "What's 1 + 1?"}], "max_tokens": 16}
    headers: JsonObject = {"api_key": "00****00", "azure_ad_token": None}
    return {
        "error": f"{fault.text}\n{_TRACE}",
        "raw_request_typed_dict": {
            "raw_request_api_base": wire,
            "raw_request_body": sent,
            "raw_request_headers": headers,
            "error": None,
        },
        "model_id": model_id(name),
        "exception_status": fault.status,
    }


def model_id(name: str) -> str:
    """Return the id of a deployment, which says nothing of it."""
    return sha256(name.encode()).hexdigest()


def _model(name: str, served: Served) -> str:
    return f"azure/{name}" if served.model is None else served.model


def _place(served: Served, wire: str) -> JsonObject:
    base = wire if served.api_base is None else served.api_base
    place: JsonObject = {"api_base": base, "api_version": served.api_version}
    return {field: value for field, value in place.items() if value}
