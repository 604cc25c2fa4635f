"""Row and column rules: what they hide cannot be got at by any door of a sheet."""

import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from chatsheet.chat.tools import overview
from chatsheet.context import cards, suggestions
from chatsheet.context.prompt import Scope
from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL, Actor, Condition, Rules, TableRule
from chatsheet.db.engine import open_database
from chatsheet.sheets import export, rules
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.sheets.files import Options
from chatsheet.sheets.guard import SqlRefused
from chatsheet.sheets.library import Library, OpenSheet, SeenInPart
from chatsheet.sheets.model import Format, Table, Workbook
from chatsheet.sheets.query import Engine
from chatsheet.sheets.questions import Questions
from chatsheet.sheets.rules import seen
from chatsheet.sheets.store import VersionNotFound
from chatsheet.sheets.windows import Filter, Sort, Window, WindowInvalid

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]

NORTH = TableRule("staff", hidden=("salary",), rows=(Condition("region", "equals", ("north",)),))
RULED = Rules((NORTH, TableRule("board", hidden=("member",))))
SECRET = ("salary", "south", "zoe", "yann", "mallory", "99000", "88000", "board", "member", "confidential")


def write(path: Path) -> Path:
    """A workbook of people, some of whom, and what they earn, are not for everybody."""
    book = openpyxl.Workbook()
    staff = book.worksheets[0]
    staff.title = "Staff"
    staff.append(["Confidential list of 60, Zoe earns 99000"])
    staff.append([])
    staff.append(["id", "name", "region", "level", "since", "salary"])
    for number in range(1, 61):
        region = "South" if number % 3 == 0 else "North"
        name = {3: "Zoe", 6: "Yann"}.get(number, f"Person {number}")
        level, salary = "n/a" if number == 6 else number % 5, 99000 if number == 3 else 30000 + number
        staff.append([number, name, region, level, f"2024-01-{number % 28 + 1:02d}", salary])
    board = book.create_sheet("Board")
    for row in (["member"], ["Mallory"], ["Zoe"]):
        board.append(row)
    offices = book.create_sheet("Offices")
    for row in (["region", "city"], ["North", "Oslo"], ["West", "Nantes"]):
        offices.append(row)
    book.save(path)
    return path


def under(what: Rules) -> Actor:
    return replace(LOCAL, user_id="vera", rules=what)


@pytest.fixture(scope="module")
async def library(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Library, None]:
    """One library for all of these tests: they only read."""
    del anyio_backend
    folder, engine = tmp_path_factory.mktemp("ruled"), Engine()
    database = await open_database(folder / "chatsheet.sqlite")
    library = Library(database=database, folder=folder, engine=engine, clock=SystemClock(), quiet_s=0)
    yield library
    await library.close()
    await engine.close()
    await database.close()


@pytest.fixture(scope="module")
async def whole(library: Library, tmp_path_factory: pytest.TempPathFactory) -> OpenSheet:
    """The sheet as its owner sees it."""
    return await library.bring_in(LOCAL, write(tmp_path_factory.mktemp("people") / "people.xlsx"))


@pytest.fixture(scope="module")
async def part(library: Library, whole: OpenSheet) -> OpenSheet:
    """The sheet as somebody sees it who may see the north, without salaries."""
    return await library.open(under(RULED), whole.sheet.id)


@pytest.fixture
def questions(library: Library, part: OpenSheet) -> Questions:
    """What somebody under rules can ask."""
    return library.questions(part)


async def rows(questions: Questions, sql: str) -> list[tuple[JsonValue, ...]]:
    return list((await questions.run(questions.check(sql))).rows)


async def outcome(questions: Questions, sql: str) -> str:
    """Return the rows of a query, or its error, as text."""
    try:
        return str(await rows(questions, sql))
    except ChatSheetError as error:
        return f"{error.code} {error.what} {error.fix}"


def tells(text: str) -> list[str]:
    """Return what a text tells that is hidden."""
    return [word for word in SECRET if word in text.casefold()]


async def test_the_owner_sees_everything_and_others_their_part(whole: OpenSheet, part: OpenSheet) -> None:
    assert [(table.id, table.rows) for table in whole.workbook.tables] == [("staff", 60), ("board", 2), ("offices", 2)]
    assert [(table.id, table.rows) for table in part.workbook.tables] == [("staff", 40), ("offices", 2)]
    assert [column.name for column in part.workbook.tables[0].columns] == ["id", "name", "region", "level", "since"]


