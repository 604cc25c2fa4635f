"""All tables, as SQLAlchemy Core. Every row carries the workspace (tenant) it belongs to."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on every database; SQLite would hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sheet = Table(
    "sheet",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("name", String(255), nullable=False),
    Column("head_version", String(64), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_sheet_workspace_id", "workspace_id"),
)
"""A workbook that somebody brought in; `head_version` is the only cell in the system that changes in place."""

sheet_version = Table(
    "sheet_version",
    metadata,
    Column("sheet_id", String(40), ForeignKey("sheet.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("parent_id", String(64), nullable=True),
    Column("content_sha256", String(64), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_row", BigInteger, nullable=False, server_default="1"),
    Column("edits", JSON, nullable=False, server_default="[]"),
    Column("changes", JSON, nullable=False, server_default="[]"),
)
"""An immutable state of a sheet: which imported file it stands on, and what made it of its parent."""

sheet_move = Table(
    "sheet_move",
    metadata,
    Column("sheet_id", String(40), ForeignKey("sheet.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("workspace_id", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("from_version", String(64), nullable=False),
    Column("to_version", String(64), nullable=False),
    Column("reason", String, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""The append-only history of a sheet's head: edits, undos, redos; `seq` counts from 1 without gaps."""

sheet_correction = Table(
    "sheet_correction",
    metadata,
    Column("workspace_id", String(40), primary_key=True),
    Column("shape", String(64), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""What was said of tabs of a shape, the latest."""

chat = Table(
    "chat",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("sheet_id", String(40), ForeignKey("sheet.id"), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("title", String(200), nullable=False, server_default=""),
    Index("ix_chat_workspace_id", "workspace_id"),
)
"""A conversation about one sheet; its title is empty until somebody gives it one."""

chat_event = Table(
    "chat_event",
    metadata,
    Column("chat_id", String(40), ForeignKey("chat.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("workspace_id", String(40), nullable=False),
    Column("actor_id", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
)
"""The append-only log that a chat is; `seq` counts from 1 without gaps."""

turn_lease = Table(
    "turn_lease",
    metadata,
    Column("chat_id", String(40), ForeignKey("chat.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("owner", String(40), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("is_stopped", Boolean, nullable=False),
)
"""Which process works on a chat's turn: it alone, until then, and as long as nobody wants it stopped."""

glossary_entry = Table(
    "glossary_entry",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("sheet_id", String(40), ForeignKey("sheet.id"), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_glossary_entry_sheet_id", "sheet_id"),
)
"""What people say about a sheet for the model: terms, and questions with their SQL."""

route_day = Table(
    "route_day",
    metadata,
    Column("workspace_id", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("route", String, primary_key=True),
    Column("to_route", String, primary_key=True),
    Column("outcome", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How often calls of a day (UTC) had this outcome on a route; with `to_route`, how often they left it for that one."""

examination = Table(
    "examination",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_examination_workspace_id", "workspace_id"),
)
"""What the doctor reported."""
