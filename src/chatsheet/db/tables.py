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
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
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
    Column("rules_key", String(64), nullable=False, server_default=""),
    Column("deciding", String(40)),
    Column("deciding_until", UtcDateTime),
    Index("ix_chat_workspace_id", "workspace_id"),
)
"""A conversation about one sheet, held under these row and column rules; its title is empty until somebody gives it one.

`deciding` obeys a decision on one of its proposals: it alone, until then.
"""

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

user = Table(
    "user",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("email", String(320), nullable=False, server_default=""),
    Column("is_admin", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("password_hash", String(255), nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=True),
    Index("ix_user_email", "email"),
)
"""Whoever may log in; with a password of their own only where the mode is `password`. In no workspace by itself."""

user_identity = Table(
    "user_identity",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", String(40), ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""How an identity provider names a user: never by the e-mail address, which may move to somebody else."""

workspace = Table(
    "workspace",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""A tenant: sheets and chats belong to one, users are members of some."""

member = Table(
    "member",
    metadata,
    Column("workspace_id", String(40), ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(40), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Integer, nullable=False),
    Column("is_from_claims", Boolean, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_member_user_id", "user_id"),
)
"""What a user is in a workspace, as a person said or, set anew at each login, as the provider's groups say."""

share = Table(
    "share",
    metadata,
    Column("sheet_id", String(40), ForeignKey("sheet.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(40), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("role", Integer, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_share_user_id", "user_id"),
)
"""A sheet shown to somebody who need not be a member."""

sheet_rule = Table(
    "sheet_rule",
    metadata,
    Column("sheet_id", String(40), ForeignKey("sheet.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Integer, primary_key=True, autoincrement=False),
    Column("workspace_id", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""What of a sheet a role sees (`core.identity.Rules`)."""

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("next_path", String(500), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index("ix_login_attempt_until", "until"),
)
"""A login that was begun at the provider in one tab of one browser; removed when it comes back, or late."""

session = Table(
    "session",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("user_id", String(40), ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("agent", String(255), nullable=False, server_default=""),
    Column("issuer", String(255), nullable=False, server_default=""),
    Column("subject", String(255), nullable=False, server_default=""),
    Column("provider_session", String(255), nullable=False, server_default=""),
    Index("ix_session_user_id", "user_id"),
)
"""A browser that is logged in: its secret is kept as a hash only; `id` names it to its user. Ended ones are removed."""

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", String(40), ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("workspace_id", String(40), nullable=False, server_default=""),
    Column("name", String(255), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=True),
    Index("ix_api_token_user_id", "user_id"),
)
"""What a program of a user opens the door with, for these scopes, in one workspace or all of the user's. Revoked: removed."""

login_code = Table(
    "login_code",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("user_id", String(40), nullable=False, server_default=""),
    Column("until", UtcDateTime, nullable=False),
)
"""A one-time code: `owner` makes the first administrator, `password` lets a user set theirs. Removed when used."""

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("workspace_id", String(40), nullable=False),
    Column("actor_id", String(40), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("body", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_entry_workspace_id", "workspace_id"),
)
"""Who did what, append-only: `seq` counts from 1 without gaps, `hash` is over the entry and the hash before it."""

shared_secret = Table(
    "shared_secret",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(64), nullable=False),
)
"""What all servers know and nobody set, such as what values in Redis are signed with; in hexadecimal."""

budget = Table(
    "budget",
    metadata,
    Column("workspace_id", String(40), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("subject", String(40), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""How much a workspace, a user in it or a job may spend (`kind`: workspace, user, job), with a soft and a hard limit."""

spend_day = Table(
    "spend_day",
    metadata,
    Column("workspace_id", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("user_id", String(40), primary_key=True),
    Column("job_id", String(40), primary_key=True, server_default=""),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost", Numeric(18, 6), nullable=False),
    Column("unpriced_calls", Integer, nullable=False),
)
"""What a user's questions, or a job, took of a day (UTC); calls on routes without a price are counted apart."""

job = Table(
    "job",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("sheet_id", String(40), ForeignKey("sheet.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("mark", String(200), nullable=True),
    Column("state", String(30), nullable=False),
    Column("code", String(64), nullable=False, server_default=""),
    Column("what", String, nullable=False, server_default=""),
    Column("body", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Column("version", String(64), nullable=False),
    Column("result_version", String(64), nullable=False, server_default=""),
    Column("column_name", String(255), nullable=False, server_default=""),
    Column("is_counted", Boolean, nullable=False),
    Column("is_settled", Boolean, nullable=False),
    Column("owner", String(40), nullable=False, server_default=""),
    Column("created_by", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("run_by", String(40), nullable=False),
    Column("started_at", UtcDateTime, nullable=True),
    Column("ended_at", UtcDateTime, nullable=True),
    Column("formula", String, nullable=False, server_default=""),
    Column("measured", JSON, nullable=True),
    UniqueConstraint("workspace_id", "mark"),
    Index("ix_job_sheet_id", "sheet_id"),
    Index("ix_job_state", "state"),
)
"""Work on a sheet, and where it stands; `owner` is the worker that counts or settles it, or does it where it asks no model.

`formula` is the one of the workbook that a draft stands for; `measured` what a job without a ledger says of its rows and file.
"""

import_job = Table(
    "import_job",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("upload_id", String(64), nullable=False),
    Column("state", String(30), nullable=False),
    Column("owner", String(40), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("first", JSON(none_as_null=True), nullable=True),
    Column("outcome", JSON(none_as_null=True), nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=True),
    Column("ended_at", UtcDateTime, nullable=True),
    UniqueConstraint("workspace_id", "upload_id"),
    Index("ix_import_job_ended_at", "ended_at"),
)
"""A file that is read into a sheet, under the lease of the server `owner`: how far it is, its first rows, how it ended."""

job_row = Table(
    "job_row",
    metadata,
    Column("job_id", String(40), ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("input_hash", String(32), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("place", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Column("is_sample", Boolean, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("owner", String(40), nullable=False, server_default=""),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("losses", Integer, nullable=False, server_default="0"),
    Column("value", JSON, nullable=True),
    Column("confidence", Float, nullable=True),
    Column("reason", String, nullable=False, server_default=""),
    Column("code", String(64), nullable=False, server_default=""),
    Column("what", String, nullable=False, server_default=""),
    Column("model", String(255), nullable=False, server_default=""),
    Column("route", String(255), nullable=False, server_default=""),
    Column("input_tokens", Integer, nullable=False, server_default="0"),
    Column("output_tokens", Integer, nullable=False, server_default="0"),
    Column("cost", Float, nullable=True),
    Column("milliseconds", Integer, nullable=False, server_default="0"),
    Column("ended_at", UtcDateTime, nullable=True),
    Column("reviewed_by", String(40), nullable=False, server_default=""),
    Index("ix_job_row_state", "job_id", "state", "place"),
)
"""The ledger: each different input of a job once, with the rows that have it, who asks it now by which token, and the answer.

A result is written by the owner under its token and by nobody else, so that a row which two asked is answered once.
"""

job_worker = Table(
    "job_worker",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("at_once", Integer, nullable=False),
)
"""Who works on jobs: what a worker holds is its own until then, and anybody's after."""

route_minute = Table(
    "route_minute",
    metadata,
    Column("route", String(64), primary_key=True),
    Column("body", JSON, nullable=False),
)
"""What workers spent on a route in the last minute, and its limit (`jobs.pace.Minute`)."""
