"""A tool call that a model wrote out as its text is a call, never an answer. Pure, but for the id that it gives it."""

import re

from chatsheet.core import ids, loose
from chatsheet.llm.model import ToolCall

_WRAPPED = re.compile(r"^(?:```\w*|<tool_call>)\s*|\s*(?:```|</tool_call>)$")


def written_out(text: str) -> tuple[ToolCall, ...]:
    """Return the call that a text is, and is nothing else: JSON with a name and arguments, bare, fenced or tagged."""
    written = loose.obj(loose.parse(_WRAPPED.sub("", text.strip()).strip()))
    name, given = loose.text(written.get("name")), "arguments" if "arguments" in written else "parameters"
    if not name or not isinstance(written.get(given), dict):
        return ()
    return (ToolCall(id=ids.new_id("call"), name=name, arguments=loose.dumps(written[given])),)
