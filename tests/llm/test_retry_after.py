"""How long to wait, whoever says it and however: headers in four spellings, dates, and words in a body."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.llm.retry_after import read

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
WEEK_S = 7 * 86_400
HEADERS = ("retry-after", "retry-after-ms", "x-ms-retry-after-ms", "llm_provider-retry-after", "llm_provider-retry-after-ms")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"Retry-After": " 7 "}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "86400"}, 86_400),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"RETRY-AFTER-MS": "20"}, 0.02),
        ({"llm_provider-retry-after": "7"}, 7),
        ({"LLM_Provider-Retry-After-Ms": "70"}, 0.07),
        ({"llm_provider-x-ms-retry-after-ms": "30"}, 0.03),
        ({"retry-after": "999999999999"}, WEEK_S),
    ],
)
def test_a_number_in_a_header_is_read_in_its_unit(headers: dict[str, str], seconds: float) -> None:
    assert read(headers, "", NOW) == pytest.approx(seconds)


def test_the_finest_unit_wins() -> None:
    assert read({"retry-after": "1", "retry-after-ms": "300", "x-ms-retry-after-ms": "400"}, "", NOW) == pytest.approx(0.3)
    assert read({"retry-after": "1", "x-ms-retry-after-ms": "400"}, "", NOW) == pytest.approx(0.4)


def test_a_header_is_believed_over_the_words() -> None:
    assert read({"retry-after": "2"}, "Please retry after 60 seconds.", NOW) == 2


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-8))])
def test_a_date_is_the_time_until_then_in_whichever_zone(zone: timezone) -> None:
    then = (NOW + timedelta(seconds=90)).astimezone(zone)
    assert read({"retry-after": format_datetime(then)}, "", NOW) == 90


@pytest.mark.parametrize("written", ["Mon, 23 Nov 2026 12:01:30 GMT", "Mon, 23 Nov 2026 12:01:30 -0000"])
def test_a_date_without_a_zone_of_its_own_is_utc(written: str) -> None:
    assert read({"retry-after": written}, "", NOW) == 90


def test_a_date_that_has_passed_is_no_wait() -> None:
    assert read({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, "", NOW) == 0


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("have exceeded token rate limit of your pricing tier. Please retry after 86400 seconds.", 86_400),
        ("…exceeded the token rate limit…retry after 60 seconds", 60),
        ("maximum usage size allowed during peak load. Please retry after 20 seconds", 20),
        ("No deployments available for selected model, Try again in 5 seconds", 5),
        ("Rate limit reached. Please try again in 6ms. Visit", 0.006),
        ("Please try again in 1.898s. Visit", 1.898),
        ("try again in 2 minutes", 120),
        ("try again in 2 m", 120),
        ("RETRY AFTER 250 milliseconds", 0.25),
        ("retry after 1 second", 1),
        ("retry after " + "9" * 400 + " seconds", WEEK_S),
    ],
)
def test_words_in_a_body_are_read_with_their_unit(words: str, seconds: float) -> None:
    assert read({}, words, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("words", ["", "retry", "retry after a while", "retry after 5", "tried 5 seconds"])
def test_words_that_name_no_time_say_nothing(words: str) -> None:
    assert read({}, words, NOW) is None


@pytest.mark.parametrize("given_", ["", " ", "soon", "-1", "1e3", "NaN", "inf", "1,5", "0x10", "Mon, 99 Nov 2026 12:00:00 GMT"])
def test_a_header_that_makes_no_sense_says_nothing(given_: str) -> None:
    assert read({"retry-after": given_}, "", NOW) is None


def test_where_a_header_makes_no_sense_the_words_are_read() -> None:
    assert read({"retry-after": "soon", "retry-after-ms": "x"}, "retry after 3 seconds", NOW) == 3


@pytest.mark.parametrize(
    "written", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2020 00:00:00 +99999999999999999999"]
)
def test_a_date_that_no_calendar_holds_says_nothing(written: str) -> None:
    assert read({"retry-after": written}, "", NOW) is None


@pytest.mark.parametrize(("words", "seconds"), [("try again in 7m12s.", 432), ("try again in 1h2m3s", 3723)])
def test_a_time_in_minutes_and_seconds_is_their_sum(words: str, seconds: float) -> None:
    assert read({}, words, NOW) == seconds


@given(
    headers=st.dictionaries(st.one_of(st.sampled_from(HEADERS), st.text(max_size=20)), st.text(max_size=40), max_size=6),
    body=st.text(max_size=200),
)
def test_whatever_is_sent_the_wait_is_none_or_within_a_week(headers: dict[str, str], body: str) -> None:
    seconds = read(headers, body, NOW)
    assert seconds is None or 0 <= seconds <= WEEK_S


@given(then=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001  hypothesis adds the zone
def test_any_date_is_a_wait_within_a_week(then: datetime) -> None:
    seconds = read({"retry-after": format_datetime(then.replace(tzinfo=UTC), usegmt=True)}, "", NOW)
    assert seconds is not None
    assert 0 <= seconds <= WEEK_S
