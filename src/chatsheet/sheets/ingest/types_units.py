"""What numbers count: currency, percent, unit and scale words, beside numbers, in headers and in captions. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from chatsheet.sheets.ingest.types_words import listed, names_amount, words

_SYMBOLS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₪": "ILS", "฿": "THB",
    "₫": "VND", "₴": "UAH", "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "R$": "BRL",
    "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "kr": "", "kr.": "", "Fr.": "CHF", "Rs": "", "Rs.": "", "lei": "RON",
}  # fmt: skip
_CODES = listed(  # ISO 4217
    "EUR USD GBP CHF JPY CNY INR PLN CZK HUF SEK NOK DKK ISK RON BGN TRY RUB UAH ILS AED SAR QAR EGP ZAR NGN KES MAD CAD MXN "
    "BRL ARS CLP COP PEN AUD NZD SGD HKD TWD KRW THB IDR MYR PHP VND PKR BDT LKR RSD"
)
_UNITS = listed(
    "kg g mg µg lb lbs oz t km m cm mm µm nm mi ft in yd m² m2 km² ha m³ m3 l L ml mL cl gal °C °F K bar hPa Pa kPa "
    "V kV A mA W kW MW GW "
    "Wh kWh MWh GWh J kJ kcal Hz kHz MHz GHz B KB kB MB GB TB PB KiB MiB GiB s ms µs min h hr hrs hours days "
    "km/h mph m/s rpm dB ° "
    "pcs Stk Stk. Stück st u. units ppm px dpi EUR/kg €/kg €/m² $/kg kg/m³ g/l mg/l mg/dl"
)
_SCALES = {
    3: "thousand thousands tsd tausend millier milliers miles migliaia mila duizend milhares mil k '000 000 '000s 000s",
    5: "lakh lakhs lac lacs",
    6: "million millions mio mn mln mill millionen millones millón milioni milione miljoen miljoenen milhões milhão mm",
    7: "crore crores cr",
    9: "billion billions bn mrd milliarde milliarden milliard milliards miliardi miliardo miljard mia",
    12: "trillion trillions tn bio billionen",
}
_SCALE = {word: exponent for exponent, names in _SCALES.items() for word in names.split()}
_ONLY_IN_HEADERS = listed("000 '000 000s '000s mm mil miles mila cr")
_BESIDE_NUMBERS = {word: exponent for word, exponent in _SCALE.items() if word not in _ONLY_IN_HEADERS}
_CURRENCY = {**_SYMBOLS, **{code: code for code in _CODES}}
_ANY_CURRENCY = "|".join(sorted(map(re.escape, _CURRENCY), key=len, reverse=True))
_GLUED = re.compile(
    rf"(?P<c1>{_ANY_CURRENCY})[ ]?(?P<s1>['\u2019]?000s?|[mMkK]|MM|bn|mn|b)|(?P<s2>[TkKmM])[ ]?(?P<c2>{_ANY_CURRENCY})"
)
_GLUED_EXPONENTS = {"m": 6, "mm": 6, "mn": 6, "k": 3, "t": 3, "bn": 9, "b": 9, "000": 3, "000s": 3}
_PERCENT = re.compile(r"%|\b(percent|per cent|prozent|pct|pourcent|porcentaje|percentuale|procent)\b", re.IGNORECASE)
_SCALE_WORD = "|".join(sorted((re.escape(word) for word in _SCALE), key=len, reverse=True))
_INTRODUCED = re.compile(
    rf"(?:\b(?:in|en|em|figures in)\s+(?:\S{{1,4}}\s+)?|[(\[]\s*(?:\S{{1,3}}\s+)?)({_SCALE_WORD})\b", re.IGNORECASE
)
_BESIDE_CURRENCY = re.compile(
    rf"(?:(?:{_ANY_CURRENCY})\s*({_SCALE_WORD})\b|(?<!\w)({_SCALE_WORD})\.?\s*(?:(?:of|de|di)\s+)?(?:{_ANY_CURRENCY}|euros?|dollars?|pounds?|francs?))",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[(\[]([^()\[\]]+)[)\]]|(?:,| in )\s*(\S+)\s*$")
_NAMED = {"euro": "EUR", "euros": "EUR", "dollars": "USD", "pounds": "GBP"}
_UNSCALED = re.compile(  # counts and codes, then shares, rates and what is told of one share or piece
    r"(?<!per )year|(?<!pro )(?<!je )jahr|année|año|anno|\bid\b|nr\b|no\b|number|\bcount\b|anzahl|nombre|número|numero|aantal"
    r"|#|%|percent|prozent"
    r"|rank|rang\b|employee|headcount|staff|mitarbeiter|beschäftigte|effectifs?\b|empleados|dipendenti|fte\b"
    r"|customer|kunden|stores|units|pieces"
    r"|quantity|qty|menge|stück|cantidad|quantité|quantità|age\b|alter\b"
    r"|\brates?\b|\bshares?\b(?! (?:capital|premium|buy|repurchase|issu|based))"
    r"|\b(?:an)?teil\b|anteile?\b|quoten?\b|\btaux\b|\btasas?\b"
    r"|\btass[oi]\b|\btaxa\b|\bratios?\b|verhältnis|\bindex\b|\bindice\b|\bíndice\b|\beps\b|\bbpa\b|\bdps\b|yield|rendite|rendement"
    r"|growth|wachstum|croissance|crecimiento|crescita|crescimento|groei|\bcagr\b|\byoy\b|multiple|multiplikator"
    r"|\b(?:per|pro|je|par|por) (?:share|unit|piece|item|kg|tonne|litre|aktie|stück|einheit|action|unité|pièce|acción|unidad"
    r"|azione|unità|ação|aandeel|stuk|eenheid)|unit price|stückpreis|einzelpreis|prix unitaire|precio unitario|prezzo unitario",
    re.IGNORECASE,
)
_OF_A_SHARE = re.compile(r"\bdiluted\b|\bbasic\b|\bverwässert|\bunverwässert|\bdivid", re.IGNORECASE)
_PER_SHARE = re.compile(r"per[- ]share|je aktie|par action|por acción|per azione|per aandeel|por ação", re.IGNORECASE)
_EXCEPT = re.compile(
    r"\b(?:except(?:ing)?(?: for)?|other than|außer|ausgenommen|mit ausnahme(?: von| der| des)?|sauf|excepté|"
    r"excepto|salvo|eccetto|tranne|behalve|uitgezonderd|exceto)\b([^()\[\]]*)",
    re.IGNORECASE,
)
_LEAST_OF_A_WORD = 4
_PRICES = re.compile(
    r"price|preis|\bprix\b|precio|prezzo|prijs|preço|average|\bavg\b|durchschnitt|mittel|moyen|promedio|media\b|gemiddeld|median"
    r"|score|margin|marge|margen|margine|factor|faktor|\bchange\b|veränderung|variation|variación"
    r"|\b(?:per|pro|je|par|por) (?!year|month|quarter|annum|jahr|monat|quartal|an\b|mois|año|mes\b|anno|mese|maand|ano\b|mês)",
    re.IGNORECASE,
)

_LONGEST_UNIT = 40


@dataclass(frozen=True, slots=True)
class Hint:
    """What a header, a caption or the text beside a number says of it; `exponent` is the power of ten of a scale word."""

    currency: str = ""
    symbol: str = ""
    is_percent: bool = False
    exponent: int = 0
    evidence: str = ""
    is_doubtful: bool = False
    """Whether the scale of a caption may not be meant for the column."""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.symbol or self.exponent)


@lru_cache(maxsize=4096)
def beside(text: str) -> Hint | None:
    """Return what the text before or after a number means; None where that is unknown."""
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST_UNIT:
        return None if text else Hint()  # cutting a sentence at each word takes ages
    if text in {"%", "Prozent", "percent", "pct"}:
        return Hint(symbol="%", is_percent=True)
    if text in _CURRENCY:
        return Hint(currency=_CURRENCY[text], symbol=text)
    if text in _UNITS:
        return Hint(symbol=text)
    if text == "M":
        return Hint(exponent=6)
    if exponent := _BESIDE_NUMBERS.get(text.casefold().rstrip(".")):
        return Hint(exponent=exponent)
    if glued := _GLUED.fullmatch(text):
        return _glued(glued)
    return _joined(text)


def ahead(text: str) -> Hint | None:
    """Return what the text before a number means: a currency or percent; what else stands there, as in `A1`, makes a name."""
    found = beside(text)
    return found if found and (found.is_empty or found.is_percent or found.symbol in _CURRENCY) else None


def _joined(text: str) -> Hint | None:
    for cut in (match.start() for match in re.finditer(r" |(?<=\w)(?=[€$£¥₹])|(?<=[€$£¥₹])(?=\w)", text)):
        first, second = beside(text[:cut]), beside(text[cut:])
        if first and second and not (first.symbol and second.symbol) and not (first.exponent and second.exponent):
            return Hint(
                first.currency or second.currency, first.symbol or second.symbol, exponent=first.exponent + second.exponent
            )
    return None


def in_header(label: str) -> Hint:
    """Return what a column's header says of its numbers."""
    if _PERCENT.search(label):
        return Hint(symbol="%", is_percent=True, evidence=f"{label!r} says percent")
    money = _money(label)
    if not money.is_empty:
        return money
    for match in _BRACKETED.finditer(label):
        unit = (match[1] or match[2]).strip()
        if unit in _UNITS and (match[1] or unit != "in"):
            return Hint(symbol=unit, evidence=f"{label!r} names the unit")
    return Hint()


