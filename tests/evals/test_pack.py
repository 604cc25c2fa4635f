"""The shipped pack has the mix that it was frozen with; a pack that cannot be used says where and why."""

import hashlib
import shutil
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from chatsheet.evals import pack
from chatsheet.evals.model import DEMANDING, Known
from chatsheet.evals.pack import Pack, PackInvalid, PackNotFound
from tests.harness import ROOT, run_program

MINIMAL = """
name = "mini"
frozen = 2026-01-01
[workbook.w]
file = "w.csv"
[[question]]
id = "one"
workbook = "w"
kind = "count"
difficulty = "easy"
question = "How many?"
answer = { sql = "SELECT COUNT(*) FROM w" }
"""
SECOND = '[[question]]\nid = "two"\nworkbook = "w"\nkind = "follow-up"\ndifficulty = "easy"\nquestion = "?"\nafter = "AFTER"\n'
TWO = MINIMAL + SECOND + 'answer = { lacks = "all" }\n'


def write(folder: Path, text: str) -> str:
    """Write a pack and return its path."""
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    (folder / "w.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return str(folder)


def test_the_mix_is_the_one_that_was_frozen(office: Pack) -> None:
    asked = office.questions
    assert office.mix == {
        "questions": len(asked),
        **{level: sum(one.difficulty == level for one in asked) for level in ("easy", "medium", "hard")},
        "unanswerable": sum(one.kind == "unanswerable" for one in asked),
        "ambiguous": sum(one.kind == "ambiguous" for one in asked),
        "follow_up": sum(bool(one.after) for one in asked),
        "other_languages": sum(one.language != "en" for one in asked),
        "joins_dates_ratios_tabs": sum(one.kind in DEMANDING for one in asked),
    }


def test_the_mix_is_hard_enough(office: Pack) -> None:
    assert office.mix["questions"] >= 60
    assert len(office.workbooks) >= 6
    assert office.mix["joins_dates_ratios_tabs"] / office.mix["questions"] >= 0.3
    least = {"unanswerable": 8, "ambiguous": 6, "other_languages": 6, "follow_up": 8}
    assert all(office.mix[name] >= number for name, number in least.items())


def test_questions_and_answers_are_as_frozen(office: Pack) -> None:
    """Who corrects a gold that is proven wrong changes this too, and says so in the pack."""
    told = [f"{one.id} {one.question} {one.answer.model_dump_json()}" for one in office.questions]
    assert hashlib.sha256("\n".join(told).encode()).hexdigest() == snapshot(
        "e4eeb5245f9b9ae7ea0b23246ae609847f1493c1daba8bd19f14787d795e9cd3"
    )


@pytest.mark.anyio
async def test_the_workbooks_are_what_their_script_writes(office: Pack, tmp_path: Path) -> None:
    script = tmp_path / "tools" / "make_eval_workbooks.py"
    script.parent.mkdir()
    shutil.copyfile(ROOT / "tools" / script.name, script)
    code, _, err = await run_program(argv=(str(ROOT / ".venv/bin/python"), str(script)))
    assert code == 0, err
    for source in office.workbooks.values():
        (written,) = tmp_path.rglob(source.file)
        assert written.read_bytes() == (office.folder / source.file).read_bytes(), source.file


def test_questions_that_follow_on_another_share_its_conversation(office: Pack) -> None:
    together = {tuple(one.id for one in asked) for asked in office.conversations()}
    assert ("trade-03", "trade-13") in together
    assert sum(map(len, together)) == len(office.questions)


def test_one_question_is_asked_after_those_it_follows_on(office: Pack) -> None:
    assert [[one.id for one in asked] for asked in office.conversations(("trade-13",))] == [["trade-03", "trade-13"]]
    assert [[one.id for one in asked] for asked in office.conversations(("trade-03",))] == [["trade-03"]]


def test_a_pack_is_found_by_its_path_too(tmp_path: Path) -> None:
    loaded = pack.load(write(tmp_path, MINIMAL))
    assert loaded.questions[0].answer == Known(sql="SELECT COUNT(*) FROM w")


def test_an_unknown_pack_is_told_which_there_are() -> None:
    with pytest.raises(PackNotFound) as error:
        pack.load("offices")
    assert "office" in error.value.fix


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name = ", "is not TOML"),
        (MINIMAL.replace("frozen", "iced"), "frozen: Field required"),
        (MINIMAL.replace('"count"', '"counting"'), "question.0.kind"),
        (MINIMAL.replace("sql", "query"), "question.0.answer"),
        (MINIMAL.replace('"w.csv"', '"../w.csv"'), "the file of workbook w is not beside it"),
        (MINIMAL.replace('workbook = "w"', 'workbook = "v"'), "one asks about an unknown workbook v"),
        (TWO.replace("AFTER", "none"), "two follows on none"),
        (TWO.replace("AFTER", "one").replace('"two"', '"one"'), "two questions are called one"),
        (TWO.replace("AFTER", "one") + TWO[len(MINIMAL) :].replace("two", "three").replace("AFTER", "one"), "follow on one"),
    ],
)
def test_a_pack_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(PackInvalid) as error:
        pack.load(write(tmp_path, text))
    assert what in error.value.what
