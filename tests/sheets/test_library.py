"""The library as its users notice it: files become sheets, bad files leave an error and nothing else."""

import asyncio
import io
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from chatsheet.context import cards
from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.engine import open_database
from chatsheet.sheets import guard
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import ColumnType
from chatsheet.sheets.query import Engine, Worker, WorkerMemory
from chatsheet.sheets.store import SheetNotFound
from chatsheet.sheets.windows import Window
from tests.harness import state_in

pytestmark = pytest.mark.anyio

STRANGER = Actor(workspace_id="elsewhere", user_id="someone")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1024 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2048


def workbook(*tabs: str, hidden: str = "") -> bytes:
    """Return an XLSX whose every tab is a title, a header in row 3 and two rows."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    for name in tabs:
        tab = book.add_worksheet(name)
        for number, row in enumerate(
            [["Made by us"], [], ["Code", "Paid (EUR)", "Open"], ["007", 1.5, True], ["008", 2, False]]
        ):
            tab.write_row(number, 0, row)
        if name == hidden:
            tab.hide()
    book.close()
    return content.getvalue()


def package(**parts: bytes) -> bytes:
    """Return a zip of these parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def repacked(change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook whose first tab's XML is changed."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook("A"))) as good, zipfile.ZipFile(content, "w") as bad:
        for item in good.infolist():
            part = good.read(item)
            bad.writestr(item.filename, change(part) if item.filename.endswith("sheet1.xml") else part)
    return content.getvalue()


def bomb() -> bytes:
    """Return a workbook whose directory claims that every part unpacks to almost 4 GiB."""
    content = bytearray(workbook("A"))
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", content, at + 24, 0xFFFFFFF0)
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(content)


async def bring(library: Library, folder: Path, name: str, content: bytes) -> OpenSheet:
    path = folder / name
    path.write_bytes(content)
    return await library.bring_in(LOCAL, path)


def left_behind(folder: Path) -> list[str]:
    """List what an import left in the data folder."""
    data = folder / "data"
    return [str(entry) for part in ("incoming", "versions") if (data / part).exists() for entry in (data / part).iterdir()]


def beside(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def types_of(opened: OpenSheet) -> dict[str, ColumnType]:
    return {column.name: column.type for column in opened.workbook.tables[0].columns}


async def test_every_tab_becomes_a_table_with_typed_columns_and_its_title_a_note(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, "Books.xlsx", workbook("Sales 2025", "Select"))
    assert [table.id for table in opened.workbook.tables] == ["sales_2025", "table_select"]
    assert types_of(opened) == {"code": "text", "paid_eur": "decimal", "open": "boolean"}
    first = opened.workbook.tables[0]
    assert (first.range, first.header_row, first.rows, first.notes) == ("A3:C5", 3, 2, ("Made by us",))


async def test_a_hidden_tab_is_imported_and_said_to_be_hidden(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, "h.xlsx", workbook("Front", "Back", hidden="Back"))
    assert opened.workbook.table("back") is not None
    assert opened.workbook.warnings == ("tab 'Back' is hidden in the workbook",)


@pytest.mark.parametrize(
    ("content", "tables"),
    [
        ("Name;Größe\nä;1,5\nö;2,25\n".encode("cp1252"), "cp1252"),
        ("Name;Größe\nä;1,5\nö;2,25\n".encode("utf-16"), "utf-16"),
        ("Name;Größe\nä;1,5\nö;2,25\n".encode("utf-8-sig"), "utf-8"),
        (b"Name;Gr\xc3\xb6\xc3\x9fe\r\xc3\xa4;1,5\r\xc3\xb6;2,25\r", "utf-8"),
    ],
    ids=["cp1252", "utf-16", "utf-8 with a mark", "lines of an old Mac"],
)
async def test_a_german_csv_has_its_numbers_and_letters(library: Library, tmp_path: Path, content: bytes, tables: str) -> None:
    opened = await bring(library, tmp_path, "maße.csv", content)
    assert types_of(opened) == {"name": "text", "grösse": "decimal"}
    assert opened.workbook.tables[0].evidence.startswith(tables)
    asked = guard.check("SELECT max(grösse) AS m, min(name) AS n FROM masse", opened.columns())
    assert (await library.query(opened, asked)).rows == ((2.25, "ä"),)


async def test_a_csv_with_a_very_long_cell_is_read(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, "long.csv", b'a,b\n"' + b"x" * 200_000 + b'",2\n')
    asked = guard.check("SELECT length(a) AS n FROM long", opened.columns())
    assert (await library.query(opened, asked)).rows == ((200_000,),)


@pytest.mark.usefixtures("each_database")
async def test_the_same_file_twice_is_one_sheet(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path, "a.csv", b"a,b\n1,2\n")
    again = await bring(library, tmp_path, "a.csv", b"a,b\n1,2\n")
    assert again == first
    assert [sheet.id for sheet in await library.listing(LOCAL)] == [first.sheet.id]


@pytest.mark.usefixtures("each_database")
async def test_the_same_file_twice_at_once_is_one_sheet(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2\n")
    await asyncio.gather(*(library.bring_in(LOCAL, tmp_path / "a.csv") for _ in range(3)))
    assert len(await library.listing(LOCAL)) == 1
    assert len(left_behind(tmp_path)) == 1


@pytest.mark.usefixtures("each_database")
async def test_the_same_file_twice_at_once_by_two_processes_is_one_sheet(
    library: Library, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2\n")
    database = await open_database(state_in(tmp_path / "data"))
    other = Library(database=database, folder=tmp_path / "data", engine=engine, clock=SystemClock())  # shares no lock
    first, second = await asyncio.gather(*(one.bring_in(LOCAL, tmp_path / "a.csv") for one in (library, other)))
    await other.close()
    await database.close()
    assert first == second
    assert [sheet.id for sheet in await library.listing(LOCAL)] == [first.sheet.id]


async def test_other_content_under_the_same_name_is_another_sheet(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path, "a.csv", b"a,b\n1,2\n")
    other = await bring(library, tmp_path, "a.csv", b"a,b\n1,3\n")
    assert [sheet.id for sheet in await library.listing(LOCAL)] == [other.sheet.id, first.sheet.id]
    assert (await library.open(LOCAL, first.sheet.id)).workbook == first.workbook


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.xlsx", b"", "file.empty"),
        ("picture.xlsx", PNG, "file.not_a_workbook"),
        ("locked.xlsx", ENCRYPTED, "file.encrypted"),
        ("old.xlsx", OLD_OFFICE, "file.not_a_workbook"),
        ("letter.xlsx", package(**{"word/document.xml": b"<w/>"}), "file.not_a_workbook"),
        ("cut.xlsx", workbook("A")[:2000], "file.not_a_workbook"),
        ("garbled.xlsx", repacked(lambda _: b"<sheet"), "file.not_a_workbook"),
        ("far.xlsx", repacked(lambda xml: xml.replace(b'r="A5"', b'r="ZZZZZZZ99999999999"')), "file.not_a_workbook"),
        ("bomb.xlsx", bomb(), "file.too_large"),
        ("blank.xlsx", package(), "file.not_a_workbook"),
        ("header.csv", b"a,b,c\n", "file.no_rows"),
        ("lines.csv", b"\n\n \n", "file.no_rows"),
        ("picture.csv", PNG, "file.not_a_workbook"),
        ("noise.csv", bytes(range(1, 256)) * 20, "file.not_a_workbook"),
        ("paper.pdf", b"%PDF-1.7", "file.unsupported"),
        ("old.xls", OLD_OFFICE, "file.not_a_workbook"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_bad_file_is_refused_by_its_code_and_leaves_nothing(
    library: Library, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(ChatSheetError) as refused:
        await bring(library, tmp_path, name, content)
    assert (refused.value.code, left_behind(tmp_path)) == (code, [])
    assert name in refused.value.what
    assert refused.value.fix
    assert await library.listing(LOCAL) == []


@pytest.mark.parametrize("name", ["nowhere.csv", "folder.csv"])
async def test_a_path_that_is_no_file_is_called_missing(library: Library, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ChatSheetError) as refused:
        await library.bring_in(LOCAL, tmp_path / name)
    assert (refused.value.code, left_behind(tmp_path)) == ("file.missing", [])


async def test_a_cut_off_workbook_is_not_said_to_start_wrongly(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ChatSheetError) as refused:
        await bring(library, tmp_path, "cut.xlsx", workbook("A")[:2000])
    assert "instead of a zip package" not in refused.value.what


async def test_another_workspace_does_not_find_the_sheet(library: Library, tmp_path: Path) -> None:
    mine = await bring(library, tmp_path, "a.csv", b"a,b\n1,2\n")
    with pytest.raises(SheetNotFound) as refused:
        await library.open(STRANGER, mine.sheet.id)
    assert refused.value.code == "sheet.not_found"
    assert await library.listing(STRANGER) == []


@pytest.mark.usefixtures("each_database")
async def test_two_workspaces_with_the_same_file_have_a_sheet_each(library: Library, tmp_path: Path) -> None:
    mine = await bring(library, tmp_path, "a.csv", b"a,b\n1,2\n")
    theirs = await library.bring_in(STRANGER, tmp_path / "a.csv")
    assert theirs.sheet.id != mine.sheet.id
    assert theirs.workbook == mine.workbook


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x.csv", "x.csv"),
        ("C:\\x.csv", "x.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("/etc/x.csv", "x.csv"),
        ("a/../..x.csv", "x.csv"),
        ("x\0.csv", "x.csv"),
        ("\u8868" * 150 + ".csv", None),
    ],
)
async def test_a_name_is_never_a_path_and_never_too_long(
    library: Library, tmp_path: Path, given: str, kept: str | None
) -> None:
    (tmp_path / "upload").write_bytes(b"a,b\n1,2\n")
    opened = await library.bring_in(LOCAL, tmp_path / "upload", name=given)
    assert opened.sheet.name.endswith(kept or ".csv")
    assert kept is None or opened.sheet.name == kept
    assert beside(tmp_path) == {"data", "upload"}


async def test_rows_of_a_table_come_in_their_own_order_with_their_numbers(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, "a.xlsx", workbook("A"))
    window = await library.questions(opened).window(Window(table="a", offset=1, limit=5))
    assert window.rows == ((5, "008", 2, False),)


async def test_a_numeric_table_without_a_header_can_be_asked_by_letters(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, "n.csv", b"1,2\n3,4\n")
    asked = guard.check("SELECT sum(column_a) AS a, sum(column_b) AS b FROM n", opened.columns())
    assert (await library.query(opened, asked)).rows == ((4, 6),)


async def test_an_upload_gets_a_fresh_path_inside_the_data_folder(library: Library, tmp_path: Path) -> None:
    first, second = library.incoming(), library.incoming()
    assert first != second
    assert first.parent == tmp_path / "data" / "incoming"


@pytest.mark.parametrize("width", [40, 300, 600])
async def test_a_wide_table_of_numbers_is_imported(library: Library, tmp_path: Path, width: int) -> None:
    rows = [[f"name {n}" for n in range(width)], *([f"{row}{n}.5" for n in range(width)] for row in range(20))]
    opened = await bring(library, tmp_path, "wide.csv", "\n".join(map(",".join, rows)).encode())
    assert len(opened.workbook.tables[0].columns) == width


async def test_a_file_that_needs_too_much_memory_is_not_called_damaged(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crowded(*_: object) -> object:
        raise WorkerMemory("it needed more memory than allowed", fix="ask for less at once.")

    monkeypatch.setattr(Worker, "call", crowded)
    with pytest.raises(WorkerMemory, match=r"a\.csv needs more memory"):
        await bring(library, tmp_path, "a.csv", b"a,b\n1,2\n")
    assert left_behind(tmp_path) == []


async def test_cells_kept_as_written_can_be_asked_for_by_name(library: Library, tmp_path: Path) -> None:
    rows = "".join(f"{n}.5,{n}\n" for n in range(40))
    opened = await bring(library, tmp_path, "a.csv", f"v,n\n{rows}about 7,40\n".encode())
    sql = "SELECT v_as_written FROM a WHERE v IS NULL"
    assert (await library.query(opened, guard.check(sql, opened.columns()))).rows == (("about 7",),)
    questions = library.questions(opened)
    assert (await questions.run(questions.check(sql))).rows == (("about 7",),)
    assert "v_as_written" in cards.card(opened.workbook, 1000)


async def test_what_a_dead_process_left_goes_at_once_and_what_a_living_one_makes_stays(
    library: Library,
) -> None:
    ended = await asyncio.create_subprocess_exec("true")
    await ended.wait()
    mine = library.incoming()
    for path in (mine, mine.with_name(f"import_1.{ended.pid}.{socket.gethostname()}"), mine.with_name("upload_of_unknown")):
        path.mkdir()
    await library.sweep()
    assert {path.name for path in mine.parent.iterdir()} == {mine.name, "upload_of_unknown"}
