"""What users said of tabs: which tables stand there and what their columns are, kept by the shape of the tab. Pure values."""

from pydantic import Field

from chatsheet.sheets.ingest.corrections import Correction
from chatsheet.sheets.model import ColumnType, Value


class TypeSaid(Value):
    """A column is of this type, and where that has several readings, read this way; `column` is its header as written."""

    column: str
    type: ColumnType
    reading: str = ""


class TabSaid(Value):
    """Everything that was said of a tab, in the order it was said."""

    tables: tuple[Correction, ...] = ()
    types: tuple[TypeSaid, ...] = ()

    def then(self, later: "TabSaid") -> "TabSaid":
        """Return both; what was said later of a column holds."""
        columns = {one.column for one in later.types}
        kept = tuple(one for one in self.types if one.column not in columns)
        return TabSaid(tables=(*self.tables, *later.tables), types=(*kept, *later.types))


class Said(Value):
    """What was said of tabs of each shape; `tab` is the one that is being corrected now.

    There a correction that does not fit is an error, elsewhere a warning.
    """

    shapes: dict[str, TabSaid] = Field(default_factory=dict[str, TabSaid])
    tab: str = ""
