"""What of sheets is computed once: parsed files, what versions say of themselves, and results of queries.

Versions are immutable, so nothing here is ever taken back; what a reader sees of a sheet (`rules`) is part of every key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version

from chatsheet.cache import keys
from chatsheet.cache.cache import Cache, Kind
from chatsheet.cache.keys import QueryResult, Scalar
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.model import Result, Workbook
from chatsheet.sheets.query import Limits

ENGINE = f"duckdb {version('duckdb')}, sqlglot {version('sqlglot')}, chatsheet {version('chatsheet')}, 1"
"""What results depend on besides the sheet; the last number counts changes of ours between releases."""
RESULTS = Kind[Result](
    name=QueryResult.kind, encode=lambda result: result.model_dump_json().encode(), decode=Result.model_validate_json
)
WORKBOOKS = Kind[Workbook](
    name=keys.Profile.kind, encode=lambda workbook: workbook.model_dump_json().encode(), decode=Workbook.model_validate_json
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results of one version of one sheet, as some rules show it."""

    cache: Cache[Result]
    sheet: str
    version: str
    rules: str

    async def of(self, guarded: GuardedSql, limits: Limits, compute: Callable[[], Awaitable[Result]]) -> Result:
        """Return what guarded SQL gives; what speaks of the present is computed each time."""
        if keys.is_volatile(guarded.sql):
            return await compute()
        compared = tuple((one.table, one.column, one.text) for one in guarded.compared)
        parameters = (guarded.identified, guarded.identifies, *compared)
        return await self.kept("run", guarded.sql, limits, compute, parameters=parameters)

    async def kept(
        self,
        operation: str,
        asked: str,
        limits: Limits,
        compute: Callable[[], Awaitable[Result]],
        *,
        parameters: tuple[Scalar | tuple[Scalar, ...], ...] = (),
    ) -> Result:
        """Return a result that depends on these and nothing else."""
        key = QueryResult(
            engine=ENGINE,
            sheet=self.sheet,
            version=self.version,
            rules=self.rules,
            operation=operation,
            asked=asked,
            parameters=parameters,
            limits=(limits.max_rows, limits.max_bytes, int(1000 * limits.deadline_s)),
        )
        return await self.cache.fetch(key, compute)
