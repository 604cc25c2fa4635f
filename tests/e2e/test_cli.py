"""The terminal's door, as a person meets it."""

import asyncio
import json
import os
import signal
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
import xlsxwriter

from chatsheet.core.identity import LOCAL
from chatsheet.core.settings_file import load as read_settings
from chatsheet.llm.records import Sidecar
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from chatsheet.wiring import open_services
from tests.chat.test_stopping import Talker
from tests.harness import ROOT, Wire, free_ports, program, run_program, runs, says, start_wire, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SETTINGS = """
data = '{data}'
[server]
port = 0
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""


def settings_file(folder: Path, wire: Wire, text: str = SETTINGS) -> Path:
    """Write settings that lead straight to the simulator."""
    text = text.replace("{data}", str(folder / "data")).replace("{wire}", wire.url)
    return write_settings(folder / "a folder", text, {"azure": wire.key, "master": "sk-master-of-this-test"})


def leftovers(data: Path) -> list[Path]:
    """Return what an import left in the data folder."""
    return [path for name in ("incoming", "versions") if (data / name).exists() for path in (data / name).iterdir()]


async def test_ask_prints_the_answer_its_sql_its_rows_and_its_route(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT SUM(revenue) AS total FROM orders"), says("It is 491,410.70."))
    code, out, err = await run_program("--config", str(settings_file(tmp_path, wire)), "ask", str(sales), "How much?")
    assert code == 0
    for part in ("It is 491,410.70.", "SELECT SUM(revenue) AS total FROM orders", "600 rows of orders", "azure: answered"):
        assert part in out
    assert "Not from your data" not in out
    assert "orders (600 rows)" in err


async def test_ask_as_json_is_one_object_on_stdout(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT COUNT(*) AS n FROM returns"), says("There are 45."))
    config = settings_file(tmp_path, wire)
    code, out, _ = await run_program("--config", str(config), "ask", str(sales), "How many?", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["queries"][0]["result"]["rows"] == [[45]]
    assert answer["numbers"][0]["handle"] == "r1"
    assert answer["trail"]["attempts"][0]["route"] == "azure"


@pytest.mark.parametrize(("text", "code"), [("[not in workbook] It has no costs.", 3), ("It has none.", 0)])
async def test_what_the_workbook_lacks_has_an_exit_code_of_its_own(
    tmp_path: Path, wire: Wire, sales: Path, text: str, code: int
) -> None:
    wire.script("gpt-4o", says(text))
    config = str(settings_file(tmp_path, wire))
    got, out, _ = await run_program("--config", config, "ask", str(sales), "What did it cost?", "--locale", "de-CH")
    assert (got, "Not in this workbook." in out) == (code, code == 3)


async def test_a_question_back_prints_its_readings_and_has_an_exit_code_of_its_own(
    tmp_path: Path, wire: Wire, sales: Path
) -> None:
    readings: list[object] = [
        {"label": "all orders", "sql": "SELECT COUNT(*) AS n FROM orders"},
        {"label": "all returns", "sql": "SELECT COUNT(*) AS n FROM returns"},
    ]
    asks = ScriptedCall(name="ask_user", arguments={"question": "What is counted?", "options": readings})
    wire.script("gpt-4o", Exchange(calls=(asks,)), Exchange(calls=(asks,)))
    config = str(settings_file(tmp_path, wire))
    code, out, _ = await run_program("--config", config, "ask", str(sales), "How many?")
    assert code == 4
    assert all(part in out for part in ("What is counted?", "1. all orders: 600", "2. all returns: 45"))
    code, out, _ = await run_program("--config", config, "ask", str(sales), "How many?", "--json")
    answer = json.loads(out)
    assert (code, answer["form"], [one["label"] for one in answer["options"]]) == (4, "which", ["all orders", "all returns"])


async def test_ask_writes_the_answers_chart(tmp_path: Path, wire: Wire, sales: Path) -> None:
    pytest.importorskip("vl_convert")
    chart = ScriptedCall(name="make_chart", arguments={"handle": "r1", "mark": "bar", "x": "region", "y": "n"})
    sql = "SELECT region, COUNT(*) AS n FROM orders GROUP BY region"
    wire.script("gpt-4o", runs(sql), Exchange(calls=(chart,)), says("See the chart."), says("No chart."))
    config, target = str(settings_file(tmp_path, wire)), tmp_path / "orders.svg"
    code, out, _ = await run_program("--config", config, "ask", str(sales), "Chart it", "--chart", str(target))
    assert (code, "Chart c1 over r1" in out) == (0, True)
    assert target.read_text().startswith("<svg")
    code, _, err = await run_program("--config", config, "ask", str(sales), "Again", "--chart", str(tmp_path / "b.svg"))
    assert (code, "chart.not_found" in err) == (2, True)


async def test_a_chart_that_cannot_be_written_is_refused_before_anything_is_asked(
    tmp_path: Path, wire: Wire, sales: Path
) -> None:
    config, target = str(settings_file(tmp_path, wire)), tmp_path / "none" / "out.svg"
    code, _, err = await run_program("--config", config, "ask", str(sales), "Chart it", "--chart", str(target))
    assert (code, str(target.parent) in err, wire.calls("gpt-4o")) == (2, True, 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_the_question_and_nobody_goes_on_with_it(
    tmp_path: Path, sales: Path, number: signal.Signals, code: int
) -> None:
    async with start_wire(model=Talker()) as wire:
        config = settings_file(tmp_path, wire)
        async with program("--config", str(config), "ask", str(sales), "Go on?") as asking:
            await asking.wait_for("600 rows")
            while not wire.calls("gpt-4o"):
                await asyncio.sleep(0.05)
            assert await asking.stop(number) == code
        async with open_services(read_settings(config), has_page=False) as services:
            (sheet,) = await services.library.listing(LOCAL)
            (chat,) = await services.chats.listing(LOCAL, sheet.id)
            log = await services.chats.log(LOCAL, chat.id)
    assert log[-1].kind == "cancelled"


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Make one file of each kind that cannot be used, with the code it earns."""
    files = {
        "missing": (folder / "nothere.xlsx", "file.missing"),
        "empty": (folder / "empty.xlsx", "file.empty"),
        "png": (folder / "picture.xlsx", "file.not_a_workbook"),
        "encrypted": (folder / "locked.xlsx", "file.encrypted"),
        "no rows": (folder / "norows.csv", "file.no_rows"),
        "not a package": (folder / "archive.xlsx", "file.not_a_workbook"),
        "pdf": (folder / "paper.pdf", "file.unsupported"),
    }
    files["empty"][0].write_bytes(b"")
    files["png"][0].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    stream = "EncryptedPackage".encode("utf-16-le")
    files["encrypted"][0].write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream + bytes(504))
    files["no rows"][0].write_text("region,revenue\n")
    with zipfile.ZipFile(files["not a package"][0], "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    files["pdf"][0].write_bytes(b"%PDF-1.7")
    return files


@pytest.mark.parametrize("kind", ["missing", "empty", "png", "encrypted", "no rows", "not a package", "pdf"])
async def test_a_bad_file_is_one_line_with_code_and_fix_and_leaves_nothing(tmp_path: Path, wire: Wire, kind: str) -> None:
    path, code = bad_files(tmp_path)[kind]
    exit_code, out, err = await run_program("--config", str(settings_file(tmp_path, wire)), "ask", str(path), "What?")
    assert (exit_code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith(f"error[{code}]: ")
    assert " Fix: " in err
    assert leftovers(tmp_path / "data") == []


async def test_a_workbook_without_any_row_is_said_to_be_empty(tmp_path: Path, wire: Wire) -> None:
    with xlsxwriter.Workbook(tmp_path / "blank.xlsx") as book:
        book.add_worksheet("Nothing")
    config = settings_file(tmp_path, wire)
    code, _, err = await run_program("--config", str(config), "ask", str(tmp_path / "blank.xlsx"), "What?")
    assert (code, "file.no_rows" in err) == (2, True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("deployment", "deploymnt"), 'did you mean "deployment"'),
        (('"{azure}"', '"${AZURE_KEY}"'), "env:AZURE_KEY"),
        (('"{azure}"', '"env:NOT_SET_ANYWHERE"'), "NOT_SET_ANYWHERE is not set"),
    ],
)
@pytest.mark.parametrize("command", [("serve",), ("ask", "x.csv", "What?"), ("litellm", "config")])
async def test_wrong_settings_stop_every_command(
    tmp_path: Path, wire: Wire, change: tuple[str, str], named: str, command: tuple[str, ...]
) -> None:
    config = settings_file(tmp_path, wire, SETTINGS.replace(*change))
    code, _, err = await run_program("--config", str(config), *command)
    assert code == 2
    assert "error[settings.invalid]" in err
    assert named in err


