"""Tables on narrow terminals."""

import pytest

from chatsheet.cli.tables import show_aligned, written


def test_a_narrow_terminal_folds_texts_and_cuts_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    show_aligned(["type", "evidence"], [("decimal", "unparsed cells here")])
    assert "…" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("locale", "shown"), [("en", "1,234.5"), ("de-DE", "1.234,5"), ("es", "1.234,5"), ("de-CH", "1,234.5"), ("xx", "1,234.5")]
)
def test_numbers_of_a_table_are_written_as_the_locale_does(capsys: pytest.CaptureFixture[str], locale: str, shown: str) -> None:
    show_aligned(["amount"], [(1234.5,)], locale)
    assert shown in capsys.readouterr().out.split()
    assert (written(2024, locale), written("1,5", locale)) == ("2024", "1,5")
