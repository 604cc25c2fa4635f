"""Chats as a list, branches of them, and what is asked of a sheet without a model."""

from pathlib import Path
from typing import cast

import pytest

from chatsheet.core import loose
from tests.api.conftest import Served
from tests.api.test_api import events, start_chat
from tests.harness import says

pytestmark = pytest.mark.anyio


async def call(served: Served, method: str, path: str, body: object = None, **query: str) -> tuple[int, object]:
    headers = {"Content-Type": "application/json"}
    text = None if body is None else loose.dumps(body)
    async with served.client.request(method, path, data=text, params=query, headers=headers) as response:
        return response.status, await response.json()


async def talked(served: Served, sales: Path, *questions: str) -> str:
    """Return a chat in which questions were asked and answered."""
    chat = await start_chat(served, sales)
    for place, question in enumerate(questions):
        served.wire.script("gpt-4o", says(f"About {question}: no idea."))
        await call(served, "POST", f"/api/chats/{chat}/questions", {"question": question})
        await events(served, chat, after=3 * place)
    return chat


async def sheet_of(served: Served) -> str:
    _, sheets = await call(served, "GET", "/api/sheets")
    return str(loose.obj(loose.array(sheets)[0])["id"])


async def listed(served: Served, **query: str) -> list[dict[str, object]]:
    _, chats = await call(served, "GET", "/api/chats", sheet_id=await sheet_of(served), **query)
    return cast("list[dict[str, object]]", chats)


async def log_of(served: Served, chat: str) -> list[dict[str, object]]:
    _, log = await call(served, "GET", f"/api/chats/{chat}/log")
    return [loose.obj(loose.obj(one)["event"]) for one in loose.array(log)]  # pyright: ignore[reportReturnType]  JSON


async def test_a_chat_is_listed_by_its_first_question_and_renamed(served: Served, sales: Path) -> None:
    chat = await talked(served, sales, "Who leads?", "And now?")
    (entry,) = await listed(served)
    assert (entry["title"], entry["questions"]) == ("Who leads?", 2)
    assert (await call(served, "PATCH", f"/api/chats/{chat}", {"title": "  My   chat "}))[0] == 200
    assert [one["title"] for one in await listed(served)] == ["My chat"]
    status, told = await call(served, "PATCH", f"/api/chats/{chat}", {"title": "x" * 201})
    assert (status, loose.obj(loose.obj(told)["error"])["code"]) == (400, "chat.title_invalid")


async def test_the_chats_of_a_sheet_that_is_not_there_are_not_found(served: Served) -> None:
    status, told = await call(served, "GET", "/api/chats", sheet_id="nope")
    assert (status, loose.obj(loose.obj(told)["error"])["code"]) == (404, "sheet.not_found")


async def test_a_body_that_is_no_json_is_told_where(served: Served) -> None:
    headers = {"Content-Type": "application/json"}
    async with served.client.post("/api/chats", data='{"sheet_id": }', headers=headers) as response:
        told = (await response.json())["error"]["what"]
    assert (response.status, "the body is no JSON at character 13" in told) == (400, True)


async def test_a_locale_has_the_shape_of_a_language_tag(served: Served, sales: Path) -> None:
    chat = await start_chat(served, sales)
    for locale in ("--", "zz-!!\n", "en\n", "x" * 36):
        status, told = await call(served, "POST", f"/api/chats/{chat}/questions", {"question": "?", "locale": locale})
        assert (status, "locale" in str(told)) == (400, True)


async def test_a_search_tells_where_it_was_said(served: Served, sales: Path) -> None:
    await talked(served, sales, "Who leads?")
    assert [one["found"] for one in await listed(served, text="NO IDEA")] == ["About Who leads?: no idea."]
    assert await listed(served, text="pears") == []


async def test_a_removed_chat_is_gone(served: Served, sales: Path) -> None:
    chat = await talked(served, sales, "Who leads?")
    assert await call(served, "DELETE", f"/api/chats/{chat}") == (200, {})
    assert await listed(served) == []
    assert (await call(served, "GET", f"/api/chats/{chat}/log"))[0] == 404
    assert (await call(served, "DELETE", f"/api/chats/{chat}"))[0] == 404


async def test_a_chat_that_is_removed_while_it_runs_is_stopped_first(served: Served, sales: Path) -> None:
    served.wire.fault("gpt-4o", "silence")
    chat = await start_chat(served, sales)
    await call(served, "POST", f"/api/chats/{chat}/questions", {"question": "Anybody?"})
    assert (await call(served, "DELETE", f"/api/chats/{chat}"))[0] == 200
    assert await listed(served) == []


async def test_a_branch_begins_as_the_chat_did_and_goes_on_by_itself(served: Served, sales: Path) -> None:
    chat = await talked(served, sales, "First?", "Second?")
    turn = (await log_of(served, chat))[3]["turn"]
    status, made = await call(served, "POST", f"/api/chats/{chat}/branches", {"before": turn})
    branch = str(loose.obj(made)["id"])
    assert (status, [one.get("question") for one in await log_of(served, branch)]) == (201, ["First?", None, None])
    served.wire.script("gpt-4o", says("Otherwise."))
    await call(served, "POST", f"/api/chats/{branch}/questions", {"question": "Third?"})
    await events(served, branch, after=3)
    assert len(await log_of(served, chat)) == len(await log_of(served, branch)) == 6
    assert (await call(served, "POST", f"/api/chats/{chat}/branches", {"before": "turn_x"}))[0] == 409


async def test_a_persons_own_sql_is_run_read_only(served: Served, sales: Path) -> None:
    await start_chat(served, sales)
    path = f"/api/sheets/{await sheet_of(served)}/query"
    status, ran = await call(served, "POST", path, {"sql": "select region, revenue from orders where revenue > 10", "limit": 2})
    result, basis = loose.obj(loose.obj(ran)["result"]), loose.obj(loose.obj(ran)["basis"])
    assert (status, len(loose.array(result["rows"])), result["truncated"]) == (200, 2, True)
    assert loose.array(basis["filters"]) == ["revenue > 10"]
    status, told = await call(served, "POST", path, {"sql": "DROP TABLE orders"})
    assert (status, loose.obj(loose.obj(told)["error"])["code"]) == (422, "sql.refused")
    _, told = await call(served, "POST", path, {"sql": "SELECT revenu FROM orders"})
    assert "revenue" in str(loose.obj(loose.obj(told)["error"])["fix"])


async def test_a_sheet_suggests_questions_by_its_columns(served: Served, sales: Path) -> None:
    await start_chat(served, sales)
    status, questions = await call(served, "GET", f"/api/sheets/{await sheet_of(served)}/suggestions")
    assert status == 200
    assert any("revenue" in str(one).casefold() for one in loose.array(questions))
