"""The numbers of a text as people write them: separators, signs, scales, percent, currencies and words. Pure.

What only looks like a number is left out: dates, times, ordinals, list marks, versions, ids, handles, SQL in code.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Literal

from chatsheet.chat import words

Measure = Literal["plain", "percent", "bps"]
Bound = Literal["exact", "about", "over", "under"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A number as written at `start`..`end`; `before` and `after` is where its sign, currency, scale and unit reach."""

    text: str
    start: int
    end: int
    before: int
    after: int
    mantissas: tuple[Decimal, ...]
    """Several where the separators can be read in two ways; the exponent tells the places written."""
    scale: Decimal = Decimal(1)
    """What a scale word such as `Mio.` multiplies it with."""
    measure: Measure = "plain"
    currency: str = ""
    """The ISO 4217 code."""
    unit: str = ""
    """A physical unit as written, such as `kg`."""
    bound: Bound = "exact"
    sign: Literal["", "+", "-", "()"] = ""
    """`()` may be a loss, as accountants write it, or a remark."""
    is_word: bool = False

    @property
    def year(self) -> int | None:
        """The year that four plain digits may mean."""
        is_plain = self.text.isdecimal() and len(self.text) == len("2025")
        is_bare = is_plain and self.scale == 1 and self.measure == "plain" and not self.currency
        return int(self.text) if is_bare and _YEARS[0] <= int(self.text) <= _YEARS[1] else None


