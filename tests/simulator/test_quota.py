"""What a deployment may take of a minute: a window that slides, calls counted by what they used in the end."""

from chatsheet.simulator.quota import Left, Quota


def test_what_was_used_is_left_again_a_window_later() -> None:
    quota = Quota(tokens=100)
    first = quota.begin(0.0, 10)
    assert first is not None
    quota.end(first, 100)
    assert (quota.begin(30.0, 10), quota.wait_s(30.0), quota.refused) == (None, 30, 1)
    assert quota.begin(60.0, 10) is not None
    assert (quota.total, quota.peak, quota.left()) == (
        100,
        100,
        Left(requests=499_999, of_requests=500_000, tokens=90, of_tokens=100),
    )


def test_a_call_goes_beyond_what_is_left_and_the_next_is_refused() -> None:
    quota = Quota(tokens=100)
    for _ in range(2):
        use = quota.begin(0.0, 10)
        assert use is not None
        quota.end(use, 90)
    assert quota.begin(0.0, 10) is None
    assert (quota.peak, quota.left().tokens) == (180, 0)


def test_requests_are_counted_too() -> None:
    quota = Quota(tokens=100, requests=2)
    assert [quota.begin(0.0, 1) is None for _ in range(3)] == [False, False, True]