async def test_nothing_that_is_said_of_the_sheet_tells_of_what_is_hidden(whole: OpenSheet, part: OpenSheet) -> None:
    assert len(tells(whole.workbook.model_dump_json())) > 5
    assert tells(part.workbook.model_dump_json()) == []
    assert tells(cards.card(part.workbook, 5_000)) == []
    assert tells(Scope(workbook=part.workbook, version="v").stable) == []
    assert tells(str(overview.of(part.workbook))) == []
    assert tells(" ".join(suggestions.suggest(part.workbook))) == []


async def test_the_profile_is_that_of_the_rows_that_are_seen(part: OpenSheet) -> None:
    staff = part.workbook.tables[0]
    name, region = staff.columns[1].profile, staff.columns[2].profile
    assert (name.distinct, region.distinct, [one.value for one in region.top]) == (40, 1, ["North"])
    assert (staff.keys, staff.range, staff.columns[3].unparsed) == (("id", "name"), "A3:E62", 0)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM staff",
        "SELECT s.* FROM staff AS s",
        "SELECT * FROM (SELECT * FROM staff) AS s",
        "WITH s AS (SELECT * FROM staff) SELECT * FROM s",
        "SELECT a.*, b.name AS other FROM staff AS a JOIN staff AS b ON a.region <> b.region OR a.id = b.id",
        "SELECT list(name) AS names FROM staff",
        "SELECT name FROM staff UNION ALL SELECT city FROM offices",
        "SELECT * FROM offices LEFT JOIN staff USING (region)",
        "SELECT (SELECT max(name) FROM staff) AS last",
        "SELECT staff FROM staff",
    ],
)
async def test_no_query_gives_what_is_hidden(questions: Questions, sql: str) -> None:
    assert tells(await outcome(questions, sql)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT {} FROM staff",
        "SELECT {} AS {} FROM staff",
        "SELECT name AS {} FROM staff WHERE {} > 1",
        "SELECT name FROM staff ORDER BY {}",
        "SELECT count(*) AS n FROM offices WHERE EXISTS (SELECT 1 FROM staff WHERE {} > 0)",
        "SELECT name FROM staff QUALIFY max({}) OVER () > 1",
        "SELECT * EXCLUDE ({}) FROM staff",
        "SELECT * REPLACE ({} AS name) FROM staff",
        "SELECT staff.{} FROM staff",
    ],
)
async def test_a_hidden_column_is_answered_as_one_that_never_was(questions: Questions, sql: str) -> None:
    said: list[str] = []
    for name in ("salary", "nosuch"):
        with pytest.raises(ChatSheetError) as refused:
            await rows(questions, sql.replace("{}", name))
        said.append(f"{refused.value.code} {refused.value.what} {refused.value.fix}".replace(name, "X"))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM board",
        "SELECT * FROM boar",
        "SELECT * FROM main.staff",
        "SELECT * FROM _base.main.staff",
        "SELECT column_name FROM duckdb_columns()",
        "SELECT * FROM information_schema.columns",
        "DESCRIBE staff",
        "SUMMARIZE staff",
        "SELECT COLUMNS('sal.*') FROM staff",
        "SHOW TABLES",
    ],
)
async def test_no_name_leads_past_what_is_seen(questions: Questions, sql: str) -> None:
    with pytest.raises(SqlRefused) as refused:
        questions.check(sql)
    assert tells(f"{refused.value.what} {refused.value.fix}".replace(sql.rpartition(" ")[2], "")) == []


async def test_no_failure_of_an_expression_tells_of_a_row_that_is_hidden(questions: Questions) -> None:
    """A condition may be moved before another one, and a cast that fails names its value: hidden rows are not there at all."""
    for condition, count in (
        ("CAST(replace(name, 'Person ', '') AS INTEGER) > 0", 40),
        ("CASE WHEN region = 'South' THEN CAST(name AS INTEGER) END > 0", 0),
    ):
        assert await rows(questions, f"SELECT count(*) AS n FROM staff WHERE {condition}") == [(count,)]  # noqa: S608  ours


