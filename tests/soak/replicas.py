"""Edits, queries, shares, rules, revocations and logins in any order on two servers.

No answer is older than what was acknowledged, and none tells what is not seen any more.

`python -m tests.soak.replicas STEPS` prints how many steps were taken, and ends with 1 at the first answer that is wrong.
"""

import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import httpx
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.soak.cluster import Cluster, cluster, cookie, session_of

REGIONS = ("North", "South", "North", "East", "South", "North")
STEPS_EACH = 50
"""How many steps are taken on a sheet before the next one is opened."""
_READERS = 3
_LETTERS = str.maketrans("0123456789", "abcdefghij")

Role = Literal["viewer", "editor"]
Ruled = Literal["rows", "column"]
RULES: dict[Ruled, dict[str, object]] = {
    "rows": {"rows": [{"column": "region", "test": "equals", "values": ["North"]}]},
    "column": {"hidden": ["amount"]},
}
SERVER = st.integers(0, 1)
WHO = st.sampled_from(("owner", "friend"))
AMOUNT = st.integers(-9, 99)
PLACE = st.integers(0, len(REGIONS) - 1)


@dataclass(slots=True)
class Expected:
    """What every server has to show: amounts by place, what can be undone and redone, and what the friend may see."""

    amounts: tuple[int, ...] = tuple(range(10, 10 + len(REGIONS)))
    undoable: list[tuple[int, ...]] = field(default_factory=list[tuple[int, ...]])
    redoable: list[tuple[int, ...]] = field(default_factory=list[tuple[int, ...]])
    terms: int = 0
    role: Role | None = None
    ruled: dict[Role, Ruled] = field(default_factory=dict[Role, Ruled])

    def rules(self, who: str) -> Ruled | None:
        """Return which rules somebody reads under."""
        return self.ruled.get(self.role) if who == "friend" and self.role is not None else None

    def total(self, who: str, least: int, amounts: tuple[int, ...] | None = None) -> list[object]:
        """Return the number and sum of amounts that are at least this, as somebody sees them."""
        seen = zip(REGIONS, amounts or self.amounts, strict=True)
        kept = [amount for region, amount in seen if amount >= least and (self.rules(who) != "rows" or region == "North")]
        return [len(kept), sum(kept) if kept else None]


