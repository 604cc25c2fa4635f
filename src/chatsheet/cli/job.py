"""`chatsheet job …`: let a model fill a column, change many cells, or export a table; follow, control and export that."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from chatsheet.cli.arguments import free
from chatsheet.cli.main import Options
from chatsheet.cli.tables import plain, show_rows
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL

if TYPE_CHECKING:
    from chatsheet.jobs.model import AiColumn, BulkEdit, Export, Job
    from chatsheet.jobs.service import Jobs
    from chatsheet.wiring import Services

_Found = TypeVar("_Found")
_JOB = click.argument("job")
_KINDS = {"ai-column": ("label", "template"), "bulk-edit": ("column", "expression"), "export": ()}
"""What each kind needs."""
_TYPES = click.Choice(["text", "integer", "decimal", "boolean", "date", "datetime", "time"])


@click.group("job")
def command() -> None:
    """Let a model fill a column, change many cells, or export a table, and follow it."""


@command.command("start")
@click.argument("what", metavar="FILE|JOB")
@click.option("--kind", type=click.Choice(list(_KINDS)), default="ai-column", show_default=True, help="What is to be done.")
@click.option("--label", default="", help="The new column's header.")
@click.option("--prompt", "template", default="", help="What is asked for each row, with columns as {name}.")
@click.option("--table", default="", help="The table, where the workbook has several.")
@click.option("--type", "output", type=_TYPES, default="text", show_default=True, help="The new column's type.")
@click.option("--choice", "choices", multiple=True, help="A value that is allowed; once for each. Left out: any.")
@click.option("--where", default="", help="An SQL condition; left out: every row.")
@click.option("--column", default="", help="bulk-edit: the column that changes.")
@click.option("--expression", default="", help="bulk-edit: what its cells hold then, in SQL over the row's columns.")
@click.option("--sql", default="", help="export: a query instead of a table.")
@click.option("--format", "format", type=click.Choice(["csv", "xlsx", "parquet"]), default="csv", help="export: of the file.")
@click.option("--priority", type=click.IntRange(-10, 10), default=0, help="Of a user's jobs, the higher ones come first.")
@click.option("--yes", is_flag=True, help="Start without showing the sample first.")
@click.option("--no-wait", is_flag=True, help="Leave the work to a server, or to `chatsheet work`.")
@click.pass_obj
def start(options: Options, what: str, *, kind: str, priority: int, yes: bool, no_wait: bool, **order: object) -> None:
    """Begin a job on FILE, or the draft JOB: what comes of it first, then, if you say so, all of it."""
    is_draft = what.startswith("job_") and not Path(what).exists()
    if not is_draft and not all(order[name] for name in _KINDS[kind]):
        needed = ["--prompt" if name == "template" else f"--{name}" for name in _KINDS[kind]]
        raise click.UsageError(f"give {' and '.join(needed)}.")

    async def work(services: "Services") -> "Job | None":
        jobs = services.jobs
        draft = await (jobs.get(LOCAL, what) if is_draft else _drafted(services, Path(what), kind, order, priority))
        if draft.is_unasked:
            draft = await jobs.sample(LOCAL, draft.id)
        if not (yes or no_wait):
            draft = await _to_end(jobs, draft.id, is_shown=False)
            show_sample(draft)
            if not await asyncio.to_thread(click.confirm, f"start {draft.id}?"):
                return None
        started = await jobs.start(LOCAL, draft.id, priority=priority)
        return started if no_wait else await _to_end(jobs, started.id, is_shown=True)

    job = _with(options, work, is_working=not no_wait)
    if job is not None:
        click.echo(line(job))


async def _drafted(services: "Services", file: Path, kind: str, order: dict[str, object], priority: int) -> "Job":
    from chatsheet.cli.sheets.desk import TableUnknown  # noqa: PLC0415  --help must stay fast

    opened = await services.library.bring_in(LOCAL, file)
    names = [one.id for one in opened.workbook.tables]
    named = order["table"] or (names[0] if len(names) == 1 else "")
    is_query = kind == "export" and bool(order["sql"])
    if not is_query and named not in names:
        raise TableUnknown("the table is not clear.", fix=f"name one with --table: {', '.join(names)}.")
    asked = _order(kind, {**order, "table": "" if is_query else named})
    return await services.jobs.draft(LOCAL, opened.sheet.id, asked, priority=priority)


def _order(kind: str, said: dict[str, object]) -> "AiColumn | BulkEdit | Export":
    """Return the order that options say; those of other kinds say nothing."""
    from chatsheet.jobs.model import AiColumn, BulkEdit, Export  # noqa: PLC0415  --help must stay fast

    orders: dict[str, type[AiColumn | BulkEdit | Export]] = {"ai-column": AiColumn, "bulk-edit": BulkEdit, "export": Export}
    of = orders[kind]
    return of.model_validate({name: value for name, value in said.items() if name in of.model_fields}, strict=False)


@command.command("list")
@click.option("--sheet", default="", help="Of this sheet only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.pass_obj
def listing(options: Options, sheet: str, *, as_json: bool) -> None:
    """List jobs, newest first."""
    found = _with(options, lambda services: services.jobs.listing(LOCAL, sheet))
    if as_json:
        click.echo(loose.dumps([one.model_dump(mode="json") for one in found]))
        return
    rows = [
        (
            one.id,
            one.order.kind,
            one.state,
            one.order.label,
            one.progress.done_rows,
            one.progress.failed_rows,
            one.progress.rows,
        )
        for one in found
    ]
    show_rows(["job", "kind", "state", "about", "done", "failed", "rows"], rows)


@command.command("watch")
@_JOB
@click.pass_obj
def watch(options: Options, job: str) -> None:
    """Follow JOB to its end, with a bar on a terminal; whoever works on it is a server or `chatsheet work`."""
    click.echo(line(_with(options, lambda services: _to_end(services.jobs, job, is_shown=True))))


@command.command("pause")
@_JOB
@click.pass_obj
def pause(options: Options, job: str) -> None:
    """Do nothing more for JOB until it is resumed."""
    click.echo(line(_with(options, lambda services: services.jobs.pause(LOCAL, job))))


@command.command("resume")
@_JOB
@click.pass_obj
def resume(options: Options, job: str) -> None:
    """Go on with JOB."""
    click.echo(line(_with(options, lambda services: services.jobs.resume(LOCAL, job))))


@command.command("cancel")
@_JOB
@click.pass_obj
def cancel(options: Options, job: str) -> None:
    """End JOB; what is done is put into the sheet."""
    click.echo(line(_with(options, lambda services: services.jobs.cancel(LOCAL, job))))


@command.command("retry")
@_JOB
@click.option("--changed", is_flag=True, help="Ask rows that changed in the sheet since, not those that failed.")
@click.pass_obj
def retry(options: Options, job: str, *, changed: bool) -> None:
    """Ask the failed rows of JOB again, and nothing else; try again what was not done."""
    click.echo(line(_with(options, lambda services: services.jobs.retry(LOCAL, job, changed=changed))))


@command.command("export")
@_JOB
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def export(options: Options, job: str, target: Path) -> None:
    """Write the rows of JOB to TARGET as CSV: inputs, answers, how sure they are, where from; of an export, its file."""
    path = free(target)

    async def work(services: "Services") -> int:
        number = 0
        if (await services.jobs.get(LOCAL, job)).order.kind == "export":
            _, made = await services.jobs.file(LOCAL, job)
            with made, path.open("wb") as copy:
                await asyncio.to_thread(shutil.copyfileobj, made, copy)
            return number
        with path.open("w", encoding="utf-8", newline="") as file:
            async for text in services.jobs.export(LOCAL, job):
                number += file.write(text) > 0
        return number

    _with(options, work)
    click.echo(f"wrote {plain(str(path))}")


def show_sample(draft: "Job") -> None:
    """Print a draft's sample and what the whole is likely to take, or what would change."""
    if draft.order.kind != "ai_column":
        if draft.sample:
            names = list(draft.sample[0].inputs)
            show_rows(["row", *names, "then"], [(one.id, *one.inputs.values(), one.value) for one in draft.sample])
        click.echo(f"{draft.progress.rows:,} {'cells would change' if draft.order.kind == 'bulk_edit' else 'rows'}")
        return
    rows = [
        (*one.inputs.values(), one.value if one.state == "done" else one.failure.what, one.confidence, one.reason)
        for one in draft.sample
    ]
    names = list(draft.sample[0].inputs) if draft.sample else []
    show_rows([*names, draft.order.label, "confidence", "reason"], rows)
    told, of = draft.estimate, draft.progress
    cost = "unknown, the route has no prices" if told.cost is None else f"{told.cost:,.2f}"
    click.echo(f"{of.rows:,} rows, {of.inputs:,} different; tokens a call {told.tokens_p50} (p95 {told.tokens_p95})")
    click.echo(f"cost {cost}; about {told.minutes or 0:,.1f} minutes")


