"""Tokens are counted as gpt-4o counts them, and a text is chosen that fits."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.context import budget


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("hello world", 2), ("<|endoftext|>", 7)])
def test_tokens_are_those_of_o200k_base_and_special_ones_are_plain_text(text: str, tokens: int) -> None:
    assert budget.count(text) == tokens


def test_the_first_version_that_fits_is_taken() -> None:
    assert budget.fit(["one two three four", "one two", "one"], 2) == "one two"


def test_the_last_version_is_taken_where_none_fits() -> None:
    assert budget.fit(["one two three four", "one two"], 1) == "one two"
    assert budget.fit([], 1) == ""


def test_no_version_is_made_after_one_that_fits() -> None:
    def versions() -> Iterator[str]:
        yield "one"
        raise AssertionError

    assert budget.fit(versions(), 1) == "one"


@given(st.text(max_size=50))
def test_any_text_can_be_counted(text: str) -> None:
    assert 0 <= budget.count(text) <= len(text.encode())


@given(st.lists(st.text(max_size=20), min_size=1), st.integers(min_value=0, max_value=10))
def test_what_is_chosen_fits_or_is_the_shortest_on_offer(versions: Sequence[str], tokens: int) -> None:
    chosen = budget.fit(versions, tokens)
    assert budget.count(chosen) <= tokens or chosen == versions[-1]


@pytest.mark.parametrize("fixed", [0, 300, 2_000, 20_000])
@pytest.mark.parametrize("tokens", [None, 200, 1_500, 4_000, 100_000])
def test_the_parts_of_a_prompt_keep_together_to_its_length(tokens: int | None, fixed: int) -> None:
    parts = budget.shares(tokens, fixed)
    assert min(parts.card, parts.glossary, parts.conversation + 1, parts.ranked + 1) > 0
    if tokens is not None and fixed + parts.card <= tokens:
        assert fixed + parts.card + parts.conversation <= tokens
        assert parts.ranked <= parts.conversation
        assert parts.glossary <= parts.card


@given(st.text(max_size=300), st.integers(min_value=8, max_value=60))
def test_a_cut_text_fits_and_one_that_fits_is_not_cut(text: str, tokens: int) -> None:
    cut = budget.cut(text, tokens)
    assert budget.count(cut) <= tokens
    assert cut == text or (cut.endswith("… (cut)") and budget.count(text) > tokens)


def test_the_first_lines_that_fit_are_kept() -> None:
    assert budget.lines(["one", "two", "three " * 50, "four"], 10) == ["one", "two"]
