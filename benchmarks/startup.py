"""How long people wait before anything happens: `--help` and `serve`, beside bare Python in the same round.

Prints medians and ratios; the figure to hold on an idle machine: `--help` under 0.3 s, `serve` ready under 2 s.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

ROUNDS = 7
CHATSHEET = [sys.executable, "-m", "chatsheet.cli.main"]


def bare() -> float:
    """Start Python and end it."""
    return _timed([sys.executable, "-c", "pass"])


def help_page() -> float:
    """Print the help."""
    return _timed([*CHATSHEET, "--help"])


def serve_ready() -> float:
    """Serve without LiteLLM until the address is printed and answers."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        argv = [*CHATSHEET, "--data", folder, "serve", "--port", "0"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=folder) as server:
            for line in server.stdout or ():
                if re.search(r"ChatSheetAI on (\S+)", line):
                    break
            taken = time.perf_counter() - start
            server.terminate()
        return taken


def _timed(argv: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure in turn and print a table."""
    cases: dict[str, Callable[[], float]] = {
        "python -c pass": bare,
        "chatsheet --help": help_page,
        "chatsheet serve": serve_ready,
    }
    for case in cases.values():
        case()
    rounds = [{name: case() for name, case in cases.items()} for _ in range(ROUNDS)]
    base = statistics.median(r["python -c pass"] for r in rounds)
    print(f"{'what':20} {'median s':>9} {'x bare Python':>14}")
    for name in cases:
        median = statistics.median(r[name] for r in rounds)
        print(f"{name:20} {median:9.3f} {median / base:14.1f}")


if __name__ == "__main__":
    main()
