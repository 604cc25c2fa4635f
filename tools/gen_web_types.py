"""Writes ui/src/api/types.gen.ts from the Pydantic models of the API; `--check` fails when the file is stale."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter

from chatsheet.api.errors import ErrorBody
from chatsheet.api.routes.account import Me, PasswordChange, SessionOfMine, TokenMade, TokenOfMine, TokenWanted
from chatsheet.api.routes.audit import AuditEntry, ChainState
from chatsheet.api.routes.budgets import BudgetState, NewBudget, Spending
from chatsheet.api.routes.caches import CacheStates, Cleared
from chatsheet.api.routes.chats import ChatEntry, LoggedEvent, NewChat, NewQuestion, TurnStarted
from chatsheet.api.routes.corrections import NewCorrection
from chatsheet.api.routes.doctor import DoctorEvent, LatestReport
from chatsheet.api.routes.edits import EditConflictBody, HeadMove, NewEdits, SheetHead
from chatsheet.api.routes.glossary import GlossaryText, NewEntry
from chatsheet.api.routes.imports import ImportStarted, NewImport
from chatsheet.api.routes.jobs import JobRetry, JobRowPage, JobRowValue, JobStart, NewJob
from chatsheet.api.routes.live import LiveEvent
from chatsheet.api.routes.login import CodeLogin, LoginWays, PasswordLogin
from chatsheet.api.routes.proposals import NewDecision
from chatsheet.api.routes.queries import Queried
from chatsheet.api.routes.shares import NewShare, RulesEntry, RulesWanted, ShareEntry, TableSeen
from chatsheet.api.routes.sheets import SheetDetail, SheetEntry
from chatsheet.api.routes.status import About, RouteState, Status
from chatsheet.api.routes.uploads import NewUpload
from chatsheet.api.routes.users import Invitation, NewAccount, UserChange, UserEntry
from chatsheet.api.routes.workspaces import MemberEntry, MemberRole, NewMember, WorkspaceName
from chatsheet.chat.citations import Citation
from chatsheet.chat.events import Event, Live
from chatsheet.chat.proposals import Standing
from chatsheet.context.glossary.model import Kept
from chatsheet.core import loose
from chatsheet.doctor.clinic import ExaminationEntry
from chatsheet.doctor.model import Report
from chatsheet.jobs.imports import ImportEvent
from chatsheet.jobs.model import Job
from chatsheet.sheets.edits import EditPreview
from chatsheet.sheets.ingest.raw import RawCells
from chatsheet.sheets.library import Move
from chatsheet.sheets.model import FoundValue, Places, Result
from chatsheet.sheets.uploads import Upload
from chatsheet.sheets.windows import Filter

TARGET = Path(__file__).parents[1] / "ui/src/api/types.gen.ts"
ROOTS = (
    ErrorBody,
    ChatEntry,
    NewChat,
    NewQuestion,
    TurnStarted,
    SheetEntry,
    SheetDetail,
    Status,
    About,
    RouteState,
    Result,
    NewUpload,
    Upload,
    NewImport,
    ImportStarted,
    ImportEvent,
    NewEdits,
    EditPreview,
    SheetHead,
    HeadMove,
    EditConflictBody,
    NewDecision,
    Standing,
    Move,
    NewCorrection,
    FoundValue,
    Places,
    Filter,
    Event,
    Live,
    Citation,
    Queried,
    LoggedEvent,
    Report,
    LatestReport,
    ExaminationEntry,
    DoctorEvent,
    LiveEvent,
    RawCells,
    Kept,
    NewEntry,
    GlossaryText,
    LoginWays,
    PasswordLogin,
    CodeLogin,
    Me,
    PasswordChange,
    SessionOfMine,
    TokenOfMine,
    TokenMade,
    TokenWanted,
    WorkspaceName,
    NewMember,
    MemberRole,
    MemberEntry,
    UserEntry,
    NewAccount,
    Invitation,
    UserChange,
    NewShare,
    ShareEntry,
    RulesWanted,
    RulesEntry,
    TableSeen,
    NewBudget,
    BudgetState,
    Spending,
    AuditEntry,
    ChainState,
    CacheStates,
    Cleared,
    Job,
    NewJob,
    JobStart,
    JobRetry,
    JobRowPage,
    JobRowValue,
)
UNIONS = {
    "SheetEvent": LiveEvent,
    "ImportEvent": ImportEvent,
    "ChatEvent": Event,
    "LiveEvent": Live,
    "DoctorEvent": DoctorEvent,
}
_HEAD = "/** Written by tools/gen_web_types.py from the API's models; edits are lost. */\n"
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def main() -> None:
    """Write the file, or compare it."""
    wanted = _HEAD + "\n".join(_declarations())
    if "--check" in sys.argv:
        if not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != wanted:
            sys.exit(f"{TARGET.name} is stale: run `make types`.")
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(wanted, encoding="utf-8")


def _declarations() -> Iterator[str]:
    definitions: dict[str, Mapping[str, object]] = {}
    for root in ROOTS:
        schema = TypeAdapter[object](root).json_schema(mode="serialization")
        definitions |= {name: loose.obj(body) for name, body in loose.obj(schema.get("$defs")).items()}
        if "properties" in schema:
            definitions[str(schema["title"])] = schema
    for name in sorted(definitions):
        if name != "JsonValue":
            yield _interface(name, definitions[name])
    for name, union in UNIONS.items():
        schema = TypeAdapter[object](union).json_schema(mode="serialization")
        yield f"\nexport type {name} = {' | '.join(_type(loose.obj(option)) for option in loose.array(schema['anyOf']))};\n"


def _interface(name: str, schema: Mapping[str, object]) -> str:
    about = " ".join(loose.text(schema.get("description")).split())
    if "enum" in schema:
        return f"\n/** {about} */\nexport type {name} = {_type(schema)};\n"
    fields = "".join(
        f"  readonly {field}: {_type(loose.obj(body))};\n" for field, body in loose.obj(schema.get("properties")).items()
    )
    return f"\n/** {about} */\nexport interface {name} {{\n{fields}}}\n"


def _type(schema: Mapping[str, object]) -> str:
    if "$ref" in schema:
        name = loose.text(schema["$ref"]).rsplit("/", 1)[-1]
        return "unknown" if name == "JsonValue" else name
    if "const" in schema:
        return loose.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(loose.dumps(value) for value in loose.array(schema["enum"]))
    if options := loose.array(schema.get("anyOf")) or loose.array(schema.get("oneOf")):
        return " | ".join(_type(loose.obj(option)) for option in options)
    if places := loose.array(schema.get("prefixItems")):
        return f"readonly [{', '.join(_type(loose.obj(place)) for place in places)}]"
    if schema.get("type") == "array":
        item = _type(loose.obj(schema.get("items"))) if schema.get("items") else "unknown"
        return f"readonly ({item})[]" if " " in item else f"readonly {item}[]"
    if "additionalProperties" in schema:
        return f"Readonly<Record<string, {_type(loose.obj(schema['additionalProperties']))}>>"
    return _SIMPLE.get(loose.text(schema.get("type")), "unknown")


if __name__ == "__main__":
    main()
