"""Two thousand steps on two replicas, always the same ones; `make soak` takes thirty thousand."""

from pathlib import Path

import pytest

from tests.soak.replicas import soak

pytestmark = pytest.mark.slow


def test_no_answer_is_older_than_what_was_acknowledged_nor_beyond_permission(tmp_path: Path) -> None:
    told: list[str] = []
    assert soak(2_000, tmp_path, told=told.append) >= 2_000, told
