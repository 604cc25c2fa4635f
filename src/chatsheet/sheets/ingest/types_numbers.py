"""Numbers as people write them: decimal mark and grouping, signs, and what stands before or after. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from chatsheet.sheets.ingest.types_model import SPACES, guarded, quoted, trimmed
from chatsheet.sheets.ingest.types_units import Hint, ahead, beside

_SPACE = f"[{SPACES}]"
_QUOTE = "['\u2019]"
_SIGNS = "+\u2212\u2013-"  # the hyphen last, as in a class of characters
_POWER = r"[eE][+-]?(?:30[0-7]|[0-2]?\d{1,2})"  # of a double
_TOKEN = re.compile(
    rf"(?P<lead>[^\d.,]*)(?P<core>(?:\d+(?:[.,'\u2019{SPACES}]\d+)*[.,]?|[.,]\d+)(?:{_POWER}(?![^\W_]))?)(?P<tail>[^\d]*)"
)
_WHOLE = r"(?:0|[1-9]\d{0,14})"
_SHAPES = (  # the first that fits is taken; two texts of one shape read alike in every style
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])",
    r"[2-7]\d{4}",
    _WHOLE,
    r"0\d{1,14}",
    r"\d{16,}",
    r"[1-9]\d{0,2},\d{3}",
    r"[1-9]\d{0,2}\.\d{3}",
    rf"(?:{_WHOLE}\.\d*|\.\d+)",
    rf"(?:{_WHOLE},\d*|,\d+)",
    rf"{_WHOLE}(?:\.\d+)?{_POWER}",
    rf"{_WHOLE},\d+{_POWER}",
    *(
        rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+{fraction}"
        for group in (",", r"\.", _SPACE, _QUOTE)
        for fraction in ("", r"\.\d*", r",\d*")
        if fraction[:2].strip("\\") != group.strip("\\") and fraction[:1] != group
    ),
    r"[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d*)?",
)
_COMPILED = tuple(re.compile(shape) for shape in _SHAPES)
_GROUPS = {"": "", ",": ",", ".": r"\.", " ": _SPACE, "'": _QUOTE}


@dataclass(frozen=True, slots=True)
class Token:
    """A text taken apart: sign, digits with their marks, and what the words around them say."""

    lead: str
    core: str
    tail: str
    is_negative: bool
    hint: Hint

    @property
    def is_bare(self) -> bool:
        """Whether nothing but digits and marks was written."""
        return not self.lead.strip() and not self.tail.strip()


@lru_cache(maxsize=8192)
def token(text: str) -> Token | None:
    """Take a stripped text apart; None where it is no number."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    lead, core, tail = match["lead"], match["core"], match["tail"]
    around = lead + tail
    signs = sum(around.count(sign) for sign in _SIGNS)
    brackets = (lead.count("("), tail.count(")"))
    if signs + brackets[0] > 1 or brackets[0] != brackets[1] or around.count("(") + around.count(")") != sum(brackets):
        return None
    if any(sign in tail for sign in "+\u2013"):
        return None
    before, after = ahead(_wordy(lead)), beside(_wordy(tail))
    if before is None or after is None or (before.symbol and after.symbol):
        return None
    hint = Hint(
        before.currency or after.currency,
        before.symbol or after.symbol,
        is_percent=before.is_percent or after.is_percent,
        exponent=before.exponent + after.exponent,
    )
    return Token(lead, core, tail, is_negative=bool(brackets[0]) or any(s in around for s in "\u2212\u2013-"), hint=hint)


def _wordy(part: str) -> str:
    return re.sub(rf"[(){_SIGNS}]", " ", part).strip(SPACES)


def shape(text: str) -> str | None:
    """Return a pattern of all texts that are written like this one; None where it is no number."""
    found = token(text)
    if found is None:
        return None
    core = next((s for s, compiled in zip(_SHAPES, _COMPILED, strict=True) if compiled.fullmatch(found.core)), None)
    return None if core is None else f"{re.escape(found.lead)}{core}{re.escape(found.tail)}"


def looks_like_code(text: str) -> bool:
    """Tell whether digits are a name rather than an amount: leading zeros, a phone number, 12E4, more than a double keeps."""
    if re.fullmatch(r"\+\d[\d ()/.-]{6,}", text):
        return sum(map(str.isdigit, text)) > 6  # noqa: PLR2004  shorter ones are signed numbers
    found = token(text)
    if found is None or (not found.is_bare and found.lead.strip(SPACES + _SIGNS)):
        return False
    return re.fullmatch(r"0\d+(?:[.,]\d+)?|\d{16,}|\d+[eE]\d+", found.core) is not None and not found.hint.symbol


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class Style:
    """How the digits of a column are written."""

    mark: str
    group: str = ""
    is_indian: bool = False

    @property
    def name(self) -> str:
        """As a reading is called."""
        return "decimal comma" if self.mark == "," else "decimal point"

    def core(self, *, is_whole: bool = False) -> str:
        """Return the pattern of the digits."""
        whole = r"\d{1,15}"
        if self.is_indian:
            whole += r"|[1-9]\d?(?:,\d{2})*,\d{3}"
        elif self.group:
            whole += rf"|[1-9]\d{{0,2}}(?:{_GROUPS[self.group]}\d{{3}})+"
        if is_whole:
            return f"(?:{whole})"
        mark = re.escape(self.mark)
        return rf"(?:(?:{whole})(?:{mark}\d*)?|\d+{mark}\d*|{mark}\d+)(?:{_POWER})?"

    def reads_core(self, core: str, *, is_whole: bool = False) -> bool:
        """Tell whether digits, taken out of their text, are written so."""
        return _compiled(self.core(is_whole=is_whole)).fullmatch(core) is not None


