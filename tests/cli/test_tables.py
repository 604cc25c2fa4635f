"""Tables on narrow terminals."""

import pytest

from chatsheet.cli.tables import show_aligned


def test_a_narrow_terminal_folds_texts_and_cuts_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    show_aligned(["type", "evidence"], [("decimal", "unparsed cells here")])
    assert "…" not in capsys.readouterr().out
