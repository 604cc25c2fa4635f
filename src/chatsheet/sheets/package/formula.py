"""What a formula reaches for, and the formula as it reads from another cell. Pure: by name, after tokenising."""

import re
import unicodedata
from dataclasses import dataclass

from chatsheet.core.errors import Refused
from chatsheet.sheets.ingest.grid import letter

# functions that fetch, send, call or link: of Excel, of Google Sheets (IMPORT…, GOOGLE…), of LibreOffice, of Excel 4 macros
_FORBIDDEN = frozenset({
    "CALL", "COPILOT", "DDE", "DETECTLANGUAGE", "EVALUATE", "EXEC", "EXECUTE", "FILTERXML", "FOPEN", "HYPERLINK", "IMAGE",
    "INITIATE", "PY", "REGISTER", "REGISTER.ID", "RTD", "RUN", "SQL.REQUEST", "STOCKHISTORY", "TRANSLATE", "WEBSERVICE",
})  # fmt: skip
_FORBIDDEN_PREFIXES = ("IMPORT", "GOOGLE", "CUBE")
EXTERNAL_LINK = "external link"
_FUTURE = re.compile(r"^(?:_(?:XLFN|XLWS|XLUDF|XLL|XLPM|XLBGNM)\.)+")
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*("|$))|(?P<quoted>'(?:[^']|'')*('|$))(?P<after_quoted>\s*[!#]?)"""
    r"""|(?P<name>[^\W\d][\w.\\?]*)(?P<after_name>\s*!?)|(?P<other>.)""",
    re.DOTALL,
)
_IN_BRACKETS = re.compile(r"'.|[^'\[\]]+|.", re.DOTALL)  # there a quote escapes the next character and opens no text
_REFERENCE = re.compile(r"(?<![\w.\\$])(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d{0,6})(?![\w.(!\[])")
_SPAN = re.compile(r"(?<![\w.\\$])(\$?)([A-Za-z]{1,3}|[1-9]\d{0,6}):(\$?)([A-Za-z]{1,3}|[1-9]\d{0,6})(?![\w.(!])")
_SKIP = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|\[[^\]]*\])""")
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576


class FormulaForbidden(Refused):
    """A formula that reaches outside of the workbook, and nobody consented to it."""

    code = "formula.forbidden"
    status = 422


@dataclass(frozen=True, slots=True)
class Finding:
    """What in a formula reaches outside of the workbook: function names, `DDE`, `external link`; nothing where it is safe."""

    reaches: tuple[str, ...]

    @property
    def is_safe(self) -> bool:
        """Whether it computes from the workbook alone."""
        return not self.reaches


def check_formula(text: str) -> Finding:
    """Tell what a formula reaches for. A name counts also where it is handed on uncalled, as in MAP(A1:A9,IMAGE)."""
    found: dict[str, None] = {}
    text = unicodedata.normalize("NFKC", text)
    at, before, is_book = 0, "", False
    while token := _TOKEN.match(text, at):
        at = token.end()
        if token[0] == "[":
            # [1]Sheet!A1 and [Book.xlsx]Sheet!A1 start a reference; Table[Column] follows a name
            is_book = not (before[-1:].isalnum() or before[-1:] in {"_", "]", ")"})
            at = _after_brackets(text, at)
            before = "]"
            continue
        if (reached := _reached(token)) or (is_book and before == "]" and token[0].strip().endswith("!")):
            found[reached or EXTERNAL_LINK] = None
        before = token[0].strip() or before
    return Finding(tuple(found))


def _reached(token: re.Match[str]) -> str:
    if token[0] == "|":
        return "DDE"
    if token["quoted"] and ("[" in token["quoted"] or "://" in token["quoted"] or token["after_quoted"].strip() == "#"):
        return EXTERNAL_LINK
    if token["name"] and not token["after_name"].strip():
        name = _FUTURE.sub("", token["name"].upper())
        return name if name in _FORBIDDEN or name.startswith(_FORBIDDEN_PREFIXES) else ""
    is_open = (token["text"] or token["quoted"] or "").count(token[0][0]) % 2 == 1
    return "an open quote" if is_open else ""


def _after_brackets(text: str, at: int) -> int:
    """Return where the bracket ends that opened just before `at`; an open one ends at once, so that nothing hides in it."""
    depth, end = 1, at
    while depth and (token := _IN_BRACKETS.match(text, end)):
        depth += {"[": 1, "]": -1}.get(token[0], 0)
        end = token.end()
    return at if depth else end


def require_safe(text: str, *, has_consent: bool) -> None:
    """Raise FormulaForbidden for a formula that reaches outside, unless a person consented to that."""
    finding = check_formula(text)
    if finding.reaches and not has_consent:
        raise FormulaForbidden(
            f"the formula uses {', '.join(finding.reaches)}, which reaches outside of the workbook.",
            fix="compute it from the workbook's own cells, or consent to it explicitly.",
        )


def shift(text: str, *, rows: int, columns: int) -> str:
    """Return a formula as filled so far down and right: relative references move, what leaves the grid is #REF!."""
    parts = _SKIP.split(text)
    parts[::2] = [_shift_references(part, rows, columns) for part in parts[::2]]
    return "".join(parts)


def _shift_references(text: str, rows: int, columns: int) -> str:
    def cell(found: re.Match[str]) -> str:
        column = found[2] if found[1] else _column(column_number(found[2]) + columns)
        row = found[4] if found[3] else _row_number(int(found[4]) + rows)
        return f"{found[1]}{column}{found[3]}{row}" if column and row else "#REF!"

    def span(found: re.Match[str]) -> str:
        is_columns = found[2].isalpha()
        if is_columns != found[4].isalpha():
            return found[0]
        ends = [
            end if fixed else (_column(column_number(end) + columns) if is_columns else _row_number(int(end) + rows))
            for fixed, end in ((found[1], found[2]), (found[3], found[4]))
        ]
        return f"{found[1]}{ends[0]}:{found[3]}{ends[1]}" if all(ends) else "#REF!"

    return _SPAN.sub(span, _REFERENCE.sub(cell, text))


def column_number(letters: str) -> int:
    """Return the number of a column from its letters: A → 1, AA → 27."""
    number = 0
    for one in letters.upper():
        number = number * 26 + ord(one) - 64
    return number


def _column(number: int) -> str:
    return letter(number) if 1 <= number <= _LAST_COLUMN else ""


def _row_number(number: int) -> str:
    return str(number) if 1 <= number <= _LAST_ROW else ""
