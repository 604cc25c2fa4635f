"""Exports through a worker: complete files under their names, or nothing at all."""

import asyncio
from pathlib import Path

import duckdb
import openpyxl
import pytest

from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets import export
from chatsheet.sheets.export import Plan, TableMissing, TargetUnwritable
from chatsheet.sheets.files import ExportFailed, Options
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.model import Column, Format, Table, Unit, Workbook
from chatsheet.sheets.package.patch import Edits
from chatsheet.sheets.package.values import Change
from chatsheet.sheets.query import QueryTimedOut
from tests.harness import ROOT
from tests.sheets.conftest import Sample

pytestmark = pytest.mark.anyio
CSV = Options(format="csv")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_a_table_is_exported_whole(sample: Sample, tmp_path: Path, kind: Format) -> None:
    target = tmp_path / f"orders.{kind}"
    exported = await export.write(sample.path, export.of_table(sample.workbook, "orders"), target, Options(format=kind))
    table = sample.workbook.tables[0]
    assert (exported.path, exported.rows, exported.bytes) == (target, table.rows, target.stat().st_size)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


async def test_the_header_has_the_labels_as_written(sample: Sample, tmp_path: Path) -> None:
    await export.write(sample.path, export.of_table(sample.workbook, "orders"), tmp_path / "a.xlsx", Options(format="xlsx"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert [cell.value for cell in next(sheet.iter_rows())] == [column.label for column in sample.workbook.tables[0].columns]
    assert sheet.title == sample.workbook.tables[0].tab


async def test_an_endless_query_is_stopped_and_leaves_the_file_that_was_there(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("before")
    endless = "SELECT count(*) FROM orders a, orders b, orders c, orders d WHERE a.revenue + b.revenue > c.revenue + d.revenue"
    with pytest.raises(QueryTimedOut):
        await export.write(sample.path, Plan(GuardedSql(endless, (), None), {}, "x"), tmp_path / "a.csv", CSV, deadline_s=1)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


async def test_a_cancelled_export_leaves_nothing(sample: Sample, tmp_path: Path) -> None:
    plan = Plan(GuardedSql("SELECT * FROM orders a, orders b, orders c", (), None), {}, "x")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(export.write(sample.path, plan, tmp_path / "a.csv", CSV), 1)
    assert list(tmp_path.iterdir()) == []


async def test_failures_are_named_and_leave_nothing(sample: Sample, tmp_path: Path) -> None:
    plan = export.of_table(sample.workbook, "orders")
    with pytest.raises(TargetUnwritable):
        await export.write(sample.path, plan, tmp_path / "no folder" / "a.csv", CSV)
    (tmp_path / "folder").mkdir()
    with pytest.raises(TargetUnwritable):
        await export.write(sample.path, plan, tmp_path / "folder", CSV)
    with pytest.raises(ExportFailed):
        await export.write(sample.path, Plan(GuardedSql("SELECT nothing", (), None), {}, "x"), tmp_path / "a.csv", CSV)
    with pytest.raises(TableMissing):
        export.of_table(sample.workbook, "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


async def test_the_opt_out_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    duckdb.connect(tmp_path / "d.duckdb").close()
    plan = Plan(GuardedSql("SELECT '=1' AS x", (), None), {}, "x")
    await export.write(tmp_path / "d.duckdb", plan, tmp_path / "a.csv", Options(format="csv", keeps_formulas=True))
    assert "exported as they are, as asked" in caplog.text


async def test_edits_go_into_the_original(tmp_path: Path) -> None:
    edits = Edits(changes=(Change(tab="Orders", cell="B3", type="text", value="new"),))
    exported = await export.patch(ROOT / "examples" / "sales.xlsx", edits, tmp_path / "a.xlsx")
    assert (exported.cells, exported.rows, exported.bytes) == (1, 0, (tmp_path / "a.xlsx").stat().st_size)
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Orders"]["B3"].value == "new"


async def test_edits_that_are_refused_say_why_across_the_process(tmp_path: Path) -> None:
    edits = Edits(changes=(Change(tab="Orders", cell="B3", type="formula", value="=WEBSERVICE(A1)"),))
    with pytest.raises(ChatSheetError) as refused:
        await export.patch(ROOT / "examples" / "sales.xlsx", edits, tmp_path / "a.xlsx")
    assert refused.value.code == "formula.forbidden"
    assert list(tmp_path.iterdir()) == []


def column(name: str, label: str, *, unit: Unit | None = None, raw: str = "") -> Column:
    return Column(name=name, label=label, letter="A", type="decimal", evidence="", unit=unit or Unit(), raw=raw)


MONEY = column("net", "Net (€)", unit=Unit(currency="EUR"), raw="net_raw")
BOOK = Workbook(
    parser="1",
    content_sha256="",
    tables=(
        Table(id="t", tab="T", range="A1", header_row=1, evidence="", rows=1, columns=(MONEY, column("k", "Key"))),
        Table(id="u", tab="U", range="A1", header_row=1, evidence="", rows=1, columns=(column("k", "Other key"),)),
    ),
)


def test_cells_that_did_not_parse_stand_beside_the_column() -> None:
    assert [heading.label for heading in export.of_table(BOOK, "t").headings.values()] == [
        "Net (€)",
        "Net (€) (as written)",
        "Key",
    ]


@pytest.mark.parametrize(
    ("sql", "labels"),
    [
        ("SELECT net, k FROM t", {"net": "Net (€)", "k": "Key"}),
        ("SELECT * FROM t", {"net": "Net (€)", "k": "Key"}),
        ("SELECT sum(net) AS net, k FROM t", {"k": "Key"}),
        ("SELECT *, 1 AS net FROM t", {"k": "Key"}),
        ("WITH x AS (SELECT 1 AS net FROM t) SELECT net FROM x", {}),
        ("SELECT net FROM (SELECT 1 AS net FROM t) AS x", {}),
        ("SELECT net FROM t UNION SELECT 1", {}),
    ],
)
def test_columns_taken_as_they_are_keep_label_and_unit(sql: str, labels: dict[str, str]) -> None:
    headings = export.of_query(BOOK, GuardedSql(sql, ("t",), None)).headings
    assert {name: heading.label for name, heading in headings.items()} == labels
    assert all(heading.unit == (MONEY.unit if name == "net" else Unit()) for name, heading in headings.items())


def test_a_name_that_means_two_columns_keeps_neither_label() -> None:
    headings = export.of_query(BOOK, GuardedSql("SELECT t.k FROM t JOIN u USING (k)", ("t", "u"), None)).headings
    assert headings["k"].label == "k"
