"""Files of a query's rows: typed, labelled, in order; what a format cannot hold is said, formula-like texts are defused."""

from collections.abc import Generator
from csv import reader as csv_reader
from datetime import datetime, time
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets import files
from chatsheet.sheets.files import ExportFailed, ExportTooLarge, Heading, Options, Written
from chatsheet.sheets.model import Format, Unit
from chatsheet.sheets.worker import Databases

EURO, PERCENT, KILO = Unit(currency="EUR", symbol="€"), Unit(is_percent=True), Unit(symbol="kg")
TYPED = (
    "SELECT i AS whole, i + 0.5::DOUBLE AS money, i / 100::DOUBLE AS share, 'text ' || i AS name, "
    "DATE '2024-01-01' + i::INTEGER AS day, TIMESTAMP '2024-01-01 10:30:00' AS at, TIME '06:00:00' AS clock, "
    "i = 1 AS ok, NULL::VARCHAR AS nothing, [i] AS listed, 1.25::DECIMAL(9,2) AS exact FROM range(1, 4) AS t(i) ORDER BY i DESC"
)


@pytest.fixture
def database() -> Generator[duckdb.DuckDBPyConnection, None, None]:
    with duckdb.connect() as database:
        yield database


def rows_of(path: Path) -> list[list[object]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path).worksheets[0].iter_rows()]


def csv(database: duckdb.DuckDBPyConnection, target: Path, sql: str, **options: object) -> tuple[str, Written]:
    written = files.write(database, sql, {}, target, Options.model_validate({"format": "csv", **options}))
    return target.read_bytes().decode(), written


