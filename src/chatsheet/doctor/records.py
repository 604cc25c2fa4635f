"""Dated records of examinations, Markdown for people and JSON beside it, and the roadmap's lines made from the newest."""

import itertools
import logging
import os
import re
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from chatsheet.core.errors import StorageUnavailable
from chatsheet.doctor import markdown
from chatsheet.doctor.model import Report

log = logging.getLogger(__name__)

BEGIN = "<!-- integration: begin -->"
END = "<!-- integration: end -->"
NOT_YET = "- not recorded yet: run `chatsheet doctor --record docs/decisions`"


def write(folder: Path, report: Report) -> tuple[Path, Path]:
    """Write a report as Markdown and JSON under names that were free, and return both; nothing is ever overwritten."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page, data = _reserve(folder, report.at)
        data.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        page.write_text(markdown.page(report, data=data.name), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        what = f"No record could be written to {folder}: {reason}."
        raise StorageUnavailable(what, fix="name a folder that can be written.") from None
    return page, data


def _reserve(folder: Path, at: datetime) -> tuple[Path, Path]:
    for number in itertools.count(1):
        stem = f"{at:%Y-%m-%d}-integration{f'-{number}' if number > 1 else ''}"
        page, data = folder / f"{stem}.md", folder / f"{stem}.json"
        if not page.exists():
            try:
                data.touch(exist_ok=False)
            except FileExistsError:
                continue
            return page, data
    raise AssertionError


def latest(folder: Path) -> Report | None:
    """Return the newest report that can be read; others are skipped with a note in the log."""
    found = newest(folder)
    return found[1] if found is not None else None


def newest(folder: Path) -> tuple[Path, Report] | None:
    """Return the newest report that can be read, and its page."""
    for path in _by_age(folder):
        try:
            return path.with_suffix(".md"), Report.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("The record %s is skipped: it cannot be read (%s).", path.name, type(error).__name__)
    return None


def _by_age(folder: Path) -> list[Path]:
    """Return the records, newest first."""
    named = [(match, path) for path in folder.glob("*-integration*.json") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(named, key=lambda m: (m[0]["day"], int(m[0]["number"] or 1)), reverse=True)]


_NAME = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)-integration(?:-(?P<number>\d+))?\.json")


def refresh(roadmap_file: Path, folder: Path) -> bool:
    """Write the roadmap's lines anew from the newest record of a folder, and tell whether they changed."""
    text = roadmap_file.read_text(encoding="utf-8")
    new = refreshed(text, folder, beside=roadmap_file.parent)
    if new != text:
        roadmap_file.write_text(new, encoding="utf-8")
    return new != text


def refreshed(text: str, folder: Path, *, beside: Path) -> str:
    """Return the roadmap's text with the lines of the newest record; links start at the folder `beside` which it stands."""
    found = newest(folder)
    return roadmap(text, None) if found is None else roadmap(text, found[1], Path(os.path.relpath(found[0], beside)).as_posix())


def roadmap(text: str, report: Report | None, page: str = "") -> str:
    """Return a roadmap whose lines between the two marks are this report's; `page` is the link to its record."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        return text
    lines = "\n".join(markdown.status_lines(report, page)) if report is not None else NOT_YET
    return f"{head}{BEGIN}\n{lines}\n{END}{tail}"
