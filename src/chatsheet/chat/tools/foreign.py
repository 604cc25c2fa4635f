"""Functions and forms of other SQL dialects and of spreadsheets, each with what DuckDB has instead. Pure."""

import re
from collections.abc import Iterator

_DAYS = "date arithmetic is d + INTERVAL 3 DAY (also MONTH, YEAR), backwards with -"
_MONTHS = "use strftime(d, '%Y-%m') for a text, date_trunc('month', d) to group"
_PARSE = "use try_strptime(text, '%d.%m.%Y')"
_IF = "use CASE WHEN condition THEN a ELSE b END"
_JOIN = "use JOIN … ON"
_WHERE = "write {0} as an aggregate with a condition, such as count(*) FILTER (WHERE region = 'x') or sum(x) FILTER (WHERE …)"

FUNCTIONS: dict[str, str] = {
    "dateadd": _DAYS, "adddate": _DAYS, "timestampadd": _DAYS, "edate": _DAYS, "subdate": _DAYS, "add_months": _DAYS,
    "date_sub": _DAYS, "date_add": _DAYS, "months_between": "use date_diff('month', a, b)", "list_sum": "use sum(x)",
    "isnull": "use coalesce(a, b), or a IS NULL", "nvl": "use coalesce(a, b)", "nvl2": _IF, "iferror": "use coalesce(a, b)",
    "getdate": "use current_date", "now": "use current_date", "curdate": "use current_date", "sysdate": "use current_date",
    "getutcdate": "use current_date", "to_char": _MONTHS, "date_format": _MONTHS, "format": _MONTHS, "format_date": _MONTHS,
    "to_date": _PARSE, "str_to_date": _PARSE, "parse_date": _PARSE, "datevalue": _PARSE, "to_timestamp": _PARSE,
    "charindex": "use strpos(text, part)", "instr": "use strpos(text, part)", "locate": "use strpos(text, part)",
    "patindex": "use regexp_matches(text, pattern)", "regexp_like": "use regexp_matches(text, pattern)",
    "rlike": "use regexp_matches(text, pattern)", "len": "use length(text)", "char_length": "use length(text)",
    "datalength": "use length(text)", "convert": "use CAST(x AS BIGINT), TRY_CAST(x AS DOUBLE) and the like",
    "try_convert": "use TRY_CAST(x AS BIGINT) and the like", "to_number": "use TRY_CAST(text AS DOUBLE)",
    "safe_cast": "use TRY_CAST(x AS BIGINT)", "value": "use TRY_CAST(text AS DOUBLE)", "iif": _IF, "decode": _IF, "choose": _IF,
    "group_concat": "use string_agg(x, ', ')", "wm_concat": "use string_agg(x, ', ')", "textjoin": "use string_agg(x, ', ')",
    "datepart": "use date_part('month', d), or year(d), quarter(d), month(d), day(d)",
    "datename": "use monthname(d) or dayname(d)",
    "eomonth": "use last_day(d)", "substring_index": "use split_part(text, sep, 1)", "mid": "use substr(text, start, length)",
    "sumif": _WHERE, "sumifs": _WHERE, "countifs": _WHERE, "averageif": _WHERE, "averageifs": _WHERE,
    "average": "use avg(x)", "stdev": "use stddev(x)", "stdevp": "use stddev_pop(x)", "var": "use variance(x)",
    "concatenate": "join texts with ||", "vlookup": _JOIN, "xlookup": _JOIN, "lookup": _JOIN, "index": _JOIN, "match": _JOIN,
    "percentile": "use quantile_cont(x, 0.5)", "approx_percentile": "use quantile_cont(x, 0.5)",
    "safe_divide": "use a / nullif(b, 0)",
    "div0": "use a / nullif(b, 0)", "ucase": "use upper(text)", "lcase": "use lower(text)",
    "truncate": "use trunc(x)", "rand": "there are no random numbers", "countblank": "use count(*) - count(x)",
    "distinct_count": "use count(DISTINCT x)", "countunique": "use count(DISTINCT x)", "counta": "use count(x)",
    "weeknum": "use week(d)", "isoweek": "use week(d)", "generate_series": "start from the rows there are",
    "unnest": "start from the rows there are", "read_csv": "only the workbook's tables can be read",
}  # fmt: skip

_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bSELECT\s+(?:DISTINCT\s+)?TOP\b", re.IGNORECASE), "write LIMIT n at the end instead of TOP n"),
    (re.compile(r"\bWITH\s+ROLLUP\b", re.IGNORECASE), "write GROUP BY ROLLUP (a, b)"),
    (re.compile(r"#\d{4}-\d\d-\d\d#"), "write dates as DATE '2024-01-31'"),
    (re.compile(r"\bIS\s+(?:NOT\s+)?'"), "compare with = or <>; IS is for NULL"),
    (re.compile(r"\bDISTINCTROW\b", re.IGNORECASE), "write SELECT DISTINCT"),
    (re.compile(r"\bREGEXP\b|\bRLIKE\b|!~|~\*", re.IGNORECASE), "use regexp_matches(text, pattern)"),
    (re.compile(r"\bBETWEEN\s+\S+\s+TO\b", re.IGNORECASE), "write BETWEEN a AND b"),
    (
        re.compile(r"\A\s*(?:SHOW|DESCRIBE|DESC|PRAGMA)\b|\binformation_schema\b|\b(?:duckdb|sqlite|pg)_\w+", re.IGNORECASE),
        "tables and columns are told by overview and describe",
    ),
    (re.compile(r"@\w+"), "there are no variables: write the value"),
    (re.compile(r"\bWITH\s*\(\s*NOLOCK\s*\)|\bOPTION\s*\(", re.IGNORECASE), "leave NOLOCK and OPTION out"),
    (re.compile(r"\b(?:CROSS|OUTER)\s+APPLY\b", re.IGNORECASE), "use JOIN … ON instead of APPLY"),
    (re.compile(r"\bCONNECT\s+BY\b|\bWITH\s+RECURSIVE\b", re.IGNORECASE), "write it without recursion"),
    (re.compile(r"\bPIVOT\b", re.IGNORECASE), "write a column for each value: sum(x) FILTER (WHERE region = 'x')"),
    (re.compile(r"(?<=\w)!\$?[A-Z]+\$?\d*|\$[A-Z]+\$\d+|\b[A-Z]{1,3}\d+:[A-Z]{1,3}\d+\b"), "name columns, not cells"),
)  # fmt: skip
_TEXTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


def slips(sql: str) -> Iterator[str]:
    """Yield what to write instead of each thing in the SQL that DuckDB, or the guard, does not know."""
    bare = _TEXTS.sub("''", sql)
    for name in dict.fromkeys(re.findall(r"\b([A-Za-z_]\w*)\s*\(", bare)):
        if name.casefold() in FUNCTIONS:
            yield f"{name}: {FUNCTIONS[name.casefold()].format(name)}"
    for pattern, instead in _FORMS:
        if pattern.search(bare) is not None:
            yield instead
