"""An Excel formula as a tree. Pure; Excel's precedence: `-2^2` is 4, `2^3^2` is 64."""

from dataclasses import dataclass

from chatsheet.core.errors import BadInput
from chatsheet.sheets.formulas import lexer, pattern
from chatsheet.sheets.formulas.lexer import Token

_DEEPEST = 64
_MOST_OPERATORS = 100
_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
_BINDING = {**dict.fromkeys(_COMPARISONS, 1), "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}


class FormulaRefused(BadInput):
    """The formula cannot be computed for a column of a table."""

    code = "formula.refused"
    status = 422


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text or truth value as written."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Named:
    """A cell, a range of cells, or a column by its name, as written."""

    text: str
    is_area: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with one or two operands; `%` follows its operand."""

    operator: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its name in upper case; an argument left out is None."""

    function: str
    arguments: tuple["Node | None", ...]


Node = Literal | Named | Operation | Call


def parse(formula: str) -> Node:
    """Return the tree of a formula, with or without its `=`; raises FormulaRefused."""
    text = formula.strip().removeprefix("=")
    if len(text) > lexer.LONGEST:
        raise FormulaRefused(f"the formula has {len(text)} characters.", fix=f"Excel allows {lexer.LONGEST}.")
    tokens = [token for token in lexer.tokens(text) if token.kind != "space"]
    if sum(token.text in _BINDING or token.text == "%" for token in tokens if token.kind == "operator") > _MOST_OPERATORS:
        raise FormulaRefused(f"the formula has more than {_MOST_OPERATORS} operators.", fix="split it into several columns.")
    parser = _Parser(tokens)
    node = parser.expression(0, 0)
    if (token := parser.peek()) is not None:
        raise _unexpected(token)
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> Token:
        token = self.peek()
        if token is None:
            raise FormulaRefused("the formula ends too early.", fix="complete it.")
        self._at += 1
        return token

    def _is(self, text: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "operator" and token.text == text

    def _expect(self, text: str) -> None:
        token = self._take()
        if token.kind != "operator" or token.text != text:
            raise _unexpected(token)

    def expression(self, binding: int, depth: int) -> Node:
        if depth > _DEEPEST:
            raise FormulaRefused(f"the formula nests deeper than {_DEEPEST} levels.", fix="split it into several columns.")
        left = self._prefix(depth)
        while (token := self.peek()) is not None and token.kind == "operator":
            if token.text == "%":
                self._at += 1
                left = Operation("%", (left,))
            elif _BINDING.get(token.text, 0) > binding:
                self._at += 1
                left = Operation(token.text, (left, self.expression(_BINDING[token.text], depth + 1)))
            else:
                break
        return left

    def _prefix(self, depth: int) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                return Literal(float(token.text))
            case "text":
                return Literal(token.text[1:-1].replace('""', '"'))
            case "name" if token.text.upper() in {"TRUE", "FALSE"}:
                return Literal(token.text.upper() == "TRUE")
            case "name" | "table" | "area":
                return Named(token.text, token.kind == "area")
            case "call":
                return Call(pattern.function(token.text), self._arguments(depth))
            case "operator" if token.text == "(":
                node = self.expression(0, depth + 1)
                self._expect(")")
                return node
            case "operator" if token.text in {"-", "+"}:
                operand = self._prefix_of_sign(depth)
                return Operation("negative", (operand,)) if token.text == "-" else operand
            case "error":
                raise FormulaRefused(f"the formula holds the error {token.text}.", fix="replace it by a column.")
            case _:
                raise _unexpected(token)

    def _prefix_of_sign(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise FormulaRefused("the formula repeats its sign too often.", fix="write one sign.")
        operand = self._prefix(depth + 1)
        while self._is("%"):
            self._at += 1
            operand = Operation("%", (operand,))
        return operand

    def _arguments(self, depth: int) -> tuple[Node | None, ...]:
        self._expect("(")
        if self._is(")"):
            self._at += 1
            return ()
        arguments: list[Node | None] = []
        while True:
            arguments.append(None if self._is(",") or self._is(")") else self.expression(0, depth + 1))
            if self._is(")"):
                self._at += 1
                return tuple(arguments)
            self._expect(",")


def _unexpected(token: Token) -> FormulaRefused:
    return FormulaRefused(f"{token.text!r} is not expected at character {token.start + 2}.", fix="check the formula there.")
