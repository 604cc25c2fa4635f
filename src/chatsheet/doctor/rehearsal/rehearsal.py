"""The rehearsal: scenarios side by side, each examined as a user's routes are, and counted in a confusion table."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

import chatsheet
from chatsheet.core import processes, settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.doctor import examination
from chatsheet.doctor.model import PathReport, Report, Rung
from chatsheet.doctor.rehearsal import altered, scenarios
from chatsheet.doctor.rehearsal.model import SETTINGS, Fault, Played, Rehearsal, Scenario
from chatsheet.doctor.rehearsal.stage import Staged, staged
from chatsheet.llm.records import RemoteRecords

Which = Literal["catalogue", "altered"]
SETS: Mapping[Which, Sequence[Scenario]] = {"catalogue": scenarios.SCENARIOS, "altered": altered.SCENARIOS}
OnResult = Callable[[Fault], None]

_AT_ONCE = 6
_CHILD_S = 30.0


def nobody(fault: Fault) -> None:
    """Hear of a result, and say nothing."""
    del fault


async def rehearse(which: Which = "catalogue", on_result: OnResult = nobody) -> Rehearsal:
    """Play a whole set; `on_result` hears of each fault as soon as all of its forms were played."""
    return await play(SETS[which], on_result)


async def play(chosen: Iterable[Scenario], on_result: OnResult = nobody) -> Rehearsal:
    """Play scenarios side by side, some at a time, and return the table in their order."""
    grouped: defaultdict[str, list[Scenario]] = defaultdict(list)
    for scenario in chosen:
        grouped[scenario.line].append(scenario)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str, forms: Sequence[Scenario]) -> Fault:
        played = await asyncio.gather(*(_gated(gate, form) for form in forms))
        fault = Fault.of(name, played)
        on_result(fault)
        return fault

    return Rehearsal.of(await asyncio.gather(*(one(name, forms) for name, forms in grouped.items())))


async def _gated(gate: asyncio.Semaphore, scenario: Scenario) -> Played:
    async with gate:
        return await examined(scenario)


async def examined(scenario: Scenario) -> Played:
    """Set a scenario up, let the doctor look, and return what it named where."""
    try:
        async with staged(scenario) as stage:
            report = await (_beside(stage) if scenario.is_child else _here(stage))
            expected = {stage.filled(path): cause for path, cause in scenario.expected.items()}
    except OSError as error:  # such as a machine without a second loopback address
        told = f"it could not be set up: {type(error).__name__}: {error}"
        nothing = dict.fromkeys(scenario.expected, "unknown")
        return Played(scenario=scenario, expected=scenario.expected, named=nothing, evidence=(told,))
    named = {path: _named(report, path) for path in expected}
    evidence = tuple(line for path in expected for line in _evidence(report, path))
    return Played(scenario=scenario, expected=expected, named=named, evidence=evidence)


async def _here(stage: Staged) -> Report:
    clock = SystemClock()
    try:
        settings = settings_file.load(stage.settings)
    except SettingsInvalid as error:
        return examination.refused(error.problems, clock)
    records = RemoteRecords(settings.data)
    try:
        return await examination.examine(
            settings, examination.Order(probes=1), environment=stage.environment, records=records, clock=clock
        )
    finally:
        await records.close()


async def _beside(stage: Staged) -> Report:
    """Examine in a process of its own, for variables that libraries read by themselves."""
    doctor = ("-m", "chatsheet.cli.main", "--config", str(stage.settings), "doctor", "--json", "--probes", "1")
    ours = {"PYTHONPATH": str(Path(chatsheet.__file__).parents[1])}  # the very program that rehearses
    process = await processes.start(
        (processes.python(), *doctor),
        env={**processes.base_environment(), **ours, **stage.environment},
        cwd=stage.settings.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_CHILD_S):
            said, _ = await process.communicate()
    finally:
        await processes.stop(process, grace_s=1)
    try:
        return Report.model_validate_json(said)
    except ValidationError:
        raise OSError(f"the doctor beside ended with {process.returncode} and no report") from None


# ── the table ──


def table(rehearsal: Rehearsal) -> str:
    """Return the confusion table as text: each line with what was named, what is not right with its evidence."""
    width = max((len(fault.fault) for fault in rehearsal.faults), default=0)
    lines: list[str] = []
    for fault in rehearsal.faults:
        said = fault.named if fault.verdict == "right" else f"{fault.named or 'nothing'}, not {fault.expected}"
        lines.append(f"{fault.verdict:8}{fault.fault:{width}}  {said}")
        if fault.verdict != "right":
            lines += [f"{'':8}{'':{width}}    {line}" for line in fault.evidence]
    shared = [f"  {cause}: {', '.join(names)}" for cause, names in _shared(rehearsal).items()]
    counted = f"{rehearsal.right} named right, {rehearsal.wrong} named wrong, {rehearsal.unknown} unknown"
    return "\n".join([*lines, "", *(["Shared causes:", *shared, ""] if shared else []), f"{rehearsal.total} faults: {counted}"])


def _shared(rehearsal: Rehearsal) -> Mapping[str, Sequence[str]]:
    """Return the entries of the failure catalogue by cause, where several have the same."""
    entries: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for fault in rehearsal.faults:
        for cause in fault.causes if " + " not in fault.fault else ():
            entries[cause][fault.fault.partition(":")[0]] = None
    return {cause: tuple(names) for cause, names in sorted(entries.items()) if len(names) > 1}


# ── what a report names ──


def _named(report: Report, path: str) -> str:
    """Return what is wrong with settings, else the cause of a path's first broken rung, else of its first warning."""
    if report.problems:
        return report.problems[0].cause
    if path == SETTINGS:
        return _of_settings(report)
    seen = _path(report, path)
    return "" if seen is None else seen.cause or next((found.cause for found in seen.findings), "")


def _of_settings(report: Report) -> str:
    rungs = (rung for path in report.paths for rung in path.rungs if rung.name == "settings")
    return next((found.cause for rung in rungs for found in rung.findings), "")


def _path(report: Report, name: str) -> PathReport | None:
    return next((path for path in report.paths if path.name == name), None)


def _evidence(report: Report, path: str) -> Iterator[str]:
    """Say what was seen where it broke or warned, or what was the matter with settings."""
    for problem in report.problems:
        yield f"{problem.key}: {problem.reason}"
    for seen in report.paths:
        if path in {seen.name, SETTINGS}:
            for rung in seen.rungs:
                if rung.status in {"broken", "warned"}:
                    yield f"{seen.name}: {rung.name} {rung.status}: {'; '.join(_told(rung))}"


def _told(rung: Rung) -> Iterator[str]:
    yield from (found.what for found in rung.findings)
    yield from rung.evidence