_YEARS = (1900, 2100)
_MONTHS = (
    "january|january|february|march|april|may|june|july|august|september|october|november|december|jan"
    "|feb|mar|apr|jun|jul|aug|sept?|oct|nov"
    "|dec|januar|jänner|februar|märz|mai|juni|juli|oktober|dezember|okt|dez|mrz|janvier|février|mars|avril|juin|juillet|août"
    "|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre"
    "|diciembre|janv|févr|avr|juil|déc|ene|abr|ago|dic"
)
_YEAR = r"(?:19|20)\d\d"
_NAMED = (
    r"no|nr|n[º°]|num|rank(?:ed)?|rang|platz|top|step|schritt|rows?|zeilen?|lines?|page|seite|version"
    r"|option|figure|position|puesto"
    r"|fila|ligne|week|woche|kw|item|id|stelle"
)
_NO_CLAIM = re.compile(
    "|".join((
        r"```(?=[^`]*\b(?:select|from)\b).*?```",
        r"`(?=[^`\n]*[A-Za-z_])[^`\n]+`",
        r"https?://\S+|\S+@\S+\.\w+",
        r"\br\d+\b",
        r"(?m:^[ \t>]*(?:[-*•][ \t]+)?\(?\d{1,2}[.)](?=[ \t]))",
        rf"\b{_YEAR}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?\b(?:[T ]\d{{1,2}}:\d\d(?::\d\d)?)?",
        rf"\b(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\1(?:{_YEAR}|\d\d)\b(?![.,]?\d)",
        rf"\b(?:0?[1-9]|1[0-2])/{_YEAR}\b",
        (r"(?:(?<=\bam )|(?<=\bvom )|(?<=\bbis )|(?<=\bdem )|(?<=\bzum )|(?<=\bab ))(?:0?[1-9]|[12]\d"
        r"|3[01])\.(?:0?[1-9]|1[0-2])\.(?!\d)"),
        (rf"\b(?:[12]?\d|3[01])(?:st|nd|rd|th|\.|er|º)?(?:[ \u00a0](?:of"
        rf"|de))?[ \u00a0](?:{_MONTHS})\b\.?(?:,?[ \u00a0](?:de[ ])?{_YEAR})?"),
        rf"\b(?:{_MONTHS})\.?[ \u00a0](?:[12]?\d|3[01])(?:st|nd|rd|th)?,?[ \u00a0]{_YEAR}\b",
        rf"\b(?:{_MONTHS})\.?[ \u00a0](?:[12]?\d|3[01])(?:st|nd|rd|th)?\b(?![.,%]?\d|[ \u00a0]?[%€$]|[ \u00a0][a-z])",
        rf"\b(?:{_MONTHS})(?:\.?[ \u00a0](?:de[ ])?{_YEAR}|[ ]?['\u2019]\d\d)\b",
        (r"\b(?-i:[QHT])[1-4](?:[ /-]?(?:19|20)\d\d\b(?![.,]\d)|[/'\u2019-]\d\d\b(?![.,]\d))?\b|\b(?-i:W"
        r"|KW ?)\d{1,2}\b|\bFY[ ]?(?:\d\d){1,2}\b|\b[1-4](?-i:Q)(?:\d\d){0,2}\b"),
        r"\b\d{1,2}:\d\d(?::\d\d)?(?:[ ]?[ap]\.?m\b\.?)?",
        r"\b\d+(?:st|nd|rd|th|er|ère|re|ème|nde|º|ª|te[rsn]?)\b",
        r"\b\d{1,2}\.[ \u00a0](?=(?:Platz|Rang|Stelle|Quartal|Halbjahr|Monat|Woche|Tag|Januar|Zeile)\b)",
        rf"(?<!\w)(?:{_NAMED})\b\.?[ \u00a0]?[#:]?[ \u00a0]?\d+(?:[ ]?(?:to|bis|and|und|[-\u2013])[ ]?\d+)?\b(?![.,]\d|[ ]?%)",
        (r"(?<!last )(?<!this )(?<!past )(?<!next )(?<!per )(?<!each )(?<!every )(?<!letzten )(?<!diesen )(?<!pro )(?<!ce )"
        r"\b(?:month|monat|mois|mes|quarter|quartal|trimestre)[ \u00a0](?:1[0-2]|[1-9])\b(?![.,]\d|[ ]?%)"),
        r"#\d+",
        r"(?:\b(?:per|pro|par|por|je)[ \u00a0]|/)10+(?![\d.,%])",
        r"\bv\d+(?:\.\d+)*\b|\b(?:\d+\.){2,}(?:\d{1,2}|\d{4,})\b|\b\d{1,3}\.\d{1,2}\.\d+\b",
        r"(?<![\w.,])(?<!\d[ \u00a0\u202f\u2009'\u2019])0\d+\b(?![.,])",
    )),
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip

_REFERENCE = re.compile(r"\[r\d+[^\]\n]*\]|\((?:r\d+[\s,;&]*)+\)", re.IGNORECASE)
_POINTER = re.compile(
    r"\b(?:rows?|zeilen?|lignes?|filas?)\s?\d+(?:\s?(?:[-\u2013,]|to|and|bis|und)\s?\d+)*\b|\b[^\W\d]\w*|\.\d+\b", re.IGNORECASE
)
"""What a reference may say of its place: handles, rows and columns."""
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|INR|PLN|CZK|SEK|NOK|DKK|CAD|AUD|MXN|BRL"
_SYMBOLS = {"€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "¥": "", "fr.": "CHF", "euro": "EUR", "euros": "EUR",
            "dollar": "USD", "dollars": "USD", "pounds": "GBP", "francs": "CHF", "dólares": "USD", "franken": "CHF",
            }  # fmt: skip
CURRENCIES = frozenset(_CODES.casefold().split("|"))
_CURRENCY = rf"US\$|[€$£¥]|(?:{_CODES})\b"
_CURRENCY_AFTER = rf"US\$|[€$£¥]|(?:{_CODES}|[Ee]uros?|[Dd]ollars?|pounds|francs|Franken|dólares)\b|Fr\."
_GAP = "[ \u00a0\u202f\u2009]"
_GROUPED = "\\d{1,3}(?:[ \u00a0\u202f\u2009]\\d{3})+(?!\\d)(?:[.,]\\d+)?"
_NUMBER = re.compile(
    rf"(?<![\w])(?<!\d[.,])(?<![^\W\d_][-\u2212])(?P<open>\()?(?P<sign>[-+\u2212\u2013](?=[\d.€$£]|US\$))?"
    rf"(?:(?P<currency>{_CURRENCY}){_GAP}?)?(?P<sign2>[-+\u2212](?=[\d.]))?"
    rf"(?P<digits>{_GROUPED}|\d[\d.,'\u2019]*\d|\d|\.\d+)(?P<exponent>[eE][-+]?\d{{1,2}}\b)?"
)
_SCALES = {
    2: r"hundred|hundert",
    3: r"[kK]|T(?=€|EUR)|tsd|tausend|thousand|mille|mil|grand(?! totals?\b| prix\b)",
    5: r"lakhs?",
    6: r"[mM]|MM|mn|mln|mio|millions?|millionen|millones|millón|mill",
    7: r"crores?",
    9: r"[bB]|bn|mrd|milliarden?|milliards?|mil millones",
    12: r"tn|trillions?|billionen",
}
_BILLION = re.compile(r"billions?", re.IGNORECASE)
_SCALE = "|".join(
    rf"(?P<s{exponent}>(?:{names})(?=[^\W\d_]{{3}}\b|[^\w]|$|€))" for exponent, names in reversed(_SCALES.items())
)
_TAIL = re.compile(rf"(?P<gap>{_GAP}?)(?:(?:{_SCALE}|(?P<s_en>billions?\b)|(?P<s_twelve>dozen|Dutzend)\b)\.?)?", re.IGNORECASE)
_POINTS = r"percentage[ -]points?|pp\b|Prozentpunkten?|points? de pourcentage|puntos? porcentuale?s?"
_MINUS = re.compile(r"(?<!\d )(?<![%€$£] )(?<!au )(?<!al )(?<!lo )\b(?:minus|negative|moins|menos)\s+\Z", re.IGNORECASE)
_PERCENT = re.compile(
    rf"{_GAP}?-?(?:(?P<percent>%-?(?:points?|punkten?)?|{_POINTS}|percent\b|per cent\b|pct\b|Prozent\b"
    rf"|pour cent\b|pour-cent\b|por ciento\b)"
    r"|(?P<permille>\u2030|per ?mille?\b|promille\b|pour mille\b|por mil\b)"
    r"|(?P<bps>bps?\b|basis points?\b|Basispunkten?\b))",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"(?:{_GAP}?(?:of |de |d')?(?P<currency>{_CURRENCY_AFTER}))")
_UNIT = re.compile(
    r"[ \u00a0]?(?P<unit>kg|mg|g|km|cm|mm|m|l|ml|h|min|s|ms|kWh|MWh|GWh|kW|MW|W|GB|MB|KB|TB|t|ha|x|\u00d7|°C|°F|°|m²|m³)(?!\w)"
)
_BOUNDS: dict[Bound, str] = {
    "about": r"about|around|approximately|approx\.?|roughly|circa|ca\.?|~|≈|rund|etwa|ungefähr|zirka|environ"
    r"|près de|alrededor de"
    r"|aproximadamente|unos|unas|cerca de|some|in the region of|grob",
    "over": r"over|more than|above|just over|at least|gut|über|mehr als|mindestens|plus de|au moins|más de"
    r"|al menos|>|≥|upwards of",
    "under": r"under|less than|below|nearly|almost|just under|close to|fast|knapp|beinahe|nahezu|weniger als|unter|höchstens"
    r"|up to|at most|moins de|presque|casi|menos de|<|≤",
}
_BOUND = re.compile(
    "|".join(rf"(?P<{bound}>(?<!\w)(?:{names}))" for bound, names in _BOUNDS.items() if bound != "exact")
    + "", re.IGNORECASE
)  # fmt: skip
_LONGEST_BOUND = 24

_LANGUAGES = {
    "de": "der die das und ist sind war im von mit für ein eine nicht hat haben wurde auf bei insgesamt beträgt betrug",
    "fr": "le la les et est sont était du des avec pour une dans sur au aux ont chiffre total",
    "es": "el los las y es son fue del con para una en por al han tiene hubo total",
    "en": "the and is are was were of in with for a an by on at it has have there to",
}
_OWN_WORDS = {
    name: frozenset(own.split()) - {word for other, others in _LANGUAGES.items() if other != name for word in others.split()}
    for name, own in _LANGUAGES.items()
}
_COMMA = words.listed("de fr es it pt nl pl ru cs da sv nb nn no fi tr uk ro hu bg hr sk sl el id vi ca")
_DOT_REGIONS = words.listed("de-ch de-li it-ch es-mx es-us es-gt es-hn es-sv es-ni es-pa es-pe es-pr es-do")

_NUMBER_WORDS: dict[str, int] = {
    word: number for counted in words.COUNTED for number, word in enumerate(counted) if word != "_"
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "dreißig": 30, "vierzig": 40, "fünfzig": 50, "dozen": 12}
_MULTIPLIERS = {"hundred": 100, "hundert": 100, "thousand": 1000, "tausend": 1000, "million": 10**6, "millionen": 10**6,
                "millions": 10**6, "millones": 10**6, "dozen": 12, "dutzend": 12}  # fmt: skip
_SINGLE = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_TIMES = "|".join(_MULTIPLIERS)
_WORD = re.compile(
    rf"(?<![\w-])(?:(?:(?:a|one|ein|eine)[ -](?!dozen|dutzend)|(?:{_SINGLE})[ -])(?:{_TIMES})"
    rf"(?:[ -](?:and |und )?(?:{_TIMES}|{_SINGLE})(?![\w]))*|(?:{_SINGLE}))(?![\w-])",
    re.IGNORECASE,
)
_JOINS = re.compile(rf"{_GAP}?[-\u2013—]{_GAP}?|{_GAP}(?:to|bis|à|a){_GAP}")


def references(text: str) -> list[re.Match[str]]:
    """Return where a text refers to results, as in `[r1]` and `(r1, r2)`; a sentence in brackets is no reference."""
    return [one for one in _REFERENCE.finditer(text) if re.search(r"\d", _POINTER.sub("", one.group())) is None]


def handles(text: str) -> Iterator[re.Match[str]]:
    """Yield the handles of results that a text has in brackets."""
    for one in _REFERENCE.finditer(text):
        yield from re.compile(r"\br\d+", re.IGNORECASE).finditer(text, *one.span())


def blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return the text with spaces in `spans`; positions stay."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def mask(text: str, spans: Sequence[tuple[int, int]] = ()) -> str:
    """Return the text with `spans` and everything that is no claim blotted out; positions stay."""
    masked = _NO_CLAIM.sub(lambda match: "\0" * len(match.group()), text)
    for start, end in spans:
        masked = masked[:start] + "\0" * (end - start) + masked[end:]
    return masked


def read(text: str, *, locale: str = "en", without: Sequence[tuple[int, int]] = ()) -> tuple[Written, ...]:
    """Return the numbers of `text` in order; those in the spans `without` are names and no numbers."""
    masked = mask(text, without)
    numerals = list(_numerals(masked, decimal_marks(masked, locale)))
    spoken = (word for word in _words(masked) if not any(one.before <= word.start < one.after for one in numerals))
    found = [*numerals, *spoken]
    return _with_ranges(masked, sorted(found, key=lambda written: written.start))


def language(text: str) -> str:
    """Return which of en, de, fr, es a text is in, by its small words; empty where that is open."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    counts = {name: sum(word in own for word in words) for name, own in _OWN_WORDS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] and list(counts.values()).count(counts[best]) == 1 else ""


def decimal_marks(text: str, locale: str = "en") -> str:
    """Return the sign or, where it is open, the signs that stand before decimals: the text tells, then the locale."""
    told = {mark for match in _NUMBER.finditer(text) if (mark := _told(match["digits"])) is not None}
    if len(told) == 1:
        return told.pop()
    by_locale = "," if _is_comma(locale) else "."
    spoken = language(text)
    if spoken in {"", locale.casefold()[:2]}:
        return by_locale
    by_text = "," if _is_comma(spoken) else "."
    # a locale other than the default is a person's wish, which an answer in another language may follow or not
    return by_text if by_text == by_locale or locale.casefold().startswith("en") else by_text + by_locale


def _is_comma(locale: str) -> bool:
    tag = locale.casefold().replace("_", "-")
    return tag not in _DOT_REGIONS and tag.split("-")[0] in _COMMA


def _told(digits: str) -> str | None:
    """Return the decimal mark that a numeral shows beyond doubt."""
    marks = re.findall(r"[.,]", digits)
    if len(set(marks)) > 1:
        return marks[-1]
    if len(marks) > 1:
        return "." if marks[0] == "," else ","
    if marks and (len(re.split(r"[.,]", digits)[1]) != len("000") or digits.startswith("0")):
        return marks[0]
    return None


def _numerals(text: str, marks: str) -> Iterator[Written]:
    for match in _NUMBER.finditer(text):
        yield from _numeral(match, marks)


def _numeral(match: re.Match[str], marks: str) -> Iterator[Written]:
    text, end = match.string, match.end()
    mantissas = _mantissas(match["digits"], marks)
    if not mantissas:  # 1,2,3: each by itself
        for one in re.finditer(r"\d+", match["digits"]):
            start = match.start("digits") + one.start()
            yield Written(text=one.group(), start=start, end=start + len(one.group()), before=start,
                          after=start + len(one.group()), mantissas=(Decimal(one.group()),))  # fmt: skip
        return
    if match["exponent"]:
        mantissas = tuple(Decimal(f"{mantissa}{match['exponent']}") for mantissa in mantissas)
    sign = (match["sign"] or match["sign2"] or "").replace("\u2212", "-").replace("\u2013", "-")
    told = None if sign else _MINUS.search(text, 0, match.start())
    sign = "-" if told else sign
    scale, after = _scale(match, end)
    percent = _PERCENT.match(text, after)
    currency_after = None if percent else _AFTER.match(text, after)
    currency = match["currency"] or (currency_after["currency"] if currency_after else "")
    beside = percent or currency_after
    after = after if beside is None else beside.end()
    if percent and percent["permille"]:
        scale /= 10
    unit = None if percent or currency or scale != 1 else _UNIT.match(text, after)
    after = unit.end() if unit is not None else after
    if re.match(r"[^\W_]|-[^\W\d_]", text[after : after + 2]) and text[after - 1 : after] not in {" ", "€", "$", "%", "."}:
        return  # X2000b, 5-year
    is_negative = sign == "-"
    brackets = bool(match["open"]) and re.match(r"\s*\)", text[after:]) is not None
    start = match.start("sign2") if match["sign2"] else match.start("digits")
    if match["sign"] and not match["currency"]:
        start = match.start("sign")
    yield Written(
        text=text[start:end],
        start=start,
        end=end,
        before=match.start() if told is None else told.start(),
        after=after,
        mantissas=tuple(-mantissa if is_negative else mantissa for mantissa in mantissas),
        scale=scale,
        measure="bps" if percent and percent["bps"] else "percent" if percent else "plain",
        currency=_SYMBOLS.get(currency.casefold(), currency),
        unit="" if unit is None or unit["unit"] in "x\u00d7" else unit["unit"],
        bound=_bound(text, match.start()),
        sign="()" if brackets and not sign else "+" if sign == "+" else "-" if is_negative else "",
    )


def _scale(match: re.Match[str], end: int) -> tuple[Decimal, int]:
    """Return what the words after a numeral multiply it with, and where they end."""
    tail = _TAIL.match(match.string, end)
    if tail is None:
        return Decimal(1), end
    names = [name for name, word in tail.groupdict().items() if word and name != "gap"]
    if not names:
        return Decimal(1), end
    word = tail[names[0]]
    beside = match.string[tail.end() : tail.end() + 1]
    has_currency = bool(match["currency"]) or _AFTER.match(match.string, tail.end()) is not None
    if len(word) == 1 and tail["gap"] and not has_currency and word not in "kKM":
        return Decimal(1), end  # 5 m are metres
    if word in {"m", "b"} and not tail["gap"] and not has_currency and beside.isalnum():
        return Decimal(1), end
    if names[0] == "s_twelve":
        return Decimal(12), tail.end()
    exponent = 9 if names[0] == "s_en" else int(names[0][1:])
    return Decimal(10) ** exponent, tail.end()


def _mantissas(digits: str, marks: str) -> tuple[Decimal, ...]:
    plain = re.sub("[ \u00a0\u202f\u2009'\u2019]", "", digits)
    is_grouped = plain != digits
    found = re.findall(r"[.,]", plain)
    if not found:
        return (Decimal(plain),)
    last = found[-1]
    whole, _, places = plain.rpartition(last)
    if len(set(found)) > 1:
        is_sound = found.count(last) == 1 and re.fullmatch(r"\d{1,3}([.,]\d{2,3})*[.,]\d{3}", whole)
        return (_joined(whole, places),) if is_sound else ()
    if len(found) > 1:
        is_sound = not is_grouped and re.fullmatch(r"\d{1,3}([.,]\d{2,3})*[.,]\d{3}", plain)
        return (_joined(plain, ""),) if is_sound else ()
    if len(places) != len("000") or len(whole) > len("000") or whole in {"", "0"} or is_grouped:
        return (_joined(whole, places),)
    return tuple(_joined(whole, places) if mark == last else _joined(whole + places, "") for mark in marks)


def _joined(whole: str, places: str) -> Decimal:
    return Decimal(re.sub("[.,]", "", whole or "0") + (f".{places}" if places else ""))


def _bound(text: str, start: int) -> Bound:
    before = text[max(0, start - _LONGEST_BOUND) : start]
    for match in _BOUND.finditer(before):
        if re.fullmatch(r"\s*(?:the |die |der |den )?", before[match.end() :]):
            bounds: tuple[Bound, ...] = ("about", "over", "under")
            return next(bound for bound in bounds if match[bound])
    return "exact"


def _words(text: str) -> Iterator[Written]:
    for match in _WORD.finditer(text):
        start, end = match.span()
        value = _spoken(match.group())
        is_word = match.group().casefold() in _NUMBER_WORDS
        yield Written(text=match.group(), start=start, end=end, before=start, after=end, mantissas=(value,), is_word=is_word,
                      bound=_bound(text, start))  # fmt: skip


def _spoken(text: str) -> Decimal:
    """Return the number that words say: two hundred and fifty thousand."""
    total = current = 0
    for word in re.split(r"[ -]", text.casefold()):
        times = _MULTIPLIERS.get(word, 1) if current else 1
        current = current * times if times > 1 else current + _NUMBER_WORDS.get(word, word in {"a", "one", "ein", "eine"})
        if times >= 1000:  # noqa: PLR2004  a thousand ends a group
            total, current = total + current, 0
    return Decimal(total + current)


def _with_ranges(text: str, found: Sequence[Written]) -> tuple[Written, ...]:
    """Give the first number of `10-20 %` the unit of the second."""
    done: list[Written] = []
    for written, following in zip_longest(found, found[1:]):
        is_bare = written.scale == 1 and written.measure == "plain" and written.after == written.end
        if following is not None and is_bare and _JOINS.fullmatch(text, written.after, following.before):
            shared = partial(replace, written, scale=following.scale, measure=following.measure)
            written = shared(currency=written.currency or following.currency)  # noqa: PLW2901
        done.append(written)
    return tuple(done)
