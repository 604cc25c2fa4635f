"""A pack is a folder: pack.toml with questions and their answers, and the workbooks they are about."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from pydantic import Field, ValidationError

from chatsheet.context.glossary.model import Term
from chatsheet.core.errors import BadInput, NotFound
from chatsheet.evals.model import Question, Source, Value

_SHIPPED = "packs"
_FILE = "pack.toml"


class PackInvalid(BadInput):
    """The pack's file cannot be used."""

    code = "eval.pack_invalid"


class PackNotFound(NotFound):
    """There is no such pack."""

    code = "eval.pack_not_found"


class _Written(Value):
    """A pack as its file says it; `mix` is what was counted when it was frozen."""

    name: str
    frozen: date
    mix: dict[str, int] = Field(default_factory=dict)
    workbook: dict[str, Source]
    question: tuple[Question, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Questions in their order, over workbooks; `sha256` names exactly these questions and answers."""

    name: str
    folder: Path
    frozen: date
    mix: dict[str, int]
    sha256: str
    workbooks: dict[str, Source]
    questions: tuple[Question, ...]

    glossaries: dict[str, tuple[Term, ...]]
    """Of each workbook, by the SHA-256 of its file: what words mean there."""

    def path(self, workbook: str) -> Path:
        """Return where a workbook lies."""
        return self.folder / self.workbooks[workbook].file

    def conversations(self, only: tuple[str, ...] = ()) -> Iterator[tuple[Question, ...]]:
        """Yield the questions that are asked in one chat each; `only` these and what they follow on."""
        follower = {question.after: question for question in self.questions if question.after}
        for first in self.questions:
            if first.after:
                continue
            chain = [first]
            while (following := follower.get(chain[-1].id)) is not None:
                chain.append(following)
            last = max((place for place, one in enumerate(chain, 1) if one.id in only), default=0) if only else len(chain)
            if last:
                yield tuple(chain[:last])


def shipped() -> list[str]:
    """Return the names of the packs that come with the program."""
    return sorted(folder.name for folder in _shipped().iterdir() if (folder / _FILE).is_file())


def load(name: str) -> Pack:
    """Read a pack by its path or its shipped name; raises PackNotFound and PackInvalid."""
    folder = next((one for one in (Path(name), _shipped() / name) if (one / _FILE).is_file()), None)
    if folder is None:
        raise PackNotFound(f"there is no pack {name}.", fix=f"give a folder with a {_FILE}, or one of {', '.join(shipped())}.")
    content = (folder / _FILE).read_bytes()
    try:
        written = _Written.model_validate(tomllib.loads(content.decode()))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise PackInvalid(f"{folder / _FILE}: {place}: {problem['msg']}.", fix="see docs/howto/evaluate.md.") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise PackInvalid(f"{folder / _FILE} is not TOML: {error}.", fix="see docs/howto/evaluate.md.") from None
    for problem in _problems(written, folder):
        raise PackInvalid(f"{folder / _FILE}: {problem}.", fix="see docs/howto/evaluate.md.")
    return Pack(
        name=written.name,
        folder=folder,
        frozen=written.frozen,
        mix=written.mix,
        sha256=hashlib.sha256(content).hexdigest(),
        workbooks=written.workbook,
        questions=written.question,
        glossaries={
            _sha256(folder / one.file): tuple(Term(term=term, meaning=meaning) for term, meaning in one.glossary.items())
            for one in written.workbook.values()
        },
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _shipped() -> Path:
    return Path(str(files("chatsheet.evals").joinpath(_SHIPPED)))


def _problems(written: _Written, folder: Path) -> Iterator[str]:
    seen: dict[str, Question] = {}
    followed: set[str] = set()
    for question in written.question:
        if question.id in seen:
            yield f"two questions are called {question.id}"
        if question.workbook not in written.workbook:
            yield f"{question.id} asks about an unknown workbook {question.workbook}"
        if question.after and (question.after not in seen or seen[question.after].workbook != question.workbook):
            yield f"{question.id} follows on {question.after}, which is no earlier question about the same workbook"
        if question.after in followed:
            yield f"two questions follow on {question.after}"
        seen[question.id] = question
        followed |= {question.after} - {""}
    for name, source in written.workbook.items():
        if Path(source.file).name != source.file or not (folder / source.file).is_file():
            yield f"the file of workbook {name} is not beside it"