async def test_hints_about_values_come_from_what_is_seen(questions: Questions) -> None:
    result = await questions.run(questions.check("SELECT id FROM staff WHERE region = 'Sout' OR name = 'Zoé'"))
    assert tells(" ".join(result.warnings)) == []
    assert await questions.find_values("zoe") == ()
    assert await questions.find_values("south") == ()
    assert await questions.find_values("99000", table="staff", column="id") == ()


@pytest.mark.parametrize("column", ["salary", "nosuch"])
async def test_a_window_knows_no_hidden_column(questions: Questions, column: str) -> None:
    for asked in (
        Window(table="staff", sort=(Sort(column=column),)),
        Window(table="staff", filters=(Filter(column=column, test="above", values=(1,)),)),
    ):
        with pytest.raises(WindowInvalid) as refused:
            await questions.window(asked)
        assert tells(f"{refused.value.what} {refused.value.fix}".replace(column, "")) == []


async def test_windows_and_places_hold_the_rows_that_are_seen(questions: Questions) -> None:
    for asked in (Window(table="staff"), Window(table="staff", sort=(Sort(column="name"),)), Window(table="staff", search="o")):
        page = await questions.window(asked)
        assert (page.row_count, len(page.rows), tells(str(page))) == (40, 40, [])
    assert (await questions.places(Window(table="staff"), rows=[6, 7], limit=9)).rows == (7,)
    assert (await questions.places(Window(table="staff"), text="zoe", limit=9)).count == 0


async def test_rows_keep_their_ids(library: Library, whole: OpenSheet, questions: Questions) -> None:
    sql = "SELECT _row, name FROM staff WHERE region = 'North' ORDER BY _row"
    assert await rows(questions, sql) == await rows(library.questions(whole), sql)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
async def test_no_export_holds_what_is_hidden(questions: Questions, part: OpenSheet, tmp_path: Path, kind: Format) -> None:
    target = tmp_path / f"out.{kind}"
    done = await export.write(questions.database, export.of_table(part.workbook, "staff"), target, Options(format=kind))
    text = target.read_text(encoding="utf-8-sig") if kind == "csv" else ""
    if kind == "xlsx":
        text = str([[cell.value for cell in row] for row in openpyxl.load_workbook(target).worksheets[0].iter_rows()])
    if kind == "parquet":
        text = str(duckdb.connect().execute(f"FROM '{target}'").fetchall())
    assert (done.rows, "Person 1" in text, tells(text)) == (40, True, [])


async def test_the_file_that_answers_holds_no_hidden_byte(questions: Questions) -> None:
    for path in questions.database.parent.iterdir():
        assert not any(word in path.read_bytes() for word in (b"Zoe", b"Mallory", b"99000"))


async def test_what_rules_cannot_be_applied_to_is_refused(library: Library, part: OpenSheet) -> None:
    edit = SetCells(table="staff", cells=(CellValue(row=4, column="name", value="x"),))
    actor, sheet, version = under(RULED), part.sheet.id, part.sheet.version
    for asked in (
        library.preview(actor, sheet, [edit]),
        library.edit(actor, sheet, [edit], expected_version=version),
        library.history(actor, sheet),
        library.undo(actor, sheet, expected_version=version),
        library.redo(actor, sheet, expected_version=version),
        library.cells(part, "Staff", top=1, left=1),
        library.differences(part),
        library.formula_cells(part, "Staff", "A1:B2"),
    ):
        with pytest.raises(ChatSheetError) as refused:
            await asked
        assert refused.value.code in {SeenInPart.code, "sheet.nothing_to_undo"}
    with pytest.raises(SeenInPart):
        library.original(part)


async def test_an_edit_is_seen_where_it_may_be_and_no_version_before_it(library: Library, tmp_path: Path) -> None:
    whole = await library.bring_in(LOCAL, write(tmp_path / "edited.xlsx"))
    edit = SetCells(
        table="staff",
        cells=(CellValue(row=6, column="region", value="North"), CellValue(row=4, column="region", value="South")),
    )
    head = (await library.edit(LOCAL, whole.sheet.id, [edit], expected_version=whole.sheet.version)).opened.sheet.version
    opened = await library.at(under(RULED), whole.sheet.id, head)
    found = await rows(library.questions(opened), "SELECT name FROM staff WHERE _row IN (4, 6) ORDER BY _row")
    assert (opened.workbook.tables[0].rows, found) == (40, [("Zoe",)])
    for version in (whole.sheet.version, "nosuch"):
        with pytest.raises(VersionNotFound, match=f"only as it is now, at version {head}"):
            await library.at(under(RULED), whole.sheet.id, version)


