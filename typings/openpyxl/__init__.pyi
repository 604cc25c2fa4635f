# What of openpyxl the tests use to look at workbooks.
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

class Cell:
    value: str | float | bool | None
    number_format: str
    data_type: str
    is_date: bool

class _Ranged(Protocol):
    ref: str

class Table(_Ranged, Protocol):
    autoFilter: _Ranged  # noqa: N815  its name

class Worksheet:
    title: str
    freeze_panes: str | None
    tables: Mapping[str, Table]
    def __getitem__(self, key: str) -> Cell: ...
    def __setitem__(self, key: str, value: str | float | bool | None) -> None: ...
    def append(self, row: Sequence[str | float | bool | None]) -> None: ...
    def iter_rows(self) -> Iterator[tuple[Cell, ...]]: ...

class Workbook:
    worksheets: list[Worksheet]
    sheetnames: list[str]
    def __getitem__(self, key: str) -> Worksheet: ...
    def create_sheet(self, title: str) -> Worksheet: ...
    def remove(self, worksheet: Worksheet) -> None: ...
    def save(self, filename: Path | str) -> None: ...

def load_workbook(filename: Path | str, *, keep_vba: bool = False, data_only: bool = False) -> Workbook: ...