def line(job: "Job") -> str:
    """Return where a job stands in one line."""
    of = job.progress
    said = f"{job.id} {job.state.replace('_', ' ')}: {of.done_rows:,} of {of.rows:,} rows done"
    said += f", {of.failed_rows:,} failed" if of.failed_rows else ""
    said += f", {of.review_inputs:,} to review" if of.review_inputs else ""
    said += f"; version {job.result_version}" if job.result_version else ""
    return plain(f"{said}; {job.problem.code}: {job.problem.what}" if job.problem.code else said)


async def _to_end(jobs: "Jobs", job_id: str, *, is_shown: bool) -> "Job":
    """Follow a job until it has ended, or waits for a person; on a terminal with a bar."""
    job = await jobs.get(LOCAL, job_id)
    if not (is_shown and sys.stderr.isatty()):
        async for job in jobs.follow(LOCAL, job_id):  # noqa: B007  the last one counts
            pass
        return job
    from rich.console import Console  # noqa: PLC0415  0.1 s that a pipe need not pay
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415  likewise

    told = "[progress.description]{task.description}", "{task.fields[told]}"
    bar = Progress(
        TextColumn(told[0]), BarColumn(), MofNCompleteColumn(), TextColumn(told[1]), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(job.order.label, told="", total=None)
        async for job in jobs.follow(LOCAL, job_id):
            of = job.progress
            words = f"{of.failed_rows} failed, {of.per_minute:.0f} a minute" + (f", {of.cost:.2f}" if of.cost else "")
            bar.update(task, completed=of.done_rows + of.failed_rows, total=of.rows or None, told=words)
    return job


def _with(options: Options, work: "Callable[[Services], Awaitable[_Found]]", *, is_working: bool = False) -> _Found:
    """Do `work` with services, and with a worker of its own where it is to work itself."""
    from chatsheet.wiring import open_services  # noqa: PLC0415  --help must stay fast

    async def run() -> _Found:
        async with open_services(options.settings(), has_page=False, is_local=True) as services:
            worker = services.worker() if is_working else None
            if worker is None:
                return await work(services)
            worker.start()
            try:
                return await work(services)
            finally:
                await worker.close()

    return asyncio.run(run())