async def test_a_route_that_fails_is_an_error_that_names_the_cause(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "A1")
    code, out, err = await run_program("--config", str(settings_file(tmp_path, wire)), "ask", str(sales), "What?")
    assert (code, out) == (1, "")
    assert "error[llm.no_route_answered]" in err
    assert "azure.key_wrong" in err


async def test_without_any_route_the_error_says_how_to_get_one(tmp_path: Path, sales: Path) -> None:
    code, _, err = await run_program("--data", str(tmp_path), "ask", str(sales), "What?", cwd=tmp_path)
    assert code == 1
    assert "llm.not_configured" in err
    assert "chatsheet demo" in err


async def test_a_data_folder_that_cannot_be_used_is_said_plainly(tmp_path: Path, sales: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, _, err = await run_program("--data", str(tmp_path / "file" / "data"), "ask", str(sales), "What?", cwd=tmp_path)
    assert code == 1
    assert "error[storage.unavailable]" in err
    assert "Traceback" not in err


async def test_serve_refuses_to_listen_beyond_loopback(tmp_path: Path, wire: Wire) -> None:
    config = str(settings_file(tmp_path, wire))
    code, _, err = await run_program("--config", config, "serve", "--host", "0.0.0.0")  # noqa: S104  that is the point
    assert code == 1
    assert "server.not_loopback" in err


async def test_serve_stops_on_a_signal_and_leaves_no_process(tmp_path: Path, wire: Wire) -> None:
    async with program("--config", str(settings_file(tmp_path, wire)), "serve") as server:
        await server.wait_for("ChatSheetAI on http://127")
        pid = server.process.pid
        assert await server.stop(signal.SIGINT) == 0
    children = [p for p in Path("/proc").glob("[0-9]*/stat") if _parent(p) == pid]
    assert children == []


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rsplit(")", 1)[1].split()[1])
    except FileNotFoundError:
        return 0


