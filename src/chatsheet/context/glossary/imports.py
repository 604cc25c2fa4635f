"""Glossaries written elsewhere, as CSV or JSON, read into entries; every line that is wrong is named. Pure."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

from pydantic import ValidationError

from chatsheet.context.glossary.model import ENTRY, Entry
from chatsheet.core import loose
from chatsheet.core.errors import BadInput

Format = Literal["csv", "json"]
_FIELDS = ({"term", "meaning"}, {"question", "sql"})
_SHAPES = 'an entry has "term" and "meaning", or "question" and "sql"'
_MOST_SAID = 10
Wrong = tuple[int, str]
"""A line, or the number of a JSON entry, counted from 1, and what is wrong with it."""


class GlossaryInvalid(BadInput):
    """Lines of an imported glossary cannot be used; nothing was kept."""

    code = "glossary.invalid"


def check(wrong: Sequence[Wrong], form: Format) -> None:
    """Raise GlossaryInvalid with the first wrong lines, if there are any."""
    if not wrong:
        return
    place = "line" if form == "csv" else "entry"
    said = "; ".join(f"{place} {number}: {what}" for number, what in sorted(wrong)[:_MOST_SAID])
    more = f"; and {len(wrong) - _MOST_SAID} more" if len(wrong) > _MOST_SAID else ""
    raise GlossaryInvalid(f"{said}{more}.", fix="correct that and import it again: nothing was kept.")


def read(text: str, form: Format) -> tuple[list[tuple[int, Entry]], list[Wrong]]:
    """Return the entries with their lines, and what is wrong; raises GlossaryInvalid for what is no CSV or JSON at all."""
    entries: list[tuple[int, Entry]] = []
    wrong: list[Wrong] = []
    for line, fields in _csv(text) if form == "csv" else _json(text):
        given = {name: value for name, value in fields.items() if value not in (None, "") and name != "kind"}
        if set(given) not in _FIELDS:
            wrong.append((line, f"{_SHAPES}; this one has {', '.join(sorted(given)) or 'nothing'}"))
            continue
        try:
            entries.append((line, ENTRY.validate_python({"kind": "term" if "term" in given else "pinned", **given})))
        except ValidationError as error:
            wrong.append((line, "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())))
    return entries, wrong


def _csv(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the line that a record ends on, and its fields by the header's names; empty records are left out."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=_delimiter(text), strict=True)
    try:
        names = [name.strip().casefold() for name in next(reader, list[str]())]
        if not any(fields <= set(names) for fields in _FIELDS):
            raise GlossaryInvalid(f"the first line names no columns: {_SHAPES}.", fix="write `term,meaning` as first line.")
        for record in reader:
            if any(cell.strip() for cell in record):
                further = {"further cells": True} if len(record) > len(names) else {}
                yield reader.line_num, {**dict(zip(names, record, strict=False)), **further}
    except csv.Error as error:
        raise GlossaryInvalid(f"line {reader.line_num} is no CSV: {error}.", fix="put quotes around it.") from None


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _json(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        listed: object = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise GlossaryInvalid(f"it is no JSON{where}.", fix="write a list of objects.") from None
    if not isinstance(listed, list):
        raise GlossaryInvalid("it is no list.", fix=f"write a list of objects: {_SHAPES}.")
    for number, one in enumerate(cast("list[object]", listed), 1):  # of unknown shape
        yield number, loose.obj(one)
