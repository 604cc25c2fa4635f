"""Marks in a file, a line of JSON each under a line that says of what: written as they come, so that a run can go on."""

from datetime import date
from pathlib import Path

from pydantic import ValidationError

from chatsheet.core.errors import BadInput, Conflict
from chatsheet.evals.model import Mark, Value


class ResultsInvalid(BadInput):
    """The file holds no results of an evaluation."""

    code = "eval.results_invalid"


class ResultsDiffer(Conflict):
    """The file holds results of another pack or of another model."""

    code = "eval.results_differ"


class Head(Value):
    """What was asked, and who answered."""

    pack: str
    pack_sha256: str
    answered_by: str
    begun: date


class Results:
    """A results file: read what is there, append what comes."""

    def __init__(self, path: Path, head: Head) -> None:
        """Go on with the file, or begin it; raises ResultsInvalid and ResultsDiffer."""
        self._path = path
        self.head, self.marks = head, list[Mark]()
        if path.is_file() and path.stat().st_size:
            self.head, self.marks = read(path)
            if (self.head.pack_sha256, self.head.answered_by) != (head.pack_sha256, head.answered_by):
                what = f"{path} holds answers of {self.head.answered_by} to {self.head.pack} as it was on {self.head.begun}."
                raise ResultsDiffer(what, fix="name another file.")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append(head)

    def add(self, mark: Mark) -> None:
        """Keep a mark; a question that is asked again has its last one."""
        self.marks = [one for one in self.marks if (one.context, one.id) != (mark.context, mark.id)] + [mark]
        self._append(mark)

    def _append(self, value: Value) -> None:
        with self._path.open("a+b") as file:
            file.seek(max(0, file.tell() - 1))
            cut = file.read() not in {b"", b"\n"}  # a killed run ends in the middle of a line
            file.write(b"\n" * cut + value.model_dump_json().encode() + b"\n")


def read(path: Path) -> tuple[Head, list[Mark]]:
    """Read a results file; a line that a killed run left half written is passed over. Raises ResultsInvalid."""
    try:
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        head = Head.model_validate_json(first)
    except (OSError, ValueError):
        raise ResultsInvalid(f"{path} holds no results.", fix="name a file that `chatsheet eval --results` wrote.") from None
    marks: dict[tuple[str, str], Mark] = {}
    for line in rest:
        try:
            mark = Mark.model_validate_json(line)
        except ValidationError:
            continue
        marks[mark.context, mark.id] = mark
    return head, list(marks.values())
