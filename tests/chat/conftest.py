"""The sample workbook as a database, and query workers, for what a query of a chat stands on."""

from tests.sheets.conftest import engine, sample

__all__ = ["engine", "sample"]
