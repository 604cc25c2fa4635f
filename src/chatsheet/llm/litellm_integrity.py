"""Whether LiteLLM's environment is still what its lock file made: the pinned release, nothing added, nothing changed.

Releases 1.82.7, 1.82.8 and 1.107.0 stole credentials, by *.pth files and a sitecustomize.py that run at every start of
Python. Blocking: `inspect` reads names and takes milliseconds, `verify` reads files and takes a second.
"""

import base64
import csv
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from chatsheet.core.errors import Refused
from chatsheet.core.problem import Problem

LOCK = Path(__file__).with_name("litellm.lock")
KNOWN_BAD = frozenset({"1.82.7", "1.82.8", "1.107.0"})
_TAMPERED = "litellm.environment_tampered"
_AFRESH = "delete {place}, look for what put it there, and run `chatsheet litellm install`"
_AT_EVERY_START = ("*.pth", "sitecustomize*", "usercustomize*")


class LitellmTampered(Refused):
    """LiteLLM's environment is not what its lock file made, so LiteLLM is not started."""

    code = "litellm.environment_tampered"


def require(place: Path) -> None:
    """Raise LitellmTampered where the environment fails `inspect`."""
    if problems := inspect(place):
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise LitellmTampered(f"LiteLLM is not started: {first.key}: {first.reason}{more}.", fix=f"{first.fix}.")


def inspect(place: Path, lock: Path = LOCK) -> tuple[Problem, ...]:
    """Return what names alone show: another release, packages that the lock does not name, code that runs at every start."""
    locked, sites = _locked(lock), _sites(place)
    if not sites:
        return (_tampered(place, str(place), "no packages are installed there"),)
    problems = [*_configuration(place)]
    for site in sites:
        problems += [*_releases(place, site, locked), *_started(place, site, locked)]
    return tuple(problems)


def verify(place: Path, lock: Path = LOCK) -> tuple[Problem, ...]:
    """Return what `inspect` finds, every file that no package brought, and every file of LiteLLM's that was changed."""
    problems = [*inspect(place, lock)]
    named = {problem.key for problem in problems}
    for site in _sites(place):
        found = [*_added(place, site, _locked(lock)), *_changed(place, site)]
        problems += [problem for problem in found if problem.key not in named]
    return tuple(problems)


def _tampered(place: Path, key: str, reason: str) -> Problem:
    return Problem(key, reason, _AFRESH.format(place=place), _TAMPERED)


def _locked(lock: Path) -> dict[str, set[str]]:
    """Return the releases that the lock names, by package; some have one for each Python."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(_normal(name), set()).add(version)
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sites(place: Path) -> list[Path]:
    return sorted((place / "lib").glob("python3*/site-packages"))


def _configuration(place: Path) -> Iterator[Problem]:
    path = place / "pyvenv.cfg"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if re.search(r"^include-system-site-packages\s*=\s*false\s*$", text, re.MULTILINE) is None:
        yield _tampered(place, "pyvenv.cfg", "the machine's own packages are let in")


def _distributions(site: Path) -> dict[str, tuple[str, Path]]:
    """Return the installed packages: release and folder, by name."""
    found: dict[str, tuple[str, Path]] = {}
    for folder in sorted(site.glob("*.dist-info")):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        found[_normal(name)] = (version, folder)
    return found


def _releases(place: Path, site: Path, locked: Mapping[str, set[str]]) -> Iterator[Problem]:
    installed = _distributions(site)
    version, pinned = installed.get("litellm", ("", site))[0], ", ".join(sorted(locked.get("litellm", ())))
    if version in KNOWN_BAD:
        fix = f"delete {place} at once, change every secret that it could see, and run `chatsheet litellm install`"
        yield Problem("litellm", f"release {version} steals credentials", fix, "litellm.known_bad")
    elif version not in locked.get("litellm", ()):
        reason = f"release {version} is installed, {pinned} is pinned" if version else f"not installed; {pinned} is pinned"
        yield Problem("litellm", reason, f"delete {place} and run `chatsheet litellm install`", "litellm.unpinned")
    for name, (version, folder) in installed.items():
        if name != "litellm" and version not in locked.get(name, ()):
            yield _tampered(place, folder.name, "a package that the lock does not name")


def _started(place: Path, site: Path, locked: Mapping[str, set[str]]) -> Iterator[Problem]:
    """Yield what Python runs at every start, but for files of the lock's own packages that are as they were shipped."""
    found = sorted({path for pattern in _AT_EVERY_START for path in site.glob(pattern)})
    if not found:
        return
    records = {path: digest for folder in _trusted(site, locked) for path, digest in _record(site, folder)}
    for path in found:
        if records.get(os.path.normpath(path), "") != _digest(path):
            yield _tampered(place, path.name, "runs at every start of Python, and no locked package brought it")


def _trusted(site: Path, locked: Mapping[str, set[str]]) -> list[Path]:
    installed = _distributions(site)
    return [folder for name, (version, folder) in installed.items() if version in locked.get(name, ())]


def _record(site: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield path and digest of every file that a package says it brought."""
    record = folder / "RECORD"
    if record.is_file():
        with record.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.reader(file):
                if row:
                    yield os.path.normpath(site / row[0]), row[1] if len(row) > 1 else ""


def _digest(path: str | Path) -> str:
    """Return a file's digest as RECORD writes it; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  thousands of files
            return f"sha256={base64.urlsafe_b64encode(hashlib.file_digest(file, 'sha256').digest()).rstrip(b'=').decode()}"
    except OSError:
        return ""


def _added(place: Path, site: Path, locked: Mapping[str, set[str]]) -> Iterator[Problem]:
    """Yield files that no locked package brought; compiled ones are Python's own doing."""
    known = {path for folder in _trusted(site, locked) for path, _ in _record(site, folder)}
    for folder, _, names in os.walk(site):
        is_cache = folder.endswith("__pycache__")
        for name in names:
            path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118  thousands of files
            if path not in known and not (is_cache and name.endswith(".pyc")):
                yield _tampered(place, os.path.relpath(path, site), "no locked package brought this file")


def _changed(place: Path, site: Path) -> Iterator[Problem]:
    for folder in (folder for name, (_, folder) in _distributions(site).items() if name.startswith("litellm")):
        for path, digest in _record(site, folder):
            if digest.startswith("sha256=") and _digest(path) != digest:
                yield _tampered(place, os.path.relpath(path, site), "is not as it was shipped")
