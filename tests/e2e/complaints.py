"""A page that is watched: whatever its browser complains of fails the test, unless the test says that it is to come."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import final

from playwright.async_api import Browser, Page

TELL_POLICY = "document.addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective}`))"
CLIPBOARD = ("clipboard-read", "clipboard-write")


@final
class Complaints:
    """Errors and warnings of a page's console, errors that it did not catch, and violations of its policy."""

    def __init__(self, page: Page) -> None:
        self._said: list[str] = []
        self._signs: list[str] = []
        page.on("console", lambda message: self._said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self._said.append(f"pageerror: {error}"))

    def expect(self, *signs: int | str) -> None:
        """Forgive what holds one of these, a status or words, whenever it comes: the browser itself notes it late."""
        self._signs += [f"status of {sign} " if isinstance(sign, int) else sign for sign in signs]

    @property
    def unexpected(self) -> Sequence[str]:
        return [text for text in self._said if not any(sign in text for sign in self._signs)]


@asynccontextmanager
async def watched(
    browser: Browser, *, locale: str | None = None, permissions: Sequence[str] = ()
) -> AsyncGenerator[tuple[Page, Complaints], None]:
    """Open an empty page in a window of its own; what it complains of without being expected fails the test at the end."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900}, locale=locale, permissions=permissions)
    page = await context.new_page()
    complaints = Complaints(page)
    await page.add_init_script(TELL_POLICY)
    yield page, complaints
    await context.close()
    assert complaints.unexpected == []
