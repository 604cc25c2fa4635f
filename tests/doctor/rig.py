"""What tests of the doctor stand on: a simulator that does what probes ask, and one examination of routes to it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import Settings
from chatsheet.doctor import examination
from chatsheet.doctor.model import PathReport, Report, RungName, RungStatus
from chatsheet.doctor.order import Known, OnRung, Order, nobody
from chatsheet.simulator.brains.obliging import ObligingBrain
from tests.harness import NoRecords, Wire, start_wire, write_settings

KEY = "CANARY0key0of0the0resource000000"
"""32 characters, as Azure's keys are."""


@asynccontextmanager
async def start_obliging(key: str = KEY) -> AsyncGenerator[Wire, None]:
    """Serve a simulator that calls tools and fits schemas."""
    async with start_wire(key, ObligingBrain()) as wire:
        yield wire


def azure(name: str, url: str, deployment: str = "gpt-4o", more: str = "") -> str:
    """Return the section of an azure route."""
    prices = "input_price = 1\noutput_price = 2\n"
    head = f'[llm.route.{name}]\nkind = "azure"\nendpoint = "{url}"\ndeployment = "{deployment}"\n'
    return f'{head}key = "{{azure}}"\n{prices}{more}\n'


def settings_of(folder: Path, sections: str, *, routes: str = '"azure"', head: str = "") -> Settings:
    """Load settings with these routes in use; `{azure}` stands for the key's reference."""
    quick = "connect_s = 0.5\nfirst_content_s = 1.5\nidle_s = 0.5\n"
    text = f"data = '{folder}/data'\n{head}[llm]\nroutes = [{routes}]\n{quick}{sections}"
    return settings_file.load(write_settings(folder, text, {"azure": KEY}))


async def examine(
    settings: Settings,
    order: Order | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    known: Known | None = None,
    on_rung: OnRung = nobody,
) -> Report:
    """Examine once, with one call per path for the medians unless ordered otherwise."""
    return await examination.examine(
        settings,
        order or Order(probes=1),
        environment=environment or {},
        records=NoRecords(),
        clock=SystemClock(),
        known=known,
        on_rung=on_rung,
    )


def path_of(report: Report, name: str = "azure") -> PathReport:
    """Return one path of a report."""
    return next(path for path in report.paths if path.name == name)


def status_of(path: PathReport, rung: RungName) -> RungStatus:
    """Return how a rung of a path is."""
    return next(one.status for one in path.rungs if one.name == rung)


def named(path: PathReport) -> str:
    """Return what is named of a path: why it is ill, else its first warning."""
    return path.cause or next((found.cause for found in path.findings), "")
