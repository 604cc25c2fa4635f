"""Glossaries from CSV and JSON: every entry, or every wrong line by its number."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.context.glossary import imports
from chatsheet.context.glossary.imports import Format, GlossaryInvalid
from chatsheet.context.glossary.model import Pinned, Term

TURNOVER, HOW_MUCH = Term(term="Turnover", meaning="net, revenue"), Pinned(question="How much?", sql="SELECT 1")


@pytest.mark.parametrize(
    "text",
    [
        'term,meaning\nTurnover,"net, revenue"\n',
        "\ufeffTerm;Meaning\r\n\r\nTurnover;net, revenue\r\n",
        "meaning\tterm\nnet, revenue\tTurnover\n",
    ],
)
def test_a_csv_is_read_with_any_usual_delimiter_order_and_mark(text: str) -> None:
    assert [entry for _, entry in imports.read(text, "csv")[0]] == [TURNOVER]


def test_terms_and_questions_may_stand_in_one_file() -> None:
    both = 'term,meaning,question,sql\nTurnover,"net, revenue",,\n,,How much?,SELECT 1\n'
    assert imports.read(both, "csv") == ([(2, TURNOVER), (3, HOW_MUCH)], [])


def test_a_json_list_is_read_also_as_the_list_command_writes_it() -> None:
    text = '[{"kind":"term","term":"Turnover","meaning":"net, revenue"},{"question":"How much?","sql":"SELECT 1"}]'
    assert imports.read(text, "json") == ([(1, TURNOVER), (2, HOW_MUCH)], [])


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("term,meaning\nTurnover\n", "csv", "line 2: an entry has"),
        ("term,meaning\na,b,c\n", "csv", "line 2: an entry has"),
        ("term,meaning\na,b\n" + "x" * 101 + ",c\n", "csv", "line 3: term: String should have at most 100"),
        ('[{"term":1,"meaning":"x"}]', "json", "entry 1: term: Input should be a valid string"),
        ('[{"term":"a","meaning":"x","sql":"SELECT 1"}]', "json", "this one has meaning, sql, term"),
        ("[7]", "json", "this one has nothing"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(text: str, form: Format, said: str) -> None:
    _, wrong = imports.read(text, form)
    with pytest.raises(GlossaryInvalid) as caught:
        imports.check(wrong, form)
    assert said in caught.value.what


def test_many_wrong_lines_are_counted() -> None:
    with pytest.raises(GlossaryInvalid, match=r"line 11.*and 5 more"):
        imports.check([(number, "no") for number in range(2, 17)], "csv")
    imports.check([], "csv")


@pytest.mark.parametrize(
    ("text", "form"), [("", "csv"), ("a,b\n1,2", "csv"), ('term,meaning\n"x', "csv"), ("{", "json"), ("{}", "json")]
)
def test_what_is_no_glossary_at_all_is_refused(text: str, form: Format) -> None:
    with pytest.raises(GlossaryInvalid):
        imports.read(text, form)


@given(st.text(max_size=200), st.sampled_from(["csv", "json"]))
def test_any_text_is_read_or_refused(text: str, form: Format) -> None:
    with contextlib.suppress(GlossaryInvalid):
        entries, wrong = imports.read(text, form)
        assert all(line > 0 for line, _ in [*entries, *wrong])