def in_captions(captions: Sequence[str], label: str) -> Hint:
    """Return what titles and notes say of the numbers of a table; counts, rates and what they except are left alone.

    The scale is doubtful for prices and means, and where something is excepted that may stand in rows: a column of 2023.
    """
    excepted = " ".join(match[1] for caption in captions for match in _EXCEPT.finditer(caption))
    hint = next((found for caption in captions if (found := _money(caption)).exponent), Hint())
    if not hint.exponent or _UNSCALED.search(label) or _is_excepted(label, excepted):
        return Hint()
    is_sure = names_amount(label) if excepted else True
    return replace(hint, is_doubtful=not is_sure or _PRICES.search(label) is not None)


def _is_excepted(label: str, excepted: str) -> bool:
    named = {word for word in words(excepted) if len(word) >= _LEAST_OF_A_WORD} - set(_SCALE)
    return not named.isdisjoint(words(label)) or bool(_PER_SHARE.search(excepted) and _OF_A_SHARE.search(label))


def _money(text: str) -> Hint:
    evidence = f"{text!r} says so"
    for match in re.finditer(rf"(?<![^\W\d_])(?:{_GLUED.pattern})(?![^\W_])", text):
        return _glued(match, evidence)
    scale = _BESIDE_CURRENCY.search(text) or _INTRODUCED.search(text)
    exponent = _SCALE[next(filter(None, scale.groups())).casefold()] if scale else 0
    symbol = re.search(rf"(?<![^\W\d_])(?:{_ANY_CURRENCY})(?![^\W\d_])", text)
    if symbol:
        return Hint(_CURRENCY[symbol[0]], symbol[0], exponent=exponent, evidence=evidence)
    named = next((code for word, code in _NAMED.items() if exponent and re.search(rf"\b{word}\b", text, re.IGNORECASE)), "")
    return Hint(named, named, exponent=exponent, evidence=evidence if exponent else "")


def _glued(match: re.Match[str], evidence: str = "") -> Hint:
    symbol, scale = match["c1"] or match["c2"], (match["s1"] or match["s2"]).casefold().lstrip("'\u2019")
    return Hint(_CURRENCY[symbol], symbol, exponent=_GLUED_EXPONENTS[scale], evidence=evidence)
