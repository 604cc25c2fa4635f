"""Row-wise formulas as SQL: the results of the formula engine on the same rows, or a refusal that names the reason."""

from collections.abc import Sequence
from datetime import date

import duckdb
import formualizer
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from chatsheet.sheets import guard
from chatsheet.sheets.formulas import pattern, translate
from chatsheet.sheets.formulas.grammar import FormulaRefused
from chatsheet.sheets.model import SQL_TYPES, Column, ColumnType

Scalar = str | float | bool | date | None
Row = tuple[Scalar, ...]

KINDS: tuple[tuple[str, ColumnType], ...] = (
    ("Price", "decimal"), ("Qty", "integer"), ("Name", "text"), ("Is paid", "boolean"), ("Day", "date"), ("Cost", "decimal"),
)  # fmt: skip
COLUMNS = [
    Column(name=label.lower().replace(" ", "_"), label=label, letter="ABCDEF"[number], type=kind, evidence="")
    for number, (label, kind) in enumerate(KINDS)
]
ROWS: Sequence[Row] = (
    (2.5, 4, "Anna's ", True, date(2024, 1, 31), 1.005),
    (-3.25, 0, "bob  b", False, date(2023, 12, 31), 0.0),
    (None, 7, None, True, date(2024, 2, 29), None),
    (100.0, None, "ANNA'S ", False, date(2000, 1, 1), 2.675),
)


def by_sql(formula: str, rows: Sequence[Row] = ROWS) -> list[Scalar]:
    made = translate.translate(formula, COLUMNS, 2)
    with duckdb.connect() as database:
        declared = ", ".join(f'"{column.name}" {SQL_TYPES[column.type]}' for column in COLUMNS)
        database.execute(f"CREATE TABLE t (_row BIGINT, {declared})")
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [(n, *row) for n, row in enumerate(rows)])
        checked = guard.check(f"SELECT {made.sql} AS v FROM t ORDER BY _row", {"t": [column.name for column in COLUMNS]})  # noqa: S608  our own names
        return [row[0] for row in database.execute(checked.sql).fetchall()]


def by_engine(formula: str, rows: Sequence[Row] = ROWS) -> list[Scalar]:
    workbook = formualizer.Workbook()
    sheet = workbook.sheet("S")
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            if value is not None:
                sheet.set_value(number, column, value)
        sheet.set_formula(number, 9, moved(formula, number))
    workbook.evaluate_all()
    values: list[object] = [workbook.get_value("S", number, 9) for number in range(2, len(rows) + 2)]
    return [
        None if isinstance(value, dict) else value if isinstance(value, str | float | int | date) else None for value in values
    ]


def moved(formula: str, row: int) -> str:
    return "=" + pattern.of(formula.removeprefix("="), 2, 9).at(row, 9)


def same(one: Scalar, other: Scalar) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return one == other
    return isinstance(other, int | float) and abs(one - other) <= 1e-9 * max(1.0, abs(one))


FORMULAS = (
    "A2*B2", "A2+B2-1", "A2/B2", "-A2^2", "2^B2", "A2%", "SUM(A2:B2)", "SUM(A2,B2,3)", "AVERAGE(A2:B2)",
    "AVERAGE(A2,F2,B2)", "MIN(A2:B2,F2)", "MAX(A2,B2,-1)", "MIN(A2/B2,1)", "ROUND(F2,2)", "ROUND(A2,0)", "ROUND(A2*100,-2)",
    "IF(A2>0,A2*2,0)", 'IF(C2="ANNA\'S ","yes","no")', 'IF(A2="",0,1)', 'IF(B2,"some","none")', "IFERROR(A2/B2,-1)",
    "IFERROR(IF(A2/B2>1,1,2),3)", "IF(A2/B2>0,1,2)", "AND(A2>0,B2>0)", "OR(A2>0,D2)", "AND(A2/B2>0,FALSE)", "NOT(D2)",
    "A2>=F2", "A2<>B2", "D2=TRUE", 'C2&"-"&B2', 'A2&""', "CONCAT(C2,A2,D2)", 'CONCATENATE("x",B2)', "LEFT(C2,3)",
    "LEFT(C2)", "RIGHT(C2,2)", "MID(C2,2,3)", "MID(C2,B2,2)", "LEN(C2)", "LEN(A2)", "UPPER(C2)", "LOWER(C2)", "TRIM(C2)",
    "E2+30", "E2-B2", "E2-DATE(2024,1,1)", "DATE(2024,B2,31)", "DATE(YEAR(E2)+1,MONTH(E2),DAY(E2))", "YEAR(E2)",
    "MONTH(E2)*100+DAY(E2)", "E2>DATE(2024,1,1)", "ABS(A2)", "INT(A2)", "MOD(A2,3)", "MOD(B2,B2)", "ISBLANK(A2)", "D2+1",
    "((A2))", "+A2", 'IFERROR(LEFT(C2,-1),"bad")', "TRUE()",
)  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_sql_and_engine_give_the_same_results(formula: str) -> None:
    sql, engine = by_sql(formula), by_engine(formula)
    assert all(map(same, sql, engine)), f"{sql} {engine}"


numbers = st.sampled_from(["A2", "B2", "F2", "2", "0.5", "-3"])
texts = st.sampled_from(["C2", '"a ""b"""', "LEFT(C2,2)", "UPPER(C2)"])


