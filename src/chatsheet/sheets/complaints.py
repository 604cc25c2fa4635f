"""What DuckDB says no with, as typed errors that name the fix. Pure."""

import re

from chatsheet.core.errors import BadInput


class QueryFailed(BadInput):
    """DuckDB could not run the query."""

    code = "sql.failed"
    status = 422


class ValueNotConverted(QueryFailed):
    """A value does not convert to the type that the query wants."""

    code = "sql.conversion"


class TypesDoNotFit(QueryFailed):
    """A function or operator does not take values of these types."""

    code = "sql.types"


class QueryTooLarge(QueryFailed):
    """The query needs more memory than one query may take."""

    code = "sql.memory"


# (what DuckDB says, the error it is, the fix; {0} and so on are the groups found), the first that fits
_COMPLAINTS: tuple[tuple[str, type[QueryFailed], str], ...] = (
    (
        r"^Out of Memory Error|File too large|Could not write file",
        QueryTooLarge,
        "filter or group before joining, sorting or collecting.",
    ),
    (r"extract specifier \"(.*?)\"", QueryFailed, "{0} is no part of a date: use year, quarter, month, week, day, hour."),
    (r"invalid (?:date|timestamp|time) field format: \"(.*?)\"", ValueNotConverted, "write dates as YYYY-MM-DD; {0} is none."),
    (r"source column (\w+)", ValueNotConverted, "use TRY_CAST({0} AS …), which gives NULL for what does not convert."),
    (r"^Conversion Error", ValueNotConverted, "use TRY_CAST, which gives NULL for what does not convert."),
    (r"Could not parse string", ValueNotConverted, "use try_strptime, which gives NULL for what does not fit the format."),
    (r"types '(\w+)\(", TypesDoNotFit, "convert the argument of {0} first, such as TRY_CAST(column AS DOUBLE)."),
    (
        r"function call \"date_\w+\(STRING_LITERAL, STRING_LITERAL",
        TypesDoNotFit,
        "name the date's column: for March 2025 write year(d) = 2025 AND month(d) = 3; a date by itself is DATE '2025-03-01'.",
    ),
    (r"explicit type casts", TypesDoNotFit, "convert one side first, such as TRY_CAST(column AS DOUBLE)."),
    (r"Cannot (?:compare|mix) values of type", TypesDoNotFit, "convert one side to the other's type with TRY_CAST."),
    (r"^Out of Range Error|[Oo]verflow", QueryFailed, "convert to DOUBLE before computing."),
    (
        r"column \"(.*?)\" must appear in the GROUP BY",
        QueryFailed,
        "add {0} to GROUP BY, or take any_value({0}); to sort, ORDER BY the aggregate, such as sum({0}).",
    ),
    (r"clause cannot contain aggregates", QueryFailed, "put conditions on aggregates into HAVING."),
    (r"Ambiguous reference to column name .*?\(use: (.*?)\)", QueryFailed, "say which: {0}."),
    (r"Candidate bindings: :? ?(.*)", QueryFailed, "nearest columns: {0}."),
    (r"Did you mean \"(.*?)\"", QueryFailed, "use {0}."),
    (r"More than one row returned by a subquery", QueryFailed, "make the subquery one value with max, min or LIMIT 1."),
    (r"same number of result columns", QueryFailed, "select as many columns in each part."),
)
_KIND = re.compile(r"^[A-Z][\w ]* Error: ")
_PATH = re.compile(r"""(?<![^\s"'(])(?:/[^\s"'/]+){2,}/?""")


def explain(message: str) -> QueryFailed:
    """Return DuckDB's error as one of ours: its first line without paths, and what to do about it."""
    what = _PATH.sub("…", _KIND.sub("", message.split("\n", maxsplit=1)[0]))
    for said, kind, fix in _COMPLAINTS:
        if (found := re.search(said, message)) is not None:
            return kind(what, fix=fix.format(*(group.replace('"', "") for group in found.groups())))
    return QueryFailed(what, fix="correct the query.")