async def test_what_is_not_seen_any_more_is_hidden_in_the_past_too(whole: OpenSheet, part: OpenSheet) -> None:
    staff, offices = part.workbook.tables
    less = staff.model_copy(update={"columns": tuple(one for one in staff.columns if one.name not in {"since", "level"})})
    now = part.workbook.model_copy(update={"tables": (less,)})
    assert rules.as_now(RULED, whole.workbook, part.workbook) == RULED
    gone = rules.as_now(RULED, whole.workbook, now).tables[len(RULED.tables) :]
    hidden = {one.table: one.hidden for one in gone}
    assert hidden == {"staff": ("level", "since"), "offices": tuple(sorted(offices.names))}


async def test_a_result_under_rules_has_a_handle_of_its_own(library: Library, whole: OpenSheet, questions: Questions) -> None:
    sql = "SELECT count(*) AS n FROM staff"
    handles = [(await asked.run(asked.check(sql))).handle for asked in (questions, questions, library.questions(whole))]
    assert handles[0] == handles[1] != handles[2]


async def test_an_excerpt_is_made_once_and_again_when_it_was_removed(library: Library, part: OpenSheet) -> None:
    base = library.questions(part).database
    made = base.stat().st_ino
    await library.open(under(RULED), part.sheet.id)
    assert base.stat().st_ino == made
    for path in (*base.parent.iterdir(),):
        path.unlink()
    base.parent.rmdir()
    again = await library.open(under(RULED), part.sheet.id)
    assert (again.workbook, base.exists()) == (part.workbook, True)


COLUMNS = st.sampled_from(["id", "name", "region", "level", "_row", "s.id", "length(name)", "id % 7"])
CONDITIONS = st.one_of(
    st.builds("{} > {}".format, st.sampled_from(["id", "level", "_row"]), st.integers(0, 60)),
    st.builds("name LIKE '%{}%'".format, st.sampled_from("1Zey")),
    st.sampled_from(["region = 'South'", "region <> 'South'", "level IS NULL", "id IN (SELECT max(id) FROM staff)"]),
    st.just("CAST(replace(name, 'Person ', '') AS INTEGER) > 5"),
)
TEMPLATES = (
    "SELECT {c} AS x, {d} AS y FROM staff AS s WHERE {w} AND {v} ORDER BY ALL",
    "SELECT {c} AS x, count(*) AS n, min(name) AS m FROM staff AS s WHERE {w} GROUP BY 1 ORDER BY ALL",
    "SELECT s.*, o.city FROM staff AS s LEFT JOIN offices AS o USING (region) WHERE {w} ORDER BY ALL",
    "SELECT {c} AS x, row_number() OVER (ORDER BY s._row) AS n FROM staff AS s QUALIFY n < 9 ORDER BY ALL",
    "SELECT sum(id) FILTER ({w}) AS a, count(DISTINCT {c}) AS b FROM staff AS s",
    "SELECT name FROM staff WHERE {w} EXCEPT SELECT name FROM staff WHERE {v} ORDER BY ALL",
)
DRAWN = st.fixed_dictionaries({"c": COLUMNS, "d": COLUMNS, "w": CONDITIONS, "v": CONDITIONS})
SELECTS = st.sampled_from(TEMPLATES).flatmap(lambda template: DRAWN.map(lambda drawn: template.format(**drawn)))


@pytest.fixture(scope="module")
def reduced(library: Library, whole: OpenSheet, tmp_path_factory: pytest.TempPathFactory) -> Questions:
    """A copy of the sheet out of which every cell was taken by hand that the rules hide."""
    asked = library.questions(whole)
    path = tmp_path_factory.mktemp("reduced") / "base.duckdb"
    with duckdb.connect(path) as copy:
        copy.execute(f"ATTACH '{asked.database}' AS original (READ_ONLY)")
        copy.execute("CREATE TABLE staff AS FROM original.staff WHERE region = 'North'")
        copy.execute("ALTER TABLE staff DROP COLUMN salary")
        copy.execute("CREATE TABLE offices AS FROM original.offices")
    kept = [table for table in whole.workbook.tables if table.id != "board"]
    kept[0] = kept[0].model_copy(update={"columns": kept[0].columns[:-1]})
    return replace(asked, database=path, workbook=whole.workbook.model_copy(update={"tables": tuple(kept)}))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=SELECTS)
