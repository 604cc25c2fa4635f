"""An export: planned over one version, counted, written beside its place, kept for a day."""

from pathlib import Path

from chatsheet.core import loose
from chatsheet.core.identity import Actor
from chatsheet.jobs.files import Files
from chatsheet.jobs.model import Export, Job, JobFile, Measured, OrderInvalid
from chatsheet.sheets import export
from chatsheet.sheets.export import Plan
from chatsheet.sheets.files import Options
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.query import Limits

_LONGEST_S = 3_600.0
_COUNTING = Limits(deadline_s=60, max_rows=1, max_bytes=2**20, wait_s=60)


async def draft(library: Library, actor: Actor, sheet_id: str, order: Export) -> tuple[str, Measured]:
    """Return the head's version and how many rows the file will have; raises OrderInvalid, TableMissing, SqlRefused."""
    opened = await library.open(actor, sheet_id)
    sql = planned(library, opened, order).guarded
    questions = library.questions(opened)
    counting = GuardedSql(f"SELECT count(*) FROM ({sql.sql.rstrip().rstrip(';')})", sql.tables, None)  # noqa: S608  guarded
    found = await questions.engine.run(questions.database, counting, _COUNTING)
    return opened.sheet.version, Measured(rows=loose.number(found.rows[0][0]))


async def run(library: Library, files: Files, actor: Actor, job: Job, order: Export) -> JobFile:
    """Write the file of the version that was drafted, in place of what another worker left of it."""
    opened = await library.at(actor, job.sheet_id, job.version)
    plan = planned(library, opened, order)
    target = await files.fresh(job.id)
    options = Options(format=order.format, keeps_formulas=order.keeps_formulas)
    done = await export.write(library.questions(opened).database, plan, target, options, deadline_s=_LONGEST_S)
    until = await files.keep(job.id)
    said = {"job": job.id, "table": order.table, "format": order.format, "rows": done.rows}
    await library.note(actor, opened, "sheet.export", said)
    name = f"{Path(opened.sheet.name).stem} {order.label}"
    return JobFile(name=name, rows=done.rows, bytes=done.bytes, until=until, notes=done.notes)


def planned(library: Library, opened: OpenSheet, order: Export) -> Plan:
    """Return what is written; raises OrderInvalid, TableMissing, SqlRefused."""
    if bool(order.table) == bool(order.sql):
        raise OrderInvalid("an export is of a table or of a query.", fix="give one of table and sql.")
    if order.table:
        return export.of_table(opened.workbook, order.table)
    return export.of_query(opened.workbook, library.questions(opened).check(order.sql))
