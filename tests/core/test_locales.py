"""Language tags."""

import pytest

from chatsheet.core import locales


@pytest.mark.parametrize("tag", ["en", "de-CH", "zh-Hant-TW", "es-419", "sl-rozaj", "de-DE-u-nu-latn", "en-x-own"])
def test_tags_of_bcp_47_are_locales(tag: str) -> None:
    assert locales.is_locale(tag)


@pytest.mark.parametrize("text", ["", "--", "e", "zz-!!\n", "en\n", "-en", "en-", "de_DE", "en--US", "en" + "-abcde" * 6])
def test_other_texts_are_not(text: str) -> None:
    assert not locales.is_locale(text)
