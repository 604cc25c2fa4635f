"""A tool's arguments as the JSON schema that chat-completions wants, in as few tokens as say it. Pure."""

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, JsonValue

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject

_LEFT_OUT = frozenset({"title", "default", "description", "minLength", "maxLength"})


@cache
def schema(name: str, arguments: type[BaseModel]) -> JsonObject:
    """Return a tool, made once: nobody may change it.

    The docstring of its arguments is its description, and nested models are written out in place.
    """
    whole = arguments.model_json_schema()
    definitions = loose.obj(whole.get("$defs"))
    parameters = _object(whole, definitions)
    return {
        "type": "function",
        "function": {"name": name, "description": arguments.__doc__, "parameters": parameters},
    }


def _object(value: Mapping[str, object], definitions: Mapping[str, object]) -> JsonObject:
    properties: JsonObject = {
        name: _part(loose.obj(prop), definitions) for name, prop in loose.obj(value.get("properties")).items()
    }
    required: list[JsonValue] = [str(name) for name in loose.array(value.get("required"))]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _part(value: Mapping[str, object], definitions: Mapping[str, object]) -> JsonObject:
    said: JsonObject = {"description": str(value["description"])} if "description" in value and "$ref" not in value else {}
    if "$ref" in value:
        value = loose.obj(definitions[str(value["$ref"]).rpartition("/")[2]])
    if value.get("type") == "object" and "properties" in value:
        return _object(value, definitions)
    for key, part in value.items():
        if key in _LEFT_OUT:
            continue
        if key in {"anyOf", "oneOf", "allOf"}:
            said[key] = [_part(loose.obj(one), definitions) for one in loose.array(part)]
        else:
            said[key] = _part(loose.obj(part), definitions) if key == "items" else loose.parse(loose.dumps(part))
    return said
