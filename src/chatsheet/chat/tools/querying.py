"""SQL of a model, run: slips mended, handles written out, guarded as one statement, and errors told with what would work."""

import contextlib
from dataclasses import dataclass, replace

from chatsheet.chat import basis as stands_on
from chatsheet.chat.events import Basis
from chatsheet.chat.tools import handles, hints, mending, telling
from chatsheet.chat.tools.model import Moment, Outcome, ToolRefused
from chatsheet.chat.tools.telling import Room
from chatsheet.core.errors import ChatSheetError, revive
from chatsheet.sheets.complaints import QueryFailed
from chatsheet.sheets.guard import GuardedSql, SqlRefused
from chatsheet.sheets.model import Result
from chatsheet.sheets.query import Limits
from chatsheet.sheets.questions import Questions

_LONGEST = 20_000
_LONGEST_PURPOSE = 200
_FOR_COUNTING = Limits(deadline_s=2.0, max_rows=50)


@dataclass(frozen=True, slots=True)
class Queried:
    """A query that ran, and what was done to it before."""

    guarded: GuardedSql
    result: Result
    notes: tuple[str, ...] = ()


async def query(sql: str, moment: Moment) -> Queried:
    """Run a model's SQL; raises ToolRefused with what to write instead, and the engine's other errors."""
    workbook = moment.opened.workbook
    if len(sql) > _LONGEST:
        raise ToolRefused(f"the query has {len(sql)} characters;", fix=f"stay under {_LONGEST}.")
    names = [name for table in workbook.tables for name in (table.id, table.tab, *(c.name for c in table.columns))]
    mended = mending.mend(sql, [*names, *handles.results(moment.log)])
    expanded = handles.expand(mended.sql, moment.log, workbook)
    try:
        queried = await _run(expanded.sql, moment)
    except (SqlRefused, QueryFailed) as error:
        refused = ToolRefused(error.what, fix=hints.advise(expanded.sql, error, workbook))
        if (repaired := mending.repair(expanded.sql, workbook)) is None:
            raise refused from None
        try:
            queried = await _run(repaired.sql, moment, repaired.notes)
        except (SqlRefused, QueryFailed):
            raise refused from None
    old = [one.handle for one in expanded.used if one.version != moment.opened.sheet.version]
    moved = [f"the sheet changed since {', '.join(map(str, old))}: it was asked again of the sheet as it is now"] if old else []
    return replace(queried, notes=(*mended.notes, *queried.notes, *moved))


async def _run(sql: str, moment: Moment, notes: tuple[str, ...] = ()) -> Queried:
    guarded = moment.questions.check(sql)
    return Queried(guarded, await moment.questions.run(guarded), notes)


async def outcome(sql: str, moment: Moment, *, purpose: str = "", room: Room | None = None) -> Outcome:
    """Run a model's SQL and return what model and person get of it; raises as `query`."""
    queried = await query(sql, moment)
    warnings = [
        *hints.doubts(queried.guarded.sql),
        *telling.warnings(queried.result, queried.guarded.sql, queried.guarded.compared, moment.opened.workbook),
    ]
    return Outcome(
        told=telling.told(queried.result, room or Room(), notes=queried.notes, warnings=warnings),
        sql=queried.guarded.sql,
        purpose=purpose[:_LONGEST_PURPOSE],
        result=queried.result,
        basis=await basis(queried, moment.questions),
    )


async def basis(queried: Queried, questions: Questions) -> Basis:
    """Return what a query stands on; what takes too long to count is left open."""
    counted = None
    if (counting := stands_on.counting(queried.guarded, questions.workbook)) is not None:
        with contextlib.suppress(ChatSheetError):  # the answer is there; only the exact rows are not known
            counted = await questions.run(questions.check(counting), _FOR_COUNTING)
    names = [column.name for column in queried.result.columns]
    return stands_on.of(queried.guarded.sql, questions.workbook, names=names, counted=counted)


async def asked(sql: str, questions: Questions, limits: Limits | None = None) -> tuple[Queried, Basis]:
    """Run a person's own SQL, read only as a model's is; raises ChatSheetError with what would work."""
    if len(sql) > _LONGEST:
        raise ToolRefused(f"the query has {len(sql)} characters;", fix=f"stay under {_LONGEST}.")
    try:
        guarded = questions.check(sql)
        queried = Queried(guarded, await questions.run(guarded, limits))
    except (SqlRefused, QueryFailed) as error:
        raise revive(error.code, error.what, hints.advise(sql, error, questions.workbook)) from None
    return queried, await basis(queried, questions)
