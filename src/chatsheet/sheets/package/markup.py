"""Where elements stand in an XML part, in bytes, and the part with some of those bytes replaced: never serialised."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Protocol
from xml.parsers import expat

from chatsheet.sheets.package.archive import refused

_BLOCK = 2**18


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes `start` to `end` of a part become what `edit` makes of them."""

    start: int
    end: int
    edit: Callable[[bytes], bytes]


def replace(start: int, end: int, content: bytes) -> Splice:
    """Return the splice that puts `content` in place of a range; an empty range inserts."""
    return Splice(start, end, lambda _: content)


def apply(source: IO[bytes], splices: Sequence[Splice]) -> Iterator[bytes]:
    """Yield the part with the splices made, which may not overlap; everything between them as it is."""
    at = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        while at < splice.start:
            block = source.read(min(splice.start - at, _BLOCK))
            at += len(block)
            yield block
        yield splice.edit(source.read(splice.end - splice.start))
        at = splice.end
    while block := source.read(_BLOCK):
        yield block


class Visitor(Protocol):
    """What `walk` tells: names as written, with prefix; positions in bytes of the part."""

    def start(self, name: str, attributes: dict[str, str], at: int) -> None: ...
    def end(self, name: str, at: int) -> None: ...


class Walk:
    """One pass over a part. A visitor may ask for the position of the next thing, which is where the last one ends."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.buffer_text = True
        self._waiting: list[Callable[[int], None]] = []
        self._text: list[str] = []

    def run(self, source: IO[bytes], name: str) -> None:
        """Read the part to its end; raises PackageRefused where it is no XML that may be patched."""
        try:
            while block := source.read(_BLOCK):
                if self._parser.CurrentByteIndex <= 0 and block[:2] in {b"\xff\xfe", b"\xfe\xff"}:
                    raise refused(f"its part {name} is not UTF-8")
                self._parser.Parse(block, False)  # noqa: FBT003  positional in expat
            self._parser.Parse(b"", True)  # noqa: FBT003  likewise
        except (expat.ExpatError, ValueError) as error:
            raise refused(f"its part {name} is damaged ({error})") from None

    def when_past(self, then: Callable[[int], None]) -> None:
        """Call `then` with the position where the tag ends that is being visited."""
        self._waiting.append(then)
        self._parser.DefaultHandler = self._other

    def listen(self) -> None:
        """Keep the text from here on, until `heard`."""
        self._text = []
        self._parser.CharacterDataHandler = self._hear

    def heard(self) -> str:
        """Return the text since `listen`."""
        self._parser.CharacterDataHandler = None
        return "".join(self._text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        if self._waiting:
            self._passed(at)
        self._visitor.start(name, attributes, at)

    def _end(self, name: str) -> None:
        at = self._parser.CurrentByteIndex
        if self._waiting:
            self._passed(at)
        self._visitor.end(name, at)

    def _hear(self, text: str) -> None:
        if self._waiting:
            self._passed(self._parser.CurrentByteIndex)
        self._text.append(text)

    def _other(self, _data: str) -> None:
        self._passed(self._parser.CurrentByteIndex)

    def _passed(self, at: int) -> None:
        waiting, self._waiting = self._waiting, []
        self._parser.DefaultHandler = None
        for then in waiting:
            then(at)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.casefold() not in {"utf-8", "us-ascii"}:
            raise refused(f"a part is written in {encoding}")

    def _doctype(self, *_: object) -> None:
        raise refused("a part declares a document type")


@dataclass(frozen=True, slots=True)
class Element:
    """An element without its content: the local name, the parent's, and where its start tag and the whole of it stand."""

    prefix: str
    """The namespace prefix as written, with its colon, or nothing."""
    name: str
    parent: str
    attributes: dict[str, str]
    start: int
    after_tag: int
    end: int


class _Elements:
    """Collects every element, in the order in which they end."""

    def __init__(self, visit: Callable[[Element], None]) -> None:
        self.walk = Walk(self)
        self._visit = visit
        self._open: list[tuple[str, dict[str, str], int, list[int]]] = []

    def start(self, name: str, attributes: dict[str, str], at: int) -> None:
        after: list[int] = []
        self._open.append((name, attributes, at, after))
        self.walk.when_past(after.append)

    def end(self, name: str, at: int) -> None:
        _, attributes, start, after = self._open.pop()
        prefix, own = name[: -len(local(name))], local(name)
        if not self._open:  # the root: nothing follows that would tell where it ends
            self._visit(Element(prefix, own, "", attributes, start, after[0], at))
            return
        parent = local(self._open[-1][0])
        self.walk.when_past(lambda end: self._visit(Element(prefix, own, parent, attributes, start, after[0], end)))


def visit(source: IO[bytes], name: str, each: Callable[[Element], None]) -> None:
    """Call `each` for every element of a part as it ends, the root last. For parts without cells."""
    _Elements(each).walk.run(source, name)


def local(name: str) -> str:
    """Return a name without its namespace prefix."""
    return name.rpartition(":")[2]


_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")


def with_attribute(tag: bytes, name: bytes, value: bytes | None) -> bytes:
    """Return a start tag with an attribute set, or left out for None; every other byte as it was."""
    written = b"" if value is None else b" " + name + b'="' + value + b'"'
    for found in _ATTRIBUTE.finditer(tag):
        if found[1] == name:
            return tag[: found.start()] + written + tag[found.end() :]
    end = len(tag) - (2 if tag.endswith(b"/>") else 1)
    return tag[:end] + written + tag[end:]