def test_xlsx_keeps_types_labels_units_and_order(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    headings = {"money": Heading(label="Net (€)", unit=EURO), "share": Heading(label="Share", unit=PERCENT)}
    written = files.write(database, TYPED, headings, tmp_path / "a.xlsx", Options(format="xlsx", tab="Q1/2024"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    head, first, *_ = rows_of(tmp_path / "a.xlsx")
    assert (written.rows, written.notes, sheet.title, sheet.freeze_panes) == (3, (), "Q1 2024", "A2")
    assert head[:4] == ["whole", "Net (€)", "Share", "name"]
    assert first[:6] == [3, 3.5, 0.03, "text 3", datetime(2024, 1, 4), datetime(2024, 1, 1, 10, 30)]  # noqa: DTZ001  cells
    assert first[6:] == [time(6), False, None, "[3]", 1.25]
    formats = [cell.number_format for cell in list(sheet.iter_rows())[1]]
    assert formats[1:3] == ['#,##0.00 "€"', "0.00%"]
    assert formats[4:7] == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss"]


def test_parquet_keeps_types_and_tells_repeated_labels_apart(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = "SELECT DATE '2024-01-01' AS a, 1::BIGINT AS b, 2.5::DOUBLE AS c"
    headings = {name: Heading(label=label) for name, label in (("a", "Total"), ("b", "total"), ("c", "Total"))}
    files.write(database, sql, headings, tmp_path / "a.parquet", Options(format="parquet"))
    described = database.execute(f"DESCRIBE FROM '{tmp_path / 'a.parquet'}'").fetchall()
    assert [row[:2] for row in described] == [("Total", "DATE"), ("total (2)", "BIGINT"), ("Total (3)", "DOUBLE")]


def test_csv_is_plain_and_exact(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = "SELECT 'a;\"b\"' AS x, DATE '2024-02-29' AS y, 9007199254740993 AS z, NULL AS n, 'é' AS e"
    assert csv(database, tmp_path / "a.csv", sql, delimiter=";")[0] == 'x;y;z;n;e\n"a;""b""";2024-02-29;9007199254740993;;é\n'
    assert csv(database, tmp_path / "b.csv", "SELECT 1 AS x", has_bom=True)[0] == "\ufeffx\n1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-1+A1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\n=1",
        '"=1',
        "' =1",
        "  @x",
        "\uff1d1",
        "\ufeff=1",
        "--5",
    ],
)
def test_a_text_that_looks_like_a_formula_is_defused(database: duckdb.DuckDBPyConnection, tmp_path: Path, text: str) -> None:
    assert files.is_formula_like(text)
    database.execute("CREATE TABLE t AS SELECT ?::VARCHAR AS x", [text])
    content, written = csv(database, tmp_path / "a.csv", "SELECT x FROM t")
    assert list(csv_reader(content.splitlines(keepends=True)))[1:] == [[f"'{text}"]]
    assert written.notes == ("1 texts that look like formulas got an apostrophe in front",)


def test_numbers_dates_and_ordinary_texts_are_left_alone(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = "SELECT -5 AS a, '-5' AS b, '+49' AS c, 'a=b' AS d, -1.5 AS e, 'x@y.org' AS f"
    text, written = csv(database, tmp_path / "a.csv", sql)
    assert (text.splitlines()[1], written.notes) == ("-5,-5,+49,a=b,-1.5,x@y.org", ())


def test_headers_are_defused_too_and_the_opt_out_is_told(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = "SELECT '=1' AS \"=cmd\""
    assert csv(database, tmp_path / "a.csv", sql)[0] == "'=cmd\n'=1\n"
    text, written = csv(database, tmp_path / "b.csv", sql, keeps_formulas=True)
    assert text == "=cmd\n=1\n"
    assert written.notes == (
        "2 texts that look like formulas were left as they are, as asked: open the file only where they are trusted",
    )


@given(st.text(max_size=20))
def test_python_and_duckdb_agree_on_what_looks_like_a_formula(text: str) -> None:
    with duckdb.connect() as database:
        cast = "SELECT regexp_matches(?, ?) AND NOT regexp_matches(?, ?)"
        rules = files._FORMULA_LIKE, files._PLAIN_NUMBER  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  the same rule twice
        (found,) = database.execute(cast, [text, rules[0], text, rules[1]]).fetchall()
    assert found == (files.is_formula_like(text),)


@pytest.mark.parametrize(
    ("value", "shown", "note"),
    [
        (
            "9007199254740993",
            "9007199254740993",
            "x: 1 values have more digits than XLSX keeps: the column was written as texts",
        ),
        ("DATE '1850-01-01'", "1850-01-01", "x: 1 values are outside of XLSX's calendar: the column was written as texts"),
        ("'nan'::DOUBLE", None, "x: 1 values are infinite or no number: they were left empty"),
        ("repeat('y', 40000)", "y" * 32_767, "x: 1 values were cut off at 32767 characters, which is all that XLSX holds"),
        ("chr(1) || '_x0041_'", "\x01_x0041_", None),
        ("'=1+1'", "=1+1", None),
    ],
)
def test_what_xlsx_cannot_hold_is_said(
    database: duckdb.DuckDBPyConnection, tmp_path: Path, value: str, shown: str | None, note: str | None
) -> None:
    database.execute(f"CREATE TABLE t AS SELECT {value} AS x")
    written = files.write(database, "SELECT x, 1 AS y FROM t", {}, tmp_path / "a.xlsx", Options(format="xlsx"))
    assert written.notes == ((note,) if note else ())
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]["A2"]
    assert cell.data_type != "f"
    assert cell.value in {shown, "_x0001__x005F_x0041_" if value.startswith("chr") else shown}


def test_more_than_xlsx_holds_is_refused(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(ExportTooLarge):
        files.write(database, "FROM range(1048576)", {}, tmp_path / "a.xlsx", Options(format="xlsx"))


def test_rows_keep_their_order_also_when_there_are_many(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = "SELECT i * 7919 % 300007 AS h FROM range(300_000) AS t(i) ORDER BY h"
    for kind in ("csv", "parquet"):
        target = tmp_path / f"a.{kind}"
        files.write(database, sql, {}, target, Options.model_validate({"format": kind}))
        out_of_order = f"SELECT count(*) FROM (SELECT h < lag(h) OVER () AS back FROM '{target}') WHERE back"  # noqa: S608  our own names
        assert database.execute(out_of_order).fetchall() == [(0,)]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_no_rows_is_a_file_with_a_header(database: duckdb.DuckDBPyConnection, tmp_path: Path, kind: Format) -> None:
    written = files.write(database, "SELECT 1 AS x WHERE false", {}, tmp_path / f"a.{kind}", Options(format=kind))
    assert (written.rows, (tmp_path / f"a.{kind}").exists()) == (0, True)


def test_only_the_target_can_be_written_and_nothing_else_read(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    duckdb.connect(tmp_path / "b.duckdb").close()
    with Databases.connect(str(tmp_path / "b.duckdb"), writes=str(tmp_path / "a.csv")) as locked:
        csv(locked, tmp_path / "a.csv", "SELECT 1 AS x")
        for sql, target in (("SELECT 1 AS x", "other.csv"), (f"FROM read_csv('{tmp_path / 'secret.csv'}')", "a.csv")):
            with pytest.raises(ExportFailed):
                csv(locked, tmp_path / target, sql)


@pytest.mark.parametrize(
    ("unit", "whole", "broken"),
    [
        (Unit(), "General", "General"),
        (EURO, '#,##0 "€"', '#,##0.00 "€"'),
        (Unit(currency="USD", symbol="$"), '"$"#,##0', '"$"#,##0.00'),
        (KILO, 'General "kg"', 'General "kg"'),
        (PERCENT, "0.00%", "0.00%"),
    ],
)
def test_a_unit_becomes_a_number_format(unit: Unit, whole: str, broken: str) -> None:
    assert (files.number_format(unit, is_whole=True), files.number_format(unit, is_whole=False)) == (whole, broken)


@pytest.mark.parametrize(("name", "tab"), [("a/b:c", "a b c"), ("'x'", "x"), ("", "Sheet1"), ("n" * 40, "n" * 31)])
def test_a_tab_gets_a_name_that_it_may_have(name: str, tab: str) -> None:
    assert files.tab_name(name) == tab