STYLES = (
    *(Style(mark, group) for group in ("", ",", ".", " ", "'") for mark in (".", ",") if mark != group),
    Style(".", ",", is_indian=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Texts as numbers of one style, with the words around the digits that it knows, times ten to the `exponent`."""

    style: Style
    around: tuple[tuple[str, str], ...]
    """What was seen before and after the digits, as written."""
    exponent: int = 0
    is_whole: bool = False
    """Whether values are BIGINT: no cell has a fraction."""

    def reads(self, text: str) -> bool:
        found = token(text)
        return (
            found is not None
            and self.style.reads_core(found.core, is_whole=self.is_whole)
            and (found.lead, found.tail) in self.around
        )

    def show(self, text: str) -> str:
        number = self.value(text)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)

    def value(self, text: str) -> float:
        """Return the number that a text it reads stands for."""
        number = float(self._digits(text))
        return -number if (found := token(text)) and found.is_negative else number

    def is_exact(self, text: str) -> bool:
        """Tell whether the value of a text it reads has all the digits of it."""
        return Decimal(self._digits(text)) == Decimal(repr(float(self._digits(text))))

    def _digits(self, text: str) -> str:
        found = token(text)
        if found is None:
            return "nan"
        digits = re.sub(rf"{_SPACE}|{_QUOTE}", "", found.core)
        digits = digits.replace("," if self.style.mark == "." else ".", "").replace(self.style.mark, ".")
        return digits if "e" in digits.lower() else f"{digits}e{self.exponent + found.hint.exponent}"

    def sql(self, column: str, *, is_clean: bool) -> str:
        text = column if is_clean and self._is_bare else trimmed(column)
        value = self._cast(text)
        if is_clean:
            return value if text == column else f"CASE WHEN {text} <> '' THEN {value} END"
        return guarded(text, self.pattern, value)

    @property
    def _is_bare(self) -> bool:
        return set(self.around) <= {("", ""), ("-", "")} and self.style.group != " "

    @property
    def pattern(self) -> str:
        """The pattern of all that it reads."""
        core = self.style.core(is_whole=self.is_whole)
        return "|".join(f"{re.escape(lead)}{core}{re.escape(tail)}" for lead, tail in self.around)

    def _cast(self, text: str) -> str:
        digits = text
        for words in self._words():
            digits = f"replace({digits}, {quoted(words)}, '')"
        for group in {" ": SPACES, "'": "'\u2019"}.get(self.style.group, self.style.group):
            digits = f"replace({digits}, {quoted(group)}, '')"
        if self.style.mark == ",":
            digits = f"replace({digits}, ',', '.')"
        digits = self._signed(digits, text)
        if exponents := {tail: e for _, tail in self.around if (e := _exponent("", tail))}:
            cases = " ".join(
                f"WHEN suffix({text}, {quoted(tail)}) THEN 'e{e + self.exponent}'" for tail, e in exponents.items()
            )
            return f"TRY_CAST({digits} || CASE {cases} ELSE 'e{self.exponent}' END AS DOUBLE)"
        if self.is_whole:
            zeros = f" || {quoted('0' * self.exponent)}" if self.exponent else ""
            return f"TRY_CAST({digits}{zeros} AS BIGINT)"
        if not self.exponent:
            return f"TRY_CAST({digits} AS DOUBLE)"
        scaled = f"TRY_CAST({digits} || 'e{self.exponent}' AS DOUBLE)"  # as text: 12 % is 0.12 and not nearly so
        return f"coalesce({scaled}, TRY_CAST({digits} AS DOUBLE) * 1e{self.exponent})"

    def _signed(self, digits: str, text: str) -> str:
        if any("(" in lead for lead, _ in self.around):
            digits = f"replace(replace({digits}, '(', '-'), ')', '')"
        if any("\u2212" in lead or "\u2013" in lead for lead, _ in self.around):
            digits = f"replace(replace({digits}, '\u2212', '-'), '\u2013', '-')"
        if any("-" in tail or "\u2212" in tail for _, tail in self.around):
            trailing = f"replace(replace({digits}, '-', ''), '\u2212', '')"
            negative = " OR ".join(
                f"suffix({text}, {quoted(tail)})" for _, tail in self.around if "-" in tail or "\u2212" in tail
            )
            digits = f"CASE WHEN {negative} THEN '-' || {trailing} ELSE {digits} END"
        return digits

    def _words(self) -> Sequence[str]:
        parts = {
            part.strip(SPACES)
            for lead, tail in self.around
            for side in (lead, tail)
            for part in re.split(rf"[(){_SIGNS}]", side)
        }
        spaces = {c for lead, tail in self.around for c in lead + tail if c in SPACES}
        return [*sorted(parts - {""}, key=lambda part: (-len(part), part)), *sorted(spaces)]


def _exponent(lead: str, tail: str) -> int:
    found = token(f"{lead}1{tail}")
    return found.hint.exponent if found else 0