class Site:
    """The connections of everybody to each server, and how many steps were taken."""

    def __init__(self, of: Cluster) -> None:
        self._clients = {(server, who): of.client(server, who) for server in range(len(of.addresses)) for who in of.people}
        self.friend = of.people["friend"]
        self.steps = 0
        self.sheets = 0

    def ask(self, server: int, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Send a request as somebody to a server."""
        return self._clients[server, who].request(method, path, json=body)

    def log_in_again(self, ended: int, begun: int) -> None:
        """End the friend's session on a server, and begin one on a server; the old one opens neither."""
        assert self.ask(ended, "friend", "POST", "/api/logout").is_success
        for server in (0, 1):
            assert self.ask(server, "friend", "GET", "/api/me").status_code == httpx.codes.UNAUTHORIZED
        said = {"email": self.friend.email, "password": self.friend.password}
        begins = self.ask(begun, "friend", "POST", "/api/login/password", said)
        assert begins.is_success, begins.text
        for server in (0, 1):
            self._clients[server, "friend"].headers.update(cookie(session_of(begins)))
            self._clients[server, "friend"].cookies.clear()

    def upload(self, server: int) -> tuple[str, str, str, list[int]]:
        """Import a sheet; return its id, its version, its table and the ids of its rows."""
        lines = [f"{region};{10 + place}" for place, region in enumerate(REGIONS)]
        content = "\n".join(["region;amount", *lines]).encode()
        client = self._clients[server, "owner"]
        self.sheets += 1  # the same file again would be the same sheet
        named = str(self.sheets).translate(_LETTERS)  # an error that names the table must not look as if it told an amount
        made = client.post(
            f"/api/sheets?name=soak_{named}.csv", content=content, headers={"Content-Type": "application/octet-stream"}
        )
        assert made.is_success, made.text
        (table,) = made.json()["workbook"]["tables"]
        sheet = made.json()["sheet"]
        rows = self.ask(server, "owner", "GET", f"/api/sheets/{sheet['id']}/tables/{table['id']}/rows").json()["rows"]
        return sheet["id"], sheet["version"], table["id"], [row[0] for row in rows]


class Replicas(RuleBasedStateMachine):
    """The steps, each against one server; what is expected is kept beside."""

    site: ClassVar[Site]

    def __init__(self) -> None:
        super().__init__()
        self.expected = Expected()
        self.past: list[tuple[str, tuple[int, ...]]] = []

    @initialize(server=SERVER)
    def begin(self, server: int) -> None:
        self.sheet, self.version, self.table, self.rows = self.site.upload(server)
        self.url = f"/api/sheets/{self.sheet}"

    @rule(server=SERVER, place=PLACE, amount=AMOUNT)
    def edit(self, server: int, place: int, amount: int) -> None:
        self._edited(self._edit(server, "owner", place, amount), place, amount)

    @precondition(lambda self: self.expected.role == "editor" and not self.expected.rules("friend"))
    @rule(server=SERVER, place=PLACE, amount=AMOUNT)
    def edit_as_friend(self, server: int, place: int, amount: int) -> None:
        self._edited(self._edit(server, "friend", place, amount), place, amount)

    @precondition(lambda self: self.expected.role != "editor" or self.expected.rules("friend"))
    @rule(server=SERVER, place=PLACE, amount=AMOUNT)
    def edit_without_the_right(self, server: int, place: int, amount: int) -> None:
        answer = self._edit(server, "friend", place, amount)
        assert answer.status_code in ((404,) if self.expected.role is None else (403, 404)), answer.text

    @precondition(lambda self: self.expected.undoable)
    @rule(server=SERVER)
    def undo(self, server: int) -> None:
        self._move(server, "undo", self.expected.undoable, self.expected.redoable)

    @precondition(lambda self: self.expected.redoable)
    @rule(server=SERVER)
    def redo(self, server: int) -> None:
        self._move(server, "redo", self.expected.redoable, self.expected.undoable)

    @rule(server=SERVER, who=WHO, least=st.integers(0, 3))
    def query(self, server: int, who: str, least: int) -> None:
        self._check(who, self._query(server, who, least), [self.expected.total(who, least)])

    @rule(server=SERVER, who=WHO)
    def look(self, server: int, who: str) -> None:
        self._check_rows(who, self.site.ask(server, who, "GET", f"{self.url}/tables/{self.table}/rows"), self.expected.amounts)

    @precondition(lambda self: self.past)
    @rule(server=SERVER, who=WHO, back=st.integers(0, 9))
    def look_back(self, server: int, who: str, back: int) -> None:
        """Whoever sees all of the sheet sees all of its past; whoever is under rules sees none."""
        version, amounts = self.past[-1 - back % len(self.past)]
        rows = self.site.ask(server, who, "GET", f"{self.url}/tables/{self.table}/rows?version={version}")
        ran = self._query(server, who, 0, version)
        if self.expected.rules(who) and version != self.version:
            codes = [answer.json()["error"]["code"] for answer in (rows, ran)]
            assert codes == ["sheet.version_not_found"] * 2, (who, rows.text, ran.text)
        else:
            self._check_rows(who, rows, amounts)
            self._check(who, ran, [self.expected.total(who, 0, amounts)])

    @rule(ended=SERVER, begun=SERVER)
    def log_in_again(self, ended: int, begun: int) -> None:
        self.site.steps += 1
        self.site.log_in_again(ended, begun)

    @rule(server=SERVER, role=st.sampled_from(("viewer", "editor")))
    def share(self, server: int, role: Role) -> None:
        self._owner(server, "PUT", "/shares", {"user": self.site.friend.email, "role": role})
        self.expected.role = role

    @precondition(lambda self: self.expected.role is not None)
    @rule(server=SERVER)
    def revoke(self, server: int) -> None:
        self._owner(server, "DELETE", f"/shares/{self.site.friend.id}")
        self.expected.role = None

    @rule(server=SERVER, role=st.sampled_from(("viewer", "editor")), ruled=st.sampled_from(("rows", "column")))
    def set_rules(self, server: int, role: Role, ruled: Ruled) -> None:
        self._owner(server, "PUT", f"/rules/{role}", {"tables": [{"table": self.table, **RULES[ruled]}]})
        self.expected.ruled[role] = ruled

    @precondition(lambda self: self.expected.ruled)
    @rule(server=SERVER)
    def remove_rules(self, server: int) -> None:
        role, _ = self.expected.ruled.popitem()
        self._owner(server, "DELETE", f"/rules/{role}")

    @rule(server=SERVER)
    def define(self, server: int) -> None:
        entry = {"kind": "term", "term": f"term {self.expected.terms}", "meaning": "amount over 50"}
        self._owner(server, "POST", "/glossary", {"entry": entry})
        self.expected.terms += 1

    @rule(server=SERVER)
    def read_glossary(self, server: int) -> None:
        entries = self._owner(server, "GET", "/glossary").json()
        assert len(entries) == self.expected.terms

    @rule(server=SERVER, place=PLACE, amount=AMOUNT)
    def race(self, server: int, place: int, amount: int) -> None:
        """Edit while others ask: what they get is the state before or after, and after the answer only the latter."""
        before = self.expected.total("owner", 0)
        with ThreadPoolExecutor(_READERS) as pool:
            asked = [pool.submit(self._query, number % 2, "owner", 0) for number in range(_READERS)]
            self._edited(self._edit(server, "owner", place, amount), place, amount)
            after = self.expected.total("owner", 0)
            for one in asked:
                self._check("owner", one.result(), [before, after])
        self._check("owner", self._query(1 - server, "owner", 0), [after])

    def _edit(self, server: int, who: str, place: int, amount: int) -> httpx.Response:
        self.site.steps += 1
        cell = {"row": self.rows[place], "column": "amount", "value": amount}
        body = {"version": self.version, "edits": [{"kind": "set", "table": self.table, "cells": [cell]}]}
        return self.site.ask(server, who, "POST", f"{self.url}/edits", body)

    def _edited(self, answer: httpx.Response, place: int, amount: int) -> None:
        assert answer.status_code == 201, answer.text
        before = self.expected.amounts
        self.past.append((self.version, before))
        self.version = answer.json()["version"]
        if before[place] != amount:
            self.expected.undoable.append(before)
            self.expected.redoable.clear()
            self.expected.amounts = (*before[:place], amount, *before[place + 1 :])

    def _move(self, server: int, kind: str, source: list[tuple[int, ...]], target: list[tuple[int, ...]]) -> None:
        self.past.append((self.version, self.expected.amounts))
        self.version = self._owner(server, "POST", f"/{kind}", {"version": self.version}).json()["version"]
        target.append(self.expected.amounts)
        self.expected.amounts = source.pop()

    def _query(self, server: int, who: str, least: int, version: str = "") -> httpx.Response:
        self.site.steps += 1
        sql = f'SELECT count(*) AS n, sum(amount) AS s FROM "{self.table}" WHERE amount >= {least}'  # noqa: S608  our own table
        return self.site.ask(server, who, "POST", f"{self.url}/query", {"sql": sql, "version": version})

    def _check_rows(self, who: str, answer: httpx.Response, amounts: tuple[int, ...]) -> None:
        if self._is_hidden(who, answer):
            return
        shown = {row[0]: row[1:] for row in answer.json()["rows"]}
        ruled = self.expected.rules(who)
        for place, region in enumerate(REGIONS):
            whole = [region] if ruled == "column" else [region, amounts[place]]
            expected = None if ruled == "rows" and region != "North" else whole
            assert shown.get(self.rows[place]) == expected, (who, place, shown, expected)

    def _check(self, who: str, answer: httpx.Response, allowed: list[list[object]]) -> None:
        if self._is_hidden(who, answer):
            return
        if self.expected.rules(who) == "column":
            assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, answer.text
            assert str(self.expected.amounts[0]) not in answer.json()["error"]["what"]
            return
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.json()["result"]["rows"] in [[one] for one in allowed], (who, answer.text, allowed)

    def _is_hidden(self, who: str, answer: httpx.Response) -> bool:
        """Tell whether the sheet is none of theirs, and check that they are told so."""
        self.site.steps += 1
        hidden = who == "friend" and self.expected.role is None
        assert (answer.status_code == httpx.codes.NOT_FOUND) == hidden, answer.text
        return hidden

    def _owner(self, server: int, method: str, path: str, body: object = None) -> httpx.Response:
        self.site.steps += 1
        answer = self.site.ask(server, "owner", method, f"{self.url}{path}", body)
        assert answer.is_success, answer.text
        return answer


def soak(steps: int, folder: Path, *, told: Callable[[str], object] = print) -> int:
    """Take at least this many steps, always the same ones; return how many. Raises AssertionError at a wrong answer."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(cluster(folder)) as running:
        site = Site(running)
        round_ = 0
        while site.steps < steps:
            round_ += 1  # and its seed: each round is another, each soak the same
            how = settings(
                max_examples=5,
                stateful_step_count=STEPS_EACH,
                deadline=None,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
                print_blob=False,
            )
            run_state_machine_as_test(seed(round_)(type("Replicas", (Replicas,), {"site": site})), settings=how)
            told(f"{site.steps} steps, no stale answer and none beyond permission")
        return site.steps


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as at:
        soak(int(sys.argv[1]), Path(at))
