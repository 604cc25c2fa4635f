"""People in a browser, over HTTPS on loopback: the first owner, an invitation, a share, its end, logins and logouts."""

import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.auth.test_oidc_providers import serving
from tests.e2e import axe
from tests.e2e.complaints import TELL_POLICY, Complaints
from tests.e2e.test_cli import settings_file
from tests.e2e.test_page import browser
from tests.e2e.test_sheet_page import READ_MS
from tests.harness import Program, Wire, program, says

__all__ = ["browser"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.usefixtures("each_database")]

SETTINGS = """
data = '{data}'
[server]
port = 0
tls_certificate = '{folder}/server.pem'
tls_key = '{folder}/server.key'
[auth]
{auth}
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""
PASSWORD = "a sentence that I would write"
COOKIE = "__Host-chatsheet_session"


@dataclass(frozen=True, slots=True)
class Site:
    """A server over HTTPS, and the browser of those who come."""

    server: Program
    address: str
    browser: Browser

    @asynccontextmanager
    async def person(self, *signs: int | str) -> AsyncGenerator[Page, None]:
        """Open the page in a context of its own: somebody with cookies of their own. What is refused on purpose is named."""
        context = await self.browser.new_context(ignore_https_errors=True, viewport={"width": 1400, "height": 900})
        page = await context.new_page()
        complaints = Complaints(page)
        complaints.expect(400, 401, *signs)  # a code that needs a name, and what is asked before a login
        await page.add_init_script(TELL_POLICY)
        await page.goto(self.address)
        yield page
        await context.close()
        assert complaints.unexpected == []

    async def code(self) -> str:
        """Return the code that makes the first administrator."""
        return (await self.server.wait_for(r"24 hours: (\S+)")).group(1)


@asynccontextmanager
async def running(folder: Path, wire: Wire, browser: Browser, auth: str = 'mode = "password"') -> AsyncGenerator[Site, None]:
    """Serve with a certificate for loopback."""
    issued = trustme.CA().issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(folder / "server.key")
    for n, pem in enumerate(issued.cert_chain_pems):
        pem.write_to_path(folder / "server.pem", append=n > 0)
    text = SETTINGS.replace("{folder}", str(folder)).replace("{auth}", auth)
    async with program("--config", str(settings_file(folder, wire, text)), "serve") as server:
        address = (await server.wait_for(r"ChatSheetAI on (https://\S+)")).group(1)
        yield Site(server, address, browser)


@pytest.fixture
async def site(tmp_path: Path, wire: Wire, browser: Browser) -> AsyncGenerator[Site, None]:
    """A server where people log in by passwords."""
    async with running(tmp_path, wire, browser) as found:
        yield found


async def use_code(page: Page, code: str, first: tuple[str, str] | None = None) -> None:
    """Log in by a one-time code; `first` is the name and address of the first administrator."""
    await page.get_by_role("button", name="I have a one-time code").click()
    await page.get_by_label("One-time code").fill(code)
    await page.get_by_label("Your new password").fill(PASSWORD)
    await page.get_by_role("button", name="Set password and log in").click()
    if first is not None:
        await page.get_by_label("Name", exact=True).fill(first[0])
        await page.get_by_label("E-mail address").fill(first[1])
        await page.get_by_role("button", name="Set password and log in").click()


async def become_owner(site: Site, page: Page) -> None:
    await use_code(page, await site.code(), ("Ada Byron", "ada@example.com"))
    await expect(page.get_by_role("button", name=re.compile("^Account of Ada Byron"))).to_be_visible()


async def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def bring_in(page: Page, path: Path) -> None:
    await page.get_by_label("Workbook files").set_input_files(path)
    await expect(page.get_by_role("gridcell", name="00001")).to_be_visible(timeout=READ_MS)


async def invite(site: Site, page: Page, name: str, email: str) -> str:
    """Invite somebody; return the code that is shown once."""
    await page.goto(f"{site.address}#/admin")
    form = page.get_by_role("form", name="Invite somebody")
    await form.get_by_label("Name", exact=True).fill(name)
    await form.get_by_label("E-mail address").fill(email)
    await form.get_by_role("button", name="Invite").click()
    once = page.get_by_role("status").filter(has_text=f"Give this code to {name}")
    return await once.locator("code").inner_text()


async def share(page: Page, email: str, role: str = "Viewer") -> None:
    """Share the workbook that is open; the dialog stays open."""
    await page.get_by_role("button", name="Share", exact=True).click()
    form = page.get_by_role("form", name="Share with somebody")
    await form.get_by_label("E-mail address").fill(email)
    await form.get_by_label("As").select_option(role)
    await form.get_by_role("button", name="Share").click()
    await expect(page.get_by_role("status").filter(has_text=f"Shared with {email}")).to_be_visible()


async def log_out(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("^Account of")).click()
    await page.get_by_role("button", name="Log out").click()


async def cookies(context: BrowserContext) -> list[str]:
    return [str(one.get("name")) for one in await context.cookies()]


async def test_a_share_is_seen_read_only_and_its_end_within_two_seconds(site: Site, sales: Path) -> None:
    async with site.person() as ada, site.person(404) as bob:
        await become_owner(site, ada)
        await bring_in(ada, sales)
        sheet = ada.url
        code = await invite(site, ada, "Bob", "bob@example.com")
        await ada.goto(sheet)
        await share(ada, "bob@example.com")
        await use_code(bob, code)
        await expect(bob.get_by_role("gridcell", name="00001")).to_be_visible(timeout=READ_MS)
        await sees_read_only(bob)
        began = time.monotonic()
        await ada.get_by_role("button", name="Take back from Bob").click()
        await expect(bob.get_by_text("You can no longer see sales.xlsx")).to_be_visible()
        assert time.monotonic() - began < 2
        assert await bob.get_by_role("gridcell").count() == 0


async def sees_read_only(page: Page) -> None:
    """A viewer is told so, and offered nothing that changes a sheet."""
    await expect(page.get_by_text("You may read this", exact=True)).to_be_visible()
    await expect(page.get_by_role("grid")).to_have_attribute("aria-readonly", "true")
    for name in ("Undo", "Redo", "Share", "Correct"):
        await expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    await page.get_by_role("gridcell", name="00001").dblclick()
    await expect(page.get_by_text("You may read this, and change nothing.")).to_be_visible()
    await expect(page.locator(".grid input, .grid textarea")).to_have_count(0)


async def test_a_logout_takes_the_cookie_and_a_wrong_password_says_so(site: Site) -> None:
    async with site.person() as ada:
        await become_owner(site, ada)
        assert await cookies(ada.context) == [COOKIE]
        await log_out(ada)
        await expect(ada.get_by_role("heading", name="Log in")).to_be_visible()
        assert await cookies(ada.context) == []
        await log_in(ada, "ada@example.com", "another sentence of mine")
        await expect(ada.get_by_role("alert")).to_contain_text("login.failed")
        await ada.get_by_label("Password", exact=True).fill(PASSWORD)
        await expect(ada.get_by_role("alert")).to_have_count(0)
        await ada.get_by_role("button", name="Log in", exact=True).click()
        await expect(ada.get_by_role("button", name=re.compile("^Account of Ada"))).to_be_visible()


async def test_a_session_that_ended_loses_nothing_that_was_typed(site: Site, sales: Path, wire: Wire) -> None:
    wire.script("gpt-4o", says("Here again."))
    async with site.person() as ada:
        await become_owner(site, ada)
        await bring_in(ada, sales)
        await ada.get_by_label("Question").fill("Anything that I typed?")
        await ada.context.clear_cookies()
        await expect(ada.get_by_role("heading", name="Log in to go on")).to_be_visible()
        await expect(ada.get_by_label("E-mail address")).to_have_value("ada@example.com")
        await ada.get_by_label("Password", exact=True).fill(PASSWORD)
        await ada.get_by_role("button", name="Log in", exact=True).click()
        await expect(ada.get_by_label("Question")).to_have_value("Anything that I typed?")
        await ada.get_by_role("button", name="Ask", exact=True).click()
        await expect(ada.get_by_text("Here again.")).to_be_visible()


async def test_who_reads_a_chat_of_another_asks_in_a_branch_of_it(site: Site, sales: Path, wire: Wire) -> None:
    wire.script("gpt-4o", says("Nothing to count."), says("Nor here."))
    async with site.person() as ada, site.person(403) as bob:
        await become_owner(site, ada)
        await bring_in(ada, sales)
        await ask(ada, "Anything?")
        await expect(ada.get_by_text("Nothing to count.")).to_be_visible()
        sheet = ada.url
        code = await invite(site, ada, "Bob", "bob@example.com")
        await ada.goto(sheet)
        await share(ada, "bob@example.com")
        await use_code(bob, code)
        await expect(bob.get_by_text("Nothing to count.")).to_be_visible()
        await ask(bob, "And for me?")
        await expect(bob.get_by_text("Nor here.")).to_be_visible()
        await expect(bob.get_by_text("Nothing to count.")).to_be_visible()
        assert await ada.get_by_text("Nor here.").count() == 0


async def test_rules_are_counted_before_they_hold_and_then_a_part_is_seen(site: Site, sales: Path) -> None:
    async with site.person() as ada, site.person() as bob:
        await become_owner(site, ada)
        await bring_in(ada, sales)
        sheet = ada.url
        code = await invite(site, ada, "Bob", "bob@example.com")
        await ada.goto(sheet)
        await share(ada, "bob@example.com")
        await use_code(bob, code)
        await expect(bob.get_by_role("columnheader", name=re.compile("^revenue", re.IGNORECASE))).to_be_visible(timeout=READ_MS)
        await ada.locator("summary", has_text="Orders").last.click()
        await ada.get_by_role("checkbox", name="revenue").uncheck()
        await expect(ada.get_by_text(re.compile(r"all 600 rows, \d of \d columns"))).to_be_visible()
        await ada.get_by_role("button", name="Let it hold for viewers").click()
        await expect(bob.get_by_text("What you may see of sales.xlsx has changed.")).to_be_visible()
        await expect(bob.get_by_text("You may read a part of this", exact=True)).to_be_visible()
        await expect(bob.get_by_role("columnheader", name=re.compile("^revenue", re.IGNORECASE))).to_have_count(0)


async def test_workspaces_members_tokens_and_sessions_are_kept_on_the_page(site: Site) -> None:
    async with site.person(409) as ada:
        await become_owner(site, ada)
        await invite(site, ada, "Bob", "bob@example.com")
        await ada.goto(f"{site.address}#/settings")
        await ada.get_by_text("Open another workspace").click()
        await ada.get_by_label("Its name").fill("Sales team")
        await ada.get_by_role("button", name="Open it").click()
        await expect(ada.get_by_role("heading", name="Workspace “Sales team”")).to_be_visible()
        members = ada.get_by_role("list", name="Members").get_by_role("listitem")
        await ada.get_by_role("form", name="Add a member").get_by_label("E-mail address").fill("bob@example.com")
        await ada.get_by_role("button", name="Add", exact=True).click()
        await expect(members).to_have_count(2)
        await ada.get_by_label("Role of Ada Byron").select_option("Viewer")
        await expect(ada.get_by_role("alert")).to_contain_text("member.last_owner")
        await ada.get_by_role("button", name="Remove Bob").click()
        await expect(members).to_have_count(1)
        await make_token(ada)
        await expect(ada.get_by_role("list", name="Sessions").get_by_role("listitem")).to_contain_text(["this one"])


async def make_token(page: Page) -> None:
    await page.get_by_role("button", name="New token…").click()
    await page.get_by_label("What it is for").fill("Nightly report")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.get_by_text(re.compile(r"^chatsheet_pat_\w+"))).to_be_visible()
    await page.get_by_role("button", name="I have it").click()
    await expect(page.get_by_text(re.compile(r"^chatsheet_pat_\w+"))).to_have_count(0)
    await page.get_by_role("button", name="Revoke Nightly report").click()
    await expect(page.get_by_role("list", name="API tokens")).to_have_count(0)


async def test_a_budget_warns_then_stops_clearly(site: Site, sales: Path, wire: Wire) -> None:
    wire.script("gpt-4o", says("Nothing to count."))
    async with site.person() as ada:
        await become_owner(site, ada)
        await bring_in(ada, sales)
        sheet = ada.url
        await ask(ada, "Anything?")
        await expect(ada.get_by_text("Nothing to count.")).to_be_visible()
        await set_budget(site, ada, tokens=10)
        await expect(ada.get_by_role("list", name="Budgets")).to_contain_text("used up")
        await ada.goto(sheet)
        await ask(ada, "And now?")
        await expect(ada.get_by_role("region", name="Budget")).to_contain_text("The budget is used up")


async def ask(page: Page, question: str) -> None:
    await page.get_by_label("Question").fill(question)
    await page.get_by_role("button", name="Ask", exact=True).click()


async def set_budget(site: Site, page: Page, tokens: int) -> None:
    await page.goto(f"{site.address}#/admin")
    form = page.get_by_role("form", name="Set a budget")
    await form.get_by_label("Tokens").fill(str(tokens))
    await form.get_by_role("button", name="Set budget").click()


async def test_the_audit_log_is_looked_through_and_its_chain_checked(site: Site) -> None:
    async with site.person() as ada:
        await become_owner(site, ada)
        await set_budget(site, ada, tokens=1_000)
        form = ada.get_by_role("form", name="Look for entries")
        await form.get_by_label("Action").fill("budget.set")
        await form.get_by_role("button", name="Look").click()
        await expect(ada.get_by_role("list", name="Entries").get_by_role("listitem")).to_have_count(1)
        await ada.get_by_role("button", name="Check the chain").click()
        await expect(ada.get_by_text(re.compile("as they were written.$"))).to_be_visible()
        link = await ada.get_by_role("link", name="Export these").get_attribute("href") or ""
        answer = await ada.request.get(f"{site.address}{link}")
        assert answer.status == 200
        assert b"budget.set" in await answer.body()


async def test_no_view_about_people_breaks_a_rule_of_accessibility(site: Site, sales: Path) -> None:
    async with site.person() as ada:
        await ada.get_by_role("button", name="I have a one-time code").click()
        assert await axe.violations(ada) == []
        await ada.get_by_role("button", name="Log in with a password").click()
        assert await axe.violations(ada) == []
        await become_owner(site, ada)
        await bring_in(ada, sales)
        sheet = ada.url
        await invite(site, ada, "Bob", "bob@example.com")
        await set_budget(site, ada, tokens=1_000)
        for theme in ("light", "dark"):
            await ada.emulate_media(color_scheme=theme)
            for view in ("admin", "settings"):
                await ada.goto(f"{site.address}#/{view}")
                await expect(ada.get_by_role("list").filter(has_text="Ada Byron").first).to_be_visible()
                assert await axe.violations(ada) == []
        await ada.goto(sheet)
        await share(ada, "bob@example.com")
        await ada.locator("summary", has_text="Orders").last.click()
        assert await axe.violations(ada) == []


async def test_a_login_at_an_identity_provider_comes_back_to_where_one_was(
    tmp_path: Path, wire: Wire, browser: Browser
) -> None:
    async with serving("oidc_provider_mock", "--host", "127.0.0.1", "-n", "true") as url:
        auth = f'mode = "oidc"\n[auth.oidc]\nissuer = "{url}"\nclient_id = "us"\nclient_secret = "{{master}}"'
        async with running(tmp_path, wire, browser, auth) as site, site.person("ERR_") as ada:
            await ada.context.route(
                re.compile("^https://cdn"), lambda route: route.abort()
            )  # the provider's page wants a style
            await ada.goto(f"{site.address}#/settings")
            await ada.get_by_role("link", name="Log in with your organisation").click()
            await ada.get_by_placeholder("sub").fill("ada-1")
            await ada.get_by_role("button", name="Authorize").click()
            await expect(ada).to_have_url(f"{site.address}#/settings")
            await expect(ada.get_by_role("heading", name="Account")).to_be_visible()
            assert COOKIE in await cookies(ada.context)
            await ada.goto(f"{site.address}#/login?problem=login.not_invited")
            await expect(ada.get_by_role("status").filter(has_text="You are not invited yet.")).to_be_visible()
            await log_out(ada)
            await ada.get_by_role("button", name="End session").click()
            await expect(ada.get_by_role("link", name="Log in with your organisation")).to_be_visible()
            assert COOKIE not in await cookies(ada.context)
