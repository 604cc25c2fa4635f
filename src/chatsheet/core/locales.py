"""What a locale is: a language tag in the shape of BCP 47 (RFC 5646), such as `en`, `de-CH` or `zh-Hant-TW`. Pure."""

import re

LONGEST = 35
"""Characters of a tag, as RFC 5646 recommends to hold at least."""
SHAPE = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*(-[xX](-[A-Za-z0-9]{1,8})+)?$"
)
"""Language, script, region, variants, extensions and private use."""


def is_locale(text: str) -> bool:
    """Tell whether a text is a tag of that shape."""
    return len(text) <= LONGEST and re.fullmatch(SHAPE, text) is not None
