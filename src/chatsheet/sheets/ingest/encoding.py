"""Which encoding a text is in, with the evidence: marks, then what decodes to the end, then what reads like words. Pure."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from chatsheet.sheets.ingest import alphabets

_SAMPLE = 64 * 1024
_UTF16_BYTES = 16
_MOST_CONTROL = 0.02
"""A text has hardly any control characters; a fiftieth of a sample is no text."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OTHERS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp866")
_VOWELS = frozenset("аеиоуыэюяіїєё")
_FEWEST_VOWELS = 0.2
"""Of Cyrillic letters: other alphabets that are read as Cyrillic make words without vowels."""
_INNER_SIGMA = re.compile(r"ς\w")
_ACCENTS = frozenset("άέήίόύώΐΰϊϋΆΈΉΊΌΎΏ")
"""Hardly a Greek word of small letters is without one."""
_MOST_SCRIPTS = 4
_FEW = 4
"""Fewer foreign bytes say nothing about an encoding."""
_PLAUSIBLE = 0.5
_SURE = 0.9
_FITS = 0.95
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by Python's name, and why it was chosen."""

    name: str
    evidence: str


def choose(head: bytes, foreign: bytes, *, is_utf8: bool) -> Encoding | None:
    """Return the encoding of a text, or None for what is no text.

    `head` is how the file starts, `foreign` a sample of its lines with bytes above 127, `is_utf8` whether all of it is UTF-8.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return _checked(Encoding(name, f"{name.removesuffix('-sig')} by its mark"), head)
    if (wide := _utf16(head)) is not None:
        return _checked(wide, head)
    if b"\0" in head[:4096]:
        return None
    if is_utf8:
        return _checked(Encoding("utf-8", "utf-8"), head)
    return _checked(_by_words(foreign or head), head)


def _checked(chosen: Encoding, head: bytes) -> Encoding | None:
    text = codecs.getincrementaldecoder(chosen.name)(errors="replace").decode(head[:_SAMPLE])
    return None if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text) or not text else chosen


def _utf16(head: bytes) -> Encoding | None:
    """Tell UTF-16 without a mark by its zeros: those of ASCII marks and digits, all at the same place of a pair."""
    pairs = len(head[:_SAMPLE]) // 2
    if len(head) < _UTF16_BYTES:
        return None
    odd, even = head[1 : 2 * pairs : 2].count(0), head[0 : 2 * pairs : 2].count(0)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        is_text = zeros > 0.6 * pairs or (zeros and not others and _is_prose(head[: 2 * pairs], name))
        if is_text and others < 0.02 * pairs:
            return Encoding(name, f"{name} by its zeros, without a mark")
    return None


def _is_prose(sample: bytes, name: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(text) and len({_script(c) for c in text if c.isalpha()}) <= _MOST_SCRIPTS and "\n" in text


def _by_words(sample: bytes) -> Encoding:
    """Weigh the Western default against the others: Latin ones by the alphabets of their languages, others by their words."""
    import charset_normalizer  # noqa: PLC0415  most texts are UTF-8

    sample = sample[:_SAMPLE]
    western = _fit(sample, "cp1252")
    if sum(byte > 127 for byte in sample) >= _FEW and western < _FITS:  # noqa: PLR2004  ASCII
        fits = {name: _fit(sample, name) for name in alphabets.LATIN}
        latin = max(fits, key=lambda name: fits[name])
        if fits[latin] >= _FITS:
            return Encoding(latin, f"{latin} by its letters")
        proposed = [match.encoding for match in charset_normalizer.from_bytes(sample[:8192])]
        known = {*_OTHERS, alphabets.east_asian(sample)} - {""}
        names = [name for name in (*proposed, *sorted(known)) if name in known]  # the library breaks ties
        best = max(dict.fromkeys(names), key=lambda name: _likeness(sample, name))
        if _likeness(sample, best) > max(_likeness(sample, "cp1252") + 0.1, _PLAUSIBLE):
            return Encoding(best, f"{best} by its letters")
        if _likeness(sample, "cp1252") < _SURE and fits[latin] > western + 0.1:
            return Encoding(latin, f"{latin} by its letters")
    return Encoding("latin-1", "latin-1, which takes every byte") if western < 0 else Encoding("cp1252", "cp1252")


def _fit(sample: bytes, name: str) -> float:
    try:
        return alphabets.latin_fit(sample.decode(name), name)
    except UnicodeDecodeError:
        return -1.0


def _likeness(sample: bytes, name: str) -> float:
    """Return how much of what is not ASCII stands in words of one script, from 0 to 1; -1 where it does not decode."""
    try:
        text = codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeDecodeError:
        return -1.0
    foreign = sum(1 for c in text if ord(c) > 127)  # noqa: PLR2004  ASCII
    if not foreign or (name in alphabets.EAST_ASIAN and not any(_script(c) in {"CJK", "HANGUL"} for c in text)):
        return -1.0
    vowels = sum(c in _VOWELS for c in text.lower())
    has_vowels = name not in {"cp1251", "koi8_r", "cp866"} or vowels >= _FEWEST_VOWELS * foreign
    return sum(map(_credit, _WORD.findall(text))) / foreign * (1.0 if has_vowels else _PLAUSIBLE)


def _credit(word: str) -> float:
    """Return for how many of a word's foreign letters it speaks: accents stand among plain letters, other scripts alone."""
    strange = sum(ord(c) > 127 for c in word)  # noqa: PLR2004  ASCII
    scripts = {_script(c) for c in word}
    if len(scripts) > 1 or not _has_plain_case(word):
        return 0.0
    if scripts == {"LATIN"}:
        return strange * (1.0 if 2 * strange <= len(word) else 0.3)
    if scripts == {"GREEK"} and (_INNER_SIGMA.search(word) or (word != word.upper() and not _ACCENTS & set(word))):
        return strange * 0.3
    return strange * (1.0 if len(word) > 1 else 0.2)


def _has_plain_case(word: str) -> bool:
    return word == word.lower() or word == word.upper() or word[1:] == word[1:].lower()


def _script(character: str) -> str:
    script = unicodedata.name(character, "UNKNOWN").split(" ", maxsplit=1)[0]
    return "CJK" if script in {"HIRAGANA", "KATAKANA"} else script


def foreign_lines(block: bytes) -> Iterator[bytes]:
    """Yield the lines of a block that hold bytes above 127."""
    for line in block.splitlines(keepends=True):
        if not line.isascii():
            yield line
