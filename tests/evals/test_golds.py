"""Each answer that the pack knows is what its queries give on the imported workbooks."""

from collections.abc import AsyncGenerator

import pytest

from chatsheet.core.settings import Settings
from chatsheet.evals import compare
from chatsheet.evals.asking import ASKER
from chatsheet.evals.model import Ambiguous, Known
from chatsheet.evals.pack import Pack
from chatsheet.sheets.model import Result
from chatsheet.sheets.questions import Questions
from chatsheet.wiring import open_library

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def workbooks(
    anyio_backend: str, office: Pack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[dict[str, Questions], None]:
    """Return what each workbook of the pack can be asked."""
    del anyio_backend
    async with open_library(Settings(data=tmp_path_factory.mktemp("golds"))) as (library, _):
        opened = {name: await library.bring_in(ASKER, office.path(name)) for name in office.workbooks}
        yield {name: library.questions(one) for name, one in opened.items()}


async def run(questions: Questions, *queries: str) -> list[Result]:
    """Run queries through the guard."""
    return [await questions.run(questions.check(query)) for query in queries]


async def test_every_known_answer_is_there_and_is_what_was_counted(office: Pack, workbooks: dict[str, Questions]) -> None:
    for question in office.questions:
        if isinstance(question.answer, Known):
            results = await run(workbooks[question.workbook], question.answer.sql, *question.answer.also)
            assert all(one.rows and None not in one.rows[0] for one in results), question.id
            value = question.answer.value
            assert value is None or results[0].rows == ((value,),), question.id


async def test_readings_of_an_ambiguous_question_differ_on_the_data(office: Pack, workbooks: dict[str, Questions]) -> None:
    for question in office.questions:
        if isinstance(question.answer, Ambiguous):
            first, *others = await run(workbooks[question.workbook], *(one.sql for one in question.answer.readings))
            assert any(not compare.is_tolerant(Known(sql=""), first, other) for other in others), question.id
