"""Every fault at random on the first route, one in ten on the second: nothing wrong may pass for complete, nothing may stay."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing

from benchmarks.gateway import ours, trouble
from benchmarks.gateway.answers import is_proven
from benchmarks.gateway.lines import Line
from benchmarks.gateway.ours import Azure, Litellm
from benchmarks.gateway.trouble import Faults, Figures
from chatsheet.core.errors import ChatSheetError
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import Finished, Restarted, TextDelta

_DEADLINE_S = 3
_CONCURRENCY = 64
_SETTLE_S = 2


async def _one(gateway: Gateway, seen: Counter[str]) -> None:
    """Ask once and count how it ended."""
    start, pieces = time.monotonic(), list[str]()
    try:
        async with aclosing(gateway.stream(ours.QUESTION)) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        pieces.append(text)
                    case Restarted():
                        pieces.clear()
                        seen["restarted"] += 1
                    case Finished(reply):
                        shown = "".join(pieces)
                        seen["answered" if is_proven(reply.text) and reply.text == shown else "wrong"] += 1
                        seen[f"by {reply.route}"] += 1
                    case _:
                        pass  # a piece of a tool call: the fault server makes none
    except ChatSheetError:
        seen["typed errors"] += 1
    except Exception as error:  # noqa: BLE001  the point is to see whether any gets out
        seen["other errors"] += 1
        seen[f"untyped {type(error).__name__}"] += 1
    if time.monotonic() - start > _DEADLINE_S + 0.25:
        seen["late"] += 1


async def storm(faults: Faults, first: Azure | Litellm, count: int) -> Counter[str]:
    """Send `count` requests through a fresh gateway and count how they ended and what was left behind."""
    sockets, tasks = trouble.open_sockets(), len(asyncio.all_tasks())
    seen: Counter[str] = Counter()
    limits = {"connect_s": 0.3, "first_content_s": 0.25, "idle_s": 0.25, "deadline_s": _DEADLINE_S}
    async with ours.open_gateway(first, faults.way("some"), records_url=faults.url, **limits) as gateway:
        left = iter(range(count))

        async def client() -> None:
            for _ in left:
                await _one(gateway, seen)

        await asyncio.gather(*(client() for _ in range(_CONCURRENCY)))
        until = time.monotonic() + _SETTLE_S
        while (busy := (await faults.stats())["busy"]) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        seen["held"] += int(str(busy))  # calls that the server still plays though nobody waits
    await asyncio.sleep(0.1)
    seen["held"] += max(0, trouble.open_sockets() - sockets)
    seen["tasks"] += max(0, len(asyncio.all_tasks()) - tasks)
    return seen


async def _measure(faults: Faults, options: Mapping[str, float]) -> Figures:
    count = int(options["count"])
    direct = await storm(faults, faults.way("any"), count * 7 // 10)
    proxied = await storm(faults, Litellm(faults.url, "any-litellm"), count - count * 7 // 10)
    stats = await faults.stats()
    together = direct + proxied
    return {**{name: float(value) for name, value in together.items()}, "kinds": float(len(stats["played"]))}


def lines(*, is_quick: bool) -> list[Line]:
    """Run and return the table's lines."""
    count = 2_000 if is_quick else 10_000
    seen = trouble.run("chaos", {"count": count}, limit_s=600)

    def get(name: str) -> float:
        return seen.get(name, 0.0)  # what never happened is absent

    how = (
        f"{count:,} streams, {get('kinds'):.0f} kinds of answer; {get('answered'):.0f} right, "
        f"{get('by first'):.0f} by the first, {get('typed errors'):.0f} typed errors, {get('restarted'):.0f} restarts"
    )
    untyped = ", ".join(name for name in seen if name.startswith("untyped "))
    return [
        Line(part="chaos", what="wrong answers called complete", unit="", goal=0, ours=get("wrong"), note=how),
        Line(part="chaos", what="past deadline + 0.25 s", unit="", goal=0, ours=get("late")),
        Line(part="chaos", what="exceptions that are not typed", unit="", goal=0, ours=get("other errors"), note=untyped),
        Line(part="chaos", what="connections and tasks left behind", unit="", goal=0, ours=get("held") + get("tasks")),
        Line(
            part="chaos",
            what="streams accounted for",
            unit="",
            goal=count,
            at_least=True,
            ours=get("answered") + get("wrong") + get("typed errors") + get("other errors"),
        ),
    ]


if __name__ == "__main__":
    trouble.main(_measure)
