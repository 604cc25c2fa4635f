"""Who is answered what: every route of the API, called by everybody there is. A route without a row fails."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import JsonValue

from chatsheet.api import app
from chatsheet.api.deps import May
from chatsheet.auth.policy import Action
from tests.api.world import CALLERS, World, inhabited

pytestmark = pytest.mark.anyio

OPEN = "ok    ok   ok   ok   ok   ok   ok   ok   ok"
MINE = "out   ok   ok   ok   ok   ok   ok   no   no"
SELF = "out   ok   ok   ok   ok   ok   ok   ok   ok"
READ = "out   hid  ok   ok   ok   ok   hid  ok   hid"
WHOLE = "out  hid  ok   no   ok   ok   hid  ok   hid"
EDIT = "out   hid  no   no   bad  bad  hid  no   hid"
OWN = "out    hid  no   no   no   ok   hid  no   hid"
AUDIT = "out  hid  no   no   no   ok   hid  ok   hid"  # a token for whoever collects logs
ASK = "out    hid  bad  bad  bad  bad  hid  no   hid"
ADMIN = "out  hid  hid  hid  hid  hid  ok   hid  hid"
MODEL = "out  out  out  out  out  out  out  no   ok"  # for programs: no session opens it
"""What each of CALLERS is answered: `out` not logged in, `hid` as if it never was, `no` not theirs to do, `ok` done; and, past
the door, `bad` for a body that is none and `gone` for what is not there."""


def bad(pattern: str) -> str:
    """Return a pattern where who may do it sends what is no body."""
    return pattern.replace("ok", "bad")


def gone(pattern: str) -> str:
    """Return a pattern where who may do it names what is not there."""
    return pattern.replace("ok", "gone").replace("bad", "gone")


SHEET, CHAT, SPACE = "/api/sheets/{sheet_id}", "/api/chats/{chat_id}", "/api/workspaces/{workspace_id}"
JOB = "/api/jobs/{job_id}"
IN = "?workspace_id={workspace_id}"
TABLE: dict[str, tuple[str, str]] = {
    # route: what is asked of it after its path, and what each caller is answered
    "GET /livez": ("", OPEN),
    "GET /readyz": ("", OPEN.replace("ok", "503")),
    "GET /api/login": ("", OPEN),
    "POST /api/login/password": ("", bad(OPEN)),
    "POST /api/login/code": ("", bad(OPEN)),
    "GET /login/oidc": ("", OPEN.replace("ok", "409")),
    "GET /login/oidc/callback": ("", OPEN.replace("ok", "409")),
    "GET /login/oidc/end": ("", OPEN.replace("ok", "409")),
    "POST /login/oidc/backchannel": ("", OPEN.replace("ok", "409")),
    "GET /api/status": ("", SELF),
    "GET /api/about": ("", SELF),
    "GET /api/routes": ("", SELF),
    "GET /api/routes/unnamed": ("", SELF),
    "GET /api/me": ("", SELF),
    "POST /api/logout": ("", MINE),
    "GET /api/sessions": ("", MINE),
    "DELETE /api/sessions": ("", MINE),
    "DELETE /api/sessions/{session_id}": ("", gone(MINE)),
    "GET /api/tokens": ("", MINE),
    "POST /api/tokens": ("", bad(MINE)),
    "DELETE /api/tokens/{token_id}": ("", gone(MINE)),
    "POST /api/password": ("", bad(MINE)),
    "GET /api/workspaces": ("", SELF),
    "POST /api/workspaces": ("", bad(MINE)),
    f"PATCH {SPACE}": ("", bad(OWN)),
    f"GET {SPACE}/members": ("", READ),
    f"POST {SPACE}/members": ("", bad(OWN)),
    f"PUT {SPACE}/members/{{user_id}}": ("", bad(OWN)),
    f"DELETE {SPACE}/members/{{user_id}}": ("", gone(OWN)),
    "GET /api/users": ("", ADMIN),
    "POST /api/users": ("", bad(ADMIN)),
    "POST /api/users/{user_id}/code": ("", gone(ADMIN)),
    "PATCH /api/users/{user_id}": ("", gone(ADMIN)),
    "GET /api/sheets": (IN, READ),
    "POST /api/sheets": (f"{IN}&name=a.csv", EDIT),
    "POST /api/uploads": (IN, EDIT),
    "HEAD /api/uploads/{upload_id}": (IN, gone(EDIT).replace("hid", "gone")),  # no body tells the two apart
    "PATCH /api/uploads/{upload_id}": (IN, EDIT),
    "DELETE /api/uploads/{upload_id}": (IN, gone(EDIT)),
    "POST /api/imports": (IN, EDIT),
    "GET /api/imports/{import_id}": (IN, gone(EDIT)),
    "DELETE /api/imports/{import_id}": (IN, gone(EDIT)),
    f"GET {SHEET}": ("", READ),
    f"DELETE {SHEET}": ("", OWN),
    f"GET {SHEET}/tables/{{table_id}}/rows": ("", READ),
    f"GET {SHEET}/tables/{{table_id}}/places": ("?row=1", READ),
    f"GET {SHEET}/tables/{{table_id}}/export": ("", READ),
    f"GET {SHEET}/values": ("?text=north", READ),
    f"GET {SHEET}/formulas": ("?tab=Orders&area=A1:B2", WHOLE),
    f"GET {SHEET}/history": ("", WHOLE),
    f"GET {SHEET}/cells": ("?tab=Orders", WHOLE),
    f"GET {SHEET}/original": ("", WHOLE),
    f"GET {SHEET}/events": ("", READ),
    f"GET {SHEET}/suggestions": ("", READ),
    f"POST {SHEET}/query": ("", bad(READ)),
    f"POST {SHEET}/edits/preview": ("", EDIT),
    f"POST {SHEET}/edits": ("", EDIT),
    f"POST {SHEET}/undo": ("", EDIT),
    f"POST {SHEET}/redo": ("", EDIT),
    f"PUT {SHEET}/corrections": ("", EDIT),
    f"GET {SHEET}/glossary": ("", READ),
    f"POST {SHEET}/glossary": ("", EDIT),
    f"POST {SHEET}/glossary/import": ("", EDIT),
    f"PUT {SHEET}/glossary/{{entry_id}}": ("", EDIT),
    f"DELETE {SHEET}/glossary/{{entry_id}}": ("", gone(EDIT)),
    f"GET {SHEET}/shares": ("", OWN),
    f"PUT {SHEET}/shares": ("", bad(OWN)),
    f"DELETE {SHEET}/shares/{{user_id}}": ("", gone(OWN)),
    f"GET {SHEET}/rules": ("", OWN),
    f"POST {SHEET}/rules/preview": ("", bad(OWN)),
    f"PUT {SHEET}/rules/{{role}}": ("", bad(OWN)),
    f"DELETE {SHEET}/rules/{{role}}": ("", gone(OWN)),
    "GET /api/chats": ("?sheet_id={sheet_id}", READ),
    "POST /api/chats": ("", ASK.replace("bad", "ok")),
    f"PATCH {CHAT}": ("", ASK),
    f"DELETE {CHAT}": ("", ASK.replace("bad", "ok")),
    f"POST {CHAT}/branches": ("", ASK.replace("bad", "ok")),
    f"POST {CHAT}/questions": ("", ASK),
    f"POST {CHAT}/stop": ("", ASK.replace("bad", "ok")),
    f"GET {CHAT}/citations/{{handle}}": ("", gone(READ)),
    f"GET {CHAT}/turns/{{turn}}": ("", gone(READ)),
    f"GET {CHAT}/log": ("", READ),
    f"GET {CHAT}/events": ("", READ),
    f"GET {CHAT}/charts/{{name}}": ("", gone(READ)),
    f"GET {CHAT}/proposals": ("", READ),
    f"POST {CHAT}/proposals/{{proposal_id}}/decision": ("", bad(READ)),
    "GET /api/jobs": ("?sheet_id={sheet_id}", WHOLE),
    "POST /api/jobs": ("", EDIT),
    f"GET {JOB}": ("", WHOLE),
    **{f"POST {JOB}/{verb}": ("", EDIT.replace("bad", "ok")) for verb in ("start", "cancel")},
    **{f"POST {JOB}/{verb}": ("", EDIT.replace("bad", "409")) for verb in ("sample", "pause", "resume", "retry")},
    f"GET {JOB}/rows": ("", WHOLE),
    f"POST {JOB}/rows/{{row_id}}/accept": ("", gone(EDIT)),
    f"PUT {JOB}/rows/{{row_id}}": ("", EDIT),
    f"GET {JOB}/export": ("", WHOLE),
    f"GET {JOB}/file": ("", gone(WHOLE)),
    "GET /api/audit": (IN, AUDIT),
    "GET /api/audit/export": (IN, AUDIT),
    "GET /api/audit/all": ("", ADMIN),
    "GET /api/audit/verify": ("", ADMIN),
    "GET /api/budgets": (IN, OWN),
    "PUT /api/budgets": (IN, bad(OWN)),
    "DELETE /api/budgets": (f"{IN}&kind=workspace", gone(OWN)),
    "GET /api/users/budgets": ("", ADMIN),
    "PUT /api/users/budgets": ("", bad(ADMIN)),
    "DELETE /api/users/budgets": ("", gone(ADMIN)),
    "GET /api/spend": (IN, READ),
    "GET /api/doctor": ("", ADMIN),
    "POST /api/doctor": ("", ADMIN),
    "GET /api/doctor/history": ("", ADMIN),
    "GET /api/doctor/{examination_id}": ("", gone(ADMIN)),
    "GET /metrics": ("", ADMIN),
    "GET /api/caches": ("", ADMIN),
    "DELETE /api/caches": ("", ADMIN),
    "GET /v1/models": ("", MODEL),
    "GET /v1/models/{model}": ("", gone(MODEL)),
    "POST /v1/chat/completions": ("", bad(MODEL)),
    **{f"{method} /v1/{{path:path}}": ("", gone(MODEL)) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
}
NAMES = {"table_id": "orders", "role": "editor", "name": "c1.svg", "handle": "r1", "path:path": "nothing"}
BODIES: dict[str, str] = dict.fromkeys(("POST /api/chats", "POST /api/jobs"), '{"sheet_id": "{sheet_id}"}')
HIDDEN = {"sheet.not_found", "chat.not_found", "job.not_found", "workspace.not_found", "request.not_found"}
WORDS = {401: "out", 400: "bad", 415: "bad"}


_IDS = ("sheet_id", "chat_id", "job_id", "workspace_id")


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a route, with ids in it."""

    route: str
    sheet_id: str
    chat_id: str
    job_id: str
    workspace_id: str

    def filled(self, text: str) -> str:
        """Return a text with the ids in it."""
        ours = {name: getattr(self, name) for name in _IDS}
        for name, value in {**NAMES, **ours}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    async def sent(self, world: World, credentials: dict[str, str]) -> httpx.Response:
        """Send it, and return the answer."""
        method, path = self.route.split(" ")
        address = self.filled(f"{path}{TABLE[self.route][0]}").replace("{", "no_").replace("}", "")
        body = self.filled(BODIES.get(self.route, "{}"))
        headers = {"Content-Type": "application/json", **credentials}
        if self.route == "POST /api/sheets":
            body, headers["Content-Type"] = "", "application/octet-stream"
        return await world.client.request(method, address, content=body, headers=headers)