async def test_the_simulator_says_what_it_is(tmp_path: Path) -> None:
    del tmp_path
    async with program("simulator", "--port", "0", "--control-port", "0") as simulator:
        said = await simulator.wait_for("simulator")
        assert "NOT Azure OpenAI" in said.string


async def test_the_simulator_lists_its_faults() -> None:
    code, out, _ = await run_program("simulator", "--list")
    assert code == 0
    for name in (
        "A1",
        "A2",
        "A5",
        "N1",
        "D1",
        "D2",
        "C1",
        "C3",
        "X1",
        "S1",
        "S2",
        "500",
        "503",
        "reset",
        "silence",
        "cut",
        "stall",
    ):
        assert f"\n{name} " in f"\n{out}"


async def test_litellm_config_is_written_from_the_settings(tmp_path: Path, wire: Wire) -> None:
    text = SETTINGS.replace('["azure"]', '["litellm", "azure"]')
    text += '\n[llm.route.litellm]\nkind = "litellm"\nkey = "{master}"\nserves = ["azure"]\n'
    config = settings_file(tmp_path, wire, text)
    code, _, _ = await run_program("--config", str(config), "litellm", "config", cwd=tmp_path)
    written = (tmp_path / "litellm.config.yaml").read_text()
    assert code == 0
    assert "http://127.0.0.1:4001/egress/azure" in written
    assert wire.key not in written


async def test_help_names_every_command() -> None:
    code, out, _ = await run_program("--help")
    assert code == 0
    assert all(name in out for name in ("ask", "demo", "litellm", "model", "serve", "simulator"))


async def test_the_readme_python_door_answers(tmp_path: Path, wire: Wire) -> None:
    """Run the three lines of the README as they stand."""
    wire.script("gpt-4o", runs("SELECT region FROM orders LIMIT 1"), says("One region."))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = readme.split("```python\n")[1].split("```")[0]
    assert sum(bool(line.strip()) for line in code.splitlines()) == 3
    env = {"CHATSHEET_CONFIG": str(settings_file(tmp_path, wire))}
    exit_code, out, err = await run_program("-c", code, argv=(sys.executable,), env=env, cwd=ROOT)
    assert exit_code == 0, err
    assert "One region." in out


SUPERVISED = """
data = '{data}'
[server]
port = 0
[llm]
routes = ["litellm", "azure"]
[llm.route.litellm]
kind = "litellm"
base_url = "http://127.0.0.1:{litellm}"
egress_port = {egress}
key = "{master}"
serves = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""


async def next_supervisor(data: Path, before: int) -> int:
    """Return the process that runs LiteLLM and its egress, once it is another."""
    async with asyncio.timeout(40):
        while True:
            path = Sidecar.path(data)
            found = msgspec.json.decode(path.read_bytes(), type=Sidecar).pid if path.exists() else before
            if found != before:
                return found
            await asyncio.sleep(0.05)


async def test_a_killed_supervisor_of_litellm_is_started_again_by_the_server(tmp_path: Path, wire: Wire) -> None:
    litellm, egress = free_ports(2)
    text = SUPERVISED.replace("{litellm}", str(litellm)).replace("{egress}", str(egress))
    async with program("--config", str(settings_file(tmp_path, wire, text)), "serve") as server:
        await server.wait_for(r"ChatSheetAI on (\S+)")
        first = await next_supervisor(tmp_path / "data", 0)
        os.kill(first, signal.SIGKILL)
        second = await next_supervisor(tmp_path / "data", first)
        assert await server.wait_for("`chatsheet litellm run` ended with code -9")
    assert not Path(f"/proc/{second}").exists()


async def test_a_place_that_cannot_be_written_stops_litellm_with_a_clear_error(tmp_path: Path, wire: Wire) -> None:
    """As a full disk does."""
    text = SUPERVISED.replace("{data}", "/dev/full/x").replace("{litellm}", "4000").replace("{egress}", "4001")
    code, _, err = await run_program("--config", str(settings_file(tmp_path, wire, text)), "litellm", "run")
    assert (code, err.startswith("error[storage.unavailable]")) == (1, True), err
    assert "space" in err
