"""Which type, unit and readings a column has, and on what evidence. Pure: facts in, decisions out.

A type is given when nine cells in ten that hold a value are read so; the rest become NULL, are counted, and keep their text
beside. Where cells allow two readings with different values the column stays text, or takes the reading of the columns
beside it, and the user is asked once.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from chatsheet.core.errors import BadInput
from chatsheet.sheets.ingest import types_options, types_units
from chatsheet.sheets.ingest.types_dates import Dates
from chatsheet.sheets.ingest.types_model import AsText, ColumnFacts, Decision, Native, NumberFormat, Option, Override, Padded
from chatsheet.sheets.ingest.types_numbers import Number, token
from chatsheet.sheets.ingest.types_tally import Tally
from chatsheet.sheets.ingest.types_units import Hint
from chatsheet.sheets.ingest.types_words import names_amount, names_code, names_flag
from chatsheet.sheets.model import SQL_TYPES, ColumnType, Unit

ENOUGH = 0.9
"""The share of cells that has to be of a type for the column to be of it."""
_ASKED = 0.6
_SUGGESTED = 0.7
_LESS_SURE = 0.85
_MOST_WHOLE = 2**53
_AS_WRITTEN = "as written"


class ReadingUnknown(BadInput):
    """The cells of the column allow no such reading."""

    code = "sheet.reading_unknown"


def decide(facts: ColumnFacts, *, label: str, captions: Sequence[str] = (), override: Override | None = None) -> Decision:
    """Return what a column is; `captions` are the titles and notes of its table. Raises ReadingUnknown for an override."""
    header = types_units.in_header(label)
    hint = header if header.exponent or header.is_percent else _scaled(header, types_units.in_captions(captions, label))
    hint = _unhidden(hint, facts.number_format)
    is_small = not names_amount(label) and hint is not header and _is_fraction(facts)
    if not hint.exponent or hint is header or not (hint.is_doubtful or is_small):
        return _decide(facts, label, hint, override)
    times = f"times {10**hint.exponent:,}"
    if override is not None:
        said = replace(override, reading="") if override.reading in {times, _AS_WRITTEN} else override
        return _decide(facts, label, hint if override.reading == times else header, said)
    return _doubted(tuple(_decide(facts, label, one, None) for one in (header, hint)), facts, hint, times)


def _decide(facts: ColumnFacts, label: str, hint: Hint, override: Override | None) -> Decision:
    if facts.native != "VARCHAR":
        decision = _native(facts, label, hint)
        return _shown(decision, facts.number_format) if override is None else _cast(facts, override, hint)
    tally = Tally(facts)
    if override is not None:
        return _overridden(tally, label, hint, override)
    if not tally.values:
        return _text(tally, "no values")
    if facts.is_sampled:
        return _text(tally, "texts")
    if tally.looks_like_codes or (names_code(label) and tally.has_digits):
        return _text(tally, _code_evidence(tally, label))
    if facts.number_format.is_percent:
        hint = Hint()
    return _shown(_best(tally, label, hint), facts.number_format)


def _is_fraction(facts: ColumnFacts) -> bool:
    """Tell whether no number is beyond one and some are between, as shares and rates are."""
    if facts.native != "VARCHAR":
        return facts.low is not None and facts.high is not None and max(-facts.low, facts.high) <= 1 and not facts.is_whole
    cores = [found.core.replace(",", ".") for group in facts.groups for text in group.texts if (found := token(text))]
    return any("." in core for core in cores) and all(re.fullmatch(r"0?\.\d*|[01](?:\.0*)?", core) for core in cores)


def _doubted(ways: tuple[Decision, ...], facts: ColumnFacts, hint: Hint, times: str) -> Decision:
    """Return the numbers as written where a caption's scale is in doubt, with both readings."""
    plain, scaled = ways
    if plain.type not in {"integer", "decimal"} or scaled.type not in {"integer", "decimal"} or plain.unit == scaled.unit:
        return plain
    texts = [text for group in facts.groups for text in group.texts if plain.parse.reads(text)]
    shown = texts[0] if texts else f"{facts.high or 0:g}"
    as_written = Option(_AS_WRITTEN, shown, plain)
    enlarged = scaled.parse.show(shown) if texts else f"{(facts.high or 0) * 10**hint.exponent:g}"
    options = (as_written, Option(times, f"{shown} \u2192 {enlarged}", scaled))
    said = f"{plain.evidence}; {hint.evidence}, which may not be meant for this column: as written until you say {times}"
    return replace(plain, evidence=said, confidence=min(plain.confidence, _ASKED), options=options)