async def test_any_query_gives_what_it_gives_over_a_sheet_without_what_is_hidden(
    questions: Questions, reduced: Questions, sql: str
) -> None:
    assert await outcome(questions, sql) == await outcome(reduced, sql)


async def test_what_nobody_uses_and_what_is_of_no_sheet_is_swept_away(library: Library, part: OpenSheet) -> None:
    late = await library.open(under(Rules((TableRule("offices"),))), part.sheet.id)
    kept, unused = (library.questions(one).database.parent for one in (part, late))
    strange = kept.with_name("strange.0.1")
    strange.mkdir()
    os.utime(unused, (0, 0))
    await library.sweep()
    assert (kept.exists(), unused.exists(), strange.exists()) == (True, False, False)


def table_of(workbook: Workbook, rule: TableRule) -> Table | None:
    return next((one.table for one in seen(workbook, Rules((rule,))) if one.table.id == rule.table), None)


@pytest.mark.parametrize(
    "rule",
    [
        TableRule("staff", hidden=("wages",)),
        TableRule("staff", rows=(Condition("wages", "above", (1,)),)),
        TableRule("staff", rows=(Condition("region", "resembles", ("North",)),)),
        TableRule("staff", rows=(Condition("region", "equals", ()),)),
        TableRule("staff", hidden=("id", "name", "region", "level", "level_raw", "since", "salary")),
    ],
)
async def test_a_rule_that_does_not_fit_hides_its_table(whole: OpenSheet, rule: TableRule) -> None:
    assert table_of(whole.workbook, rule) is None


@pytest.mark.parametrize(("column", "value"), [("salary", "much"), ("salary", 2**70), ("since", True), ("since", "soon")])
async def test_a_value_that_does_not_fit_its_column_hides_the_table(
    library: Library, whole: OpenSheet, column: str, value: int | str
) -> None:
    odd = Rules((TableRule("staff", rows=(Condition(column, "above", (value,)),)),))
    opened = await library.open(under(odd), whole.sheet.id)
    assert [table.id for table in opened.workbook.tables] == ["board", "offices"]


async def test_a_rule_that_no_row_fulfils_leaves_an_empty_table(library: Library, whole: OpenSheet) -> None:
    none = Rules((TableRule("staff", rows=(Condition("region", "equals", ("nowhere",)),)),))
    opened = await library.open(under(none), whole.sheet.id)
    staff, asked = opened.workbook.tables[0], library.questions(opened)
    assert (staff.rows, staff.keys, staff.columns[0].profile.maximum) == (0, (), None)
    assert (await asked.window(Window(table="staff"))).rows == ()
    assert await rows(asked, "SELECT count(*) AS n, max(salary) AS s FROM staff") == [(0, None)]
    assert suggestions.suggest(opened.workbook) != ()


async def test_a_rule_of_a_table_that_is_not_there_hides_all_that_have_none(whole: OpenSheet) -> None:
    found = seen(whole.workbook, Rules((TableRule("wages"), TableRule("offices"))))
    assert [one.table.id for one in found] == ["offices"]


async def test_rules_of_one_table_add_up(library: Library, whole: OpenSheet) -> None:
    two = Rules((NORTH, TableRule("staff", hidden=("name",), rows=(Condition("id", "below", (10,)),))))
    opened = await library.open(under(two), whole.sheet.id)
    assert await rows(library.questions(opened), "SELECT id, region FROM staff WHERE id < 3") == [(1, "North"), (2, "North")]
    assert opened.workbook.tables[0].rows == 6


async def test_where_all_is_hidden_nothing_is_left(library: Library, whole: OpenSheet) -> None:
    opened = await library.open(under(Rules((TableRule("nowhere"),))), whole.sheet.id)
    assert (opened.workbook.tables, suggestions.suggest(opened.workbook)) == ((), ())
    with pytest.raises(SqlRefused):
        library.questions(opened).check("SELECT * FROM staff")


async def test_what_is_hidden_has_names(part: OpenSheet, whole: OpenSheet) -> None:
    assert part.hidden == {"salary", "board", "member"}
    assert (whole.hidden, whole.is_whole, part.is_whole) == (frozenset(), True, False)
    assert rules.hidden(whole.workbook, whole.workbook) == frozenset()
