"""A log tells where something broke, and never what it said."""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Generator

import pytest

from chatsheet.core import logs

Say = Callable[[], str]


@pytest.fixture(params=["text", "json"])
def said(request: pytest.FixtureRequest) -> Generator[Say, None, None]:
    """Write the log in each form; returns what was written. What was set before is set again."""
    root, ours = logging.getLogger(), logging.getLogger("chatsheet")
    before, levels = root.handlers[:], (root.level, ours.level)
    root.handlers.clear()
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        logs.open_log(level="info", form=request.param)
    yield written.getvalue
    root.handlers[:] = before
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def break_on(cell: str) -> None:
    try:
        int(cell)
    except ValueError as error:
        raise RuntimeError(f"row 7 holds {cell}") from error


def test_an_exception_is_told_by_types_and_places_alone(said: Say) -> None:
    try:
        break_on("CANARY")
    except RuntimeError:
        logging.getLogger("chatsheet.test").exception("an import failed")
    text = said()
    assert "CANARY" not in text
    for word in ("an import failed", "builtins.RuntimeError", "builtins.ValueError", "break_on", "test_logs.py:"):
        assert word in text


def test_ours_is_told_from_the_level_on_and_of_libraries_only_warnings(said: Say) -> None:
    for name in ("chatsheet.api", "azure.core"):
        logging.getLogger(name).info("an info of %s", name)
        logging.getLogger(name).debug("a detail of %s", name)
        logging.getLogger(name).warning("a warning of %s", name)
    text = said()
    told = [name for name in ("chatsheet.api", "azure.core") if f"an info of {name}" in text]
    assert (told, text.count("a warning of"), text.count("a detail of")) == (["chatsheet.api"], 2, 0)


def test_json_is_an_object_a_line_with_what_was_said_beside(said: Say) -> None:
    logging.getLogger("chatsheet.api").warning("GET\n/api %d", 200, extra={"said": {"status": 200}})
    text = said()
    if text.startswith("{"):
        line = json.loads(text)
        assert (line["level"], line["logger"], line["message"], line["status"]) == (
            "warning",
            "chatsheet.api",
            "GET\n/api 200",
            200,
        )
        assert text.count("\n") == 1
