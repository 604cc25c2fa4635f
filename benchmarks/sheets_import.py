"""Measures importing beside bare readers: seconds, CPU and peak memory of one process each, in turn, and prints ratios.

`python benchmarks/sheets_import.py [--full] [--rounds N] [--peers all|none]`: XLSX 200k x 10 (with --full 1M), CSV 1M x 10
clean and messy. Without peers their lines of an earlier run are kept.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import platformdirs
import rustpy_xlsxwriter

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "sheets_import.json"
PEERS = ("pandas==3.0.0", "polars==2.1.0", "pyarrow", "python-calamine==0.9.1", "fastexcel==0.21.0", "openpyxl==3.1.5")
_INSTALL_S = 600

_OURS = """
import sys, time
from pathlib import Path
from chatsheet.sheets.ingest import load
began = time.perf_counter()
shown = []
def tell(progress):
    if progress.first is not None and not shown:
        shown.append(time.perf_counter() - began)
load.load(Path(sys.argv[1]), Path(sys.argv[2]), tell)
print(shown[0] if shown else -1)
"""
_BARE_XLSX = """
import sys, duckdb, fastexcel
sheet = fastexcel.read_excel(sys.argv[1]).load_sheet(0)
with duckdb.connect(sys.argv[2]) as database:
    database.sql("CREATE TABLE t AS SELECT * FROM sheet")
"""
_BARE_CSV = """
import sys, duckdb
with duckdb.connect(sys.argv[2]) as database:
    patient = ", ignore_errors = true, null_padding = true, parallel = false" if "messy" in sys.argv[1] else ""
    database.execute(f"CREATE TABLE t AS SELECT * FROM read_csv(?{patient})", [sys.argv[1]])
"""
_PANDAS_XLSX = "import sys, pandas; pandas.read_excel(sys.argv[1], engine='calamine')"
_POLARS_XLSX = "import sys, polars; polars.read_excel(sys.argv[1])"
_OPENPYXL = """
import sys, openpyxl
for row in openpyxl.load_workbook(sys.argv[1], read_only=True).active.iter_rows(values_only=True):
    pass
"""
_PANDAS_CSV = "import sys, pandas; pandas.read_csv(sys.argv[1], on_bad_lines='skip', engine='c', low_memory=False)"
_POLARS_CSV = "import sys, polars; polars.read_csv(sys.argv[1], ignore_errors=True, truncate_ragged_lines=True)"

XLSX = {
    "chatsheet": _OURS,
    "bare fastexcel to DuckDB": _BARE_XLSX,
    "pandas": _PANDAS_XLSX,
    "polars": _POLARS_XLSX,
    "openpyxl": _OPENPYXL,
}
CSV = {"chatsheet": _OURS, "DuckDB's own reader": _BARE_CSV, "pandas": _PANDAS_CSV, "polars": _POLARS_CSV}
_GOAL_RATIO = 1.5
_GOAL_FIRST_S = 1.5
_GOAL_MEMORY_MB = 1200


@dataclass(slots=True)
class Line:
    """One contender on one file, medians over the rounds."""

    file: str
    contender: str
    seconds: float
    cpu_s: float
    peak_mb: float
    ratio: float = 0.0
    """Of seconds, to the baseline of the same round."""
    cpu_ratio: float = 0.0
    """Likewise of CPU seconds, which a busy machine moves less."""
    first_rows_s: float | None = None
    goals: dict[str, bool] = field(default_factory=dict)


def rows(count: int) -> Iterator[Mapping[str, object]]:
    """Yield rows of ten mixed columns."""
    chance = random.Random(1)
    for i in range(count):
        yield {
            "order_id": f"{i:07d}",
            "day": date(2023, 1, 1) + timedelta(days=i % 900),
            "stamp": datetime(2023, 1, 1) + timedelta(seconds=i * 7),  # noqa: DTZ001  sheets have no time zone
            "region": ("EMEA", "APAC", "AMER", "LATAM")[i % 4],
            "customer": f"Customer {chance.randrange(5000)}",
            "product": f"P-{i % 300}",
            "quantity": i % 17,
            "price": round(chance.random() * 1000, 2),
            "discount": (i % 5) / 20,
            "paid": i % 3 == 0,
        }


def write_csv(path: Path, count: int, *, is_messy: bool) -> None:
    """Write a CSV; a messy one has a preamble, decimal commas, blank lines, ragged rows, broken quotes and comments."""
    delimiter = ";" if is_messy else ","
    with path.open("w", encoding="utf-8") as file:
        if is_messy:
            file.write("Orders of all regions\n# exported nightly\n\n")
        for number, row in enumerate(rows(count)):
            if number == 0:
                file.write(delimiter.join(row) + "\n")
            cells = [str(value) for value in row.values()]
            if is_messy:
                cells[7] = cells[7].replace(".", ",")
                cells[8] = cells[8].replace(".", ",")
                cells[4] = f'"{cells[4]}, Inc."'
                if number % 50_000 == 100:  # noqa: PLR2004  which rows are messy is arbitrary
                    cells = cells[:7]
                if number % 70_000 == 200:  # noqa: PLR2004  which rows are messy is arbitrary
                    cells[5] = '"' + cells[5]
                if number % 90_000 == 300:  # noqa: PLR2004  which rows are messy is arbitrary
                    file.write("\n")
                if number % 80_000 == 400:  # noqa: PLR2004  which rows are messy is arbitrary
                    cells.append("more")
            file.write(delimiter.join(cells) + "\n")


def measure(python: Path, code: str, source: Path, folder: Path) -> tuple[float, float, float, float | None] | None:
    """Return seconds, CPU seconds, peak MB and the seconds to the first rows of one run; None where it failed."""
    target = folder / "target.duckdb"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    began = time.perf_counter()
    process = subprocess.Popen([python, "-c", code, source, target], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    for left in folder.glob("target.duckdb*"):
        left.unlink()
    if process.returncode:
        return None
    first = float(said.split()[-1]) if code == _OURS else None
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, first


def peers() -> Path | None:
    """Return the Python of the peers' environment, made at first use; None where it cannot be had."""
    place = platformdirs.user_cache_path("chatsheet") / "bench" / "sheets-1"
    python = place / "bin" / "python"
    if (place / "complete").exists():
        return python
    shutil.rmtree(place, ignore_errors=True)
    steps = (
        [sys.executable, "-m", "venv", "--without-pip", str(place)],
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--no-input",
            "--only-binary",
            ":all:",
            *PEERS,
        ],
    )
    for step in steps:
        done = subprocess.run(step, check=False, capture_output=True, text=True, timeout=_INSTALL_S)
        if done.returncode:
            print(f"  peers are left out: {done.stderr.strip().splitlines()[-1:]}")
            return None
    (place / "complete").touch()
    return python


