"""Does what it is asked for: calls the first tool it is offered, writes JSON where JSON is due, and says "ok" otherwise.

What it writes fits the schema that came with the request; what probes ask of a model, it does on any deployment.
"""

from collections.abc import AsyncGenerator, Mapping

from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.simulator.brain import Call, Counted, Piece, Say

_WORD = "ok"
_DEEPEST = 8
_PLAIN = ("string", "integer", "number", "boolean", "null")


class ObligingBrain:
    """Answers any request of any deployment, each as it wants to be answered."""

    name = "obliging"

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Yield one piece that fits the request, and its count."""
        del deployment
        messages = loose.array(body.get("messages"))
        if (tool := _tool(body, messages)) is not None:
            name = loose.text(tool.get("name"))
            yield Call(0, f"call_{name}", name, loose.dumps(fitting(loose.obj(tool.get("parameters")))))
        else:
            yield Say(_said(body))
        yield Counted(len(loose.dumps(messages)) // 4, 1)


def _tool(body: Mapping[str, object], messages: object) -> Mapping[str, object] | None:
    """Return the tool to call: the one that is chosen, else the first; None where none is offered or it was called."""
    offered = [loose.obj(loose.obj(tool).get("function")) for tool in loose.array(body.get("tools"))]
    choice = body.get("tool_choice")
    chosen = loose.text(loose.obj(loose.obj(choice).get("function")).get("name"))
    last = loose.obj(next(iter(loose.array(messages)[-1:]), None))
    if choice == "none" or last.get("role") == "tool":
        return None
    return next((tool for tool in offered if not chosen or tool.get("name") == chosen), None)


def _said(body: Mapping[str, object]) -> str:
    wanted = loose.obj(body.get("response_format"))
    match wanted.get("type"):
        case "json_schema":
            return loose.dumps(fitting(loose.obj(loose.obj(wanted.get("json_schema")).get("schema"))))
        case "json_object":
            return loose.dumps({"answer": _WORD})
        case _:
            return _WORD


def fitting(schema: Mapping[str, object]) -> JsonValue:
    """Return a small value that fits a JSON Schema as tools and response formats use it."""
    return _fitting(schema, schema, 0)


def _fitting(schema: Mapping[str, object], root: Mapping[str, object], depth: int) -> JsonValue:
    if depth > _DEEPEST:
        return None
    if reference := loose.text(schema.get("$ref")):
        schema = _referred(root, reference)
    for listed in ("anyOf", "oneOf", "allOf"):
        if options := loose.array(schema.get(listed)):
            return _fitting(loose.obj(options[0]), root, depth + 1)
    if allowed := [schema["const"]] if "const" in schema else loose.array(schema.get("enum")):
        return loose.parse(loose.dumps(allowed[0]))
    kinds = schema.get("type")
    kind = loose.array(kinds)[0] if loose.array(kinds) else kinds
    if kind == "array":
        item = _fitting(loose.obj(schema.get("items")), root, depth + 1)
        return [item] * max(1, loose.number(schema.get("minItems")))
    if kind in _PLAIN:
        return _plain(loose.text(kind), schema)
    properties = loose.obj(schema.get("properties"))
    required = [loose.text(name) for name in loose.array(schema.get("required"))]
    return {name: _fitting(loose.obj(properties.get(name)), root, depth + 1) for name in required or properties}


def _plain(kind: str, schema: Mapping[str, object]) -> JsonValue:
    match kind:
        case "string":
            least, most = loose.number(schema.get("minLength")), loose.number(schema.get("maxLength"))
            return _WORD.ljust(least, "k")[: most or None]
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return max(1, loose.number(schema.get("minimum")), loose.number(schema.get("exclusiveMinimum")) + 1)


def _referred(root: Mapping[str, object], reference: str) -> Mapping[str, object]:
    for part in reference.removeprefix("#").strip("/").split("/"):
        root = loose.obj(root.get(part)) if part else root
    return root
