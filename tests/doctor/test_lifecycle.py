"""The table says when a model ends, with its source; what it does not know it does not say."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.doctor import lifecycle
from chatsheet.doctor.lifecycle import WARN_DAYS, judge, look, table

TODAY = date(2026, 11, 23)
RETIRES = date(2027, 4, 14)
"""Of gpt-4o 2024-11-20 on Azure."""


def what(model: str, today: date = TODAY) -> str:
    """Return what is found of a model, or nothing."""
    found = judge(model, today)
    return found.what if found else ""


def test_a_model_far_from_its_end_is_evidence_and_no_finding() -> None:
    assert judge("gpt-4o-2024-11-20", TODAY) is None
    assert look("gpt-4o-2024-11-20") == ("model gpt-4o, version 2024-11-20, retires 2027-04-14 on Azure, successor gpt-5.1",)


@pytest.mark.parametrize("days", [WARN_DAYS, 1, 0, -1, -1000])
def test_an_end_is_found_sixty_days_ahead_and_ever_after(days: int) -> None:
    assert judge("gpt-4o-2024-11-20", RETIRES - timedelta(days=days))


def test_an_end_is_not_found_earlier() -> None:
    assert judge("gpt-4o-2024-11-20", RETIRES - timedelta(days=WARN_DAYS + 1)) is None


def test_the_finding_names_date_days_and_successor() -> None:
    found = judge("gpt-4o-2024-11-20", date(2027, 3, 1))
    assert found is not None
    assert (found.cause, found.owner) == ("azure.model_retiring", "azure")
    assert found.what == "gpt-4o: 2024-11-20 retires on Azure on 2027-04-14, in 44 days"
    assert "gpt-5.1" in found.fix


def test_an_end_that_is_past_is_said_in_stronger_words() -> None:
    said = what("gpt-4o-2024-05-13")
    assert said == "gpt-4o: 2024-05-13 ended on Azure on 2026-10-01, 53 days ago, and can stop answering at any moment"


def test_a_name_without_a_version_is_judged_by_all_of_its_versions() -> None:
    said = what("gpt-4o")
    assert "which version answers was not told" in said
    assert "2024-05-13 ended on Azure on 2026-10-01" in said
    assert "2024-08-06 and 2024-11-20 retire on Azure on 2027-04-14" in said


@pytest.mark.parametrize("name", ["azure/gpt-4o-2024-05-13", "GPT-4o-2024-05-13", " gpt-4o-2024-05-13 "])
def test_other_spellings_of_a_name_are_recognised(name: str) -> None:
    assert what(name) == what("gpt-4o-2024-05-13")


def test_openais_and_azures_spelling_of_3_5_are_one_model() -> None:
    assert what("gpt-3.5-turbo-0613") == what("gpt-35-turbo-0613") != ""


def test_the_simulators_name_counts_as_the_model_that_it_plays_and_is_told() -> None:
    assert look("gpt-4o-2024-08-06-simulated")[0] == "a simulator answers under this model's name"
    assert what("gpt-4o-simulated") == what("gpt-4o")


@pytest.mark.parametrize("name", ["", "-simulated", "qwen3:0.6b", "gpt-4o--A1-simulated", "my-gpt-4o", "gpt-4o-2030-01-01"])
def test_what_the_table_does_not_hold_is_said_so_and_not_judged(name: str) -> None:
    assert judge(name, TODAY) is None
    assert look(name) == ("not in our table of 2026-11-23",)


def test_a_model_without_a_published_date_is_not_judged() -> None:
    assert judge("gpt-4-turbo-2024-04-09", TODAY) is None
    assert "no retirement date on Azure in our table of 2026-11-23" in look("gpt-4-turbo-2024-04-09")[0]


def test_openais_own_schedule_differs_from_azures() -> None:
    line = look("gpt-4o-2024-11-20", "openai")
    assert line == ("model gpt-4o, version 2024-11-20, retires 2027-01-14 at OpenAI, successor gpt-6-luna",)


def test_every_row_names_a_source_and_ends_after_it_began() -> None:
    known = table()
    for row in (*known.models["azure"], *known.models["openai"]):
        assert known.sources[row.source].startswith("https://")
        assert row.retires is None or row.released < row.retires
        assert row.released <= known.checked


def test_no_row_is_there_twice() -> None:
    for rows in table().models.values():
        assert len({row.answers_as for row in rows}) == len(rows)


@given(st.text(max_size=60), st.dates())
def test_any_name_on_any_day_is_judged(name: str, today: date) -> None:
    judge(name, today)
    assert lifecycle.look(name)
