"""Edits of chatsheet.toml: shown as a unified diff, and written with a backup; comments and order are kept."""

import contextlib
import difflib
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from chatsheet.core import settings_file
from chatsheet.core.errors import Conflict
from chatsheet.core.problem import Problem
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.doctor.edits import Edit

_NAME = "chatsheet.toml"


class ChangeRefused(Conflict):
    """The settings file cannot be changed this way; it is as it was."""

    code = "settings.change_refused"


def diff(text: str, edits: Sequence[Edit]) -> str:
    """Return what the edits change in a settings file, empty for nothing.

    Only changed lines are shown, each under the name of its section: what stands beside them is nobody's business.
    """
    old, new = text.splitlines(), edited(text, edits).splitlines()
    lines = list(difflib.unified_diff(old, new, _NAME, _NAME, lineterm="", n=0))
    return "".join(f"{line}{_section(new, line)}\n" for line in lines)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return the text of a settings file with the edits made; raises ChangeRefused where it cannot be read."""
    try:
        document = tomlkit.parse(text)
        for edit in edits:
            _put(document, edit)
        return document.as_string()
    except TOMLKitError as error:
        raise ChangeRefused(
            f"The settings file cannot be changed: {type(error).__name__}.", fix="correct the file by hand first."
        ) from None


def apply(path: Path, edits: Sequence[Edit]) -> Path:
    """Write the edits into a settings file and return the backup beside it; raises ChangeRefused and changes nothing.

    The new text must load as settings where the old one stands; a file that did not load may be mended step by step.
    """
    path = path.resolve()
    backup = path.with_name(f"{path.name}.bak")
    try:
        text = path.read_bytes().decode()  # line ends stay as they are
        with _beside(path, edited(text, edits)) as new:
            _require_better(path, new, edits)
            with _beside(backup, text, like=path) as old:
                old.replace(backup)
            new.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ChangeRefused(f"{path} cannot be changed: {reason}.", fix="apply the printed difference by hand.") from None
    return backup


def _put(document: tomlkit.TOMLDocument, edit: Edit) -> None:
    *parents, name = _parts(edit.key)
    table: object = document
    for parent in parents:
        if isinstance(table, dict) and parent not in table:
            table[parent] = tomlkit.table()
        table = table[parent] if isinstance(table, dict) else None  # pyright: ignore[reportUnknownVariableType]  tomlkit's dicts
    if not isinstance(table, dict):
        raise ChangeRefused(f"{edit.key} cannot be set: it stands inside a value.", fix="correct the file by hand first.")
    value = edit.value if isinstance(edit.value, str) else list(edit.value)
    if table.get(name) != value:  # pyright: ignore[reportUnknownMemberType]  tomlkit's dicts
        table[name] = value


def _parts(key: str) -> list[str]:
    """Split a dotted key; the name of a route may hold dots."""
    if key.startswith("llm.route."):
        name, _, field = key.removeprefix("llm.route.").rpartition(".")
        return ["llm", "route", name, field]
    return key.split(".")


def _section(lines: Sequence[str], line: str) -> str:
    """Return the name of the section that a hunk's head points into, as diffs of code name the function."""
    head = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)", line)
    if head is None:
        return ""
    above = (one.partition("#")[0].strip() for one in reversed(lines[: int(head.group(1))]))
    return next((f" {one}" for one in above if re.fullmatch(r"\[[^=]+\]", one)), "")


@contextlib.contextmanager
def _beside(path: Path, text: str, *, like: Path | None = None) -> Generator[Path]:
    """Give a file with this text in the same folder, readable by the same people; it is gone afterwards unless renamed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(like or path, new)
        yield new
    finally:
        new.unlink(missing_ok=True)


def _require_better(old: Path, new: Path, edits: Sequence[Edit]) -> None:
    """Refuse a text that does not load, unless the old one does not either and what is wrong now was not edited."""
    left = _problems(new)
    if left and (not _problems(old) or any(problem.key in {edit.key for edit in edits} for problem in left)):
        told = "; ".join(f"{problem.key}: {problem.reason}" for problem in left)
        raise ChangeRefused(f"The settings would not load: {told}.", fix="correct these first, then apply again.")
    wanted = next((edit.value for edit in edits if edit.key == "llm.routes"), None)
    if not left and wanted is not None and settings_file.load(new).llm.routes != wanted:
        raise ChangeRefused("CHATSHEET_LLM_ROUTES wins over the file.", fix="set the order of routes there.")


def _problems(path: Path) -> Sequence[Problem]:
    try:
        settings_file.load(path)
    except SettingsInvalid as error:
        return error.problems
    return ()
