"""A hundred wrong calls, with the retry that the tool's answer leads to and the result that is right: repairs.txt, read.

What is right was worked out from how the workbook is made (workbook.py).
"""

import re
from dataclasses import dataclass
from pathlib import Path

from chatsheet.core import loose

_BLOCK = re.compile(r"^(\w+): (.*)\n(?:-> (.*)|=)\n:: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Repair:
    """A slip of some kind; calls other than run_sql begin with the tool's name. No retry where the tool puts it right."""

    kind: str
    wrong: str
    retry: str
    gives: object
    """The rows of the result; or a text that the answer holds, for tools without one."""


def _read(text: str) -> tuple[Repair, ...]:
    blocks = _BLOCK.findall(text)
    return tuple(Repair(kind, wrong.replace("⏎", "\n"), retry, loose.parse(gives)) for kind, wrong, retry, gives in blocks)


REPAIRS = _read(Path(__file__).with_name("repairs.txt").read_text(encoding="utf-8"))