def contest(source: Path, contenders: Mapping[str, str], python: Path | None, rounds: int, folder: Path) -> list[Line]:
    """Run every contender in turn, `rounds` times; the second one is the baseline."""
    names = [name for name in contenders if python is not None or name in list(contenders)[:2]]
    baseline = names[1]
    taken: dict[str, list[tuple[float, float, float, float | None]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            is_ours = name in list(contenders)[:2]
            one = measure(Path(sys.executable) if is_ours or python is None else python, contenders[name], source, folder)
            if one is not None:
                taken[name].append(one)
    lines: list[Line] = []
    for name, found in taken.items():
        if not found:
            print(f"  {source.name}: {name} failed")
            continue
        ratios, cpu_ratios = ([mine[i] / base[i] for mine, base in zip(found, taken[baseline], strict=False)] for i in range(2))
        seconds, cpu, peak = (statistics.median(one[i] for one in found) for i in range(3))
        firsts = [one[3] for one in found if one[3] is not None]
        line = Line(source.name, name, round(seconds, 2), round(cpu, 2), round(peak))
        line.ratio, line.cpu_ratio = (round(statistics.median(one or [0]), 2) for one in (ratios, cpu_ratios))
        if name == "chatsheet":
            line.first_rows_s = round(statistics.median(firsts), 2) if firsts else None
            line.goals = {
                f"at most {_GOAL_RATIO} x {baseline}": line.ratio <= _GOAL_RATIO,
                f"first rows in {_GOAL_FIRST_S} s": line.first_rows_s is not None and line.first_rows_s <= _GOAL_FIRST_S,
                f"at most {_GOAL_MEMORY_MB} MB": line.peak_mb <= _GOAL_MEMORY_MB,
            }
        lines.append(line)
    return lines


def main() -> None:
    """Print one table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="XLSX of 1M rows as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", choices=("all", "none"), default="all")
    options = parser.parse_args()
    python = peers() if options.peers == "all" else None
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (200_000, 1_000_000) if options.full else (200_000,):
            source = folder / f"xlsx-{count // 1000}k.xlsx"
            rustpy_xlsxwriter.write_worksheet(rows(count), str(source), sheet_name="Orders")
            lines += contest(source, XLSX, python, options.rounds, folder)
            source.unlink()
        for kind in ("clean", "messy"):
            source = folder / f"csv-1000k-{kind}.csv"
            write_csv(source, 1_000_000, is_messy=kind == "messy")
            lines += contest(source, CSV, python, options.rounds, folder)
            source.unlink()
    for line in lines:
        ratios = f"{line.ratio:6.2f} x {line.cpu_ratio:6.2f} x CPU"
        cost = f"{line.seconds:8.2f} s {line.cpu_s:8.2f} CPU-s {line.peak_mb:6.0f} MB {ratios}"
        print(f"{line.file:24} {line.contender:26} {cost}")
        if line.first_rows_s is not None:
            print(f"{'':24} first rows after {line.first_rows_s} s")
        for goal, is_met in line.goals.items():
            print(f"{'':24} {goal}: {'met' if is_met else 'MISSED'}")
    load = os.getloadavg()[0]
    measured = {(line.file, line.contender) for line in lines}
    kept = [one for one in json.loads(RESULTS.read_text())["lines"] if (one["file"], one["contender"]) not in measured]
    RESULTS.write_text(
        json.dumps({"load_average": round(load, 1), "rounds": options.rounds, "lines": [*map(asdict, lines), *kept]}, indent=1)
        + "\n"
    )


if __name__ == "__main__":
    main()
