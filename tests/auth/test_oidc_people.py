"""Who somebody is after a login at the provider, and what their groups make of them, each time anew."""

from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import select

from chatsheet.auth.members import NewUser, add, join_shared
from chatsheet.core.identity import Role
from chatsheet.db.tables import user
from tests.auth.conftest import HandClock
from tests.auth.idp import Idp, start_idp
from tests.auth.oidc_site import Site, at_provider, begin, log_in, me, problem, start_site

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
MAPPED = """
admin_groups = ["it"]
[auth.oidc.roles]
sales = "editor"
board = "viewer"
"""
VERIFIED: dict[str, object] = {"email": "Eve@Example.com", "email_verified": True}


@pytest.fixture
async def idp(clock: HandClock) -> AsyncGenerator[Idp, None]:
    """A provider."""
    async with start_idp(clock) as started:
        yield started


@pytest.fixture
async def mapped(tmp_path: Path, idp: Idp, clock: HandClock) -> AsyncGenerator[Site, None]:
    """The application, where groups say what people are."""
    async with start_site(tmp_path, idp.url, clock, MAPPED) as started:
        yield started


@pytest.fixture
async def closed(tmp_path: Path, idp: Idp, clock: HandClock) -> AsyncGenerator[Site, None]:
    """The application, which only those use who were added."""
    async with start_site(tmp_path, idp.url, clock, "may_join = false") as started:
        yield started


async def arrive(site: Site) -> tuple[dict[str, str], bool]:
    """Log in with a new browser; return the roles by workspace, and whether they administer."""
    async with site.browser() as browser:
        assert await log_in(browser) == "/"
        found = (await browser.get("/api/me")).json()
    return {one["name"]: one["role"] for one in found["workspaces"]}, found["is_admin"]


async def test_groups_are_asked_at_each_login_and_a_group_that_is_gone_takes_its_role(mapped: Site, idp: Idp) -> None:
    for groups, role, is_admin in (
        (["board", "others"], "viewer", False),
        (["board", "sales"], "editor", False),
        (["it", "board"], "viewer", True),
        (["sales"], "editor", False),
        ([], None, False),
    ):
        idp.person["groups"] = groups
        roles, admin = await arrive(mapped)
        assert (roles.get("Everyone's"), admin) == (role, is_admin), groups
        assert roles["Ada"] == "owner"


async def test_what_a_person_said_of_somebody_stays(mapped: Site, idp: Idp) -> None:
    idp.person["groups"] = ["board"]
    await arrive(mapped)
    async with mapped.browser() as browser:
        await log_in(browser)
        user_id = str((await me(browser))["id"])
    async with mapped.services.database.unit() as connection:
        await join_shared(connection, user_id, Role.OWNER, now=mapped.clock.now(), by="usr_owner")
    for groups in (["board"], []):
        idp.person["groups"] = groups
        assert (await arrive(mapped))[0]["Everyone's"] == "owner"


async def test_an_administrator_by_the_code_stays_one_where_no_group_says_who_is(
    tmp_path: Path, idp: Idp, clock: HandClock
) -> None:
    async with start_site(tmp_path, idp.url, clock) as site, site.browser() as browser:
        await log_in(browser)
        code = await site.services.accounts.owner_code()
        assert (await browser.post("/api/login/code", json={"code": code})).status_code == 204
        assert await arrive(site) == ({"Ada": "owner", "Everyone's": "owner"}, True)


async def test_the_first_administrator_by_a_group_needs_no_code(mapped: Site, idp: Idp) -> None:
    idp.person["groups"] = ["it"]
    assert (await arrive(mapped))[1]
    assert await mapped.services.accounts.owner_code() is None


async def test_groups_that_the_provider_left_out_let_nobody_in(mapped: Site, idp: Idp) -> None:
    idp.person |= {"groups": ["it"]}
    await arrive(mapped)
    del idp.person["groups"]
    idp.person["_claim_names"] = {"groups": "src1"}
    async with mapped.browser() as browser:
        assert await log_in(browser) == problem("login.groups_missing")


async def test_somebody_is_known_by_issuer_and_subject_whatever_they_are_called(mapped: Site, idp: Idp) -> None:
    ids: list[object] = []
    for person in ({"name": "Ada"}, {"name": "Ada L.", "email": "l@example.com"}, {"sub": "other"}):
        idp.person |= person
        async with mapped.browser() as browser:
            await log_in(browser)
            found = await me(browser)
            ids.append(found["id"])
            assert (found["name"], found["email"]) == (idp.person["name"], idp.person["email"])
    assert ids[0] == ids[1] != ids[2]


async def test_nobody_gets_an_account_by_its_address_that_somebody_uses(mapped: Site, idp: Idp) -> None:
    idp.person |= VERIFIED
    async with mapped.browser() as eve, mapped.browser() as other:
        await log_in(eve)
        idp.person["sub"] = "other"
        await log_in(other)
        assert (await me(eve))["id"] != (await me(other))["id"]


async def test_only_those_come_who_were_added_by_an_address_that_is_theirs(closed: Site, idp: Idp) -> None:
    added = await closed.services.accounts.create(NewUser(name="Eve", email="eve@example.com"))
    for person in ({}, {"email": "eve@example.com"}, VERIFIED | {"email_verified": False}, VERIFIED | {"email_verified": "no"}):
        idp.person |= person
        async with closed.browser() as browser:
            assert await log_in(browser) == problem("login.not_invited")
    idp.person |= VERIFIED
    async with closed.browser() as browser:
        assert await log_in(browser) == "/"
        assert (await me(browser))["id"] == added.id
    idp.person |= {"sub": "other"}
    async with closed.browser() as browser:
        assert await log_in(browser) == problem("login.not_invited")


async def test_of_two_accounts_with_an_address_none_is_given_away(closed: Site, idp: Idp) -> None:
    for _ in range(2):
        async with closed.services.database.unit() as connection:
            await add(connection, NewUser(name="Eve", email="eve@example.com"), now=closed.clock.now())
    idp.person |= VERIFIED
    async with closed.browser() as browser:
        assert await log_in(browser) == problem("login.not_invited")


async def test_a_closed_account_stays_closed(mapped: Site) -> None:
    async with mapped.browser() as browser:
        await log_in(browser)
        await mapped.services.users.change(str((await me(browser))["id"]), by="", is_active=False)
        assert not await me(browser)
        assert await log_in(browser) == problem("login.closed")


async def test_two_tabs_of_a_newcomer_make_one_account(mapped: Site) -> None:
    async with mapped.browser() as browser:
        backs = [await at_provider(await begin(browser)) for _ in range(4)]
        ends: list[str] = []

        async def come(back: str) -> None:
            ends.append((await browser.get(back)).headers["location"])

        async with anyio.create_task_group() as group:
            for back in backs:
                group.start_soon(come, back)
        assert ends == ["/"] * 4
    async with mapped.services.database.unit() as connection:
        assert len((await connection.execute(select(user.c.id))).all()) == 1
