"""What a kept value depends on, as one frozen value for each kind, and its digest. Pure.

A key names versions and contents, so nothing is ever invalidated: what changes has another key. No key stands for a
permission: whoever looks something up was let in before, and what they see of a sheet is part of the key.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

Scalar = str | int | float | bool | None

VOLATILE = frozenset({
    "age", "ago", "assert_true", "current_catalog", "current_connection_id", "current_database", "current_date",
    "current_localtime", "current_localtimestamp", "current_query", "current_query_id", "current_role",
    "current_schema", "current_schemas", "current_setting", "current_time", "current_timestamp",
    "current_transaction_id", "current_user", "currval", "error", "gen_random_uuid", "get_current_time",
    "get_current_timestamp", "getvariable", "in_search_path", "json_group_object", "localtime", "localtimestamp",
    "nextval", "now", "pg_conf_load_time", "pg_postmaster_start_time", "pg_sleep", "random", "session_user", "setseed",
    "setval", "sleep_ms", "stats", "today", "transaction_timestamp", "txid_current", "user", "uuid", "uuidv4", "uuidv7",
    "vector_type", "write_log"
})  # fmt: skip
"""Functions of DuckDB whose value is another one at another time, by its own table of functions, and `age`, which it lists
as consistent though with one argument it counts from today."""

_BARE = r"current_\w+|localtime|localtimestamp|session_user|user"
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)*"
_CALLED = re.compile(rf'\b({"|".join(sorted(VOLATILE))})"?{_GAP}\(|\b({_BARE})\b', re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A file as typed tables: what a version that was imported is made of."""

    kind: ClassVar[str] = "parsed"
    parser: str
    name: str
    """A delimited file's table is called after its file."""
    content: str
    """The file's SHA-256."""
    said: str
    """What users said of its tabs, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a version says of itself: tables, columns and their profile, from which column cards are written."""

    kind: ClassVar[str] = "profile"
    profile: str
    """The version of what measures."""
    sheet: str
    version: str
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """What a version answers to a question."""

    kind: ClassVar[str] = "query"
    engine: str
    """The version of what runs it."""
    sheet: str
    """The sheet, which belongs to one tenant: equal versions of two tenants are kept apart."""
    version: str
    rules: str
    operation: str
    asked: str
    """Canonical SQL; for a page of the grid what is asked, as JSON."""
    parameters: tuple[Scalar | Sequence[Scalar], ...] = ()
    limits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """What a model answered to exactly this request."""

    kind: ClassVar[str] = "reply"
    tenant: str
    template: str
    """The version of what writes prompts."""
    provider: str
    model: str
    deployment: str
    """The address asked, and a digest of everything else that decides who answers there."""
    request: str
    """The whole request as JSON, in the order in which it is sent: a model reads that too."""


Key = ParsedFile | Profile | QueryResult | ModelReply


def digest(key: Key) -> str:
    """Return the kind and the SHA-256 of a key's canonical JSON: `query:9f86d0…`."""
    text = json.dumps(asdict(key), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{key.kind}:{hashlib.sha256(text.encode()).hexdigest()}"


def kind_of(name: str) -> str:
    """Return the kind that a digest begins with."""
    return name.partition(":")[0]


def is_volatile(sql: str) -> bool:
    """Tell whether SQL calls what has another value at another time; where that is not certain, yes."""
    return _CALLED.search(sql) is not None
