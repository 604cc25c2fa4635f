"""A hand-written litellm.config.yaml as values with places: where each stands, and how to write it back. Pure."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Path = tuple[str | int, ...]


class NotYaml(ValueError):
    """The text is no YAML mapping; `line` is where reading stopped, 0 for nowhere in particular."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar and its place."""

    owner: CommentedMap | CommentedSeq
    path: Path
    content: object

    @property
    def key(self) -> str:
        """The place as it is written in messages, such as `model_list[0].litellm_params.model`."""
        return spelled(self.path)

    @property
    def name(self) -> str:
        """The key that holds it; for an item of a list the list's."""
        return next((str(part) for part in reversed(self.path) if isinstance(part, str)), "")

    @property
    def line(self) -> int:
        """Its line, counted from 1."""
        return line_of(self.owner, self.path[-1])

    def write(self, content: object) -> None:
        """Put another content in its place."""
        cast("dict[object, object]", self.owner)[self.path[-1]] = content  # a list takes its index the same way


def read(text: str) -> CommentedMap:
    """Return the document; raises NotYaml, which never repeats what the file holds."""
    try:
        loaded = _yaml().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        is_double = type(error).__name__ == "DuplicateKeyError"
        reason = "the same key stands twice" if is_double else "not valid YAML: look at indentation, quotes and colons"
        raise NotYaml(reason, mark.line + 1 if mark else 0) from None
    except (YAMLError, ValueError, TypeError, RecursionError):
        raise NotYaml("not valid YAML: a date, a number or a character cannot be read") from None
    if not isinstance(loaded, CommentedMap):
        raise NotYaml("no mapping: it begins with `model_list:`")
    return loaded


def written(document: CommentedMap, like: str) -> str:
    """Return the document as text, comments and order kept, its lists indented as in `like`."""
    out, yaml = io.StringIO(), _yaml()
    if any(line.startswith("  - ") for line in like.splitlines()):
        yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(document, out)
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # no line is folded
    return yaml


def scalars(node: object, path: Path = (), seen: set[int] | None = None) -> Iterator[Value]:
    """Yield every scalar with its place, once: what an alias or a merge key brings in stands where it is written."""
    seen = set() if seen is None else seen
    children: list[tuple[str | int, object]] = []
    if isinstance(node, CommentedMap):
        children = [(key, child) for key, child in node.items() if is_own(node, key)]
    elif isinstance(node, CommentedSeq):
        children = [*enumerate(node)]
    else:
        return
    seen.add(id(node))
    for part, child in children:
        if not isinstance(child, CommentedMap | CommentedSeq):
            yield Value(node, (*path, part), child)
        elif id(child) not in seen:
            yield from scalars(child, (*path, part), seen)


def mapping(node: object) -> CommentedMap:
    """Return a mapping, or an empty one."""
    return node if isinstance(node, CommentedMap) else CommentedMap()


def sequence(node: object) -> CommentedSeq:
    """Return a list, or an empty one."""
    return node if isinstance(node, CommentedSeq) else CommentedSeq()


def is_own(node: CommentedMap, key: str) -> bool:
    """Tell whether a mapping holds a key itself, not by a merge key."""
    return key in (node.lc.data or {})


def line_of(node: CommentedMap | CommentedSeq, key: str | int) -> int:
    """Return the line of a key or an item, else of the node itself, counted from 1."""
    places = node.lc.data or {}
    return (places[key][0] if key in places else node.lc.line or 0) + 1


def spelled(path: Path) -> str:
    """Return a path as it is written in messages."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
