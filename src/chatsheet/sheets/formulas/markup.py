"""XML of a spreadsheet package, block by block: no document types, no entities of its own, no more bytes than allowed."""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from xml.parsers import expat

from chatsheet.core.errors import BadInput

MAX_PART_BYTES = 4 * 2**30
_BLOCK = 2**20


class FormulasUnreadable(BadInput):
    """The parts of the package that hold formulas are damaged or not what they should be."""

    code = "formulas.unreadable"


def blocks(package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield the content of a part; nothing where the package has none. Raises FormulasUnreadable."""
    unpacked = 0
    try:
        with package.open(part) as file:
            while block := file.read(_BLOCK):
                unpacked += len(block)
                if unpacked > MAX_PART_BYTES:
                    raise FormulasUnreadable(f"{part} unpacks to more than {MAX_PART_BYTES} bytes.", fix="split the workbook.")
                yield block
    except KeyError:
        return
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise FormulasUnreadable(f"{part} cannot be unpacked ({error}).", fix="save the workbook again.") from None


def local(name: str) -> str:
    """Return an element's name without its namespace's prefix."""
    return name.rpartition(":")[2]


def parse(
    content: Iterable[bytes],
    *,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Call `start`, `end` and `text` with the elements' local names; raises FormulasUnreadable."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(local(name), attributes)
    if end is not None:
        parser.EndElementHandler = lambda name: end(local(name))
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for block in content:
            parser.Parse(block)
        parser.Parse(b"", True)  # noqa: FBT003  it takes no keywords
    except expat.ExpatError as error:
        raise FormulasUnreadable(f"its XML is broken ({error}).", fix="save the workbook again.") from None


def _refuse(*_: object) -> None:
    raise FormulasUnreadable("its XML declares a document type.", fix="save the workbook again.")
