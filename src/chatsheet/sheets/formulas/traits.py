"""What makes a formula special: volatile, reading another workbook, calling out, dead AI functions. Pure."""

from chatsheet.sheets.formulas import pattern
from chatsheet.sheets.formulas.model import Formula, FormulaBook
from chatsheet.sheets.formulas.pattern import Pattern
from chatsheet.sheets.model import Trait

VOLATILE = frozenset({"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY", "CELL", "INFO"})
DYNAMIC = frozenset({"INDIRECT", "OFFSET"})
WEB = frozenset({
    "WEBSERVICE", "IMAGE", "HYPERLINK", "IMPORTDATA", "IMPORTFEED", "IMPORTHTML", "IMPORTRANGE", "IMPORTXML", "FILTERXML",
    "RTD", "STOCKHISTORY", "CUBEVALUE", "CUBEMEMBER", "CUBESET", "DDE", "CALL", "REGISTER.ID",
})  # fmt: skip
AI = frozenset({
    "COPILOT", "AI", "GEMINI", "GPT", "CHATGPT", "AI.ASK", "AI.FILL", "AI.LIST", "AI.TABLE", "AI.EXTRACT", "AI.CLASSIFY",
    "LABS.GENERATIVEAI", "CLAUDE", "OPENAI",
})  # fmt: skip
"""=COPILOT() was withdrawn; the others belong to add-ins and other programs. None of them can be computed from cells."""

REASONS: dict[Trait, str] = {
    "volatile": "it has another value at every recalculation",
    "external": "it reads another workbook",
    "web": "it calls out of the workbook",
    "ai": "it calls an AI function that cannot be recalculated",
    "array": "it fills several cells at once",
    "unreadable": "its formula cannot be read",
    "circular": "it reads its own result",
}
"""Why formulas of a trait are never recalculated."""

LASTING = frozenset(REASONS[trait] for trait in ("external", "web", "ai"))
"""Reasons for which no other program could compute a formula either, so that the stored value is the only one."""


def of(formula: Formula, book: FormulaBook, tab: str) -> frozenset[Trait]:
    """Return the traits of one formula, those of the names it uses included."""
    traits = set[Trait]()
    for used in (formula.pattern, *definitions(formula.pattern, book, tab)):
        calls = {name.removeprefix("_XLL.") for name in used.calls}
        groups: tuple[tuple[Trait, frozenset[str]], ...] = (
            ("volatile", VOLATILE),
            ("dynamic", DYNAMIC),
            ("web", WEB),
            ("ai", AI),
        )
        traits |= {trait for trait, names in groups if calls & names}
        if _is_external(used):
            traits.add("external")
        if _spans_calls(used):
            traits.add("dynamic")
        if used.words("other") and not all(word.isspace() for word in used.words("other")):
            traits.add("unreadable")
    if formula.fills:
        traits.add("array")
    return frozenset(traits)


def definitions(used: Pattern, book: FormulaBook, tab: str) -> tuple[Pattern, ...]:
    """Return the formulas behind the names that a formula uses, names inside names included."""
    found: dict[str, Pattern] = {}
    todo = [used]
    while todo:
        for name in (word.casefold() for word in todo.pop().words("name")):
            definition = book.names.get(f"{tab.casefold()}!{name}") or book.names.get(name) or book.names.get(_bare(name))
            if definition is not None and name not in found:
                found[name] = pattern.of(definition.removeprefix("="), 1, 1)
                todo.append(found[name])
    return tuple(found.values())


def _is_external(used: Pattern) -> bool:
    return any(reference.is_external for reference in used.references) or any("[" in name for name in used.words("name"))


def _spans_calls(used: Pattern) -> bool:
    """Tell whether a range has an end that is computed, such as `A1:INDEX(…)`: the lexer makes one word of all others."""
    return ":" in used.words("operator")


def _bare(name: str) -> str:
    """Return a name without the tab before it."""
    return name.rpartition("!")[2]
