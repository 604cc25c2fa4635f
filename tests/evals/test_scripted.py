"""The whole pack with scripted replies through the real chain: engine, grounding, refusal, repair. No word on any model."""

from collections.abc import AsyncGenerator

import pytest

from chatsheet.chat.tools import toolbox
from chatsheet.evals import scorecard, scripted
from chatsheet.evals.asking import Examiner
from chatsheet.evals.model import Known, Mark
from chatsheet.evals.pack import Pack
from chatsheet.evals.scripted import Script
from chatsheet.simulator.brains.scripted import ScriptedBrain
from chatsheet.wiring import open_services
from tests.evals.examples import FIVE, judged, ran, result, said
from tests.harness import azure_settings, start_wire

CAN_ASK = any(tool.name == scripted.ASK_BACK for tool in toolbox.offered().tools)


@pytest.fixture(scope="module")
async def marks(
    anyio_backend: str, office: Pack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[dict[str, Mark], None]:
    """Return how the script's answers to the whole pack went."""
    del anyio_backend
    async with start_wire() as wire:
        settings = azure_settings(tmp_path_factory.mktemp("scripted"), wire, scripted.DEPLOYMENT)
        async with open_services(settings) as services:
            script = Script(wire.brain, office)
            examiner = Examiner(library=services.library, chats=services.chats, pack=office, context="cards", rehearser=script)
            yield {mark.id: mark for asked in office.conversations() async for mark in examiner.ask(asked)}


@pytest.mark.slow
@pytest.mark.anyio
class TestTheWholePack:
    """One run of the pack, looked at from several sides."""

    async def test_every_question_goes_as_its_manner_wants(self, office: Pack, marks: dict[str, Mark]) -> None:
        may_ask = {one.id for one in office.questions if one.kind != "ambiguous" or CAN_ASK}
        misses = {mark.id: mark.why for mark in marks.values() if not mark.is_right and mark.id in may_ask}
        assert misses == {}

    async def test_all_that_is_not_in_a_workbook_is_refused(self, office: Pack, marks: dict[str, Mark]) -> None:
        verdicts = [marks[one.id].verdict for one in office.questions if one.kind == "unanswerable"]
        assert verdicts == ["refused"] * office.mix["unanswerable"]

    async def test_every_result_is_the_right_one(self, marks: dict[str, Mark]) -> None:
        accuracy = scorecard.accuracy(list(marks.values()))
        assert accuracy.part == accuracy.whole

    async def test_no_number_is_cited_to_a_cell_that_does_not_hold_it(self, marks: dict[str, Mark]) -> None:
        assert [(mark.id, mark.misgrounded) for mark in marks.values() if mark.misgrounded] == []

    async def test_every_planted_number_is_marked(self, office: Pack, marks: dict[str, Mark]) -> None:
        script = Script(ScriptedBrain(), office)
        planted = [one for one in office.questions if script.manner(one) == "planted" and isinstance(one.answer, Known)]
        assert len(planted) > 10
        assert all(scripted.PLANTED in marks[one.id].ungrounded for one in planted)


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("SELECT SUM(quantity) FROM orders", "SELECT SUM(quantityy) FROM orders"),
        ("SELECT COUNT(*) FROM orders", "SELECT COUNT(*) FROM orderss"),
        ("SELECT o.a AS total FROM orders AS o ORDER BY total", "SELECT o.aa AS total FROM orders AS o ORDER BY total"),
    ],
)
def test_a_query_is_misspelt_by_one_letter(sql: str, wrong: str) -> None:
    assert scripted.misspelt(sql) == wrong


def test_a_result_is_written_as_a_sentence_would() -> None:
    assert scripted.written(Known(sql=""), result(("South", 155288.7), ("East", 1200))) == "South: 155,288.70; East: 1,200"
    assert scripted.written(Known(sql="", is_share=True), result((0.35,))) == "35.00%"


@pytest.mark.parametrize(("manner", "why"), [("plain", ""), ("planted", "not from the data"), ("misspelt", "0 tool errors")])
def test_what_a_manner_wants_of_the_chain_is_checked(office: Pack, manner: str, why: str) -> None:
    script = Script(ScriptedBrain(), office)
    asked = next(one for one in office.questions if script.manner(one) == manner and isinstance(one.answer, Known))
    checked = script.check(asked, judged(Known(sql=""), (FIVE,), ran(FIVE), said("5")))
    assert checked.is_right is (not why)
    assert why in checked.why