def settle(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return the decisions of one table, those that could be read several ways read as the columns beside them are."""
    marks = {mark for decision in decisions if (mark := _mark(decision))}
    orders = {order for decision in decisions if (order := _order(decision))}
    return tuple(_settled(decision, marks | orders) for decision in decisions)


def _settled(decision: Decision, seen: set[str]) -> Decision:
    fitting = [option for option in decision.options if option.name in seen]
    if decision.type != "text" or len(fitting) != 1:
        return decision
    (taken,) = fitting
    others = tuple(option for option in decision.options if option is not taken)
    also = " or ".join(f"{option.example} ({option.name})" for option in others)
    evidence = f"{taken.name}, as in other columns of this table; could also be {also}"
    return replace(taken.decision, evidence=evidence, confidence=_SUGGESTED, options=(taken, *others))


def _mark(decision: Decision) -> str:
    """Return the name of the decimal mark that a column proves."""
    match decision.parse:
        case Number(style=style, is_whole=is_whole) if style.group or not is_whole:
            parses = [option.decision.parse for option in decision.options]
            return style.name if all(isinstance(one, Number) and one.style == style for one in parses) else ""
        case _:
            return ""


def _order(decision: Decision) -> str:
    match decision.parse:
        case Dates() as dates if not decision.options and any(year for _, _, year, _ in dates.tokens):
            return types_options.ORDER_NAMES[dates.order]
        case _:
            return ""


def _best(tally: Tally, label: str, hint: Hint) -> Decision:
    options = types_options.all_of(tally, label, hint)
    good = [option for option in options if tally.share(option.decision) >= ENOUGH]
    if not good:
        near = max(options, key=lambda option: tally.share(option.decision), default=None)
        if near is None or not tally.share(near.decision):
            return _text(tally, "numbers of several units or kinds: kept as text" if tally.has_digits else "texts")
        share = f"{tally.share(near.decision):.0%} of the values are {near.decision.type}"
        return replace(_text(tally, f"{share}, too few to be the column's type: kept as text"))
    if good[0].decision.type == "boolean" and {text.casefold() for text in tally.texts} <= {"0", "1"} and not names_flag(label):
        good = good[1:]
    first = good[0]
    rivals = [option for option in good[1:] if _equals(tally, first, option)]
    if not rivals and not first.is_offered:
        return first.decision
    return _asked(tally, [first, *rivals])


def _equals(tally: Tally, first: Option, other: Option) -> bool:
    """Tell whether another reading of the kind takes as many cells and makes something else of them."""
    one, two = first.decision, other.decision
    return type(one.parse) is type(two.parse) and one.unparsed == two.unparsed and tally.differ(one.parse, two.parse)


def _asked(tally: Tally, options: Sequence[Option]) -> Decision:
    ways = " or ".join(f"{option.example} ({option.name})" for option in options)
    text = _text(tally, f"could be {ways}: kept as text until you say which")
    as_text = Option(_AS_WRITTEN, tally.texts[0], text)
    return replace(text, confidence=_ASKED, options=(as_text, *options))


def _text(tally: Tally, evidence: str) -> Decision:
    return Decision(type="text", parse=AsText(), evidence=evidence, is_clean=tally.facts.is_trimmed)


def _code_evidence(tally: Tally, label: str) -> str:
    if tally.looks_like_codes:
        return f"{tally.code!r}: leading zeros, a plus or more digits than a number keeps: an identifier, kept as text"
    return f"{label!r} names a code"


def _scaled(header: Hint, caption: Hint) -> Hint:
    if not caption.exponent:
        return header
    return replace(
        header, exponent=caption.exponent, evidence=caption.evidence, is_doubtful=caption.is_doubtful,
        currency=header.currency or caption.currency, symbol=header.symbol or caption.symbol,
    )  # fmt: skip


def _native(facts: ColumnFacts, label: str, hint: Hint) -> Decision:
    kinds: dict[str, tuple[ColumnType, str]] = {
        "BOOLEAN": ("boolean", "all cells are booleans"),
        "DATE": ("date", "all cells are dates"),
        "TIME": ("time", "all cells are times"),
    }
    if facts.native.startswith("TIMESTAMP"):
        kinds[facts.native] = ("datetime", "all cells are dates, some with a time") if facts.has_times else kinds["DATE"]
    if found := kinds.get(facts.native):
        return Decision(type=found[0], parse=Native(SQL_TYPES[found[0]]), evidence=found[1], is_clean=True)
    if facts.low is None or facts.high is None:
        return Decision(
            type="text", parse=AsText(), evidence="durations: kept as text" if facts.native == "INTERVAL" else "no values"
        )
    digits = facts.number_format.digits
    if digits and facts.is_whole and 0 <= facts.low < 10 ** (digits - 1):
        evidence = f"shown with {digits} digits, zeros in front: an identifier, kept as text as it is shown"
        return Decision(type="text", parse=Padded(digits), evidence=evidence, is_clean=True)
    return _native_number(facts, label, hint, facts.low, facts.high)


def _native_number(facts: ColumnFacts, label: str, hint: Hint, low: float, high: float) -> Decision:
    serial = types_options.native_serial(facts, label, low, high)
    if serial is not None:
        return serial
    is_shown = facts.number_format.is_percent
    is_percent = hint.is_percent or is_shown
    exponent = 0 if is_percent else hint.exponent
    if is_percent and not is_shown and max(-low, high) > 1:
        exponent = -2
    fits = not exponent or (exponent > 0 and 10.0**exponent * max(-low, high) < _MOST_WHOLE)
    kind: ColumnType = "integer" if facts.is_whole and fits and not is_percent else "decimal"
    unit = Unit(
        currency=hint.currency, symbol="%" if is_percent else hint.symbol, is_percent=is_percent, scale=10 ** max(exponent, 0)
    )
    evidence = "all cells are whole numbers" if facts.is_whole else "all cells are numbers"
    sure = not hint.is_percent or is_shown
    plain = Decision(type=kind, parse=Native(SQL_TYPES[kind], 10.0**exponent), evidence=evidence, unit=unit, is_clean=True)
    if facts.inexact and kind == "decimal":
        evidence += f"; {facts.inexact} have more digits than a decimal keeps, as written beside"
        plain = replace(plain, evidence=evidence, keeps_raw=True, confidence=_LESS_SURE)
    if hint.evidence:
        plain = replace(
            plain, evidence=f"{evidence}; {hint.evidence}", confidence=min(plain.confidence, 1.0 if sure else _SUGGESTED)
        )
    return plain


def _unhidden(hint: Hint, shown: NumberFormat) -> Hint:
    """Return a hint without its scale where the number format leaves out the thousands that a caption speaks of."""
    return replace(hint, exponent=0, evidence=hint.evidence if hint.symbol else "") if shown.exponent else hint


def _shown(decision: Decision, shown: NumberFormat) -> Decision:
    """Return a decision about numbers with the unit that they are shown with, where no text says another."""
    if decision.type not in {"integer", "decimal"} or not (shown.symbol or shown.exponent):
        return decision
    unit, evidence = decision.unit, f"{decision.evidence}; shown as {shown.code!r}"
    if shown.exponent:
        evidence += ", the cells hold the whole amounts"
    if shown.is_mixed:
        said = f"{evidence}; shown in several currencies ({shown.symbol})"
        return replace(decision, evidence=said, confidence=_ASKED)
    if not unit.symbol and not unit.currency:
        unit = unit.model_copy(update={"currency": shown.currency, "symbol": shown.symbol, "is_percent": shown.is_percent})
    return replace(decision, unit=unit, evidence=evidence)


def _cast(facts: ColumnFacts, override: Override, hint: Hint) -> Decision:
    if override.type == "text":
        return Decision(type="text", parse=AsText(), evidence="you said so")
    fits = {"integer": facts.is_whole, "decimal": facts.low is not None, "date": facts.native.startswith(("DATE", "TIMESTAMP"))}
    fits |= {"datetime": fits["date"], "boolean": facts.native == "BOOLEAN", "time": facts.native in {"TIME", "TIMESTAMP"}}
    if not fits[override.type]:
        raise ReadingUnknown(
            f"A column of {facts.native} cells cannot become {override.type}.", fix="choose text, or another type."
        )
    plain = Decision(type=override.type, parse=Native(SQL_TYPES[override.type]), evidence="you said so", is_clean=True)
    if override.type not in {"integer", "decimal"} or not hint.exponent:
        return plain
    parse = Native(SQL_TYPES[override.type], 10.0**hint.exponent)
    return replace(plain, parse=parse, evidence=f"you said so; {hint.evidence}", unit=Unit(scale=10**hint.exponent))


def _overridden(tally: Tally, label: str, hint: Hint, override: Override) -> Decision:
    if override.type == "text":
        return replace(_text(tally, "you said so"), confidence=1.0)
    options = types_options.all_of(tally, label, hint, wanted=override.type)
    fitting = [o for o in options if o.decision.type == override.type and override.reading in {"", o.name}]
    if not fitting:
        names = ", ".join(sorted({f"{o.decision.type} ({o.name})" for o in options})) or "text only"
        wanted = f"{override.type} ({override.reading})" if override.reading else override.type
        raise ReadingUnknown(f"No cell of {label!r} reads as {wanted}.", fix=f"choose one of: text, {names}.")
    return replace(fitting[0].decision, evidence=f"you said so; {fitting[0].decision.evidence}", confidence=1.0, options=())


__all__ = ["ColumnFacts", "Decision", "Option", "Override", "ReadingUnknown", "decide", "settle"]
