"""Answers that no database takes: they fail alone, and the worker goes on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.jobs import asking
from chatsheet.jobs.asking import Said
from chatsheet.jobs.model import AiColumn
from chatsheet.llm.model import Reply
from tests.jobs import rig
from tests.jobs.rig import ORDER, Judge, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
_FREE = ORDER.model_copy(update={"choices": ()})


class _Dumped:
    """JSON with half of a surrogate pair escaped, as providers send it."""

    text, obj, array, dumps = (
        staticmethod(loose.text),
        staticmethod(loose.obj),
        staticmethod(loose.array),
        staticmethod(json.dumps),
    )


@pytest.mark.parametrize("text", ["\ud83d", "a\0b"])
@pytest.mark.parametrize("field", ["value", "reason"])
async def test_a_reply_with_what_is_no_text_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, text: str
) -> None:
    def judge(comment: str) -> JsonValue:
        return {"value": "good", "confidence": 1, "reason": "", **({field: text} if comment == "c3" else {})}

    monkeypatch.setattr(rig, "loose", _Dumped)
    async with open_office(tmp_path, rows=8, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin(_FREE)).id)
        (failed,), _ = await office.services.jobs.rows(rig.LOCAL, job.id, "failed")
        assert (job.progress.done_rows, failed.inputs["comment"], failed.failure.code) == (7, "c3", "job.answer_invalid")


async def test_an_answer_that_cannot_be_written_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = asking.read

    def unread(order: AiColumn, reply: Reply) -> Said:
        said = read(order, reply)
        return replace(said, reason="\ud83d") if said.value == "c3" else said

    def judge(comment: str) -> JsonValue:
        return {"value": comment, "confidence": 1, "reason": ""}

    monkeypatch.setattr(asking, "read", unread)
    async with open_office(tmp_path, rows=8, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin(_FREE)).id)
        (failed,), _ = await office.services.jobs.rows(rig.LOCAL, job.id, "failed")
        assert (job.progress.done_rows, failed.inputs["comment"], failed.failure.code) == (7, "c3", ChatSheetError.code)
