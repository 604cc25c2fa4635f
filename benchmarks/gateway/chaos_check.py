"""Shows that chaos.py can see a wrong answer: an invented finish on a direct route must be counted, whoever lets it through."""

import asyncio
import json

from benchmarks.gateway import chaos, processes
from benchmarks.gateway.faults import INVENTED
from benchmarks.gateway.trouble import Faults


def main() -> None:
    """Send 20 invented finishes to a direct route; exit 1 unless all of them are found."""
    with processes.module("faults", cpu=processes.BESIDE) as server:
        faults = Faults(**json.loads(server.line(20)))
        seen = asyncio.run(chaos.storm(faults, faults.way(INVENTED), 20))
    print(f"{seen['wrong']} of 20 invented finishes found")
    raise SystemExit(seen["wrong"] != 20)  # noqa: PLR2004  all of them


if __name__ == "__main__":
    main()
