"""`chatsheet sheet …` on a plain path: what a file holds, its rows, edits that can be taken back, corrections, exports."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatsheet.cli.main import cli
from chatsheet.core.errors import BadInput, ChatSheetError
from chatsheet.sheets.export import TargetUnwritable
from tests.harness import ROOT
from tests.sheets import formula_sheets

Run = Callable[..., str]
MESSY = str(ROOT / "examples" / "messy.xlsx")
TABLE_KEYS = {"table", "tab", "range", "header_rows", "rows", "columns"}
COLUMN_KEYS = {"name", "type", "unit", "evidence"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `chatsheet sheet ARGUMENTS` over a data folder of this test and return its stdout; errors are raised."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["--data", str(tmp_path / "data"), "sheet", *arguments], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def test_an_import_says_its_tables_as_the_contract_does(run: Run, sales: Path) -> None:
    told = json.loads(run("import", str(sales), "--json"))
    assert set(told) == {"sheet", "version", "tables", "warnings"}
    assert all(set(table) >= TABLE_KEYS for table in told["tables"])
    assert all(set(column) >= COLUMN_KEYS for table in told["tables"] for column in table["columns"])
    orders = told["tables"][0]
    assert (orders["table"], orders["range"], orders["header_rows"]) == ("orders", "A1:G601", [1])


def test_a_messy_workbook_comes_apart_into_its_tables(run: Run) -> None:
    told = json.loads(run("import", MESSY, "--json"))
    tables = {table["table"]: table for table in told["tables"]}
    assert {name: (table["range"], table["rows"]) for name, table in tables.items()} == {
        "quarters": ("A4:E8", 3),
        "stock_and_shifts": ("A1:C5", 4),
        "stock_and_shifts_2": ("E1:G4", 3),
        "codes": ("A1:B3", 2),
    }
    assert tables["quarters"]["columns"][1]["unit"]["scale"] == 1000
    assert tables["codes"]["is_hidden"]


def test_a_file_is_found_again_and_another_content_is_another_sheet(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n", encoding="utf-8")
    first = json.loads(run("import", str(path), "--json"))
    assert json.loads(run("import", str(path), "--json")) == first
    path.write_text("x,y\n1,3\n", encoding="utf-8")
    assert json.loads(run("import", str(path), "--json"))["sheet"] != first["sheet"]


def test_a_query_answers_in_the_contracts_form(run: Run, sales: Path) -> None:
    told = json.loads(run("query", str(sales), "SELECT count(*) AS n FROM orders", "--json"))
    assert told == {"columns": [{"name": "n", "type": "BIGINT"}], "rows": [[600]], "row_count": 1, "truncated": False}


def test_a_query_that_is_cut_says_so(run: Run, sales: Path) -> None:
    told = json.loads(run("query", str(sales), "SELECT * FROM orders", "--rows", "5", "--json"))
    assert (len(told["rows"]), told["row_count"], told["truncated"]) == (5, 600, True)


def test_a_pipe_gets_tabs_and_values_as_stored(run: Run, sales: Path) -> None:
    said = run("show", str(sales), "--table", "orders", "--sort", "revenue:desc", "--rows", "1")
    assert said.splitlines()[:2] == [
        "_row\torder_id\torder_date\tregion\tproduct\tchannel\tquantity\trevenue",
        "181\t00180\t2025-11-09\tNorth\tDesk\tStore\t9\t2790.0",
    ]


def test_a_cell_cannot_turn_the_terminal_around(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "hostile.csv"
    path.write_text("name,n\n\u202egpj.exe[red]x,1\nb,2\n", encoding="utf-8")
    said = run("show", str(path)) + run("import", str(path))
    assert "\u202e" not in said
    assert "gpj.exe[red]x" in said


def test_an_edit_is_only_shown_until_it_is_applied(run: Run, sales: Path) -> None:
    edit = ("edit", str(sales), "--table", "orders", "--set", "2.revenue=1.5", "--json")
    assert json.loads(run(*edit))["changes"][0]["sample"][0]["after"] == 1.5
    ask = ("query", str(sales), "SELECT revenue FROM orders WHERE _row = 2", "--json")
    assert json.loads(run(*ask))["rows"] == [[264.0]]
    assert json.loads(run(*edit, "--apply", "--yes", "--reason", "typo"))["applied"]
    assert json.loads(run(*ask))["rows"] == [[1.5]]
    run("undo", str(sales))
    assert json.loads(run(*ask))["rows"] == [[264.0]]
    run("redo", str(sales))
    assert [move["reason"] for move in json.loads(run("history", str(sales), "--json"))] == ["", "", "typo"]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (("--set", "4.target=1"), "set"),
        (("--fill", "target=target * 2", "--rows", "4,6-7"), "fill"),
        (("--fill", "target=target * 2", "--where", "region = 'North'"), "fill"),
        (("--insert", '{"region": "Centre"}', "--after", "4"), "insert_rows"),
        (("--delete-rows", "5"), "delete_rows"),
        (("--delete-rows", "matching", "--where", "target > 90000"), "delete_rows"),
        (("--add-column", "Half:decimal=target / 2"), "add_column"),
        (("--rename", "region=Area"), "rename_column"),
        (("--retype", "target=text"), "retype_column"),
        (("--delete-column", "target"), "delete_column"),
    ],
)
def test_every_kind_of_edit_has_an_option(run: Run, sales: Path, options: tuple[str, ...], kind: str) -> None:
    told = json.loads(run("edit", str(sales), "--table", "targets", *options, "--json"))
    assert [change["kind"] for change in told["changes"]] == [kind]
    assert not told["applied"]


def test_nobody_to_confirm_changes_nothing(run: Run, sales: Path) -> None:
    with pytest.raises(click.UsageError, match="add --yes"):
        run("edit", str(sales), "--table", "orders", "--set", "2.revenue=1.5", "--apply")


def test_a_correction_is_remembered_for_the_next_file_of_that_form(run: Run, sales: Path, tmp_path: Path) -> None:
    run("correct", str(sales), "--tab", "Orders", "--type", "quantity=text")
    later = tmp_path / "later.xlsx"
    later.write_bytes(sales.read_bytes())
    columns = json.loads(run("import", str(later), "--json"))["tables"][0]["columns"]
    column = next(column for column in columns if column["name"] == "quantity")
    assert column["type"] == "text"
    assert "remembered" in column["evidence"]


def test_an_undone_correction_is_forgotten(run: Run, sales: Path, tmp_path: Path) -> None:
    run("correct", str(sales), "--tab", "Orders", "--type", "quantity=text")
    run("undo", str(sales))
    later = tmp_path / "later.xlsx"
    later.write_bytes(sales.read_bytes())
    columns = json.loads(run("import", str(later), "--json"))["tables"][0]["columns"]
    assert {column["name"]: column["type"] for column in columns}["quantity"] == "integer"


def test_a_range_is_corrected_in_one_step(run: Run) -> None:
    told = json.loads(run("correct", MESSY, "--tab", "Quarters", "--range", "A4:E7", "--headers", "2", "--json"))
    quarters = told["tables"][0]
    assert (quarters["range"], quarters["header_rows"], quarters["rows"]) == ("A4:E7", [4, 5], 2)
    assert "you said" in quarters["evidence"]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_table_is_exported_and_read_again(run: Run, sales: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"orders.{kind}"
    run("export", str(sales), "--table", "orders", "--format", kind, "--output", str(target))
    table = json.loads(run("import", str(target), "--json"))["tables"][0]
    assert table["rows"] == 600
    with pytest.raises(TargetUnwritable, match="is there already") as caught:
        run("export", str(sales), "--table", "orders", "--format", kind, "--output", str(target))
    assert "--force" in caught.value.fix


@pytest.mark.parametrize(
    "options",
    [
        ("--table", "orders", "--output", "orders.docx"),
        ("--table", "orders", "--sql", "SELECT 1"),
        ("--into-original", "--table", "orders"),
        ("--into-original", "--format", "csv"),
    ],
)
def test_an_export_that_contradicts_itself_is_refused(run: Run, sales: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        run("export", str(sales), *options)


@pytest.mark.parametrize("options", [("--row", "2"), ("--column", "revenue"), ("--table", "orders", "--row", "2")])
def test_the_history_of_half_a_cell_is_refused(run: Run, sales: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="named without its"):
        run("history", str(sales), *options)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "file.missing"), (b"{bad", "edit.refused"), (b"\xff\xfe\x00", "edit.refused"), (b"7", "edit.refused")],
)
def test_a_file_of_edits_that_cannot_be_read_says_so(
    run: Run, sales: Path, tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "edits.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ChatSheetError) as caught:
        run("edit", str(sales), "--edits", str(path))
    assert caught.value.code == code
    assert str(path) in caught.value.what


@pytest.mark.parametrize(
    "listed",
    [
        r'[{"kind":"set","table":"orders","cells":[{"row":2,"column":"region","value":"\ud83d x"}]}]',
        r'[{"kind":"insert_rows","table":"orders","rows":[{"\udc00":1}]}]',
    ],
)
def test_edits_with_half_a_character_are_refused(run: Run, sales: Path, tmp_path: Path, listed: str) -> None:
    (tmp_path / "edits.json").write_text(listed)
    with pytest.raises(ChatSheetError, match="half of a character") as caught:
        run("edit", str(sales), "--edits", str(tmp_path / "edits.json"))
    assert caught.value.code == "edit.refused"


def test_a_column_that_is_not_there_is_not_corrected_and_not_remembered(run: Run, sales: Path) -> None:
    with pytest.raises(ChatSheetError, match="no column of Orders has the header 'nothing'") as caught:
        run("correct", str(sales), "--tab", "Orders", "--type", "nothing=text")
    assert caught.value.fix.startswith("the columns are Order ID, Order date,")
    assert "correction" not in run("history", str(sales))


def test_edits_go_into_the_original_and_nothing_else_changes(run: Run, sales: Path, tmp_path: Path) -> None:
    target = tmp_path / "edited.xlsx"
    run("edit", str(sales), "--table", "orders", "--set", "2.revenue=1.5", "--apply", "--yes")
    run("export", str(sales), "--into-original", "--output", str(target))
    before, after = (parts(path) for path in (sales, target))
    changed = {name for name in before if before[name] != after.get(name)}
    assert "xl/worksheets/sheet1.xml" in changed
    assert not changed & {"xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml", "xl/styles.xml", "xl/theme/theme1.xml"}
    assert json.loads(run("query", str(target), "SELECT revenue FROM orders WHERE _row = 2", "--json"))["rows"] == [[1.5]]


def test_an_export_into_the_original_counts_cells_and_new_rows(run: Run, sales: Path, tmp_path: Path) -> None:
    run("edit", str(sales), "--table", "orders", "--set", "2.revenue=1.5", "--set", "2.region=X", "--apply", "--yes")
    assert ": 2 cells, 0 new rows, " in run("export", str(sales), "--into-original", "--output", str(tmp_path / "a.xlsx"))
    run("edit", str(sales), "--table", "targets", "--insert", '{"region": "Centre"}', "--apply", "--yes")
    assert ": 2 cells, 1 new row, " in run("export", str(sales), "--into-original", "--output", str(tmp_path / "b.xlsx"))


def test_a_value_goes_back_in_the_scale_of_its_tab(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "edited.xlsx"
    run("edit", MESSY, "--table", "quarters", "--set", "6.first_half_q1=99500", "--apply", "--yes")
    run("export", MESSY, "--into-original", "--output", str(target))
    assert b"<v>99.5</v>" in parts(target)["xl/worksheets/sheet1.xml"]


def test_rows_stand_where_they_were_put_in_every_output(run: Run, sales: Path, tmp_path: Path) -> None:
    for name, place in (("last", ()), ("above it", ("--before", "602")), ("third", ("--after", "3"))):
        row = json.dumps({"order_id": name, "region": "Middle"})
        run("edit", str(sales), "--table", "orders", "--insert", row, *place, "--apply", "--yes")
    found = json.loads(run("show", str(sales), "--table", "orders", "--search", "middle", "--json"))
    assert [row[1] for row in found["rows"]] == ["third", "above it", "last"]
    run("export", str(sales), "--table", "orders", "--output", str(tmp_path / "o.csv"))
    written = [line.split(",")[0] for line in (tmp_path / "o.csv").read_text().splitlines()]
    assert (written[3], written[-2:]) == ("third", ["above it", "last"])


def test_rows_are_appended_to_the_original_in_their_order(run: Run, sales: Path, tmp_path: Path) -> None:
    for name, place in (("Below", ()), ("Above", ("--after", "7"))):
        row = json.dumps({"region": name, "target": 5})
        run("edit", str(sales), "--table", "targets", "--insert", row, *place, "--apply", "--yes")
    run("export", str(sales), "--into-original", "--output", str(tmp_path / "o.xlsx"))
    again = json.loads(run("show", str(tmp_path / "o.xlsx"), "--table", "targets", "--json"))
    assert [row[1] for row in again["rows"]][-2:] == ["Above", "Below"]


def test_rows_at_the_end_are_appended_and_rows_between_are_refused(run: Run, sales: Path, tmp_path: Path) -> None:
    target = tmp_path / "edited.xlsx"
    row = '{"region": "Centre", "target": 50000}'
    run("edit", str(sales), "--table", "targets", "--insert", row, "--apply", "--yes")
    run("export", str(sales), "--into-original", "--output", str(target))
    asked = run("query", str(target), "SELECT region, target FROM targets ORDER BY _row DESC LIMIT 1", "--json")
    assert json.loads(asked)["rows"] == [["Centre", 50000]]
    run("edit", str(sales), "--table", "targets", "--insert", row, "--after", "4", "--apply", "--yes")
    with pytest.raises(ChatSheetError, match="inserted"):
        run("export", str(sales), "--into-original", "--output", str(target), "--force")


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("import", "nothere.xlsx"), "file.missing"),
        (("query", MESSY, "DROP TABLE quarters"), "sql.refused"),
        (("show", MESSY, "--table", "quarter"), "sheet.table_unknown"),
        (("show", MESSY, "--table", "quarters", "--sort", "brunch"), "window.invalid"),
        (("edit", MESSY, "--table", "quarters", "--set", "6.first_half_q1=much"), "edit.refused"),
        (("correct", MESSY, "--tab", "Quarters", "--range", "hello"), "sheet.correction_invalid"),
        (("correct", MESSY, "--tab", "Nowhere", "--range", "A1:B2"), "sheet.tab_not_found"),
        (("undo", MESSY), "sheet.nothing_to_undo"),
    ],
)
def test_what_goes_wrong_has_its_code(run: Run, arguments: tuple[str, ...], code: str) -> None:
    with pytest.raises(ChatSheetError) as error:
        run(*arguments)
    assert error.value.code == code


def test_an_edit_says_what_it_recalculates_and_show_says_what_is_stale(run: Run, tmp_path: Path) -> None:
    path = str(formula_sheets.write(tmp_path / "orders.xlsx"))
    assert "=[@Price]*[@Count]" in run("import", path)
    said = run("edit", path, "--table", "orders", "--set", "2.price=10")
    assert "recalculates 3 cells" in said
    assert "Orders!D6\t201.5\t286.5" in said
    assert "Summary!B3\t46001.5\tit has another value at every recalculation" in said
    told = json.loads(run("edit", path, "--table", "orders", "--set", "2.price=10", "--apply", "--yes", "--json"))
    assert told["formulas"]["counts"] == {"recalculated": 3, "unchanged": 0, "stale": 2, "overwritten": 0}
    assert "Orders!D2\t=B2*C2\t100\t\t" in run("show", path, "--formulas", "Orders!D2")
    assert json.loads(run("show", path, "--formulas", "Summary!B3", "--json"))[0]["traits"] == ["volatile"]
    assert "recalculate outside of tables: 1 cell" in run("history", path)


def test_a_formula_is_filled_down_and_exported_with_its_values(run: Run, tmp_path: Path) -> None:
    path = str(formula_sheets.write(tmp_path / "orders.xlsx"))
    run("edit", path, "--table", "orders", "--formula", "total==[@Price]*[@Count]*2", "--apply", "--yes")
    run("export", path, "--into-original", "--output", str(tmp_path / "out.xlsx"))
    assert formula_sheets.formulas(tmp_path / "out.xlsx", "Orders")["D2"] == "=B2*C2*2"
    assert formula_sheets.values(tmp_path / "out.xlsx", "Orders")["D6"] == 403