@st.composite
def conditions(draw: st.DrawFn, of: st.SearchStrategy[str]) -> str:
    return f"{draw(of)}{draw(st.sampled_from(['=', '<>', '<', '>=']))}{draw(of)}"


arithmetic = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.builds("({}{}{})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("IF({},{},{})".format, conditions(inner), inner, inner),
        st.builds("{}({},{})".format, st.sampled_from(["SUM", "MIN", "MAX", "AVERAGE"]), inner, inner),
        st.builds("IFERROR({},{})".format, inner, inner),
        st.builds("LEN({})".format, texts),
        st.builds("ABS({})".format, inner),
    ),
    max_leaves=5,
)
cells = st.one_of(st.none(), st.integers(-40, 40).map(lambda n: n / 4))
table_rows = st.lists(
    st.tuples(cells, st.none() | st.integers(-9, 9), st.none() | st.text(alphabet="aB '%_", max_size=5), st.booleans(),
              st.dates(date(1990, 1, 1), date(2050, 1, 1)), cells),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(arithmetic, table_rows)
def test_any_arithmetic_gives_the_results_of_the_engine(formula: str, rows: Sequence[Row]) -> None:
    try:
        sql, engine = by_sql(formula, rows), by_engine(formula, rows)
    except FormulaRefused:
        reject()
    assert all(map(same, sql, engine)), f"{sql} {engine}"


@pytest.mark.parametrize("written", ["=Price*Qty", "=[@Price]*[@Qty]", "=Sales[[#This Row],[Price]]*Sales[@Qty]", "=$A2*B2"])
def test_columns_are_named_by_cell_label_or_structure(written: str) -> None:
    assert by_sql(written) == by_sql("=A2*B2")
    assert translate.translate(written, COLUMNS, 2).columns == ("price", "qty")


def test_empty_text_beside_numbers_is_a_blank_cell() -> None:
    assert by_sql('=IF(A2>0,A2,"")') == [2.5, None, None, 100]
    assert by_sql('=IFERROR(A2/B2,"")') == [0.625, None, 0, None]


def test_types_follow_from_the_formula() -> None:
    kinds = {"A2*2": "decimal", "B2*2": "integer", "B2/2": "decimal", 'C2&""': "text", "A2>1": "boolean", "E2+1": "date"}
    assert {formula: translate.translate(formula, COLUMNS, 2).type for formula in kinds} == kinds


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("=VLOOKUP(A2,C:D,2)", "VLOOKUP"),
        ("=NOW()", "NOW"),
        ("=A1+A2", "A1 is not in row 2"),
        ("=A$2", r"A\$2 is not in row 2"),
        ("=SUM(A:A)", "A:A"),
        ("=SUM(A2:H2)", "G2 is in no column"),
        ("=Other!A2", "another tab"),
        ("=profit*2", "no column profit"),
        ("=C2*2", "C2 is text"),
        ("=E2*2", "E2 is a date"),
        ("=C2<1", "text cannot be compared with a number"),
        ("=AVERAGE(A2,IF(D2,B2,1))", "AVERAGE over IF"),
        ('=C2<"b"', "text cannot be compared with <"),
        ('=IF(A2>0,"x",1)', "IF gives text or a number"),
        ('=IF(A2>0,"",1)+1', "IF gives text or a number"),
        ("=IF(A2>0,1)", "IF cannot take 2 arguments"),
        ("=SUM(E2)", "SUM over dates"),
        ("=A2+", "ends too early"),
        ("=A2 B2", "'B2' is not expected"),
        ("=#REF!+1", "#REF!"),
        ("=" + "(" * 500 + "A2" + ")" * 500, "nests deeper"),
        ("=" + "-" * 90 + "A2", "sign"),
        ("=" + "A2+" * 2000 + "1", "operators"),
        ("=" + "ROUND(" * 20 + "A2" + ",1)" * 20, "too long"),
        ("=1E999", "too large"),
    ],
)
def test_what_cannot_be_done_exactly_is_refused_by_name(formula: str, says: str) -> None:
    with pytest.raises(FormulaRefused, match=says):
        translate.translate(formula, COLUMNS, 2)


@pytest.mark.parametrize("text", ["'; DROP TABLE t; --", '""\'', "\\'", "%s", "$1", "--", "/*"])
def test_texts_cannot_leave_their_quotes(text: str) -> None:
    assert by_sql(f'="{text}"&""')[0] == text.replace('""', '"')


def test_names_cannot_leave_their_quotes() -> None:
    column = Column(name='a" FROM x; --', label="Evil", letter="A", type="decimal", evidence="")
    assert '"a"" FROM x; --"' in translate.translate("=A2*2", [column], 2).sql


def test_extreme_numbers_fail_as_blanks_and_never_as_the_query() -> None:
    rows: Sequence[Row] = [(1e308, 2**53, "x", True, date(2024, 1, 1), -1e308), (-8.0, 0, "", False, date(9999, 12, 31), 1e15)]
    for formula in ("A2*A2", "A2^A2", "A2^0.5", "B2^-1", "E2+F2*0+B2", "DATE(A2,1,1)", "DATE(2024,B2,B2)", "LEFT(C2,A2)",
                    "ROUND(A2,B2)", "MID(C2,A2,A2)", 'A2&""', "MOD(A2,F2)", "E2+B2"):  # fmt: skip
        try:
            by_sql(formula, rows)
        except FormulaRefused:
            continue
