"""Marks are kept as they come: a run that was stopped, or killed while it wrote, goes on where it was."""

from datetime import date
from pathlib import Path

import pytest

from chatsheet.evals import results
from chatsheet.evals.results import Head, Results, ResultsDiffer, ResultsInvalid
from tests.evals.examples import mark

HEAD = Head(pack="p", pack_sha256="1", answered_by="nobody", begun=date(2026, 1, 1))


def test_what_was_kept_is_there_for_the_next_run(tmp_path: Path) -> None:
    Results(tmp_path / "a" / "r.jsonl", HEAD).add(mark("one"))
    again = Results(tmp_path / "a" / "r.jsonl", HEAD.model_copy(update={"begun": date(2026, 2, 2)}))
    assert [one.id for one in again.marks] == ["one"]
    assert again.head.begun == date(2026, 1, 1)


def test_the_last_mark_of_a_question_counts(tmp_path: Path) -> None:
    kept = Results(tmp_path / "r.jsonl", HEAD)
    kept.add(mark("one", is_right=False))
    kept.add(mark("one"))
    assert [one.is_right for one in kept.marks] == [one.is_right for one in results.read(tmp_path / "r.jsonl")[1]] == [True]


def test_half_a_line_is_passed_over(tmp_path: Path) -> None:
    Results(tmp_path / "r.jsonl", HEAD).add(mark("one"))
    with (tmp_path / "r.jsonl").open("a") as file:
        file.write('{"id": "tw')
    Results(tmp_path / "r.jsonl", HEAD).add(mark("two"))
    assert [one.id for one in results.read(tmp_path / "r.jsonl")[1]] == ["one", "two"]


def test_answers_of_another_model_or_pack_are_not_mixed_in(tmp_path: Path) -> None:
    Results(tmp_path / "r.jsonl", HEAD)
    for other in ({"answered_by": "somebody"}, {"pack_sha256": "2"}):
        with pytest.raises(ResultsDiffer):
            Results(tmp_path / "r.jsonl", HEAD.model_copy(update=other))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("hello\n")
    for path in ("r.jsonl", "missing.jsonl"):
        with pytest.raises(ResultsInvalid):
            results.read(tmp_path / path)
