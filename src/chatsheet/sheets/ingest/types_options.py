"""The ways in which the texts of a column can be read, the one that takes most cells first. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chatsheet.sheets.ingest.types_dates import ORDER_NAMES, Counted, Dates, Order, Times
from chatsheet.sheets.ingest.types_dates import token as date_token
from chatsheet.sheets.ingest.types_model import SPACES, ColumnFacts, Decision, Native, Option, Parse, quoted, trimmed
from chatsheet.sheets.ingest.types_numbers import STYLES, Number, Style, Token, token
from chatsheet.sheets.ingest.types_tally import Tally
from chatsheet.sheets.ingest.types_units import Hint
from chatsheet.sheets.ingest.types_words import LETTERS, NO, YES, names_amount, names_date, words
from chatsheet.sheets.model import ColumnType, Unit

__all__ = ["ORDER_NAMES", "Booleans", "all_of", "native_serial"]
_FEWEST = 0.9
_LESS_SURE = 0.85
_GUESSED = 0.7
_MIXED = 0.6
_MOST_DIGITS = 18
"""Digits that a BIGINT always holds."""
_WIDEST = 3
"""The power of ten with which fifteen digits still are a BIGINT."""
_SCALE_LETTERS = ("k", "M")
_SERIALS = (20_000, 80_000)
"""From 1954 to 2119: the numbers that spreadsheets keep for dates."""


@dataclass(frozen=True, slots=True)
class Booleans:
    """Words for yes and no, in small letters."""

    yes: tuple[str, ...]
    no: tuple[str, ...]

    def reads(self, text: str) -> bool:
        return text.casefold() in {*self.yes, *self.no}

    def show(self, text: str) -> str:
        return "true" if text.casefold() in self.yes else "false"

    def sql(self, column: str, *, is_clean: bool) -> str:
        text = f"lower({column if is_clean else trimmed(column)})"
        sides = ((self.yes, "TRUE"), (self.no, "FALSE"))
        cases = " ".join(f"WHEN {text} IN ({', '.join(map(quoted, of))}) THEN {value}" for of, value in sides if of)
        return f"CASE {cases} END"


def all_of(tally: Tally, label: str, hint: Hint, *, wanted: ColumnType | None = None) -> list[Option]:
    """Return every way to read a column of texts; `wanted` is the type a user asked for."""
    options = [*_booleans(tally), *_counted(tally, label, wanted), *_dates(tally), *_times(tally, label, wanted)]
    options += (_doubted(option, label, hint) for option in _numbers(tally, hint, wanted))
    return sorted(options, key=lambda option: option.decision.unparsed)


def _doubted(option: Option, label: str, hint: Hint) -> Option:
    """Return an option as one that is only offered where a letter behind the digits is all that speaks of a scale: 12M."""
    around = option.decision.parse.around if isinstance(option.decision.parse, Number) else ()
    is_scaled = any(tail.strip(SPACES) in _SCALE_LETTERS for _, tail in around)
    if not is_scaled or hint.symbol or hint.exponent or option.decision.unit.symbol or names_amount(label):
        return option
    return replace(option, name=f"scaled, {option.name}", is_offered=True)


def _decision(
    tally: Tally, kind: ColumnType, parse: Parse, evidence: str, *, confidence: float = 1.0, unit: Unit | None = None
) -> Decision:
    unparsed, examples = tally.unread(parse)
    missing, markers = sum(tally.missing.values()), list(tally.missing)
    if isinstance(parse, Number):
        empty = [text for text in tally.texts if _is_empty_amount(text)]
        cells = round(sum(tally.weights[text] for text in empty))
        markers += empty
        missing, unparsed, examples = missing + cells, unparsed - cells, tuple(e for e in examples if e not in empty)
    parts = [evidence]
    if missing:
        cells = "1 cell says" if missing == 1 else f"{missing} cells say"
        parts.append(f"{cells} there is no value ({', '.join(map(repr, sorted(markers)))})")
    if unparsed:
        parts.append(f"{unparsed} could not be read, such as {examples[0]!r}" if examples else f"{unparsed} could not be read")
    share = (tally.values - unparsed) / tally.values if unparsed and tally.values else 1.0
    return Decision(
        type=kind,
        parse=parse,
        evidence="; ".join(parts),
        confidence=round(min(confidence, max(share, 0.8)), 2),
        unit=unit or Unit(),
        missing=missing,
        unparsed=unparsed,
        unparsed_examples=examples,
        keeps_raw=unparsed > 0,
        is_clean=not unparsed and not missing and tally.facts.is_trimmed,
    )


def _is_empty_amount(text: str) -> bool:
    """Tell whether a text is a dash behind a currency, as accountants write nothing."""
    match = re.fullmatch(r"(\D*?)\s*[-\u2013\u2014]\s*(\D*)", text)
    found = token(f"{match[1]}1{match[2]}") if match else None
    return found is not None and bool(found.hint.symbol)


def _option(tally: Tally, name: str, decision: Decision) -> Option:
    read = sorted((t for t in tally.texts if decision.parse.reads(t)), key=lambda t: (-tally.weights[t], t))
    example = f"{read[0]} \u2192 {decision.parse.show(read[0])}" if read else ""
    return Option(name, example, decision)


def _booleans(tally: Tally) -> Iterable[Option]:
    seen = {text.casefold() for text in tally.texts}
    pairs = [(tuple(sorted(seen & YES)), tuple(sorted(seen & NO)))]
    pairs += [((yes,), (no,)) for yes, no in LETTERS if {yes, no} <= seen]
    pairs += [(("1",), ("0",))] if seen <= {"0", "1"} else []
    for yes, no in pairs:
        if yes or no:
            parse = Booleans(yes, no)
            both = bool(yes and no)
            evidence = f"all values are {'/'.join((*yes, *no))}"
            yield _option(
                tally, "yes or no", _decision(tally, "boolean", parse, evidence, confidence=1.0 if both else _LESS_SURE)
            )


def _counted(tally: Tally, label: str, wanted: ColumnType | None) -> Iterable[Option]:
    if not names_date(label) and wanted != "date":
        return
    for parse, name in ((Counted("compact"), "digits of a date"), (Counted("serial"), "serial number of a spreadsheet")):
        if any(map(parse.reads, tally.texts)):
            evidence = f"{label!r} names a date, and all values are the {name}"
            yield _option(tally, name, _decision(tally, "date", parse, evidence, confidence=_LESS_SURE))


def _dates(tally: Tally) -> Iterable[Option]:
    found = [text for text in tally.texts if date_token(text)]
    if not found:
        return
    options: list[Option] = []
    for order, name in ORDER_NAMES.items():
        parse = Dates.of(found, order)
        if parse.tokens or parse.named:
            kind: ColumnType = "datetime" if parse.has_times else "date"
            evidence = _order_evidence(found, order)
            options.append(_option(tally, name, _decision(tally, kind, parse, evidence)))
    options.sort(key=lambda option: option.decision.unparsed)
    if options and all(separator == "." for separator, *_ in _separators(options[0].decision.parse)):
        options.sort(key=lambda option: (option.decision.unparsed, option.name != "day first"))
        yield options[0]
        return
    yield from _distinct(tally, options)


def _separators(parse: Parse) -> Sequence[tuple[str, str, int, bool]]:
    return [way for way in parse.tokens if way[2]] if isinstance(parse, Dates) else ()


def _distinct(tally: Tally, options: Iterable[Option]) -> Iterable[Option]:
    """Leave out options that make the same values as one before them."""
    kept: list[Option] = []
    for option in options:
        if all(tally.differ(option.decision.parse, other.decision.parse) for other in kept):
            kept.append(option)
    return kept


def _order_evidence(texts: Sequence[str], order: Order) -> str:
    tokens = [(text, found) for text in texts if (found := date_token(text))]
    zoned = "; times with a zone are kept as UTC" if any(found.zoned for _, found in tokens) else ""
    if all(found.named for _, found in tokens):
        return "all values are dates with the name of the month" + zoned
    if all(len(found.parts[0]) == 4 for _, found in tokens):  # noqa: PLR2004  a year
        return "all values are dates, year first" + zoned
    position = {"dmy": 0, "mdy": 1, "ymd": 0}[order]
    proof = next((text for text, found in tokens if not found.named and 12 < int(found.parts[position]) <= 99), "")  # noqa: PLR2004
    if proof:
        return f"{proof} exists, so {ORDER_NAMES[order]}"
    dotted = order == "dmy" and all(found.separator in {".", ""} for _, found in tokens)
    return "dates written with points have the day first" if dotted else f"dates, {ORDER_NAMES[order]}"


def _times(tally: Tally, label: str, wanted: ColumnType | None) -> Iterable[Option]:
    parse = Times()
    lasts = {"duration", "dauer", "durée", "duración", "durata", "duur", "duração", "elapsed", "hours", "stunden"} & set(
        words(label)
    )
    if any(map(parse.reads, tally.texts)) and (not lasts or wanted == "time"):
        yield _option(tally, "time of day", _decision(tally, "time", parse, "all values are times of the day"))


def _numbers(tally: Tally, hint: Hint, wanted: ColumnType | None) -> Iterable[Option]:
    tokens = {text: found for text in tally.texts if (found := token(text))}
    if not tokens:
        return
    beside, is_mixed = _unit_beside(tally, tokens)
    if beside is None:
        return
    options: list[Option] = []
    for style in STYLES:
        read = {text: t for text, t in tokens.items() if _belongs(t, beside, is_mixed=is_mixed) and style.reads_core(t.core)}
        if read:
            options.append(_number(tally, style, read, beside, hint, is_mixed=is_mixed, wanted=wanted))
    options.sort(key=lambda option: option.decision.unparsed)
    yield from _distinct(tally, options)


def _unit_beside(tally: Tally, tokens: dict[str, Token]) -> tuple[Hint | None, bool]:
    """Return what stands beside most numbers, and whether several currencies do; None for several units."""
    weights: dict[tuple[str, bool], float] = {}
    hints: dict[tuple[str, bool], Hint] = {}
    for text, found in tokens.items():
        key = (found.hint.currency or found.hint.symbol, found.hint.is_percent)
        weights[key] = weights.get(key, 0) + tally.weights[text]
        hints.setdefault(key, found.hint)
    first = max(weights, key=lambda key: weights[key])
    named = [key for key in weights if key[0]]
    if not named or (len(named) == 1 and not hints[named[0]].is_percent):
        return (hints[named[0]] if named else Hint()), False
    if weights[first] >= _FEWEST * sum(weights.values()):
        return hints[first], False
    if all(hints[key].currency for key in named):
        return Hint(symbol=" / ".join(sorted(hints[key].symbol for key in named))), True
    return None, False


def _belongs(found: Token, beside: Hint, *, is_mixed: bool) -> bool:
    """Tell whether a number has the unit of its column, or none where that leaves no doubt."""
    if is_mixed:
        return not found.hint.is_percent
    if beside.is_percent or found.hint.is_percent:
        return beside.is_percent == found.hint.is_percent
    return not found.hint.symbol or (found.hint.currency or found.hint.symbol) == (beside.currency or beside.symbol)


def _number(
    tally: Tally, style: Style, read: dict[str, Token], beside: Hint, hint: Hint, *, is_mixed: bool, wanted: ColumnType | None
) -> Option:  # fmt: skip
    own = any(found.hint.exponent for found in read.values())
    guessed = hint.is_percent and not beside.symbol
    is_percent = beside.is_percent or guessed
    exponent = -2 if is_percent else 0 if own else hint.exponent
    whole = not own and 0 <= exponent <= _WIDEST and all(style.reads_core(found.core, is_whole=True) for found in read.values())
    whole = whole and all(sum(map(str.isdigit, text)) <= _MOST_DIGITS for text, _ in tally.facts.long)
    is_whole = wanted == "integer" or (whole and wanted != "decimal")
    parse = Number(
        style=style,
        around=tuple(sorted({(found.lead, found.tail) for found in read.values()})),
        exponent=exponent,
        is_whole=is_whole,
    )
    unit = Unit(
        currency="" if is_mixed or is_percent else beside.currency or ("" if beside.symbol else hint.currency),
        symbol="%" if is_percent else "" if is_mixed else beside.symbol or hint.symbol,
        is_percent=is_percent,
        scale=10 ** max(exponent, 0),
    )
    decision = _decision(
        tally, "integer" if is_whole else "decimal", parse, _number_evidence(style, read, beside, hint, is_mixed=is_mixed),
        confidence=_MIXED if is_mixed else _GUESSED if guessed else 1.0, unit=unit,
    )  # fmt: skip
    if is_mixed:
        decision = replace(decision, keeps_raw=True)
    if not is_whole and (lost := _lost(tally, parse)):
        said = f"{decision.evidence}; {lost} have more digits than a decimal keeps, as written beside"
        decision = replace(decision, keeps_raw=True, evidence=said, confidence=min(decision.confidence, _LESS_SURE))
    return _option(tally, style.name, decision)


def _lost(tally: Tally, parse: Number) -> int:
    """Return the cells whose digits a double does not keep; those too many to list count as such."""
    lost = sum(cells for text, cells in tally.facts.long if parse.reads(text) and not parse.is_exact(text))
    return lost + tally.facts.inexact


def _number_evidence(style: Style, read: dict[str, Token], beside: Hint, hint: Hint, *, is_mixed: bool) -> str:
    marked = sorted((text for text, t in read.items() if re.search(r"[.,]", t.core)), key=lambda text: (-len(text), text))
    kind = f"{marked[0]!r} is a number with a {style.name}" if marked else "all values are numbers"
    parts = [kind]
    if is_mixed:
        parts.append(f"several currencies ({beside.symbol}): the text beside tells which")
    elif beside.symbol:
        parts.append(f"written with {beside.symbol}")
    scales = {t.tail.strip(SPACES): t.hint.exponent for t in read.values() if t.hint.exponent}
    parts += [f"{tail!r} is times {10**exponent:,}" for tail, exponent in sorted(scales.items()) if tail]
    if hint.evidence:
        parts.append(hint.evidence)
    return "; ".join(parts)


def native_serial(facts: ColumnFacts, label: str, low: float, high: float) -> Decision | None:
    """Return the date that whole native numbers are, where the header says so."""
    if not (names_date(label) and facts.is_whole and _SERIALS[0] <= low and high <= _SERIALS[1]):
        return None
    evidence = f"{label!r} names a date, and all values are serial numbers of a spreadsheet"
    return Decision(type="date", parse=_NativeSerial(), evidence=evidence, confidence=_LESS_SURE, is_clean=True)


@dataclass(frozen=True, slots=True)
class _NativeSerial(Native):
    """Numbers as days since the last day but one of 1899, as spreadsheets count."""

    type: str = "DATE"

    def sql(self, column: str, *, is_clean: bool) -> str:
        del is_clean
        return f"DATE '1899-12-30' + CAST({column} AS INTEGER)"
