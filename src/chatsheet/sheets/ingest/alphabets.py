"""How well a decoded text fits what its encoding is used for: alphabets of languages, common East Asian characters. Pure."""

import math
import re
from collections import Counter

_WEST = """
    äöüß éèêëàâçîïôûùüÿœ áéíóúñü ãõáâàéêíóôúçü àèéìíîòóùú åäöé æøåéòóôü äöõüšž áðéíóúýþæö éëïóèöüêá çàéèíïóòúü
"""
_CENTRE = "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ äöüß"
_LATIN = {
    "cp1252": _WEST,
    "cp1250": _CENTRE,
    "iso8859_2": _CENTRE,
    "cp1254": "çğıöşüâîû",
    "cp1257": "ąčęėįšųūž āčēģīķļņšūž äöõüšž",
    "iso8859_15": _WEST,
    "cp850": _WEST,
    "cp852": _CENTRE,
    "mac_roman": _WEST,
}
"""The letters of the languages that each encoding is used for, those beyond ASCII, one word per language."""
LATIN = tuple(_LATIN)
_SIGNS = frozenset("€£§°²³µ–—‘’“”„‚«»…•·™©®½¼×±ºª¿¡\u00a0")  # noqa: RUF001  written so in people's texts
_OPENING = frozenset("–—‘’“„«…•¿¡\u00a0")  # noqa: RUF001  written so in people's texts
"""Those of them that a letter may follow."""
_LONE_TILDE = re.compile(r"õ(?!e)", re.IGNORECASE)
"""In Portuguese that letter stands before an e only."""

_COMMON = {
    "cp932": (((0x82, 0x83), (0x88, 0x97)), 3134),
    "euc_jp": (((0xA4, 0xA5), (0xB0, 0xCF)), 3134),
    "gb18030": (((0xB0, 0xD7),), 3755),
    "big5": (((0xA4, 0xC6),), 5401),
    "cp949": (((0xB0, 0xC8),), 2350),
}
"""First bytes of the common characters of each East Asian encoding, and how many those are."""
EAST_ASIAN = tuple(_COMMON)
_PUNCTUATION = {"cp932": 0x81, "euc_jp": 0xA1, "gb18030": 0xA1, "big5": 0xA1, "cp949": 0xA1}
_RARE = math.log(0.02 / 8000)
_ASCII_END = 127


def latin_fit(text: str, name: str) -> float:
    """Return how much of what is not ASCII the best language of an encoding explains, from 0 to 1."""
    seen = Counter[str]()
    strange = 0
    for place, character in enumerate(text):
        if ord(character) <= _ASCII_END:
            continue
        if character.isalpha():
            seen[character.lower()[0]] += 1
        elif character not in _SIGNS or (character not in _OPENING and text[place + 1 : place + 2].isalpha()):
            strange += 1
    letters = seen.total()
    if not letters + strange:
        return 1.0
    lone = len(_LONE_TILDE.findall(text))
    return (
        max(_explained(seen, set(language), lone) for language in _LATIN[name].split()) / (letters + strange)
        if letters
        else 0.0
    )


def _explained(seen: Counter[str], language: set[str], lone: int) -> int:
    known = sum(count for letter, count in seen.items() if letter in language or ord(letter) <= _ASCII_END)
    return known - (lone if "ã" in language else 0)


def east_asian(sample: bytes) -> str:
    """Return the East Asian encoding whose common characters explain a sample best, or an empty text for none."""
    found = {name: fit for name in EAST_ASIAN if (fit := _likelihood(sample, name)) is not None}
    return max(found, key=lambda name: found[name], default="")


def _likelihood(sample: bytes, name: str) -> float | None:
    try:
        text = sample.decode(name, errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:
            return None
        text = sample[: error.start].decode(name)
    ranges, size = _COMMON[name]
    total = 0.0
    for character in text:
        if ord(character) <= _ASCII_END:
            continue
        lead = character.encode(name)[0]
        is_common = any(first <= lead <= last for first, last in ranges)
        total += -math.log(size) if is_common or lead == _PUNCTUATION[name] else _RARE
    return total
