"""`chatsheet job …` and `chatsheet work` as programs, with the simulator behind them."""

import re
import signal
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.identity import LOCAL
from chatsheet.wiring import open_services
from tests.harness import program, run_program, start_wire
from tests.jobs.rig import ORDER, Judge, sheet

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ASKED = ("--label", "Mood", "--prompt", "What mood is this? {comment}", "--choice", "good", "--choice", "bad")


def configured(folder: Path, url: str, key: str) -> str:
    """Write settings that lead to the model, and return their place."""
    (folder / "azure.key").write_text(key, encoding="utf-8")
    route = f'kind = "azure"\nendpoint = "{url}"\ndeployment = "gpt-4o"\nkey = "file:{folder}/azure.key"\n'
    path = folder / "chatsheet.toml"
    path.write_text(f"data = '{folder}/data'\n[llm]\nroutes = [\"azure\"]\n[llm.route.azure]\n{route}", encoding="utf-8")
    return str(path)


async def test_a_job_is_started_listed_and_exported(tmp_path: Path) -> None:
    judge = Judge()
    judge.is_open.set()
    async with start_wire(model=judge) as wire:
        config = configured(tmp_path, wire.url, wire.key)
        path = sheet(tmp_path, 12, distinct=4)
        code, out, err = await run_program("--config", config, "job", "start", str(path), *ASKED, "--yes")
        assert (code, re.sub(r"\w+$", "V", re.sub(r"job_\w+", "JOB", out)).strip()) == (
            0, "JOB completed: 12 of 12 rows done; version V",
        ), err  # fmt: skip
        job = out.split()[0]
        assert job in (await run_program("--config", config, "job", "list"))[1]
        target = tmp_path / "answers.csv"
        assert (await run_program("--config", config, "job", "export", job, str(target)))[0] == 0
        assert len(target.read_text(encoding="utf-8").splitlines()) == 13
        code, _, err = await run_program("--config", config, "job", "pause", job)
        assert (code, "error[job.not_so]" in err) == (1, True)


async def test_a_job_that_is_not_waited_for_is_done_by_a_worker(tmp_path: Path) -> None:
    judge = Judge()
    judge.is_open.set()
    async with start_wire(model=judge) as wire:
        config = configured(tmp_path, wire.url, wire.key)
        path = sheet(tmp_path, 10)
        _, out, _ = await run_program("--config", config, "job", "start", str(path), *ASKED, "--no-wait")
        assert "queued" in out
        async with program("--config", config, "work") as worker:
            await worker.wait_for("works on jobs")
            code, told, _ = await run_program("--config", config, "job", "watch", out.split()[0])
            assert (code, "completed: 10 of 10 rows done" in told) == (0, True)
            assert await worker.stop(signal.SIGTERM) == 0


async def test_a_draft_that_is_there_is_started_by_its_name(tmp_path: Path) -> None:
    judge = Judge()
    judge.is_open.set()
    async with start_wire(model=judge) as wire:
        config = configured(tmp_path, wire.url, wire.key)
        async with open_services(settings_file.load(Path(config))) as services:
            opened = await services.library.bring_in(LOCAL, sheet(tmp_path, 6))
            draft = await services.jobs.draft(LOCAL, opened.sheet.id, ORDER)
        code, out, err = await run_program("--config", config, "job", "start", draft.id, "--yes")
        assert (code, f"{draft.id} completed: 6 of 6 rows done" in out) == (0, True), err
        code, _, err = await run_program("--config", config, "job", "start", draft.id, "--yes")
        assert (code, "error[job.not_so]" in err) == (1, True)


async def test_many_cells_are_changed_and_a_table_is_exported_by_the_same_commands(tmp_path: Path) -> None:
    config = configured(tmp_path, "http://127.0.0.1:9", "none")
    path = str(sheet(tmp_path, 6))
    asked = ("--kind", "bulk-edit", "--column", "comment", "--expression", "upper(comment)", "--where", "id < 2", "--yes")
    code, out, err = await run_program("--config", config, "job", "start", path, *asked)
    assert (code, "completed: 2 of 2 rows done; version" in out) == (0, True), err
    code, out, err = await run_program("--config", config, "job", "start", path, "--kind", "export", "--yes")
    assert (code, "completed: 6 of 6 rows done" in out) == (0, True), err
    target = tmp_path / "all.csv"
    assert (await run_program("--config", config, "job", "export", out.split()[0], str(target)))[0] == 0
    assert target.read_text(encoding="utf-8").split() == ["id,comment", "0,C0", "1,C1", "2,c2", "3,c3", "4,c4", "5,c5"]
    code, _, err = await run_program("--config", config, "job", "start", path, "--kind", "bulk-edit")
    assert (code, "give --column and --expression." in err) == (2, True)