def word(answer: httpx.Response) -> str:
    """Return what a caller was answered, as the table says it."""
    if answer.is_success:
        return "ok"
    error: JsonValue = answer.json().get("error", {}) if answer.content else {}
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    if answer.status_code == 404:
        return "hid" if code in HIDDEN else "gone"
    if code == "access.denied" or (answer.status_code == 403 and not answer.content):
        return "no"
    return WORDS.get(answer.status_code, str(answer.status_code))


def test_every_route_has_a_row() -> None:
    assert sorted(TABLE) == sorted(app.decided())


@pytest.mark.parametrize("named", [[], [May(Action.READ), May(Action.EDIT)]])
def test_an_application_with_a_route_that_names_no_one_action_does_not_start(
    monkeypatch: pytest.MonkeyPatch, named: list[May]
) -> None:
    router = APIRouter(dependencies=list(map(Depends, named)))
    router.add_api_route("/api/new", test_every_route_has_a_row)
    monkeypatch.setattr(app, "ROUTES", (SimpleNamespace(router=router),))
    with pytest.raises(TypeError, match="/api/new has to name one action"):
        app.decided()


@pytest.mark.usefixtures("each_database")
async def test_everybody_is_answered_as_the_table_says(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        wrong: list[str] = []
        for route, (_, pattern) in TABLE.items():
            for caller, expected in zip(CALLERS, pattern.split(), strict=True):
                place = await world.place(caller)
                call = Call(route, place.sheet_id, place.chat_id, place.job_id, world.workspace_id)
                credentials = await world.credentials(caller)
                answer = await call.sent(world, credentials)
                if (told := word(answer)) != expected:
                    wrong.append(f"{route} by {caller}: {told}, not {expected}: {answer.text[:200]}")
                elif told == "hid" and not await is_as_never_was(world, call, answer, credentials):
                    wrong.append(f"{route} by {caller}: tells that it is there")
        assert not wrong, "\n".join(wrong)


async def is_as_never_was(world: World, call: Call, answer: httpx.Response, credentials: dict[str, str]) -> bool:
    """Tell whether what is hidden is answered, but for the ids, byte by byte as what never was."""
    never = Call(call.route, "sheet_" + "0" * 20, "chat_" + "0" * 20, "job_" + "0" * 20, "wsp_" + "0" * 20)
    other = await never.sent(world, credentials)
    said = answer.text
    for name in _IDS:
        said = said.replace(getattr(call, name), getattr(never, name))
    same = {"content-length", "date"}
    headers = [{k: v for k, v in one.headers.items() if k not in same} for one in (answer, other)]
    return (answer.status_code, said, headers[0]) == (other.status_code, other.text, headers[1])
