"""What a provider says of its limits."""

import pytest

from chatsheet.llm import allowance
from chatsheet.llm.model import Allowance


@pytest.mark.parametrize("prefix", ["", "llm_provider-"])
def test_tokens_of_a_minute_are_read_also_through_litellm(prefix: str) -> None:
    told = {f"{prefix}x-ratelimit-limit-tokens": "50000", f"{prefix}x-ratelimit-remaining-tokens": "49000"}
    assert allowance.read(told) == Allowance(50_000, 49_000)


@pytest.mark.parametrize("said", ["", "-1", "many", "1" * 40])
def test_what_is_no_number_says_nothing(said: str) -> None:
    assert allowance.read({"x-ratelimit-limit-tokens": said, "x-ratelimit-remaining-tokens": "1"}) is None
