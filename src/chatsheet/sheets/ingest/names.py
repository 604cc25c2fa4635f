"""SQL names from headers and tab names: readable, unique, never a reserved word. Pure."""

import re
from collections.abc import Iterable

from chatsheet.sheets.model import ROW_ID

# reserved in DuckDB 2.0 (duckdb_keywords() where keyword_category = 'reserved')
RESERVED = frozenset({
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
    "collate", "column", "constraint", "create", "default", "deferrable", "desc", "describe", "distinct", "do", "else",
    "end", "except", "false", "fetch", "for", "foreign", "from", "group", "having", "in", "initially", "intersect",
    "into", "lambda", "lateral", "leading", "limit", "not", "null", "offset", "on", "only", "or", "order", "pivot",
    "pivot_longer", "pivot_wider", "placing", "primary", "qualify", "references", "returning", "select", "show", "some",
    "summarize", "symmetric", "table", "then", "to", "trailing", "true", "union", "unique", "unpivot", "using",
    "variadic", "when", "where", "window", "with",
    # what the guard's parser takes for syntax
    "alter", "between", "cross", "cube", "current_date", "current_time", "current_timestamp", "current_user", "drop", "force",
    "glob", "grant", "if", "ilike", "inner", "insert", "install", "interval", "join", "like", "localtime", "localtimestamp",
    "lock", "map", "notnull", "outer", "positional", "regexp", "revoke", "rlike", "rollback", "rollup", "tablesample", "values"
})  # fmt: skip
_LONGEST = 60


def sql_names(labels: Iterable[str], *, fallback: str) -> list[str]:
    """Return one SQL name per label, in order; repeats get `_2`, `_3` and so on."""
    taken: set[str] = {ROW_ID}
    names: list[str] = []
    for number, label in enumerate(labels, 1):
        name = re.sub(r"\W+", "_", label.casefold()).strip("_")[:_LONGEST] or f"{fallback}_{number}"
        if name[0].isdigit() or name in RESERVED:
            name = f"{fallback}_{name}"
        unique, suffix = name, 2
        while unique in taken:
            unique, suffix = f"{name}_{suffix}", suffix + 1
        taken.add(unique)
        names.append(unique)
    return names
